// The document viewer: which page is seen, how large, turned how far. Nothing of the document is changed.
"use strict";

(() => {
  const LEAST = 0.25, MOST = 4, STEP = 1.25;
  const all = (what, within) => [...within.querySelectorAll(what)];

  function view(viewer) {
    const sheets = all("[data-sheet]", viewer);
    if (!sheets.length) return;
    const pane = viewer.querySelector("#sheets");
    const place = viewer.querySelector("[data-view-place]");
    const of = place.textContent.replace(/^.* of /, "");
    let zoom = 1, turned = 0, at = 0;

    function draw() {
      const quarter = turned % 180 !== 0;
      const room = Math.max(pane.clientWidth - 32, 120);
      for (const sheet of sheets) {
        const picture = sheet.querySelector("img");
        const wide = Number(picture.getAttribute("width")), high = Number(picture.getAttribute("height"));
        const scale = (room / (quarter ? high : wide)) * zoom;
        picture.style.width = `${wide * scale}px`;
        picture.style.height = `${high * scale}px`;
        picture.style.transform = turned ? `translate(-50%, -50%) rotate(${turned}deg)` : "translate(-50%, -50%)";
        sheet.style.width = `${(quarter ? high : wide) * scale}px`;
        sheet.style.height = `${(quarter ? wide : high) * scale}px`;
      }
      viewer.dataset.turned = String(turned);
    }

    function name(next) {
      if (next === at) return;
      at = next;
      place.textContent = `Page ${sheets[at].dataset.sheet} of ${of}`;
      for (const leaf of all("[data-leaf]", viewer)) {
        if (leaf.dataset.leaf === sheets[at].dataset.sheet) { leaf.setAttribute("aria-current", "true"); leaf.scrollIntoView({ block: "nearest" }); }
        else leaf.removeAttribute("aria-current");
      }
    }

    function go(to) {
      const next = Math.min(Math.max(to, 0), sheets.length - 1);
      pane.scrollTo({ top: sheets[next].offsetTop - 8 }); // the pane is what offsets count from: it is positioned
      name(next);
    }

    // What is drawn larger or smaller stays where it is seen: the same spot of the same page in the middle.
    function keep(change) {
      const middle = [pane.scrollLeft + pane.clientWidth / 2, pane.scrollTop + pane.clientHeight / 2];
      const sheet = [...sheets].reverse().find((each) => each.offsetTop <= middle[1]) || sheets[0];
      const across = (middle[0] - sheet.offsetLeft) / sheet.offsetWidth, down = (middle[1] - sheet.offsetTop) / sheet.offsetHeight;
      change();
      draw();
      pane.scrollTo({ left: sheet.offsetLeft + across * sheet.offsetWidth - pane.clientWidth / 2, top: sheet.offsetTop + down * sheet.offsetHeight - pane.clientHeight / 2 });
    }

    const acts = {
      previous: () => go(at - 1),
      next: () => go(at + 1),
      smaller: () => keep(() => { zoom = Math.max(zoom / STEP, LEAST); }),
      larger: () => keep(() => { zoom = Math.min(zoom * STEP, MOST); }),
      fit: () => keep(() => { zoom = 1; }),
      turn: () => { turned = (turned + 90) % 360; draw(); go(at); },
    };

    viewer.addEventListener("click", (event) => {
      const button = event.target.closest("[data-view]");
      if (button) return acts[button.dataset.view]?.();
      const leaf = event.target.closest("[data-leaf]");
      if (leaf) { event.preventDefault(); go(sheets.findIndex((sheet) => sheet.dataset.sheet === leaf.dataset.leaf)); }
    });
    pane.addEventListener("scroll", () => {
      const top = pane.scrollTop + pane.clientHeight / 3;
      let seen = 0;
      sheets.forEach((sheet, index) => { if (sheet.offsetTop <= top) seen = index; });
      name(seen);
    }, { passive: true });
    new ResizeObserver(draw).observe(pane);
    viewer.classList.add("is-live");
    draw();
  }

  const begin = () => { for (const viewer of document.querySelectorAll("[data-viewer]:not(.is-live)")) view(viewer); };
  begin();
  new MutationObserver(begin).observe(document.querySelector("main"), { childList: true, subtree: true }); // pages that were painted meanwhile
})();
