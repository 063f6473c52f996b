// What is near me, and the places on a map. The list says the same without a script.
"use strict";

{
  const form = document.querySelector("form[data-places]");
  const near = form.querySelector("[data-near]");
  const told = form.querySelector("[data-told]");
  const { lat, lon } = form.elements;
  if ("geolocation" in navigator) near.hidden = false;
  near.addEventListener("click", () => {
    told.textContent = told.dataset.looking;
    navigator.geolocation.getCurrentPosition(
      (at) => {
        lat.disabled = lon.disabled = false;
        // Ten metres are exact enough, and say less of who asks.
        lat.value = at.coords.latitude.toFixed(4);
        lon.value = at.coords.longitude.toFixed(4);
        // In the body: a position in the address would stay in logs and in the history.
        form.method = "post";
        form.requestSubmit();
      },
      () => { told.textContent = told.dataset.failed; },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
  // Coming back by the history, a page must not ask again with a position that it has left.
  addEventListener("pageshow", (event) => { if (event.persisted) told.textContent = ""; });

  const area = document.querySelector("#map");
  const button = document.querySelector("[data-show-map]");
  if (area && button) {
    button.hidden = false;
    let map = null;
    button.addEventListener("click", async () => {
      area.hidden = !area.hidden;
      button.setAttribute("aria-expanded", String(!area.hidden));
      if (area.hidden || map) return;
      map = await cityMap(area, area.dataset.city, area.dataset.assets.split(" "));
      const marks = [];
      for (const item of document.querySelectorAll("[data-lat]")) {
        const mark = L.circleMarker([Number(item.dataset.lat), Number(item.dataset.lon)], { radius: 9, color: "#fff", weight: 2, fillColor: "#a8201a", fillOpacity: 1 });
        const name = item.querySelector("h3").textContent;
        mark.bindPopup(() => Object.assign(document.createElement("a"), { href: `#${item.id}`, textContent: name }));
        marks.push(mark.addTo(map));
      }
      if (!lat.disabled) L.circleMarker([Number(lat.value), Number(lon.value)], { radius: 7, color: "#0f4a73", weight: 4, fillColor: "#fff", fillOpacity: 1, interactive: false }).addTo(map);
      if (marks.length) map.fitBounds(L.featureGroup(marks).getBounds().pad(0.2), { maxZoom: 16 });
    });
  }
}
