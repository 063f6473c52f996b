// Keeps the pages that are of use without a network, and what they are drawn with.
// Nothing of a ticket is ever kept: those pages are answers to forms, which are not asked for here.
// A grid worker's page is kept, with the places to look at, and the rounds that somebody walks; signing out deletes
// them (signed_out.js).
"use strict";

const CACHE = "jiesu-4";
const PATIENCE = 4_000;  // milliseconds; a network that leads nowhere does not say no
const GRID = "/staff/grid";
const ROUNDS = "/staff/rounds";
const PAGES = ["/", "/report", "/follow", "/offline", GRID, ROUNDS];
const A_ROUND = /^\/staff\/rounds\/[0-9A-Za-z_.-]+$/;
const LEADING = { "/grid": GRID, "/patrols": ROUNDS };  // addresses that people are told

self.addEventListener("install", (event) => {
  event.waitUntil(fetch("/offline").then((answer) => keep("/offline", answer)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(keptFirst(event.request));
  // It leads to a page, or to signing in or up; without a network to what is kept.
  else if (url.pathname in LEADING) event.respondWith(fetch(event.request).catch(async () => (await caches.match(LEADING[url.pathname])) || Response.error()));
  else if (PAGES.includes(url.pathname) || A_ROUND.test(url.pathname)) event.respondWith(networkFirst(event.request, url));
});

self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : { text: "" };
  event.waitUntil(self.registration.showNotification("12345", { body: said.text, data: said.url || "/follow" }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});

// Somebody else may have answered: a hotel's network, a provider's. That is never kept as ours.
const isOurs = (answer) => answer.headers.get("Served-By") === "jiesu";

async function keep(key, answer) {
  if (answer.ok && isOurs(answer)) await (await caches.open(CACHE)).put(key, answer.clone());
}

async function keptFirst(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  await keep(request, answer);
  return answer;
}

async function networkFirst(request, url) {
  // The language may be asked for in the address; the city is part of the page.
  const key = url.pathname + (url.searchParams.get("city") ? `?city=${url.searchParams.get("city")}` : "");
  const asked = fetch(request).then(async (answer) => {
    if (!url.searchParams.has("number") && !answer.redirected) await keep(key, answer);
    return answer;
  });
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  const answer = await Promise.race([asked, late]).catch(() => null);
  if (answer && isOurs(answer)) return answer;
  // Where nothing is kept, the other's page may be what is needed, to sign in to a network.
  return (await caches.match(key)) || answer || (await asked.catch(() => null)) || (await caches.match("/offline")) || Response.error();
}
