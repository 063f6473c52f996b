// Keeps the pages that are of use without a network, and what they are drawn with.
// Nothing of a ticket is ever kept: those pages are answers to forms, which are not asked for here.
"use strict";

const KEPT = "jiesu-1";
const PAGES = ["/", "/report", "/follow", "/offline"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add("/offline")).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(keptFirst(event.request));
  else if (PAGES.includes(url.pathname)) event.respondWith(networkFirst(event.request, url));
});

async function keptFirst(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
}

async function networkFirst(request, url) {
  // The language may be asked for in the address; the city is part of the page.
  const key = url.pathname + (url.searchParams.get("city") ? `?city=${url.searchParams.get("city")}` : "");
  try {
    const answer = await fetch(request);
    if (answer.ok && !url.searchParams.has("number")) (await caches.open(KEPT)).put(key, answer.clone());
    return answer;
  } catch {
    return (await caches.match(key)) || (await caches.match("/offline")) || Response.error();
  }
}
