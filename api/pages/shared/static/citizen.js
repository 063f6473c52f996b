// What citizens' pages can do better with a script. Everything works without it.
"use strict";

// Milliseconds that a draft stays on a device that others may use after its writer: what was typed,
// and what was sent and is not answered yet. `var`, because the page of an answer is written into the
// same document, and declares it again.
var STAYS = { typed: 2 * 3_600_000, sent: 7 * 86_400_000 };

function isOver(draft, now = Date.now()) {
  const waits = draft.sent || draft.waiting === "yes";  // the latter of an earlier version, undated
  return !(now - (draft.at ?? (waits ? now : 0)) < (waits ? STAYS.sent : STAYS.typed));
}

{
  const $ = (selector, within = document) => within.querySelector(selector);

  // A form that came back with faults, or was done: that is read out first.
  $("[data-focus]")?.focus();

  // Two taps send once: the button rests while the answer is on its way.
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.busy === "yes") event.preventDefault();
      // Later: another listener may still hold it back, to be sent when there is a network.
      else setTimeout(() => { if (!event.defaultPrevented) form.dataset.busy = "yes"; });
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.busy;
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  const banner = $("[data-offline]");
  // The flag is to be believed when it says no. It often says yes where nothing can be reached.
  const showNetwork = () => { if (banner) banner.hidden = navigator.onLine; };
  addEventListener("online", showNetwork);
  addEventListener("offline", showNetwork);
  showNetwork();

  // What arrived needs no draft any more (send.js may be missing); what did not is told of elsewhere.
  try {
    for (const place of Object.keys(localStorage).filter((name) => name.startsWith("jiesu.draft."))) {
      const draft = JSON.parse(localStorage.getItem(place));
      if (isOver(draft) || draft.key === $("[data-sent]")?.dataset.sent) {
        localStorage.removeItem(place);
        sessionStorage.removeItem(place);
      }
      else if ((draft.sent || draft.asked) && !$("form[data-report], form[data-decides]")) {
        $("[data-unsent] a").href = `/report?city=${encodeURIComponent(draft.city)}`;
        $("[data-unsent]").hidden = false;
      }
    }
  } catch { /* nothing may be kept here */ }

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/sw.js").catch(() => { /* without a network: the next visit does */ });
  }
}
