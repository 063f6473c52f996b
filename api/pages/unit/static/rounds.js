// A round: the phone says where it is, how exactly and when. Without a script a stamp has no position.
"use strict";

for (const form of document.querySelectorAll("form[data-place]")) {
  const told = form.querySelector("[data-told]");
  const { lat, lon, accuracy, at, sent_at: sentAt } = form.elements;
  let asked = false;
  form.addEventListener("submit", (event) => {
    if (sentAt) sentAt.value = new Date().toISOString();
    if (asked || !("geolocation" in navigator)) return;
    event.preventDefault();
    told.textContent = told.dataset.looking;
    const send = () => {
      asked = true;
      form.requestSubmit(event.submitter);
    };
    navigator.geolocation.getCurrentPosition(
      (found) => {
        lat.value = found.coords.latitude;
        lon.value = found.coords.longitude;
        if (accuracy) accuracy.value = found.coords.accuracy;
        if (at) at.value = new Date(found.timestamp).toISOString();
        send();
      },
      () => {
        told.textContent = told.dataset.failed;
        // Once more sends it without a position: then the page says that it proves nothing.
        asked = true;
      },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 },
    );
  });
}
