// Shows that there is something new when a push comes. No push of ours carries a word, and none is read:
// what is shown is written here. It keeps nothing and answers for no page.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  event.waitUntil(self.registration.showNotification("Cleanclaim", { body: "There is something new in Cleanclaim.", tag: "cleanclaim" }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (open.length) return open[0].focus();
    return self.clients.openWindow("/");
  })());
});
