// The published answers on a map; the list below it says the same.
"use strict";

{
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
      const answer = await fetch(`/city/${area.dataset.city}/points.json`);
      const group = L.markerClusterGroup({
        showCoverageOnHover: false,
        iconCreateFunction: (cluster) => L.divIcon({ html: `<span>${cluster.getChildCount()}</span>`, className: "cluster", iconSize: [36, 36] }),
      });
      for (const point of await answer.json()) {
        const mark = L.circleMarker([point.lat, point.lon], { radius: 8, color: "#fff", weight: 2, fillColor: "#a8201a", fillOpacity: 1 });
        mark.bindPopup(() => Object.assign(document.createElement("a"), { href: `#a-${point.number}`, textContent: point.what }));
        group.addLayer(mark);
      }
      map.addLayer(group);
    });
  }
}
