/* Keeps a served pack on the phone: from the network where there is one, else what was kept. */
"use strict";
const KEPT = "pack $key";
const WHOLE = ["./", "manifest.webmanifest", "icon.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(WHOLE.map((name) => new Request(name, { cache: "reload" })))).then(() => self.skipWaiting()));
});

/** Other packs of this host have caches of their own: only older states of this one go. */
self.addEventListener("activate", (event) => {
  const mine = (name) => name.startsWith("pack $visit ") && name !== KEPT;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(mine).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

async function answer(request) {
  // asked by name: opening a cache would make one anew, also after the link has ended
  const found = () => caches.match(request, { cacheName: KEPT, ignoreSearch: true });
  let fresh;
  try {
    fresh = await fetch(request);
  } catch (error) {
    const kept = await found();
    if (kept) return kept;
    throw error;
  }
  // the link has ended: what it gave goes too
  if (fresh.status === 404) await caches.delete(KEPT);
  else if (fresh.ok && (await found())) await (await caches.open(KEPT)).put(request, fresh.clone());
  return fresh;
}

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});
