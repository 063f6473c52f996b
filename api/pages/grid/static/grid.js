// A grid worker's day: entries are kept on this phone until the server has answered each of them.
// An entry leaves the phone only when its own answer says that it was taken.
"use strict";

{
  const panel = document.querySelector("[data-grid]");
  const state = panel?.querySelector("[data-state]");
  const waiting = panel?.querySelector("[data-waiting]");
  const sent = document.querySelector("[data-sent]");
  const own = panel?.dataset.grid;
  const AT_ONCE = 20;  // entries of a batch
  const ROOM = 40_000;  // characters of a batch, below the server's limit
  const AGAIN = 60_000;  // milliseconds
  const PATIENCE = 120_000;
  const PHOTOS = { before: "before", after: "after", photos: "evidence" };  // fields and purposes

  // --- the store of the phone

  const opened = () => new Promise((done, failed) => {
    const asked = indexedDB.open("jiesu-grid", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("entries", { keyPath: "id" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const inStore = async (mode, act) => {
    const database = await opened();
    try {
      return await new Promise((done, failed) => {
        const work = database.transaction("entries", mode, { durability: "strict" });
        const asked = act(work.objectStore("entries"));
        work.oncomplete = () => done(asked.result);
        work.onabort = work.onerror = () => failed(work.error);
      });
    } finally {
      database.close();
    }
  };
  const put = (entry) => inStore("readwrite", (entries) => entries.put(entry));
  const drop = (id) => inStore("readwrite", (entries) => entries.delete(id));
  const all = async () => {
    const found = await inStore("readonly", (entries) => entries.getAll());
    return found.filter((entry) => entry.account === own).sort((a, b) => a.n - b.n);
  };

  // --- what is shown

  const say = (what, count = 0) => { state.textContent = state.dataset[what].replace("{count}", count); };
  const because = (code) => (panel.querySelector(`[data-reason="${CSS.escape(code ?? "")}"]`) ?? panel.querySelector('[data-reason=""]')).textContent;
  const button = (words, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-link", textContent: words });
    made.addEventListener("click", act);
    return made;
  };

  const show = async (what) => {
    const entries = await all();
    waiting.replaceChildren(...entries.map((entry) => {
      const line = document.createElement("li");
      line.dataset.id = entry.id;
      const words = entry.body.text ?? entry.body.note ?? "";
      line.append(`${waiting.dataset[entry.body.kind]} · ${words.slice(0, 40)}`);
      if (entry.refused) {
        const reason = document.createElement("b");
        reason.textContent = ` ${waiting.dataset.wrong} ${because(entry.refused)} `;
        line.append(reason, button(waiting.dataset.change, () => change(entry)), button(waiting.dataset.drop, () => forget(entry)));
      }
      return line;
    }));
    for (const place of document.querySelectorAll("details[data-check]")) {
      place.hidden = entries.some((entry) => entry.body.check === place.dataset.check && !entry.refused);
    }
    if (what) say(what, entries.length);
    else say(entries.length ? "waits" : "none", entries.length);
  };
  const forget = async (entry) => { await drop(entry.id); await show(); };

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
    await drop(entry.id);
    const place = form.closest("details");
    if (place) { place.hidden = false; place.open = true; }
    await show();
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
  const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

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
    const photos = {};
    for (const name of Object.keys(PHOTOS)) {
      const chosen = [...(form.elements[name]?.files ?? [])];
      // Said on the spot, not in the evening: by then nobody is there to take another one.
      if (chosen.some((file) => file.size > Number(panel.dataset.photo))) {
        form.elements[name].setCustomValidity(because("file_too_large"));
        form.reportValidity();
        return;
      }
      // The bytes, not the file: the phone's gallery may lose it before there is a network.
      const blobs = await Promise.all(chosen.map(async (file) => new Blob([await file.arrayBuffer()], { type: file.type })));
      const kept = blobs.length ? blobs : form.photosBefore?.[name] ?? [];
      if (kept.length) photos[name] = kept;
    }
    const id = newId(), now = new Date();
    try {
      await put({ id, account: own, n: now.getTime(), body: { ...written(form), id, at: now.toISOString() }, photos });
    } catch {
      say("full");
      return;
    }
    delete form.photosBefore;
    form.reset();
    for (const name of ["lat", "lon"]) if (form.elements[name]) form.elements[name].value = "";
    const told = form.querySelector("[data-told]");
    if (told) told.textContent = "";
    const place = form.closest("details");
    if (place) place.open = false;
    await show();
    sync();
  };

  // --- sending

  class Later extends Error {}  // it may go better another time; `what` is shown
  const asked = async (address, options = {}) => {
    let answer;
    try {
      answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    } catch {
      throw new Later();
    }
    // A hotel's network or a proxy may answer in the server's place.
    if (answer.headers.get("Served-By") !== "jiesu" || answer.status === 429 || answer.status >= 500) throw new Later();
    if (answer.status === 401) throw Object.assign(new Later(), { what: "signedout" });
    return answer;
  };

  const references = async (entry, csrf) => {
    entry.references ??= {};
    for (const [name, blobs] of Object.entries(entry.photos)) {
      const known = (entry.references[name] ??= []);
      for (const blob of blobs.slice(known.length)) {
        const headers = { "X-CSRF-Token": csrf, "Content-Type": blob.type || "application/octet-stream" };
        const answer = await asked(`/api/v1/files?purpose=${PHOTOS[name]}`, { method: "POST", body: blob, headers });
        const told = await answer.json();
        if (!answer.ok) return told.code ?? "";
        known.push(told.reference);
        await put(entry);
      }
    }
    return null;
  };
  const refuse = async (entry, code) => put({ ...entry, refused: code || "internal_error" });

  const batchOf = async (entries, csrf) => {
    const batch = [];
    let room = ROOM;
    for (const entry of entries) {
      const code = await references(entry, csrf);
      if (code !== null) { await refuse(entry, code); continue; }
      const body = { ...entry.body, ...entry.references };
      room -= JSON.stringify(body).length * 3;  // Chinese characters have three bytes
      if (batch.length && (room < 0 || batch.length >= AT_ONCE)) break;
      batch.push({ entry, body });
    }
    return batch;
  };

  const settle = async ({ entry }, answer) => {
    if (answer.outcome === "kept" && answer.settled) {
      await drop(entry.id);
      const line = document.createElement("li");
      line.dataset.id = entry.id;
      line.textContent = [sent.dataset[entry.body.kind], answer.number, answer.outside ? sent.dataset.outside : ""].filter(Boolean).join(" · ");
      sent.prepend(line);
      document.querySelector(`details[data-check="${CSS.escape(entry.body.check ?? "-")}"]`)?.remove();
      return true;
    }
    if (answer.code === "unknown_file" && !entry.tried) {  // uploaded so long ago that it is gone
      await put({ ...entry, references: {}, tried: true });
      return true;
    }
    if (answer.outcome === "refused" && answer.settled) {
      await refuse(entry, answer.code);
      return true;
    }
    return false;
  };

  const sendAll = async () => {
    const me = await asked("/api/v1/session");
    const { id, csrf } = await me.json();
    if (id !== own) throw Object.assign(new Later(), { what: "signedout" });
    for (;;) {
      const left = (await all()).filter((entry) => !entry.refused);
      const batch = await batchOf(left, csrf);
      if (!batch.length) return;
      const answer = await asked("/api/v1/grid/entries", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
        body: JSON.stringify({ sent_at: new Date().toISOString(), entries: batch.map(({ body }) => body) }),
      });
      if (!answer.ok) throw new Later();
      const { items } = await answer.json();
      const done = await Promise.all(batch.map((one, n) => settle(one, items[n])));
      await show();
      if (done.some((one) => !one)) throw new Later();
    }
  };

  let busy = false, wanted = false;
  const sync = async () => {
    if (busy) { wanted = true; return; }
    busy = true;
    let what;
    try {
      do {
        wanted = false;
        // Of several windows one sends at a time.
        if (navigator.locks) await navigator.locks.request("jiesu-grid", sendAll);
        else await sendAll();
      } while (wanted);
    } catch (error) {
      if (!(error instanceof Later)) throw error;
      what = error.what;
    } finally {
      busy = false;
    }
    panel.querySelector("[data-signin]").hidden = what !== "signedout";
    await show(what);
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

  if (panel && "indexedDB" in window) {
    panel.hidden = false;
    for (const form of document.querySelectorAll("form[data-entry]")) {
      form.addEventListener("change", ({ target }) => target.setCustomValidity(""));
      form.addEventListener("submit", (event) => { event.preventDefault(); keepOnce(form); });
      const position = form.querySelector("[data-position]");
      if (position && "geolocation" in navigator) {
        position.hidden = false;
        position.querySelector("[data-here]").addEventListener("click", () => locate(form));
      }
    }
    panel.querySelector("[data-sync]").addEventListener("click", sync);
    addEventListener("online", sync);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) sync(); });
    setInterval(sync, AGAIN);
    show().then(sync);
    navigator.storage?.persist?.();  // a phone that is short of room leaves it alone
    navigator.serviceWorker?.register("/sw.js").catch(() => { /* the next visit does */ });
  }
}
