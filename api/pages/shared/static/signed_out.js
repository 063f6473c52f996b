// Where staff sign in or have signed out: who comes next finds nothing of who was here.
"use strict";

try {
  sessionStorage.clear();
  for (const place of Object.keys(localStorage).filter((name) => name.startsWith("jiesu.draft."))) {
    // What was sent and is not answered yet must still arrive.
    if (!JSON.parse(localStorage.getItem(place)).sent) localStorage.removeItem(place);
  }
} catch { /* nothing may be kept here */ }

// The pages of staff that are kept for a day without a network. What was written on them and is not sent yet stays.
if ("caches" in window) {
  const forget = async () => {
    for (const name of await caches.keys()) {
      const kept = await caches.open(name);
      for (const request of await kept.keys()) {
        if (new URL(request.url).pathname.startsWith("/staff/")) await kept.delete(request);
      }
    }
  };
  forget().catch(() => { /* there is nothing to forget */ });
}
