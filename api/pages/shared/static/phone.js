// What is written on a phone without a network: entries lie in the browser's database, with their photos, until the
// server has answered each of them. An entry leaves the phone only when its own answer says that it was taken.
// The pages of a grid worker's day (grid.js) and of a round (rounds.js) say what their entries are and how they are sent.
"use strict";

// Return what keeps the entries of a page; null where the page has no place for them, or the browser no database.
const keptOnPhone = ({ panel, name, purposes, line, repairs, send, shown }) => {
  if (!panel || !("indexedDB" in window)) return null;
  const state = panel.querySelector("[data-state]");
  const waiting = panel.querySelector("[data-waiting]");
  const own = panel.dataset.phone;
  const AGAIN = 60_000;  // milliseconds
  const PATIENCE = 120_000;

  // --- the store of the phone

  const opened = () => new Promise((done, failed) => {
    const asked = indexedDB.open(name, 1);
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
  const left = async () => (await all()).filter((entry) => !entry.refused);
  const refuse = (entry, code) => put({ ...entry, refused: code || "internal_error" });

  // --- what is shown

  const because = (code) => (panel.querySelector(`[data-reason="${CSS.escape(code ?? "")}"]`) ?? panel.querySelector('[data-reason=""]')).textContent;
  const say = (what, count = 0, code = "") => {
    state.textContent = state.dataset[what].replace("{count}", count).replace("{reason}", because(code));
  };
  const button = ([words, act]) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-link", textContent: words });
    made.addEventListener("click", act);
    return made;
  };
  const show = async (what, code) => {
    const entries = await all();
    waiting.replaceChildren(...entries.map((entry) => {
      const item = document.createElement("li");
      item.dataset.id = entry.id;
      item.append(line(entry));
      if (entry.refused) {
        const reason = document.createElement("b");
        reason.textContent = ` ${waiting.dataset.wrong} ${because(entry.refused)} `;
        item.append(reason, ...repairs(entry).map(button), button([waiting.dataset.drop, () => forget(entry)]));
      }
      return item;
    }));
    shown(entries);
    if (what) say(what, entries.length, code);
    else say(entries.length ? "waits" : "none", entries.length);
  };
  const forget = async (entry) => {
    await drop(entry.id);
    await show();
    sync();  // something else may have waited for it
  };

  // --- writing

  const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

  // Return whether the entry is kept. `inputs`: where its photos are chosen, by the name that they are sent under.
  const keep = async (entry, form, inputs) => {
    const photos = {};
    for (const [key, input] of Object.entries(inputs)) {
      // Said on the spot, not in the evening: by then nobody is there to take another one.
      if ([...(input?.files ?? [])].some((file) => file.size > Number(panel.dataset.photo))) {
        input.setCustomValidity(because("file_too_large"));
        form.reportValidity();
        return false;
      }
      // The bytes, not the file: the phone's gallery may lose it before there is a network.
      const blobs = await Promise.all([...(input?.files ?? [])].map(async (file) => new Blob([await file.arrayBuffer()], { type: file.type })));
      const kept = blobs.length ? blobs : form.photosBefore?.[key] ?? [];
      if (kept.length) photos[key] = kept;
    }
    try {
      // In the order in which they were written, also where the phone's clock was put back.
      const n = Math.max(Date.now(), ((await all()).at(-1)?.n ?? 0) + 1);
      await put({ ...entry, account: own, n, photos });
    } catch {
      say("full");
      return false;
    }
    delete form.photosBefore;
    form.reset();
    for (const hidden of form.querySelectorAll("input[type=hidden][data-once]")) hidden.value = "";
    const told = form.querySelector("[data-told]");
    if (told) told.textContent = "";
    await show();
    sync();
    return true;
  };

  // --- sending

  class Later extends Error {}  // it may go better another time; `what` is shown, and why by its `code`
  // The answer refuses all of it: no network helps, if the appointment has ended for instance.
  const stopped = async (answer) => Object.assign(new Later(), { what: "stopped", code: (await answer.json()).code });
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
  const posted = (address, csrf, body, headers = {}) => asked(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, ...headers },
    body: JSON.stringify(body),
  });

  // Upload the photos of an entry that are not there yet; return why one was refused, or null.
  const uploaded = async (entry, csrf) => {
    entry.references ??= {};
    for (const [key, blobs] of Object.entries(entry.photos)) {
      const known = (entry.references[key] ??= []);
      for (const blob of blobs.slice(known.length)) {
        const headers = { "X-CSRF-Token": csrf, "Content-Type": blob.type || "application/octet-stream" };
        const answer = await asked(`/api/v1/files?purpose=${purposes[key]}`, { method: "POST", body: blob, headers });
        const told = await answer.json();
        if (!answer.ok) return told.code || "internal_error";
        known.push(told.reference);
        await put(entry);
      }
    }
    return null;
  };
  // Uploaded so long ago that the files are gone: once more, from the phone. Return whether it is worth trying.
  const uploadedAnew = async (entry, code) => {
    if (code !== "unknown_file" || entry.tried) return false;
    await put({ ...entry, references: {}, tried: true });
    return true;
  };

  const sendAll = async () => {
    if (!(await left()).length) return;
    const me = await asked("/api/v1/session");
    const { id, csrf } = await me.json();
    if (id !== own) throw Object.assign(new Later(), { what: "signedout" });
    await send(csrf);
  };
  const attempt = async () => {
    try {
      // Of several windows one sends at a time.
      if (navigator.locks) await navigator.locks.request(name, sendAll);
      else await sendAll();
    } catch (error) {
      if (!(error instanceof Later)) throw error;
      return error;
    }
    return {};
  };
  let busy = false, wanted = false;
  const sync = async () => {
    wanted = true;
    if (busy) return;
    busy = true;
    let what, code;
    try {
      while (wanted) {
        wanted = false;
        ({ what, code } = await attempt());
      }
    } finally {
      busy = false;
    }
    panel.querySelector("[data-signin]").hidden = what !== "signedout";
    await show(what, code);
  };

  // --- the page itself

  // Have the service worker keep this page, what it is drawn with, and other pages that it leads to.
  const keepPages = async (others) => {
    const worker = navigator.serviceWorker;
    if (!worker) return;
    await worker.register("/sw.js");
    await worker.ready;
    if (!worker.controller) await new Promise((done) => worker.addEventListener("controllerchange", done, { once: true }));
    const drawn = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon], img")];
    for (const address of [panel.dataset.page, ...drawn.map((one) => one.src || one.href), ...others]) await fetch(address);
  };

  const start = ({ others = [], kept = () => {} } = {}) => {
    panel.hidden = false;
    // A photo that was too large may be another one now.
    document.addEventListener("change", ({ target }) => { if (target.type === "file") target.setCustomValidity(""); });
    panel.querySelector("[data-sync]").addEventListener("click", sync);
    addEventListener("online", sync);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) sync(); });
    setInterval(sync, AGAIN);
    show().then(sync);
    navigator.storage?.persist?.();  // a phone that is short of room leaves it alone
    keepPages(others).catch(() => { /* the next visit does */ }).then(kept);
  };

  return { Later, all, asked, drop, keep, left, newId, posted, put, refuse, show, start, stopped, sync, uploaded, uploadedAnew };
};
