// Single keys for what the page offers, and a form that is sent once. Everything works without it.
"use strict";

const OFF = "jiesu-keys-off";
const dialog = document.getElementById("keys");
const toggle = document.querySelector("[data-keys-on]");
const opener = document.querySelector("[data-keys]");

function kept() {
  try { return localStorage.getItem(OFF); } catch { return null; }
}

function keep(off) {
  try { if (off) localStorage.setItem(OFF, "1"); else localStorage.removeItem(OFF); } catch { /* not kept */ }
}

if (dialog && opener) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  toggle.checked = !kept();
  toggle.addEventListener("change", () => keep(!toggle.checked));
}

// Whoever writes, or holds a modifier, means something else.
function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (kept() || dialog?.open || typing(event.target)) return;
  if (event.key === "?" && dialog) {
    dialog.showModal();
  } else if (event.key === "/") {
    const field = document.querySelector("[data-find]");
    if (field) field.focus(); else location.assign("/staff/tickets#f-text");
  } else {
    const meant = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!meant) return;
    // A button does it at once, so the key only leads to it: Enter is what means it.
    if (meant.tagName === "A") meant.click(); else meant.focus();
  }
  event.preventDefault();
});

// Without a script the address leads to the form; with one its first field has the focus, which a
// fragment would take away again.
for (const link of document.querySelectorAll("a.action-link")) link.hash = "";

// The form that was opened is where one goes on; a summary of faults comes before it.
const open = document.querySelector("#action form");
if (open && !document.querySelector("[data-focus]")) {
  open.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
}
if (location.hash === "#f-text") document.querySelector("[data-find]")?.focus();

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});
