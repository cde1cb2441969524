// The portal's one script: keys on lists, selection, toasts, copying, drawers, theme, live rows.
// Everything it offers has a link or a button that works without it. Elements ask for behaviour by data-*.
"use strict";

(() => {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const one = (what, within = document) => within.querySelector(what);
  const say = (words) => { const spoken = one("#spoken"); if (spoken) spoken.textContent = words; };
  const typing = (target) => target.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const TOAST_MS = 8000;

  // --- lists: one tab stop a list (roving); j, k, Enter, x and the keys that a row's buttons name ---

  const rows = (list) => all("tr[data-row]", list);
  const controls = (row) => all("a, button, input, select", row);
  let current = null; // the row the keyboard is on; survives a refresh by its id

  function rove(list) {
    const inside = rows(list);
    if (!inside.length) return;
    const at = inside.find((row) => row === current) || inside[0];
    for (const row of inside) {
      row.tabIndex = row === at ? 0 : -1;
      for (const control of controls(row)) control.tabIndex = row === at ? 0 : -1;
    }
  }

  function stand(row, { focus = true } = {}) {
    if (!row) return;
    current = row;
    rove(row.closest("table"));
    if (focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  }

  function move(by) {
    const list = current?.isConnected ? current.closest("table") : one("table[data-list]");
    if (!list) return false;
    const inside = rows(list);
    const at = current?.isConnected ? inside.indexOf(current) : -1;
    const next = inside[at < 0 ? 0 : Math.min(Math.max(at + by, 0), inside.length - 1)];
    stand(next);
    const drawer = one("#drawer");
    const opener = next && one("[data-drawer]", next);
    if (drawer?.childElementCount && opener && next.id !== drawer.dataset.row) opener.click();
    return Boolean(next);
  }

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("tr[data-row]");
    if (row && row !== current) stand(row, { focus: false });
  });

  // --- selection: a live count, a range with Shift, and an event that the dry run listens to ---

  let lastTicked = null;
  const ticks = (list) => all("tbody .tick-cell input:not(:disabled)", list);

  function selectionChanged(list) {
    const boxes = ticks(list);
    const ticked = boxes.filter((box) => box.checked).length;
    const whole = one("[data-tick-all]", list);
    if (whole) { whole.checked = ticked > 0 && ticked === boxes.length; whole.indeterminate = ticked > 0 && ticked < boxes.length; }
    say(`${ticked} selected`);
    document.body.dispatchEvent(new CustomEvent("selection", { detail: { ticked } }));
  }

  function tick(box, { range = false } = {}) {
    const boxes = ticks(box.closest("table"));
    if (range && lastTicked?.isConnected) {
      const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
      if (from >= 0) for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    lastTicked = box;
    selectionChanged(box.closest("table"));
  }

  let shifted = false;
  document.addEventListener("click", (event) => { shifted = event.shiftKey; }, true);
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-tick-all]")) {
      const list = box.closest("table");
      for (const each of ticks(list)) each.checked = box.checked;
      selectionChanged(list);
    } else if (box.matches("tbody .tick-cell input")) tick(box, { range: shifted });
    else if (box.matches("[data-submit-on-change]")) box.form.requestSubmit();
  });

  // --- keys: data-key on a button or link of the row first, then of the page; data-go after g ---

  let going = 0;
  const press = (element) => { if (element && !element.disabled) { element.click(); return true; } return false; };
  const named = (key, within) => one(`[data-key="${CSS.escape(key)}"]`, within);

  const onRow = {
    Enter: (row) => press(one("[data-open]", row)),
    x: (row) => { const box = one(".tick-cell input:not(:disabled)", row); if (!box) return false; box.checked = !box.checked; tick(box); return true; },
    X: (row) => { const box = one(".tick-cell input:not(:disabled)", row); if (!box) return false; box.checked = true; tick(box, { range: true }); return true; },
  };
  const anywhere = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => { const find = one("#find"); if (!find) return false; find.focus(); find.select(); return true; },
    "?": () => { one("#keys")?.showModal(); return true; },
    g: () => { going = Date.now(); return true; },
    Escape: () => closeDrawer(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { key, target } = event;
    if (key === "Escape" && closeMenus()) return event.preventDefault();
    if (typing(target)) { if (key === "Escape") target.blur(); return; }
    if (one("dialog[open]")) return;
    if (key === "Escape") return void (closeDrawer() && event.preventDefault());
    if (document.body.dataset.keys === "off") return;
    if (going && Date.now() - going < 1500 && key !== "g") {
      going = 0;
      if (press(one(`[data-go="${CSS.escape(key)}"]`))) event.preventDefault();
      return;
    }
    const row = current?.isConnected ? current : null;
    if (key === "Enter" && target !== row) return; // a focused button or link keeps its own Enter
    const done = (row && (onRow[key]?.(row) || press(named(key, row)))) || anywhere[key]?.() || press(named(key, document));
    if (done) event.preventDefault();
  });

  // --- clicks: close, copy, dialogs, theme, menus ---

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(button.getAttribute("aria-label").replace(/^Copy/, "Copied"));
    const use = one("use", button), before = use.getAttribute("href");
    use.setAttribute("href", before.replace(/#.*/, "#check"));
    setTimeout(() => use.setAttribute("href", before), 1500);
  }

  function remember(name, value) {
    const life = value ? 31536000 : 0;
    document.cookie = `${name}=${value}; path=/; max-age=${life}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    if (value) document.documentElement.dataset[name] = value; else delete document.documentElement.dataset[name];
  }

  const clicks = [
    ["[data-close]", (button) => { const layer = button.closest("dialog"); if (layer) layer.close(); else button.closest("[data-toast]")?.remove(); }],
    ["[data-copy]", copy],
    ["[data-dialog]", (button) => { closeMenus(); document.getElementById(button.dataset.dialog)?.showModal(); }],
    ["[data-theme-choice]", (button) => remember("theme", button.dataset.themeChoice)],
    ["[data-density-choice]", () => remember("density", document.documentElement.dataset.density ? "" : "roomy")],
    ["[data-unfold]", (button) => { const open = document.getElementById(button.dataset.unfold).classList.toggle("is-unfolded"); button.setAttribute("aria-expanded", open); }],
    ["[data-fold]", (button) => { const open = button.getAttribute("aria-expanded") !== "true"; button.setAttribute("aria-expanded", open); for (const part of all(`[data-part="${button.closest("tr").id}"]`)) part.hidden = !open; }],
    ["[data-drawer-close]", (_, event) => { if (closeDrawer()) event.preventDefault(); }],
  ];
  document.addEventListener("click", (event) => {
    for (const [what, act] of clicks) { const found = event.target.closest(what); if (found) act(found, event); }
    closeMenus(event.target.closest("details[data-menu]"));
    const row = event.target.closest("tr[data-row]");
    if (row && !event.target.closest("a, button, input, label, select")) stand(row);
  });

  function closeMenus(but = null) {
    const open = all("details[data-menu][open]").filter((menu) => menu !== but);
    for (const menu of open) { const within = menu.contains(document.activeElement); menu.open = false; if (within) one("summary", menu).focus(); }
    return open.length > 0;
  }

  // --- drawer: opens beside the list, remembers its row, gives the focus back ---

  function closeDrawer() {
    const drawer = one("#drawer");
    if (!drawer?.childElementCount) return false;
    drawer.replaceChildren();
    for (const row of all("tr.is-open")) row.classList.remove("is-open");
    const back = document.getElementById(drawer.dataset.row) || current;
    delete drawer.dataset.row;
    if (back?.isConnected) stand(back); else one("#main")?.focus();
    return true;
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.target.closest?.("tr[data-row]");
    if (!row || !event.target.matches("[data-drawer]")) return;
    for (const open of all("tr.is-open")) open.classList.remove("is-open");
    row.classList.add("is-open");
    one("#drawer").dataset.row = row.id;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = one("meta[name=csrf-token]").content;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    welcome(event.detail.elt);
    if (event.detail.elt.id === "drawer" && !document.activeElement?.closest("tr[data-row]")) one("[data-focus]", event.detail.elt)?.focus();
  });

  // --- toasts: one at a time, eight seconds, waiting while somebody looks ---

  function serve(toast) {
    for (const older of all("[data-toast]")) if (older !== toast && older.closest("#toasts")) older.remove();
    let timer;
    const stop = () => clearTimeout(timer);
    const start = () => { stop(); timer = setTimeout(() => toast.remove(), TOAST_MS); };
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }

  // --- live rows: live.js says that a row of a kind and id has a version; the page is asked again, once,
  //     and the rows whose version differs are replaced. Parts say of which kinds they tell. ---

  const changed = new Set();
  let asking = null;

  function heard({ kind, id, version }) {
    const row = one(`[data-live="${CSS.escape(`${kind}:${id}`)}"]`);
    if (row && Number(row.dataset.version) >= version) return;
    const shown = kind === "claim" ? "[data-live-text]" : `[data-live-kinds~="${CSS.escape(kind)}"]`;
    if (!row && kind !== "list" && !one(shown)) return;
    changed.add(`${kind}:${id}`);
    asking ??= setTimeout(askAgain, 400 + (row ? 0 : Math.random() * 600)); // a whole practice hears at once
  }

  async function askAgain() {
    asking = null;
    const asked = [...changed];
    changed.clear();
    let answer;
    try {
      answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
    } catch { // no network: asked for once it is back
      for (const key of asked) changed.add(key);
      addEventListener("online", () => { asking ??= setTimeout(askAgain, 0); }, { once: true });
      return;
    }
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const text of all("[data-live-text]")) {
      const fresh = one(`[data-live-text="${CSS.escape(text.dataset.liveText)}"]`, page);
      if (fresh) { text.textContent = fresh.textContent; text.hidden = fresh.hidden; }
    }
    for (const part of all("[data-live-part]")) {
      const fresh = one(`[data-live-part="${CSS.escape(part.dataset.livePart)}"]`, page);
      if (fresh && !part.contains(document.activeElement)) { part.replaceWith(fresh); window.htmx?.process(fresh); }
    }
    // "list:all": something may have been missed, so every live row is compared by its version.
    const keys = asked.includes("list:all") ? all("[data-live]").filter((row) => differs(row, page)).map((row) => row.dataset.live) : asked;
    for (const key of keys) replaceRow(key, page);
  }

  // One's own change in the drawer may touch any row of the list: all of them are asked for again.
  document.addEventListener("rows-changed", () => {
    for (const row of all("tr[data-live]")) changed.add(row.dataset.live);
    clearTimeout(asking);
    askAgain();
  });

  function differs(row, page) {
    const fresh = one(`[data-live="${CSS.escape(row.dataset.live)}"]`, page);
    return !fresh || fresh.dataset.version !== row.dataset.version;
  }

  function replaceRow(key, page) {
    const what = `[data-live="${CSS.escape(key)}"]`;
    const row = one(what), fresh = one(what, page);
    if (!row) return;
    if (!fresh) { row.classList.add("is-stale"); return; } // it left this list; it does not vanish under a hand
    const had = row === current, focused = row.contains(document.activeElement), box = one(".tick-cell input", row);
    const parts = (within) => all(`[data-part="${CSS.escape(row.id)}"]`, within);
    for (const part of parts(document)) part.remove();
    for (const part of parts(page).reverse()) { row.after(part); window.htmx?.process(part); }
    row.replaceWith(fresh);
    window.htmx?.process(fresh);
    const tickBox = one(".tick-cell input", fresh);
    if (box?.checked && tickBox && !tickBox.disabled) tickBox.checked = true;
    const list = fresh.closest("table");
    if (had) stand(fresh, { focus: focused }); else if (list) rove(list); else welcome(fresh);
  }

  document.addEventListener("changed", (event) => heard(event.detail));

  // --- what each piece of page needs when it arrives ---

  function welcome(piece) {
    for (const list of all("table[data-list]", piece)) rove(list);
    for (const toast of all("#toasts [data-toast]", piece)) serve(toast);
  }
  welcome(document);
  one(".callout[data-focus]")?.focus();
})();
