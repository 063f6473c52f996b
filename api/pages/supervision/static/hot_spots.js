// Where complaints gather, as circles on the city's own outlines; the tables say the same.
"use strict";

{
  const area = document.querySelector("#map");
  const show = async () => {
    area.hidden = false;
    const map = await cityMap(area, area.dataset.city, area.dataset.assets.split(" "));
    const answer = await fetch(area.dataset.spots);
    const spots = await answer.json();
    const most = Math.max(1, ...spots.map((one) => one.tickets));
    for (const one of spots.reverse()) { // the largest on top
      const radius = 5 + 20 * Math.sqrt(one.tickets / most);
      const mark = L.circleMarker([one.lat, one.lon], { radius, color: "#fff", weight: 1.5, fillColor: "#a8201a", fillOpacity: 0.75 });
      mark.bindPopup(() => {
        const said = document.createElement("div");
        const link = Object.assign(document.createElement("a"), { href: one.url, textContent: `${one.tickets} ${area.dataset.tickets}` });
        said.append(link, document.createElement("br"), one.what);
        return said;
      });
      map.addLayer(mark);
    }
  };
  if (area) show();
}
