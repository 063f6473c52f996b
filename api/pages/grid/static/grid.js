// A grid worker's day: what its entries are, and how they are sent. phone.js keeps them on the phone until then.
"use strict";

{
  const panel = document.querySelector("[data-phone]");
  const waiting = panel?.querySelector("[data-waiting]");
  const sent = document.querySelector("[data-sent]");
  const AT_ONCE = 20;  // entries of a batch
  const ROOM = 40_000;  // characters of a batch, below the server's limit
  const PHOTOS = { before: "before", after: "after", photos: "evidence" };  // fields and purposes

  // --- what is shown

  const line = ({ body }) => `${waiting.dataset[body.kind]} · ${(body.text ?? body.note ?? "").slice(0, 40)}`;
  const repairs = (entry) => [[waiting.dataset.change, () => change(entry)]];
  const shown = (entries) => {
    for (const place of document.querySelectorAll("details[data-check]")) {
      place.hidden = entries.some((entry) => entry.body.check === place.dataset.check && !entry.refused);
    }
  };

  // What was refused goes back into its form, with its photos, to be put right.
  const change = async (entry) => {
    const form = [...document.querySelectorAll(`form[data-entry="${entry.body.kind}"]`)]
      .find((one) => entry.body.kind !== "check" || one.elements.check.value === entry.body.check);
    if (!form) return;
    const { text, category, done, note, seen, private: named } = entry.body;
    for (const [name, value] of Object.entries({ text, category, done, note })) {
      if (form.elements[name] && value) form.elements[name].value = value;
    }
    if (form.elements.private) form.elements.private.checked = Boolean(named);
    if (seen) form.elements.seen.value = seen;
    form.photosBefore = entry.photos;
    await phone.drop(entry.id);
    const place = form.closest("details");
    if (place) { place.hidden = false; place.open = true; }
    await phone.show();
    form.querySelector("textarea, input:not([type=hidden])")?.focus();
  };

  // --- writing

  const written = (form) => {
    const of = new FormData(form);
    const at = (name) => (of.get(name) ?? "").toString().trim();
    const filled = (names) => Object.fromEntries(names.map((name) => [name, at(name)]).filter(([, value]) => value));
    const kind = form.dataset.entry;
    const point = at("lat") ? { lat: Number(at("lat")), lon: Number(at("lon")) } : {};
    if (kind === "check") return { kind, ...filled(["check", "seen", "note"]), ...point };
    const text = at("text");
    if (kind === "diary") return { kind, text, private: of.get("private") === "yes" };
    return { kind, text, ...filled(["category", "done"]), place: { ...filled(["area", "address"]), ...point } };
  };

  // Of two taps the second finds the first at work: what was written once is one entry.
  const keeping = new WeakSet();
  const keepOnce = async (form) => {
    if (keeping.has(form)) return;
    keeping.add(form);
    try {
      await keep(form);
    } finally {
      keeping.delete(form);
    }
  };
  const keep = async (form) => {
    if (!form.reportValidity()) return;
    const inputs = Object.fromEntries(Object.keys(PHOTOS).map((name) => [name, form.elements[name]]));
    const id = phone.newId();
    const kept = await phone.keep({ id, body: { ...written(form), id, at: new Date().toISOString() } }, form, inputs);
    const place = form.closest("details");
    if (kept && place) place.open = false;
  };

  // --- sending

  const batchOf = async (entries, csrf) => {
    const batch = [];
    let room = ROOM;
    for (const entry of entries) {
      const code = await phone.uploaded(entry, csrf);
      if (code !== null) { await phone.refuse(entry, code); continue; }
      const body = { ...entry.body, ...entry.references };
      room -= JSON.stringify(body).length * 3;  // Chinese characters have three bytes
      if (batch.length && (room < 0 || batch.length >= AT_ONCE)) break;
      batch.push({ entry, body });
    }
    return batch;
  };

  const settle = async ({ entry }, answer) => {
    if (answer.outcome === "kept" && answer.settled) {
      await phone.drop(entry.id);
      const line = document.createElement("li");
      line.dataset.id = entry.id;
      line.textContent = [sent.dataset[entry.body.kind], answer.number, answer.outside ? sent.dataset.outside : ""].filter(Boolean).join(" · ");
      sent.prepend(line);
      document.querySelector(`details[data-check="${CSS.escape(entry.body.check ?? "-")}"]`)?.remove();
      return true;
    }
    if (await phone.uploadedAnew(entry, answer.code)) return true;
    if (answer.outcome === "refused" && answer.settled) {
      await phone.refuse(entry, answer.code);
      return true;
    }
    return false;
  };

  const send = async (csrf) => {
    const later = new Set();  // what is not finished keeps nothing behind it from being sent
    for (;;) {
      const batch = await batchOf((await phone.left()).filter((entry) => !later.has(entry.id)), csrf);
      if (!batch.length) break;
      const entries = batch.map(({ body }) => body);
      const answer = await phone.posted("/api/v1/grid/entries", csrf, { sent_at: new Date().toISOString(), entries });
      if (!answer.ok) throw await phone.stopped(answer);
      const { items } = await answer.json();
      const done = await Promise.all(batch.map((one, n) => settle(one, items[n])));
      await phone.show();
      batch.forEach(({ entry }, n) => { if (!done[n]) later.add(entry.id); });
    }
    if (later.size) throw new phone.Later();
  };

  // --- the page

  const locate = (form) => {
    const told = form.querySelector("[data-told]");
    told.textContent = told.dataset.looking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        for (const [name, value] of [["lat", coords.latitude], ["lon", coords.longitude]]) {
          const field = form.querySelector(`input[type=hidden][name=${name}]`);
          field.disabled = false;
          field.value = value.toFixed(6);
        }
        told.textContent = told.dataset.found;
      },
      () => { told.textContent = told.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  };

  const phone = keptOnPhone({ panel, name: "jiesu-grid", purposes: PHOTOS, line, repairs, send, shown });
  if (phone) {
    for (const form of document.querySelectorAll("form[data-entry]")) {
      form.addEventListener("submit", (event) => { event.preventDefault(); keepOnce(form); });
      const position = form.querySelector("[data-position]");
      if (position && "geolocation" in navigator) {
        position.hidden = false;
        position.querySelector("[data-here]").addEventListener("click", () => locate(form));
      }
    }
    phone.start();
  }
}
