// What this browser is told of while it looks: one of its pages holds the stream and tells the others.
// Only ids and versions come; whoever shows such a row asks for it. "Seen" is where one stands in the
// database's own history: after any gap the page says it, and gets what it missed; each change counts once.
"use strict";

(() => {
  const url = document.body.dataset.events;
  if (!url) return;
  const POLL_MS = 15000, WITHOUT_STREAM_MS = 5000, MOST_TOLD = 2000;
  let seen = document.querySelector("meta[name=seen]")?.content || "";
  const told = new Set();
  const pages = window.BroadcastChannel ? new BroadcastChannel("cleanclaim-events") : null;

  // --- hearing: once for each change, whoever tells it and however often ---

  function hear(change) {
    if (change.kind === "seen") { seen = change.id; return; }
    const key = `${change.kind}:${change.id}:${change.version}`;
    if (change.kind !== "list") {
      if (told.has(key)) return;
      told.add(key);
      if (told.size > MOST_TOLD) told.delete(told.values().next().value);
    }
    document.dispatchEvent(new CustomEvent("changed", { detail: change }));
    if (["thread", "message", "list"].includes(change.kind)) lookSoon();
  }

  function hearAndPassOn(change) {
    hear(change);
    pages?.postMessage(change);
  }
  pages?.addEventListener("message", (event) => hear(event.data));

  // --- looking: what was not seen, and how much is unread; also where no stream comes through ---

  let looking = null;

  async function look() {
    looking = null;
    let answer;
    try {
      answer = await fetch(`/events/since?seen=${encodeURIComponent(seen)}`, { headers: { "X-Live": "1" }, credentials: "same-origin", cache: "no-store" });
    } catch { return false; }
    if (!answer.ok || answer.redirected) return false;
    const found = await answer.json();
    for (const change of found.changes) hear(change);
    clearTimeout(looking);
    looking = null;
    seen = found.seen;
    showUnread(found.unread);
    return true;
  }

  // Everybody of a practice hears of a message at once: they don't all ask at once.
  function lookSoon() {
    looking ??= setTimeout(look, 200 + Math.random() * 800);
  }

  const title = document.title;

  function showUnread(unread) {
    document.title = unread ? `(${unread}) ${title}` : title;
    for (const place of document.querySelectorAll("[data-unread]")) {
      place.textContent = unread ? `${place.dataset.unread}${unread}` : "";
      place.hidden = !unread;
    }
  }
  const shown = document.querySelector("[data-unread]");
  if (shown) showUnread(Number(shown.textContent.replace(/\D/g, "")));

  // --- the stream: one for the browser; the page that holds it tells the others ---

  let stream = null;

  function open() {
    stream = new EventSource(`${url}?seen=${encodeURIComponent(seen)}`, { withCredentials: true });
    stream.addEventListener("message", (event) => hearAndPassOn(JSON.parse(event.data)));
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself, and says up to where it saw
      setTimeout(open, WITHOUT_STREAM_MS * (1 + Math.random()));
    });
  }

  const hears = () => stream?.readyState === EventSource.OPEN;

  async function askWhileDeaf() {
    for (;;) {
      await new Promise((wake) => setTimeout(wake, POLL_MS));
      if (leads && !hears()) await look();
    }
  }

  let leads = false;

  function lead() {
    leads = true;
    open();
    askWhileDeaf();
    return new Promise(() => {});
  }

  if (window.EventSource && navigator.locks && pages) {
    navigator.locks.request("cleanclaim-events", lead);
    setTimeout(() => { if (!leads) look(); }, 1000); // what changed since this page was made, before it listened
  } else {
    leads = true;
    askWhileDeaf();
  }
  window.addEventListener("online", look);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !hears()) look(); });
})();
