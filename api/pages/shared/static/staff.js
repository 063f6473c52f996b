// What staff pages can do better with a script. Everything works without it.
"use strict";

// A form that came back with faults: the summary is read out first.
document.querySelector("[data-focus]")?.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
