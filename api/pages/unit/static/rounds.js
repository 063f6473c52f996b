// Rounds without a network: each stamp has its place, its time and its photo from where it was made, and lies on the
// phone until it is answered (phone.js). Without a script a stamp has no position.
"use strict";

{
  const panel = document.querySelector("[data-phone]");
  const waiting = panel?.querySelector("[data-waiting]");
  const round = panel?.dataset.round;  // none in the list of rounds
  const AT_ONCE = 20;  // stamps of a request
  const ROUNDS = "/staff/rounds";
  const OF_PHOTOS = ["same_photo", "unknown_file", "file_too_large", "picture_too_large", "unsupported_file", "broken_file", "too_many_files"];

  // --- what is shown

  const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const line = (entry) => [waiting.dataset[entry.kind], entry.title, clock(entry.at), (entry.body.text ?? "").slice(0, 40)].filter(Boolean).join(" · ");
  const repairs = (entry) => {
    if (entry.kind === "finding" && entry.round === round) return [[waiting.dataset.change, () => change(entry)]];
    const lighter = { ...entry, photos: {}, references: {}, refused: undefined };
    if (OF_PHOTOS.includes(entry.refused)) return [[waiting.dataset.lighter, () => phone.put(lighter).then(phone.sync)]];
    return [];
  };
  const shown = (entries) => {
    const here = entries.filter((entry) => entry.round === round);
    for (const form of document.querySelectorAll("form[data-stamp]")) {
      const times = here.filter(({ kind, body }) => kind === "stamp" && body.point === form.elements.point.value).map(({ at }) => clock(at));
      const kept = form.querySelector("[data-kept]");
      kept.hidden = !times.length;
      kept.textContent = times.length ? kept.dataset.kept.replace("{times}", times.join(", ")) : "";
      const button = form.querySelector("button");
      button.textContent = times.length || form.closest("section").querySelector("[data-reached]") ? button.dataset.again : button.dataset.first;
    }
    // A round that was finished here is not walked on before it is judged, unless something of it was not taken.
    const over = here.some(({ kind, refused }) => kind === "finish" && !refused) && !here.some(({ refused }) => refused);
    for (const place of document.querySelectorAll("[data-begins]")) place.hidden = !begun(place);
    for (const place of document.querySelectorAll("[data-walk]")) place.hidden = over || Boolean(place.dataset.gone) || !begun(place);
  };
  const begun = ({ dataset }) => !dataset.from || Date.now() >= Date.parse(dataset.from);

  // What was refused goes back into its form, with its photo, to be put right.
  const change = async (entry) => {
    const form = document.querySelector("form[data-finding]");
    for (const name of ["text", "category"]) form.elements[name].value = entry.body[name] ?? "";
    form.elements.address.value = entry.body.place.address ?? "";
    form.photosBefore = entry.photos;
    await phone.drop(entry.id);
    await phone.show();
    form.elements.text.focus();
  };

  // The page as the server draws it now takes the place of what it said before; what somebody types stays.
  const drawnAnew = async () => {
    let answer;
    try {
      answer = await phone.asked(panel.dataset.page);
    } catch {
      return;
    }
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (next.querySelector("[data-phone]")?.dataset.phone !== panel.dataset.phone) return;
    for (const old of document.querySelectorAll("[data-fresh]")) {
      const now = next.getElementById(old.id);
      if (now) old.replaceWith(now);
    }
    for (const place of document.querySelectorAll("[data-walk]")) {
      if (!next.getElementById(place.id)) place.dataset.gone = "yes";
    }
    await phone.show();
  };

  // --- writing

  const position = () => new Promise((done, failed) => {
    navigator.geolocation.getCurrentPosition(done, failed, { enableHighAccuracy: true, timeout: 20_000, maximumAge: 0 });
  });
  // Return where the phone is and when. The second time it is taken without: then the page says that it proves nothing.
  const found = async (form) => {
    const told = form.querySelector("[data-told]");
    if (form.dataset.asked || !("geolocation" in navigator)) return { at: new Date() };
    told.textContent = told.dataset.looking;
    try {
      const { coords, timestamp } = await position();
      const { latitude: lat, longitude: lon, accuracy } = coords;
      return { at: new Date(timestamp), place: { lat, lon }, accuracy };
    } catch {
      told.textContent = told.dataset.failed;
      form.dataset.asked = "yes";
      return null;
    }
  };
  const keep = async (form, kind, at, body, inputs = {}) => {
    const entry = { id: phone.newId(), kind, round, title: panel.dataset.title, at: at.toISOString(), body };
    await phone.keep(entry, form, inputs);
    delete form.dataset.asked;
  };
  const stamp = async (form) => {
    const here = await found(form);
    if (!here) return;
    const body = { point: form.elements.point.value, ...here.place, accuracy: here.accuracy };
    await keep(form, "stamp", here.at, body, { photos: form.elements.photo });
  };
  const finding = async (form) => {
    if (!form.reportValidity()) return;
    const here = await found(form);
    if (!here) return;
    const of = new FormData(form);
    const said = (names) => Object.fromEntries(names.map((name) => [name, (of.get(name) ?? "").trim()]).filter(([, value]) => value));
    await keep(form, "finding", here.at, { ...said(["text", "category"]), place: { ...said(["address"]), ...here.place } }, { files: form.elements.photo });
  };
  // A second tap while the phone looks for its place is none.
  const once = (form, act) => form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.busy) return;
    form.busy = true;
    try { await act(form); } finally { form.busy = false; }
  });

  // --- sending

  const at = (entry, what) => `/api/v1/patrols/${entry.round}${what}`;
  // What the server says of the whole request; a session that is being renewed may do better another time.
  const reason = async (answer) => {
    const { code } = await answer.json();
    if (code === "csrf_failed") throw new phone.Later();
    return code || "internal_error";
  };
  const settle = async (entry, code) => {
    if (!code) await phone.drop(entry.id);
    else if (!await phone.uploadedAnew(entry, code)) await phone.refuse(entry, code);
  };

  const sendStamps = async (entries, csrf) => {
    const ready = [];
    for (const entry of entries) {
      const code = await phone.uploaded(entry, csrf);
      if (code === null) ready.push(entry);
      else await phone.refuse(entry, code);
    }
    if (!ready.length) return;
    const stamps = ready.map(({ id, at, body, references }) => ({ id, at, ...body, ...references }));
    const answer = await phone.posted(at(ready[0], "/stamps"), csrf, { sent_at: new Date().toISOString(), stamps });
    if (answer.ok) {
      const heard = new Map((await answer.json()).stamps.map(({ id, code }) => [id, code]));
      if (ready.some(({ id }) => !heard.has(id))) throw new phone.Later();
      for (const entry of ready) await settle(entry, heard.get(entry.id));
    } else {
      const code = await reason(answer);
      for (const entry of ready) await settle(entry, code);
    }
  };

  // The walk that is finished is named before it is sent: sent again, it does not finish the next one.
  const sendFinish = async (entry, csrf) => {
    if (entry.body.attempt === undefined) {
      const now = await phone.asked(at(entry, ""));
      if (!now.ok) return phone.refuse(entry, await reason(now));
      entry.body.attempt = (await now.json()).attempt;
      await phone.put(entry);
    }
    const answer = await phone.posted(at(entry, "/finish"), csrf, entry.body);
    return settle(entry, answer.ok ? null : await reason(answer));
  };

  const sendFinding = async (entry, csrf) => {
    const code = await phone.uploaded(entry, csrf);
    if (code !== null) return phone.refuse(entry, code);
    const answer = await phone.posted(at(entry, "/findings"), csrf, { ...entry.body, ...entry.references }, { "Idempotency-Key": entry.id });
    if (!answer.ok) return settle(entry, await reason(answer));
    const { number } = await answer.json();
    const told = document.querySelector("[data-filed]");
    if (told) {
      told.textContent = told.dataset.filed.replace("{number}", number);
      told.hidden = false;
    }
    return phone.drop(entry.id);
  };

  // In the order in which they were written. A round is not judged while one of its stamps was refused:
  // whoever walks says first what becomes of that.
  const send = async (csrf) => {
    let changed = false;
    for (;;) {
      const entries = await phone.all();
      const held = new Set(entries.filter(({ kind, refused }) => kind === "stamp" && refused).map((entry) => entry.round));
      const left = entries.filter((entry) => !entry.refused && !(entry.kind === "finish" && held.has(entry.round)));
      const [first] = left;
      if (!first) break;
      if (first.kind === "finish") await sendFinish(first, csrf);
      else if (first.kind === "finding") await sendFinding(first, csrf);
      else {
        const same = left.filter((entry) => entry.round === first.round);
        const end = same.findIndex(({ kind }) => kind === "finish");
        await sendStamps(same.slice(0, end < 0 ? undefined : end).filter(({ kind }) => kind === "stamp").slice(0, AT_ONCE), csrf);
      }
      changed ||= first.round === round;
      await phone.show();
    }
    if (changed) await drawnAnew();
  };

  // --- the page

  // The list says which rounds are on the phone, and lets go of those that are over.
  const told = async () => {
    const links = new Map([...document.querySelectorAll("a[data-round]")].map((link) => [link.pathname, link]));
    for (const name of await caches.keys()) {
      const kept = await caches.open(name);
      for (const request of await kept.keys()) {
        const { pathname } = new URL(request.url);
        if (!pathname.startsWith(`${ROUNDS}/`)) continue;
        const link = links.get(pathname);
        if (link) link.closest("section").querySelector("[data-ready]").hidden = false;
        else await kept.delete(request);
      }
    }
  };

  const purposes = { photos: "evidence", files: "before" };
  const phone = keptOnPhone({ panel, name: "jiesu-rounds", purposes, line, repairs, send, shown });
  if (phone) {
    for (const form of document.querySelectorAll("form[data-stamp]")) once(form, stamp);
    for (const form of document.querySelectorAll("form[data-finding]")) once(form, finding);
    for (const form of document.querySelectorAll("form[data-finish]")) once(form, () => keep(form, "finish", new Date(), {}));
    setInterval(async () => shown(await phone.all()), 30_000);  // a round begins, also where the page is kept
    const others = round ? [ROUNDS] : [...document.querySelectorAll("a[data-round]")].map((link) => link.pathname);
    phone.start({ others, kept: round ? undefined : () => told().catch(() => { /* nothing is kept here */ }) });
  }
}
