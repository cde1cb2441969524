// Begins and ends web push for this browser, on the account page. Asked for only when somebody presses.
"use strict";

(() => {
  const place = document.querySelector("[data-push]");
  if (!place) return;
  const one = (what) => place.querySelector(what);
  const [words, start, stop] = [one("[data-push-words]"), one("[data-push-start]"), one("[data-push-stop]")];
  const token = document.querySelector("meta[name=csrf-token]").content;
  const say = (text) => { words.textContent = text; };

  const tell = (url, endpoint) => fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ endpoint }), credentials: "same-origin" });

  async function subscription() {
    const known = await navigator.serviceWorker.getRegistration("/");
    return known ? known.pushManager.getSubscription() : null;
  }

  async function show() {
    const on = Boolean(await subscription());
    [start.hidden, stop.hidden] = [on, !on];
    say(on ? "This browser is told." : "This browser is not told.");
  }

  start.addEventListener("click", async () => {
    if (await Notification.requestPermission() !== "granted") return say("This browser was told not to show anything from here. Its settings can change that.");
    try {
      await navigator.serviceWorker.register("/sw.js");
      const ready = await navigator.serviceWorker.ready;
      const made = await ready.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: place.dataset.push });
      const answer = await tell(place.dataset.pushOn, made.endpoint);
      if (answer.ok) return location.reload();
      await made.unsubscribe();
      say((await answer.json()).problem);
    } catch {
      say("This browser's push service did not answer. Try again later.");
    }
  });

  stop.addEventListener("click", async () => {
    const made = await subscription();
    if (made) { await tell(place.dataset.pushOff, made.endpoint); await made.unsubscribe(); }
    location.reload();
  });

  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return say("This browser offers no push.");
  show();
})();
