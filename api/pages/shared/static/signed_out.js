// Where staff sign in or have signed out: who comes next finds nothing of who was here.
"use strict";

try {
  sessionStorage.clear();
  for (const place of Object.keys(localStorage).filter((name) => name.startsWith("jiesu.draft."))) {
    // What was sent and is not answered yet must still arrive.
    if (!JSON.parse(localStorage.getItem(place)).sent) localStorage.removeItem(place);
  }
} catch { /* nothing may be kept here */ }

// The page of a grid worker, with the places to look at. What they wrote and is not sent yet stays.
if ("caches" in window) {
  caches.keys().then((names) => { for (const name of names) caches.open(name).then((kept) => kept.delete("/staff/grid")); }).catch(() => {});
}
