// An open thread: new messages join it and changed ones are replaced in their place, so that nobody's
// reading, writing or focus is disturbed. Without this script it asks every ten seconds, whole.
"use strict";

(() => {
  const one = (what, within = document) => within.querySelector(what);
  const talk = () => one("#conversation[data-thread]");
  if (!talk()) return;
  const thread = talk().dataset.thread;
  const say = (words) => { const spoken = one("#spoken"); if (spoken) spoken.textContent = words; };

  // --- who is here, who is writing: said while the page is looked at, forgotten within seconds ---

  const HERE_MS = 20000, TYPING_MS = 3000, FADES_MS = 9000;
  const address = `/messages/${thread}/here`;
  const token = one("meta[name=csrf-token]").content;
  const form = one("form.compose");
  const around = document.createElement("p");
  around.className = "small faint";
  around.id = "around";
  around.setAttribute("role", "status");
  if (form) form.prepend(around); else talk().after(around);
  let saidAt = 0, asking = null, fading = null;

  const tell = (doing) => form && fetch(address, { method: "POST", headers: { "X-CSRFToken": token, "X-Live": "1" }, body: new URLSearchParams({ doing }), credentials: "same-origin", keepalive: true }).catch(() => {});
  const words = ({ name, writes }) => `${name} is ${writes ? "writing" : "here"}`;

  async function askWhoIsNear() {
    asking = null;
    let near = [];
    try {
      const answer = await fetch(address, { headers: { "X-Live": "1" }, credentials: "same-origin", cache: "no-store" });
      if (answer.ok && !answer.redirected) near = (await answer.json()).near;
    } catch { /* nobody is seen then */ }
    const text = near.map(words).join(" · ");
    if (around.textContent !== text) around.textContent = text;
    clearTimeout(fading);
    if (near.length) fading = setTimeout(askWhoIsNear, near.some((each) => each.writes) ? FADES_MS : 2 * HERE_MS);
  }

  document.addEventListener("changed", ({ detail: { kind, id } }) => {
    if (kind === "presence" && id === thread) asking ??= setTimeout(askWhoIsNear, 100);
  });

  async function beHere() {
    if (document.hidden) return;
    await tell("here");
    asking ??= setTimeout(askWhoIsNear, 0);
  }
  if (form) {
    form.addEventListener("input", (event) => {
      if (!event.target.matches("textarea") || Date.now() - saidAt < TYPING_MS) return;
      saidAt = Date.now();
      tell(form.elements.internal?.value === "1" ? "noting" : "writing");
    });
    setInterval(() => { if (Date.now() - saidAt > HERE_MS / 2) beHere(); }, HERE_MS);
    document.addEventListener("visibilitychange", beHere);
    window.addEventListener("pagehide", () => tell("gone"));
  }
  beHere();

  // --- news: whatever changed in the thread, the conversation is asked for what is new ---

  document.addEventListener("changed", ({ detail: { kind, id } }) => {
    if (kind === "list" || (kind === "thread" && id === thread)) window.htmx?.trigger(talk(), "live");
  });

  // The conversation's address holds what it shows: the one that stands there now, not the first.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt === talk()) event.detail.path = talk().getAttribute("hx-get");
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== talk() || event.detail.xhr.status !== 200) return;
    const fresh = one("#conversation", new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html"));
    if (!fresh) return;
    event.detail.shouldSwap = false;
    join(talk(), fresh);
  });

  // The span at the end says once that what stands above it was seen: each answer brings a new one.
  const key = (part) => part.id || `${part.localName} ${part.localName === "h3" ? part.textContent : ""}`;

  function join(shown, fresh) {
    const scroller = shown.closest(".thread");
    const atEnd = !scroller || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
    const known = new Map([...shown.children].map((part) => [key(part), part]));
    const before = new Set([...shown.querySelectorAll("article[id]")].map((part) => part.id));
    let last = null;
    for (const part of [...fresh.children]) {
      const old = known.get(key(part));
      known.delete(key(part));
      const stays = old && part.localName !== "span" && (sameWords(old, part) || old.contains(document.activeElement) || one("form", old));
      const now = stays ? old : part;
      if (old && !stays) old.replaceWith(part);
      const place = last ? last.nextSibling : shown.firstChild;
      if (now !== place) shown.insertBefore(now, place);
      if (!stays) window.htmx?.process(now);
      last = now;
    }
    for (const gone of known.values()) gone.remove();
    shown.setAttribute("hx-get", fresh.getAttribute("hx-get"));
    const added = [...shown.querySelectorAll("article[id]")].filter((part) => !before.has(part.id));
    if (!added.length) return;
    if (atEnd) added.at(-1).scrollIntoView({ block: "nearest" });
    const from = one("b", added.at(-1))?.textContent;
    say(added.length > 1 ? `${added.length} new messages` : `New message${from ? ` from ${from}` : ""}`);
  }

  // htmx leaves its own marks on what it has seen to; form tokens are drawn anew for each answer.
  function sameWords(one, two) {
    const plain = (part) => part.outerHTML.replace(/ class="(htmx-[a-z-]+ ?)+"| value="[^"]{60,}"/g, "");
    return one.isEqualNode(two) || plain(one) === plain(two);
  }
})();
