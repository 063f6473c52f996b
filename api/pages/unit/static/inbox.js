// The inbox, better: keys, all at once, how many are chosen. It works without.
"use strict";

{
  const form = document.querySelector("[data-inbox]");
  const rows = form ? [...form.querySelectorAll("[data-ref]")] : [];
  const boxes = rows.map((row) => row.querySelector("[name=pick]")).filter(Boolean);

  // --- how many are chosen -----------------------------------------------------------------------

  const bar = form?.querySelector(".several");
  if (bar) {
    const count = bar.querySelector("[data-count]");
    const all = bar.querySelector("[data-all]");
    const tick = all.querySelector("input");
    const words = count.textContent;
    const tell = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      count.textContent = chosen ? `${chosen} ${count.dataset.words}` : words;
      count.classList.toggle("some", chosen > 0);
      tick.checked = chosen === boxes.length;
      tick.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    all.hidden = false;
    tick.addEventListener("change", () => {
      for (const box of boxes) box.checked = tick.checked;
      tell();
    });
    form.addEventListener("change", tell);
    tell();
  }

  // --- keys: single letters, so they can be switched off (WCAG 2.1.4) ----------------------------

  const OFF = "jiesu.inbox.keys", NEXT = "jiesu.inbox.next";
  const keep = (store, name, value) => { try { store.setItem(name, value); } catch { /* full or forbidden */ } };
  const kept = (store, name) => { try { return store.getItem(name); } catch { return null; } };
  const keys = document.querySelector("[data-keys]");
  const on = keys?.querySelector("[data-keys-on]");
  if (keys) {
    keys.hidden = false;
    on.checked = kept(localStorage, OFF) !== "off";
    on.addEventListener("change", () => keep(localStorage, OFF, on.checked ? "on" : "off"));
  }

  const titleOf = (row) => row.querySelector(".job-title");
  const current = () => rows.indexOf(document.activeElement?.closest("[data-ref]"));
  // After signing, the list comes anew: the walk goes on where it was.
  let resume = rows.findIndex((row) => row.dataset.ref === kept(sessionStorage, NEXT));
  keep(sessionStorage, NEXT, "");
  const go = (step) => {
    const at = current();
    let to = at < 0 ? (resume >= 0 ? resume : 0) : at + step;
    resume = -1;
    to = Math.max(0, Math.min(rows.length - 1, to));
    titleOf(rows[to]).focus();
    rows[to].scrollIntoView({ block: "nearest" });
  };
  const actions = {
    j: () => go(1),
    k: () => go(-1),
    x: (row) => row?.querySelector("[name=pick]")?.click(),
    s: (row) => row?.querySelector("[data-sign]")?.click(),
  };
  form?.addEventListener("submit", (event) => {
    const row = event.submitter?.closest("[data-ref]");
    if (row) keep(sessionStorage, NEXT, rows[rows.indexOf(row) + 1]?.dataset.ref ?? "");
  });
  document.addEventListener("keydown", (event) => {
    if (!on?.checked || !rows.length || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.target;
    if (target.matches("textarea, select, [contenteditable], input:not([type=checkbox])")) return;
    const row = rows[current()];
    const arrow = { ArrowDown: "j", ArrowUp: "k" }[event.key];
    // Arrows scroll the page, unless a line is in hand.
    const act = arrow ? row && actions[arrow] : Object.hasOwn(actions, event.key) && actions[event.key];
    if (act) {
      event.preventDefault();
      act(row);
    } else if (event.key === "Enter" && row && target.matches("[name=pick]")) {
      event.preventDefault();  // a tick is no reason to send the form
      titleOf(row).click();
    }
  });
}
