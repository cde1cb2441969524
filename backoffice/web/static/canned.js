// Canned replies: a slash where a word begins opens the list, more letters narrow it, Enter puts one in.
// Without this script the replies are on their own page.
"use strict";

(() => {
  const box = document.querySelector("textarea[data-canned-url]");
  if (!box) return;
  const ASKED = /(^|\s)\/([^\n/]{0,40})$/;
  let replies = null, list = null, shown = [], at = 0;
  const say = (words) => { const spoken = document.querySelector("#spoken"); if (spoken) spoken.textContent = words; };

  async function load() {
    if (replies) return;
    replies = [];
    try {
      const answer = await fetch(box.dataset.cannedUrl, { headers: { "X-Live": "1" }, credentials: "same-origin", cache: "no-store" });
      if (answer.ok && !answer.redirected) replies = await answer.json();
    } catch { replies = null; } // asked again with the next letter
  }

  const asked = () => ASKED.exec(box.value.slice(0, box.selectionStart));

  async function look() {
    if (!asked()) return close();
    await load();
    const words = asked();
    if (!words || !replies) return close();
    const wanted = words[2].toLowerCase();
    shown = replies.filter((each) => each.name.toLowerCase().includes(wanted));
    if (!shown.length) return close();
    at = 0;
    show();
  }

  function show() {
    if (!list) {
      list = document.createElement("ul");
      list.id = "canned";
      list.className = "canned menu";
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", "Canned replies");
      list.tabIndex = 0; // it scrolls
      box.closest("form").append(list);
      box.setAttribute("aria-controls", list.id);
      say(`${shown.length} canned replies. Arrows choose, Enter puts one in.`);
    }
    list.replaceChildren(...shown.map((each, place) => {
      const item = document.createElement("li");
      item.id = `canned-${place}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", place === at);
      item.dataset.place = place;
      const name = document.createElement("b"), body = document.createElement("span");
      name.textContent = each.name;
      body.className = "small faint cut";
      body.textContent = each.body.replace(/\s+/g, " ");
      item.append(name, body);
      return item;
    }));
    box.setAttribute("aria-activedescendant", `canned-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function close() {
    list?.remove();
    list = null;
    box.removeAttribute("aria-activedescendant");
    box.removeAttribute("aria-controls");
  }

  function put(reply) {
    const words = asked();
    close();
    if (!words) return;
    const from = words.index + words[1].length;
    box.setRangeText(reply.body, from, box.selectionStart, "end");
    box.dispatchEvent(new Event("input", { bubbles: true })); // so that a draft is kept
    box.focus();
  }

  const keys = {
    ArrowDown: () => { at = (at + 1) % shown.length; show(); },
    ArrowUp: () => { at = (at - 1 + shown.length) % shown.length; show(); },
    Enter: () => put(shown[at]),
    Tab: () => put(shown[at]),
    Escape: close,
  };
  box.addEventListener("input", look);
  box.addEventListener("keydown", (event) => {
    if (!list || event.isComposing || !keys[event.key]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  }, true);
  box.closest("form").addEventListener("mousedown", (event) => {
    const item = event.target.closest("#canned [role=option]");
    if (!item) return;
    event.preventDefault(); // the words keep the focus
    put(shown[Number(item.dataset.place)]);
  });
  box.addEventListener("blur", close);
})();
