// The report form, better: a draft that survives, a position, a map.
"use strict";

{
  const form = document.querySelector("form[data-report]");
  const find = (selector) => form.querySelector(selector);
  const city = form.dataset.report;
  const stored = draftOf(city);
  const sender = sending(form, city);

  // --- the draft: kept on this phone until it is sent --------------------------------------------

  const cameBack = document.querySelector("#summary") !== null;
  const fill = (kept) => {
    for (const [name, value] of Object.entries(kept)) {
      const field = form.elements[name];
      if (!field || name === "photo") continue;
      if (field.type === "checkbox") field.checked = value === field.value;
      else field.value = value;
    }
    for (const reference of [kept.photo ?? []].flat()) photoIsHere(find("[data-photos]"), reference);
  };
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const keep = () => stored.write(draftFrom(fieldsOf(form)));

  // This page was the receipt, and is loaded anew; not by somebody who comes later.
  const shown = cameBack || !history.state?.sent || isOver({ at: history.state.at }) ? null : history.state.sent;
  const draft = cameBack || shown ? null : stored.read();
  // A page that the service worker kept carries a key that was used: one for each report.
  if (!cameBack) form.elements.key.value = (draft && draft.key) || newKey();
  if (draft && draft.text) {
    fill(draft);
    const note = document.querySelector("[data-draft]");
    note.hidden = false;
    note.querySelector("[data-discard]").addEventListener("click", () => {
      stored.drop();
      sender.rest();
      form.reset();
      find("[data-taken]").replaceChildren();
      form.elements.lat.value = form.elements.lon.value = "";
      form.elements.key.value = newKey();
      note.hidden = true;
      showPosition();
      find("#f-text").focus();
    });
  }
  form.addEventListener("input", keep);

  // --- sending: at once, and until there was an answer (send.js) ---------------------------------

  // `waiting` without `sent`: written by an earlier version of this page.
  const unanswered = shown ?? draft?.sent ?? (draft?.waiting === "yes" ? fieldsOf(form) : null);
  if (cameBack) keep();
  else if (unanswered) addEventListener("load", () => sender.go(unanswered, { isOld: true, keep: !shown }));

  // --- where: the phone's own position, in WGS-84, or a point on the map ---------------------------

  const box = find("[data-position]");
  const told = find("[data-told]");
  const forget = find("[data-forget-row]");
  let map = null, pin = null;
  const note = (lat, lon, words) => {
    form.elements.lat.value = lat.toFixed(6);
    form.elements.lon.value = lon.toFixed(6);
    told.textContent = words;
    forget.hidden = false;
    if (map) setPin(lat, lon);
    keep();
  };
  function showPosition() {
    const has = form.elements.lat.value !== "";
    told.textContent = has ? told.dataset.pinned : "";
    forget.hidden = !has;
  }
  box.hidden = false;
  showPosition();
  const here = find("[data-here]");
  if (!("geolocation" in navigator)) here.hidden = true;
  here.addEventListener("click", () => {
    told.textContent = told.dataset.looking;
    navigator.geolocation.getCurrentPosition(
      (at) => {
        note(at.coords.latitude, at.coords.longitude, told.dataset.found);
        map?.setView([at.coords.latitude, at.coords.longitude], 15);
      },
      () => { told.textContent = told.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
  find("[data-forget]").addEventListener("click", () => {
    form.elements.lat.value = form.elements.lon.value = "";
    if (pin) { pin.remove(); pin = null; }
    showPosition();
    keep();
    here.focus();
  });

  function setPin(lat, lon) {
    if (pin) pin.setLatLng([lat, lon]);
    else pin = L.circleMarker([lat, lon], { radius: 10, color: "#fff", weight: 3, fillColor: "#a8201a", fillOpacity: 1 }).addTo(map);
  }
  find("[data-map]").addEventListener("click", async (event) => {
    const area = find("#map");
    const open = area.hidden;
    area.hidden = !open;
    find("[data-pin-row]").hidden = !open;
    event.currentTarget.setAttribute("aria-expanded", String(open));
    if (!open || map) return;
    map = await cityMap(area, form.dataset.report, form.dataset.assets.split(" "));
    if (form.elements.lat.value) {
      const at = [Number(form.elements.lat.value), Number(form.elements.lon.value)];
      setPin(...at);
      map.setView(at, 15);
    }
    map.on("click", (at) => note(at.latlng.lat, at.latlng.lng, told.dataset.pinned));
  });
  find("[data-pin]").addEventListener("click", () => {
    const at = map.getCenter();
    note(at.lat, at.lng, told.dataset.pinned);
  });
}
