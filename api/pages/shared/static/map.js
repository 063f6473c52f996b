// A map of a city from its own outlines: no tiles, so nobody learns who looks where.
"use strict";

function loaded(url) {
  return new Promise((done, failed) => {
    const style = url.endsWith(".css");
    const made = document.createElement(style ? "link" : "script");
    if (style) Object.assign(made, { rel: "stylesheet", href: url });
    else made.src = url;
    made.onload = done;
    made.onerror = failed;
    // Our own style sheet stays the last word.
    document.head.insertBefore(made, document.head.querySelector("link[href*='jiesu.css']"));
  });
}

async function cityMap(area, city, assets) {
  for (const url of assets) await loaded(url);
  const answer = await fetch(`/city/${city}/outlines.json`);
  // Without tiles the map knows no deepest zoom by itself, and groups of marks need one.
  const map = L.map(area, { attributionControl: false, zoomSnap: 0.5, maxZoom: 19 });
  const english = document.documentElement.lang === "en";
  const streets = L.geoJSON(await answer.json(), {
    style: { color: "#0f4a73", weight: 1.5, fillColor: "#e6f0f7", fillOpacity: 1 },
    onEachFeature: (feature, layer) => {
      layer.bindTooltip(english ? feature.properties.name_en : feature.properties.name, { permanent: true, direction: "center", className: "street-name" });
    },
  }).addTo(map);
  const bounds = streets.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [8, 8] });
  else map.setView([35, 105], 4);
  // Names only where there is room for them.
  const names = () => area.classList.toggle("map-far", map.getZoom() < map.getBoundsZoom(bounds) + 1);
  map.on("zoomend", names);
  names();
  return map;
}
