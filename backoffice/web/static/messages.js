// The box to write in: what is typed is kept, "@" offers names, Ctrl+Enter sends, r and n choose who sees it.
// Without it a thread is read and answered all the same.
"use strict";

(() => {
  const one = (what, within = document) => within.querySelector(what);
  const say = (words) => { const spoken = one("#spoken"); if (spoken) spoken.textContent = words; };
  const PAUSE_MS = 1200;

  // --- drafts: kept a moment after the last key, and when the page goes away ---

  function keepDrafts(form, words) {
    const to = form.dataset.draft;
    if (!to) return;
    const told = one("[data-kept]", form);
    const fields = (form.dataset.keeps || "body internal").split(" ");
    const typed = () => [...new FormData(form)].filter(([name]) => fields.includes(name));
    const plain = () => new URLSearchParams(typed()).toString();
    let timer = 0, kept = one("[aria-invalid]", form) ? null : plain(), sent = false; // refused, it may not be kept yet
    async function keep() {
      clearTimeout(timer);
      const now = plain();
      if (sent || now === kept) return;
      try {
        const answer = await fetch(to, {
          method: "POST", keepalive: now.length < 15000, redirect: "manual",
          headers: { "X-CSRFToken": one("meta[name=csrf-token]").content, "HX-Request": "true" },
          body: new URLSearchParams(now),
        });
        if (answer.ok) kept = now;
        if (told) told.textContent = answer.ok ? (words.value.trim() || one("[name=subject]", form)?.value.trim() ? "Kept, not sent yet. " : "") : "Not kept: sign in again in another window. ";
      } catch { if (told) told.textContent = "Not kept: no connection. "; }
    }
    const soon = () => { clearTimeout(timer); timer = setTimeout(keep, PAUSE_MS); };
    form.addEventListener("input", (event) => { if (fields.includes(event.target.name)) soon(); });
    form.addEventListener("change", (event) => { if (event.target.name === "internal" && words.value.trim()) keep(); });
    form.addEventListener("submit", () => { sent = true; clearTimeout(timer); });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep(); });
    addEventListener("pageshow", () => { sent = false; });
  }

  // --- names: "@" and some letters offer whom one may mean; arrows choose, Enter takes, Escape closes ---

  function offerNames(form, words) {
    const people = JSON.parse(words.dataset.names || "[]");
    if (!people.length) return;
    const list = document.createElement("ul");
    list.className = "names"; list.id = `${words.id}-names`; list.hidden = true;
    list.setAttribute("role", "listbox"); list.setAttribute("aria-label", "People to name");
    words.after(list);
    words.setAttribute("aria-autocomplete", "list");
    let at = 0;
    const typed = () => /(?:^|[\s(])@([^@\n]{0,40})$/.exec(words.value.slice(0, words.selectionStart));
    const isNote = () => one("input[name=internal]:checked", form)?.value === "1";
    function close() { list.hidden = true; list.replaceChildren(); words.removeAttribute("aria-activedescendant"); words.removeAttribute("aria-controls"); }
    function stand(index) {
      const options = [...list.children];
      at = (index + options.length) % options.length;
      options.forEach((option, n) => option.setAttribute("aria-selected", n === at));
      words.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    }
    function take(name) {
      const found = typed(), end = words.selectionStart;
      if (!found) return close();
      words.setRangeText(`@${name} `, end - found[1].length - 1, end, "end");
      close(); words.focus();
      words.dispatchEvent(new Event("input", { bubbles: true }));
    }
    function look() {
      const found = typed();
      const part = found ? found[1].toLowerCase() : null;
      const fit = part === null ? [] : people.filter(({ name, staff }) => (staff || !isNote()) && ` ${name.toLowerCase()}`.includes(` ${part}`)).slice(0, 8);
      if (!fit.length || (fit.length === 1 && fit[0].name.toLowerCase() === part.trimEnd())) return close();
      list.replaceChildren(...fit.map(({ name }, n) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${n}`; option.textContent = name; option.setAttribute("role", "option");
        option.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
        return option;
      }));
      list.hidden = false; words.setAttribute("aria-controls", list.id);
      stand(0); say(`${fit.length} ${fit.length === 1 ? "person" : "people"} to name`);
    }
    words.addEventListener("input", look);
    words.addEventListener("blur", close);
    words.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const act = { ArrowDown: () => stand(at + 1), ArrowUp: () => stand(at - 1), Enter: () => take(list.children[at].textContent), Tab: () => take(list.children[at].textContent), Escape: close }[event.key];
      if (act) { event.preventDefault(); event.stopPropagation(); act(); }
    });
  }

  // --- length, keys, files ---

  function countLetters(words) {
    const most = Number(words.dataset.most);
    if (!most) return;
    const told = document.createElement("p");
    told.className = "tiny"; told.setAttribute("role", "status"); told.hidden = true;
    words.after(told);
    words.addEventListener("input", () => {
      const length = words.value.length;
      told.hidden = length < most * 0.9;
      told.classList.toggle("over", length > most);
      told.textContent = told.hidden ? "" : `${length.toLocaleString("en-US")} of ${most.toLocaleString("en-US")} characters`;
    });
  }

  function nameFiles(form) {
    const told = one("[data-chosen]", form);
    form.addEventListener("change", (event) => {
      if (told && event.target.matches("[data-files]")) told.textContent = [...form.querySelectorAll("[data-files]")].flatMap((input) => [...input.files]).map((file) => file.name).join(", ");
    });
  }

  for (const form of document.querySelectorAll("form[data-compose]")) {
    const words = one("textarea", form);
    keepDrafts(form, words); offerNames(form, words); countLetters(words); nameFiles(form);
    form.addEventListener("change", (event) => { if (event.target.name === "internal") words.focus(); });
    for (const label of form.querySelectorAll("label[data-key]")) label.addEventListener("click", () => words.focus());
    words.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); } });
  }
})();
