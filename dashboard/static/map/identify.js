/* A click asks the server what is there; the answer is written as text, never as HTML. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  const SAID = 5; // of what was found, by name; a longer list is in the popup

  CG.Identify = class {
    constructor(session) {
      this.session = session;
      this.asked = 0;
    }

    /** Open the popup at a place, with a line that says it is being looked up; returns its box. */
    open(latlng) {
      const { map } = this.session;
      const box = el("div", { class: "cg-popup", tabindex: "-1" }, el("p", { class: "cg-quiet" }, CG.text("asking")));
      const narrow = map.getSize().x <= 640;
      this.popup = L.popup({ maxWidth: narrow ? 270 : 320, minWidth: 220, maxHeight: 280, autoPanPaddingTopLeft: [58, 12], autoPanPaddingBottomRight: narrow ? [8, 56] : [12, 12] })
        .setLatLng(latlng).setContent(box).openOn(map);
      return box;
    }

    /** Show the card of one feature, chosen by its name and not by a click. */
    async show({ layer_id: layerId, feature_id: featureId, longitude, latitude }) {
      const mine = ++this.asked;
      const latlng = L.latLng(latitude, longitude);
      const box = this.open(latlng);
      const query = new URLSearchParams({ layer: layerId, feature: featureId });
      const card = await CG.fetchJson(`${this.session.prefix}card?${query}`).catch((error) => ({ error: error.message }));
      if (mine !== this.asked) return;
      box.replaceChildren(this.head(latlng), card.error ? el("p", { class: "cg-problem" }, CG.text("noAnswer", card.error)) : this.hit(card, true));
      this.popup.update();
      box.focus();
    }

    /** Ask what is at a place and show it; resolves to what was found. */
    async at(latlng, containerPoint) {
      const { session } = this;
      const mine = ++this.asked;
      const signs = this.signsAt(containerPoint);
      const box = this.open(latlng);
      const [answer, units] = await Promise.all([this.ask(latlng), CG.unitsAt(session, latlng).catch(() => [])]);
      if (mine !== this.asked) return null;
      const { hits, silent } = session.answered(answer.hits || [], containerPoint);
      const body = [this.head(latlng)];
      if (answer.error) body.push(el("p", { class: "cg-problem" }, CG.text("noAnswer", answer.error)));
      for (const title of silent) body.push(el("p", { class: "cg-quiet" }, CG.text("olderSilent", title)));
      if (units.length && session.hotspots.isOlder) body.push(el("p", { class: "cg-quiet" }, CG.text("hotspotsOlder")));
      for (const shape of units.slice(0, 3)) body.push(CG.unitArticle(shape));
      for (const shape of signs.slice(0, 5)) body.push(this.conflict(shape));
      hits.slice(0, 8).forEach((hit, i) => body.push(this.hit(hit, i === 0 && !signs.length && !units.length)));
      if (hits.length > 8) body.push(el("p", { class: "cg-quiet" }, CG.text("moreHere", hits.length - 8)));
      if (!hits.length && !signs.length && !units.length && !answer.error) body.push(el("p", {}, CG.text("nothing")));
      box.replaceChildren(...body);
      this.popup.update();
      session.reach.say(answer.error ? CG.text("noAnswer", answer.error) : this.inWords(hits, signs, units));
      await session.chosen.mark(hits.slice(0, 1).map((hit) => [hit.layer_id, hit.feature_id]), { zoom: false });
      return { hits, conflict: signs.length ? signs[0].properties.id : null, unit: units.length ? units[0].properties.id : null };
    }

    /** What a click found, in one sentence. */
    inWords(hits, signs, units) {
      const names = [
        ...signs.map(({ properties: p }) => CG.text(p.verdict === "inside" ? "signInside" : "signTooClose")),
        ...units.map(({ properties: p }) => `${p.name}, ${CG.text(p.class)}`),
        ...hits.map((hit) => `${hit.title}, ${hit.layer_name}`),
      ];
      if (!names.length) return CG.text("nothing");
      return CG.text("foundHere", CG.number(names.length, 0), names.slice(0, SAID).join("; "));
    }

    async ask(latlng) {
      const { session } = this;
      const layers = session.shownLayers().map((layer) => layer.spec.id);
      // A finger covers some 22 pixels, a mouse 8.
      const pixels = matchMedia("(pointer: coarse)").matches ? 22 : 8;
      const scale = 256 * Math.pow(2, session.map.getZoom());
      const tolerance = pixels / CG.pixelsOfMetre(CG.unitY(latlng.lat), scale);
      const where = latlng.wrap();
      const query = new URLSearchParams({
        region: session.region.id, lon: where.lng.toFixed(7), lat: where.lat.toFixed(7),
        tolerance_m: Math.min(tolerance, 50000).toFixed(2), layers: layers.join(","),
      });
      return CG.fetchJson(`${session.prefix}identify?${query}`).catch((error) => ({ error: error.message }));
    }

    /** The conflicts whose sign is under a point of the frame, the best ranked first. */
    signsAt(containerPoint) {
      const { session } = this;
      const point = session.map.containerPointToLayerPoint(containerPoint);
      const sign = (session.painter.signs || []).find((one) => Math.hypot(one.x - point.x, one.y - point.y) <= one.r + 5);
      if (!sign) return [];
      return [...sign.shapes].sort((a, b) => (a.properties.rank || 0) - (b.properties.rank || 0));
    }

    head(latlng) {
      const where = latlng.wrap();
      return el("p", { class: "cg-where" }, CG.coordinates(where.lng, where.lat, 5));
    }

    /** What the popup says of a sign; of one from a tile the server is asked for its first line. */
    conflict(shape) {
      const p = shape.properties;
      const title = el("span", {}, String(p.name || p.rule_title || p.rule || CG.text("conflicts")));
      if (!p.name && p.id) this.headline(p.id).then((line) => { if (line) title.textContent = line; });
      const words = [CG.text(p.verdict === "inside" ? "inside" : "tooClose"), p.rule, shape.count > 1 && CG.text("moreConflicts", CG.number(shape.count - 1, 0))];
      return el("article", { class: "cg-hit" },
        el("h4", {}, CG.verdictSwatch(p.verdict), title),
        el("p", { class: "cg-quiet" }, words.filter(Boolean).join(" · ")));
    }

    async headline(id) {
      const { spec } = this.session.conflicts;
      const sheet = await CG.fetchJson(`${spec.overlap}${encodeURIComponent(id)}.json?${spec.query}`).catch(() => null);
      return sheet && sheet.headline;
    }

    hit(hit, open) {
      const layer = this.session.layers.get(hit.layer_id);
      const summary = el("summary", {},
        layer ? CG.layerSwatch(layer.spec, new Set()) : null,
        el("span", { class: "cg-name" }, hit.title, el("small", {}, [hit.kind_title, hit.layer_name].filter(Boolean).join(" · "))));
      const fields = hit.fields || [];
      const named = fields.some(([, value]) => value === hit.feature_id);
      const rows = [...(named ? [] : [[CG.text("id"), hit.feature_id]]), ...fields].map(([label, value]) =>
        el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, this.value(value))));
      return el("details", { class: "cg-hit", open },
        summary,
        hit.demonstration ? el("p", { class: "cg-invented" }, CG.text("invented")) : null,
        hit.distance_m ? el("p", { class: "cg-quiet" }, CG.text("distanceAway", CG.metres(hit.distance_m))) : null,
        el("table", {}, el("tbody", {}, ...rows)));
    }

    value(value) {
      if (value === null || value === undefined || value === "") return CG.text("noData");
      if (value === true || value === false) return CG.text(value ? "yes" : "no");
      return typeof value === "number" ? CG.number(value, 3) : String(value);
    }
  };
})();
