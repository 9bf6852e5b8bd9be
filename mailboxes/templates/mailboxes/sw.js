// Shows notifications, which Android allows to nothing else, and leads from them to the inbox. It caches nothing.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.page));
});

async function show(page) {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const tab = open.find((each) => new URL(each.url).pathname.startsWith(page));
  return tab ? tab.focus() : self.clients.openWindow(page);
}
