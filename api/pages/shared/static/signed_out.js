// Where staff sign in or have signed out: who comes next finds nothing of who was here.
"use strict";

try {
  sessionStorage.clear();
  for (const place of Object.keys(localStorage).filter((name) => name.startsWith("jiesu.draft."))) {
    // What was sent and is not answered yet must still arrive.
    if (!JSON.parse(localStorage.getItem(place)).sent) localStorage.removeItem(place);
  }
} catch { /* nothing may be kept here */ }
