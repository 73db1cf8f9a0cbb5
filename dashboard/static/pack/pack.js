/* A briefing pack: the map with its data inside the file, the cards, the search and the notes. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const text = document.getElementById("pk-data").textContent;
  const data = JSON.parse(text);
  const find = (selector) => document.querySelector(selector);
  const every = (selector) => [...document.querySelectorAll(selector)];
  let language = data.languages[0].code;

  const say = (window.packSay = (message) => (data.languages.find((one) => one.code === language).messages || {})[message] || message);

  /* ---- the map's questions, answered from this file ---- */

  const layerOf = (id) => data.layers.find((layer) => layer.id === id);
  const shapesOf = (layer) => (layer.shapes ||= CG.shapes({ features: layer.features }));

  const answers = {
    base: () => data.base,
    features: (path) => layerOf(decodeURIComponent(path)),
    identify: (path, query) => ({ hits: hitsAt(Number(query.get("lon")), Number(query.get("lat")), Number(query.get("tolerance_m")), query.get("layers").split(",")) }),
    card: (path, query) => {
      const layer = layerOf(query.get("layer"));
      const feature = layer && layer.features.find((one) => one.properties.id === query.get("feature"));
      if (!feature) throw new Error(say("This is not in the pack."));
      return { ...hit(layer, feature.properties, 0), geometry: feature.geometry };
    },
    "in-view": (path, query) => inView(query.get("bbox").split(",").map(Number), query.get("layers").split(","), Number(query.get("limit"))),
  };

  CG.fetchJson = async function (url) {
    const [, what, path, query] = /^pack:([a-z-]+)\/?([^?]*)\??(.*)$/.exec(url);
    return answers[what](path, new URLSearchParams(query));
  };
  CG.pageAddress = () => null; // the file lies wherever somebody put it

  function hit(layer, properties, metres) {
    return {
      layer_id: layer.id, feature_id: properties.id, title: properties.name || properties.id, kind_title: layer.kind_title,
      layer_name: layer.title, fields: properties.told || [], distance_m: metres, demonstration: layer.invented,
    };
  }

  function hitsAt(lon, lat, tolerance, ids) {
    const [x, y] = [CG.unitX(lon), CG.unitY(lat)];
    const unit = CG.pixelsOfMetre(y, 1);
    const reach = tolerance * unit;
    const found = [];
    for (const id of ids) {
      const layer = layerOf(id);
      if (!layer) continue;
      for (const shape of shapesOf(layer).list) {
        const [left, top, right, bottom] = shape.box;
        if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) continue;
        const away = distance(shape, x, y) / unit;
        if (away <= tolerance) found.push(hit(layer, shape.properties, away));
      }
    }
    return found.sort((a, b) => a.distance_m - b.distance_m).slice(0, 20);
  }

  /** How far a point of the unit square lies from a shape; 0 inside an area. */
  function distance(shape, x, y) {
    if (shape.areas.some((rings) => rings.filter((ring) => holds(ring, x, y)).length % 2)) return 0;
    let best = Infinity;
    const lines = [...shape.points, ...shape.lines, ...shape.areas.flat()];
    for (const line of lines) {
      for (let i = 0; i < line.length; i += 2) {
        const j = Math.max(0, i - 2);
        best = Math.min(best, toPiece(x, y, line[j], line[j + 1], line[i], line[i + 1]));
      }
    }
    return best;
  }

  function holds(ring, x, y) {
    let inside = false;
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const crosses = ring[i + 1] > y !== ring[j + 1] > y;
      if (crosses && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
    }
    return inside;
  }

  function toPiece(x, y, ax, ay, bx, by) {
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const t = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    return Math.hypot(x - ax - t * dx, y - ay - t * dy);
  }

  function inView([west, south, east, north], ids, limit) {
    const box = [CG.unitX(west), CG.unitY(north), CG.unitX(east), CG.unitY(south)];
    const middle = [(west + east) / 2, (south + north) / 2];
    const rows = ids.map(layerOf).filter(Boolean).flatMap((layer) =>
      shapesOf(layer).list.filter((shape) => CG.boxesMeet(shape.box, box)).map((shape) => {
        const lon = ((shape.box[0] + shape.box[2]) / 2) * 360 - 180;
        const lat = CG.unitLatitude((shape.box[1] + shape.box[3]) / 2);
        return { ...hit(layer, shape.properties, null), longitude: lon, latitude: lat, away: CG.distance(middle, [lon, lat]) };
      }));
    rows.sort((a, b) => a.away - b.away);
    return { rows: rows.slice(0, limit), total: rows.length, too_many: [] };
  }

  /* ---- the map ---- */

  const map = L.map("pk-map", { zoomControl: false, attributionControl: false, zoomSnap: 0.5, minZoom: 3, maxZoom: 20 }).setView([0, 0], 3);
  CG.attach(map);
  const session = map.commonGround;

  const message = () => ({
    region: { id: data.visit, name: data.title, bounds: data.bounds, basemap: "pack:base", online: null },
    prefix: "pack:", language, returns: [], embedded: true, shared: {}, highlight: [], zoomToHighlight: false,
    conflicts: null, hotspots: null, view: null,
    layers: data.layers.map((layer) => ({
      id: layer.id, url: `pack:features/${encodeURIComponent(layer.id)}`, version: layer.id, kind: layer.kind, title: layer.title,
      color: layer.color, symbol: layer.symbol, order: layer.order, features: layer.features.length, visible: layer.visible,
      opacity: 1, invented: layer.invented, source: layer.source, dated: layer.dated, tiles: null, vector: null, only: null,
      classes: [], dates: false, versions: [],
    })),
  });

  const mapWords = CG.text;
  CG.text = function (key, ...values) {
    const own = (data.languages.find((one) => one.code === language).map || {})[key];
    return own ? values.reduce((told, value, i) => told.split(`{${i}}`).join(String(value)), own) : mapWords(key, ...values);
  };

  for (const way of data.ways) {
    const look = way.by_road ? { color: "#1e3c5a", weight: 3.5 } : { color: "#5c5c5c", weight: 2.5, dashArray: "3 7" };
    L.polyline(way.points.map(([lon, lat]) => [lat, lon]), { ...look, interactive: false }).addTo(map);
  }
  for (const stop of data.stops) {
    const icon = L.divIcon({ className: "pk-mark", html: "", iconSize: [30, 30] });
    const marker = L.marker([stop.latitude, stop.longitude], { icon, keyboard: true, title: `${stop.number}. ${stop.name}`, alt: `${stop.number}. ${stop.name}` }).addTo(map);
    marker.getElement().textContent = String(stop.number);
    marker.on("click", () => openStop(stop.number));
  }

  function fitStops() {
    const [west, south, east, north] = data.bounds;
    map.fitBounds([[south, west], [north, east]], { animate: false, padding: [24, 24] });
  }

  /* ---- panes ---- */

  function show(name) {
    for (const tab of every(".pk-tabs button")) tab.setAttribute("aria-selected", String(tab.dataset.pane === name));
    for (const pane of every(".pk-pane")) pane.classList.toggle("pk-on", pane.id === `pk-${name}-pane`);
    document.body.classList.toggle("pk-full", name === "map");
    if (name === "map") map.invalidateSize();
    window.scrollTo(0, 0);
  }

  function openStop(number) {
    show("stops");
    find("#pk-search").value = "";
    search();
    const card = find(`article[data-stop="${number}"][lang="${language}"]`);
    card.scrollIntoView({ block: "start" });
    card.focus({ preventScroll: true });
  }

  function search() {
    const wanted = find("#pk-search").value.trim().toLocaleLowerCase(language).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const card of every("article.pk-card")) {
      const mine = card.lang === language;
      const told = card.textContent.toLocaleLowerCase(language);
      const fits = mine && wanted.every((word) => told.includes(word));
      card.hidden = !fits;
      if (fits) found += 1;
    }
    find("#pk-found").textContent = wanted.length ? say("{n} of {all} stops").replace("{n}", found).replace("{all}", data.stops.length) : "";
  }

  function speak(code) {
    language = code;
    document.documentElement.lang = code;
    for (const element of every("[data-message]")) element.textContent = say(element.dataset.message);
    for (const element of every("[data-in]")) element.hidden = element.dataset.in !== code;
    for (const name of ["placeholder", "aria-label"]) find("#pk-search").setAttribute(name, say("Search the cards"));
    search();
    session.apply(message());
    session.setLanguage(code);
    window.packFaults = check();
    window.dispatchEvent(new Event("pack-language"));
  }

  for (const tab of every(".pk-tabs button")) tab.addEventListener("click", () => show(tab.dataset.pane));
  find(".pk-tabs").addEventListener("keydown", (event) => {
    const tabs = every(".pk-tabs button");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
  find("#pk-search").addEventListener("input", search);
  const choice = find("#pk-language");
  if (choice) choice.addEventListener("change", () => speak(choice.value));
  for (const button of every("[data-show-stop]")) {
    button.addEventListener("click", () => {
      const stop = data.stops.find((one) => one.number === Number(button.dataset.showStop));
      show("map");
      map.setView([stop.latitude, stop.longitude], 15, { animate: false });
    });
  }

  for (const button of every("[data-story]")) {
    button.addEventListener("click", () => {
      show("map");
      session.story.start(data.stories[Number(button.dataset.story)]);
    });
  }

  /* ---- the file looks at itself ---- */

  function checksum(words) {
    let sum = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(words)) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
    return sum.toString(16).padStart(8, "0");
  }

  function check() {
    const faults = [];
    if (checksum(text) !== document.getElementById("pk-check").dataset.sum) faults.push(say("The data in this file are damaged."));
    for (const layer of data.layers) {
      if (shapesOf(layer).list.some((shape) => !(shape.box[0] <= shape.box[2]))) faults.push(layer.title);
    }
    const box = document.getElementById("pk-check");
    box.classList.toggle("pk-fault", Boolean(faults.length));
    const whole = say("This file has looked at itself: all of it is here, and it needs no network.");
    const broken = say("Do not rely on this file. Ask for it again.");
    box.textContent = faults.length ? `${broken} ${faults.join(" ")}` : whole;
    return faults.length;
  }

  show("map");
  speak(language);
  fitStops();
  window.addEventListener("beforeprint", () => show("stops"));
})();
