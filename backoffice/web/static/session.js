// Says two minutes before a session ends that it will, lets one stay, and leaves the page when it has ended.
// Asking how long is left never extends a session: only staying, or using the portal, does.
"use strict";

(() => {
  const dialog = document.getElementById("idle");
  if (!dialog) return;
  const WARNING_S = 120;
  const token = document.querySelector("meta[name=csrf-token]").content;
  const told = new BroadcastChannel("cleanclaim-session");
  let timer = null;
  let ends = 0; // as this browser's clock runs, in milliseconds

  const left = () => Math.round((ends - Date.now()) / 1000);

  function leave() {
    const here = location.pathname + location.search;
    location.replace(`${dialog.dataset.ended}&next=${encodeURIComponent(here)}`);
  }

  async function ask(method) {
    const headers = method === "POST" ? { "X-CSRFToken": token } : { "X-Live": "1" };
    const answer = await fetch(dialog.dataset.session, { method, headers, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401 || answer.redirected) return 0;
    if (!answer.ok) throw new Error("not answered");
    return (await answer.json()).left;
  }

  // Another page of this browser may have been used: the server knows, so it is asked before warning or leaving.
  async function look() {
    let seconds;
    try {
      seconds = await ask("GET");
    } catch {
      seconds = left(); // the server is away: go by our own clock
    }
    wait(seconds);
  }

  function wait(seconds) {
    clearTimeout(timer);
    ends = Date.now() + seconds * 1000;
    if (seconds <= 0) return leave();
    if (seconds > WARNING_S) {
      if (dialog.open) dialog.close();
      timer = setTimeout(look, (seconds - WARNING_S) * 1000);
      return;
    }
    dialog.querySelector("[data-idle-when]").textContent = `in about ${Math.max(1, Math.round(seconds / 60))} min`;
    if (!dialog.open) dialog.showModal();
    timer = setTimeout(look, Math.min(seconds, 30) * 1000 + 500);
  }

  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.querySelector("[data-stay]").addEventListener("click", async () => {
    try {
      const seconds = await ask("POST");
      wait(seconds);
      told.postMessage(seconds);
    } catch {
      look();
    }
  });
  dialog.querySelector("[data-sign-out]").addEventListener("click", () => document.querySelector("form[action$='/sign-out'] button")?.click() ?? leave());
  told.addEventListener("message", (event) => wait(event.data));
  wait(Number(dialog.dataset.sessionLeft));
})();
