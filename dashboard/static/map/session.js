/* One map's life: what Python told it to show, what was fetched, what the person switched. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const LARGE = 20000;
  const WINDOW = 8000;

  const viewText = (view) => view.map((part) => part.toFixed(5)).join(",");

  /** Fetch JSON of this server; an error carries the server's own sentence. */
  CG.fetchJson = async function (url) {
    const response = await fetch(url, { credentials: "same-origin" });
    const document_ = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
    if (!response.ok) throw new Error(document_.error || `HTTP ${response.status}`);
    return document_;
  };

  CG.Session = class {
    constructor(map) {
      this.map = map;
      this.layers = new Map();
      this.conflicts = null;
      this.hotspots = null;
      this.highlighted = [];
      this.overlap = null;
      this.selectedConflict = null;
      this.base = null;
      this.region = null;
      this.returns = [];
      this.graticule = false;
      this.baseStyle = "full";
      this.labels = [];
      this.message = {};
      this.number = 0;
      this.written = new Set();
      this.painter = new CG.Painter(this);
      this.tools = new CG.Tools(this);
      this.legend = new CG.Legend(this);
      this.identify = new CG.Identify(this);
      this.readout = CG.element("div", { class: "cg-readout", "aria-hidden": "true" });
      this.credit = CG.element("div", { class: "cg-credit" });
      map.getContainer().append(this.readout, this.credit);
      this.scaleBar = new CG.ScaleBar(this);
      this.online = new CG.OnlineTiles(map);
      map.on("click", (event) => this.click(event));
      map.on("mousemove", (event) => this.read(event.latlng));
      map.on("moveend", () => this.moved());
    }

    /** Show what a message says; only what changed is fetched or moved. */
    apply(message) {
      const before = this.message;
      this.message = message;
      const first = !before.region;
      const otherRegion = first || before.region.id !== message.region.id;
      const same = (name) => JSON.stringify(before[name]) === JSON.stringify(message[name]);
      CG.setLanguage(message.language);
      this.region = message.region;
      this.prefix = message.prefix;
      this.returns = message.returns;
      this.map.getContainer().setAttribute("aria-label", CG.text("map", this.region.name));
      if (otherRegion) {
        this.map.closePopup();
        this.look(message, first);
        this.loadBase();
      } else if (message.view && !same("view") && !this.written.has(viewText(message.view))) {
        // A view we wrote into the address ourselves comes back with a later run, when the person
        // has long moved on: only a view of somebody else's moves the map.
        this.setView(message.view);
      }
      if (first) this.painter.addTo(this.map);
      if (!same("layers") || otherRegion) this.setLayers(message.layers);
      if (!same("conflicts")) this.setConflicts(message.conflicts);
      if (!same("hotspots")) this.setHotspots(message.hotspots);
      if (!same("highlight") || !same("conflicts")) this.follow(message);
      if (first || before.language !== message.language || !same("returns")) this.tools.render();
      if (first) this.setBase(this.recall("base"));
      this.scaleBar.render();
      this.legend.render();
      this.painter.redraw();
      this.moved();
    }

    look(message, first) {
      const kept = first && this.recall("view");
      if (message.view) this.setView(message.view);
      else if (kept && kept.region === message.region.id) this.setView(kept.view);
      else this.showRegion();
    }

    setView([lon, lat, zoom]) {
      this.map.setView([lat, lon], zoom, { animate: false });
    }

    showRegion() {
      const [west, south, east, north] = this.region.bounds;
      this.map.fitBounds([[south, west], [north, east]], { animate: false, ...this.padding() });
    }

    /** Keep what is fitted clear of the tools and the legend. */
    padding() {
      const wide = this.map.getSize().x > 640;
      return { paddingTopLeft: [52, 12], paddingBottomRight: [wide ? 256 : 12, wide ? 12 : 60] };
    }

    /** Choose the base map: one of CG.BASE_STYLES, or "online" where the server names a source. */
    setBase(name) {
      const isKnown = CG.BASE_STYLES.includes(name) || (name === "online" && this.region.online);
      this.baseStyle = isKnown ? name : "full";
      this.online.show(this.baseStyle === "online" ? this.region.online : null);
      this.keep("base", this.baseStyle);
      this.legend.render();
      this.painter.redraw();
    }

    async loadBase() {
      const asked = this.region.basemap;
      try {
        const base = CG.decodeBase(await CG.fetchJson(asked));
        if (this.region.basemap !== asked) return;
        this.base = base;
        this.baseProblem = "";
        this.legend.render();
        this.painter.redraw();
      } catch (error) {
        if (this.region.basemap !== asked) return;
        this.baseProblem = error.message;
        this.legend.render();
      }
    }

    setLayers(specs) {
      const before = this.layers;
      const kept = this.recall("layers") || {};
      this.layers = new Map();
      const ofKind = {};
      for (const given of specs) {
        // Two vintages of the titles must not look the same: the second of a kind is drawn apart.
        const nth = (ofKind[given.kind] = (ofKind[given.kind] ?? -1) + 1);
        const variant = CG.ALIKE.has(given.kind) ? 0 : nth;
        const spec = { ...given, variant, color: CG.shade(given.color, variant) };
        const old = before.get(spec.id);
        const memory = kept[spec.id] || {};
        const isNew = !old || old.spec.version !== spec.version;
        // The page moves a switch only when its own mind changes; otherwise the person's choice stays.
        const asked = (name, now) => (old ? (old.spec[name] === spec[name] ? now : spec[name]) : memory[name] ?? spec[name]);
        this.layers.set(spec.id, {
          spec,
          visible: asked("visible", old && old.visible),
          opacity: asked("opacity", old && old.opacity),
          data: isNew ? null : old.data,
          state: isNew ? "waiting" : old.state,
          problem: isNew ? "" : old.problem,
          drawn: isNew ? 0 : old.drawn,
          inView: isNew ? 0 : old.inView,
          tiles: spec.tiles ? (isNew ? this.tilesOf(spec) : old.tiles) : null,
        });
      }
      this.loadShown();
    }

    tilesOf(spec) {
      return new CG.Tiles(spec.tiles, () => {
        const layer = this.layers.get(spec.id);
        if (!layer || !layer.tiles) return;
        const { waiting, failed } = layer.tiles;
        const state = failed ? "failed" : waiting ? "loading" : "ready";
        if (state !== layer.state) {
          layer.state = state;
          layer.problem = failed ? CG.text("tilesFailed", failed) : "";
          this.legend.render();
        }
        this.painter.redraw();
      });
    }

    loadShown() {
      for (const layer of this.layers.values()) if (layer.visible) this.load(layer);
    }

    /** Fetch a layer: whole when it is small, what is in view when it is large. */
    async load(layer) {
      if (layer.tiles) return; // tiles are fetched as they are drawn
      const isLarge = layer.spec.features > LARGE;
      if (!isLarge && layer.state !== "waiting" && layer.state !== "failed") return;
      let url = layer.spec.url;
      if (isLarge) {
        const box = this.map.getBounds().pad(0.2);
        const round = (n) => n.toFixed(3);
        url += `?bbox=${[box.getWest(), Math.max(-85, box.getSouth()), box.getEast(), Math.min(85, box.getNorth())].map(round).join(",")}&limit=${WINDOW}`;
        if (layer.asked === url) return;
      }
      layer.asked = url;
      if (!layer.data) layer.state = "loading";
      try {
        const document_ = await CG.fetchJson(url);
        if (layer.asked !== url || this.layers.get(layer.spec.id) !== layer) return;
        layer.data = CG.shapes(document_);
        layer.state = "ready";
        layer.drawn = document_.features.length;
        layer.inView = document_.in_view ?? layer.drawn;
      } catch (error) {
        if (layer.asked !== url) return;
        layer.state = "failed";
        layer.problem = error.message;
      }
      this.legend.render();
      this.painter.redraw();
    }

    async setConflicts(spec) {
      if (!spec) {
        this.conflicts = null;
        return;
      }
      const old = this.conflicts;
      const isSame = old && old.spec.fingerprint === spec.fingerprint && old.state === "ready";
      const mine = (this.conflicts = { spec, shown: spec.shown && new Set(spec.shown), data: isSame ? old.data : null, state: isSame ? "ready" : "loading" });
      if (isSame) return;
      try {
        const data = CG.shapes(await CG.fetchJson(spec.url));
        mine.data = data;
        mine.state = "ready";
      } catch (error) {
        mine.state = "failed";
        mine.problem = error.message;
      }
      if (this.conflicts && this.conflicts.spec.fingerprint === spec.fingerprint) {
        this.conflicts.data = mine.data;
        this.conflicts.state = mine.state;
        this.conflicts.problem = mine.problem;
      }
      this.legend.render();
      this.painter.redraw();
    }

    /** Fetch the units of a hotspot run; a choice among them fetches nothing. */
    async setHotspots(spec) {
      const old = this.hotspots;
      if (!spec) {
        this.hotspots = null;
        return;
      }
      const isSame = old && old.spec.fingerprint === spec.fingerprint;
      const mine = (this.hotspots = isSame ? { ...old, spec } : { spec, data: null, state: "loading" });
      if (!isSame) {
        try {
          mine.data = CG.shapes(await CG.fetchJson(spec.url));
          mine.state = "ready";
        } catch (error) {
          mine.state = "failed";
          mine.problem = error.message;
        }
        // chosen meanwhile, or another run asked for
        const now = this.hotspots;
        if (!now || now.spec.fingerprint !== spec.fingerprint) return;
        this.hotspots = { ...mine, spec: now.spec };
      }
      const chosen = this.hotspots.data && this.hotspots.data.byId.get(spec.selected);
      const bounds = chosen && spec.zoom && CG.boundsOf([chosen]);
      if (bounds) this.map.fitBounds(bounds, { maxZoom: 12, animate: false, ...this.padding() });
      this.legend.render();
      this.painter.redraw();
    }

    /** Show what the page has chosen: a conflict with its two sides, or features. */
    async follow(message) {
      const chosen = message.conflicts && message.conflicts.selected;
      this.selectedConflict = chosen || null;
      this.overlap = null;
      if (!chosen) {
        await this.highlight(message.highlight, { zoom: message.zoomToHighlight });
        return;
      }
      try {
        const { overlap, query } = message.conflicts;
        const sheet = await CG.fetchJson(`${overlap}${encodeURIComponent(chosen)}.json?${query}`);
        if (this.selectedConflict !== chosen) return;
        this.overlap = sheet.overlap ? CG.shape(sheet.overlap) : null;
        await this.highlight(sheet.features, { zoom: message.zoomToHighlight, focus: this.overlap });
      } catch (error) {
        console.warn(`Conflict ${chosen}: ${error.message}`);
      }
    }

    /** Mark features by [layer id, feature id], whether their layer is drawn or not. */
    async highlight(pairs, { zoom, focus }) {
      const mine = (this.marking = (this.marking || 0) + 1);
      const found = await Promise.all(pairs.map((pair) => this.shapeOf(pair)));
      if (mine !== this.marking) return;
      this.highlighted = found.filter(Boolean);
      const bounds = zoom && CG.boundsOf(focus ? [focus] : this.highlighted.slice(0, 1));
      if (bounds) this.map.fitBounds(bounds, { maxZoom: Math.max(13, this.map.getZoom()), animate: false, ...this.padding() });
      this.painter.redraw();
    }

    async shapeOf([layerId, featureId]) {
      const layer = this.layers.get(layerId);
      const loaded = layer && layer.data && layer.data.byId.get(featureId);
      if (loaded) return loaded;
      const query = new URLSearchParams({ layer: layerId, feature: featureId });
      return CG.fetchJson(`${this.prefix}card?${query}`).then((card) => CG.shape(card.geometry, { id: featureId }), () => null);
    }

    shownLayers() {
      return [...this.layers.values()].filter((layer) => layer.visible).sort((a, b) => a.spec.order - b.spec.order);
    }

    shownConflicts() {
      const { conflicts } = this;
      if (!conflicts || !conflicts.data) return [];
      return conflicts.shown ? conflicts.data.list.filter((shape) => conflicts.shown.has(shape.properties.id)) : conflicts.data.list;
    }

    setVisible(id, visible) {
      const layer = this.layers.get(id);
      layer.visible = visible;
      this.remember();
      if (visible) this.load(layer);
      this.legend.render();
      this.painter.redraw();
    }

    setOpacity(id, opacity) {
      this.layers.get(id).opacity = opacity;
      this.remember();
      this.painter.redraw();
    }

    setGraticule(on) {
      this.graticule = on;
      this.tools.mark();
      this.painter.redraw();
    }

    async click(event) {
      if (this.tools.mode) {
        this.tools.click(event.latlng);
        return;
      }
      const answer = await this.identify.at(event.latlng, event.containerPoint);
      if (!answer || !this.returns.includes("click")) return;
      const where = event.latlng.wrap();
      this.send({
        what: "click", clicked: [where.lng, where.lat], conflict: answer.conflict, unit: answer.unit,
        found: answer.hits.map((hit) => [hit.layer_id, hit.feature_id]), polygon: this.tools.drawn,
      });
    }

    /** Tell Python. The number grows, so that the same click twice is two events. */
    send(event) {
      if (event.what !== "click" && !this.returns.includes("draw")) return;
      this.number = Math.max(Date.now(), this.number + 1);
      window.Streamlit.setComponentValue({ number: this.number, ...event });
    }

    read(latlng) {
      const where = latlng.wrap();
      const digits = Math.max(2, Math.min(5, Math.round(this.map.getZoom() / 3)));
      this.readout.textContent = CG.coordinates(where.lng, where.lat, digits);
    }

    moved() {
      if (!this.region) return;
      const centre = this.map.getCenter();
      this.read(centre);
      for (const layer of this.layers.values()) if (layer.visible && layer.spec.features > LARGE) this.load(layer);
      clearTimeout(this.later);
      this.later = setTimeout(() => this.writeView(centre.wrap(), this.map.getZoom()), 400);
    }

    /** The address of the page with the view as it is now; null inside somebody else's page. */
    address() {
      clearTimeout(this.later);
      this.writeView(this.map.getCenter().wrap(), this.map.getZoom());
      try {
        return window.parent.location.href;
      } catch {
        return null;
      }
    }

    /** Keep the view in the page's address, so that a link restores it, without running the page. */
    writeView(centre, zoom) {
      const view = [Number(centre.lng.toFixed(5)), Number(centre.lat.toFixed(5)), zoom];
      this.written.add(viewText(view));
      this.keep("view", { region: this.region.id, view });
      let page;
      try {
        page = new URL(window.parent.location.href);
      } catch {
        return; // Shown inside somebody else's page: its address is not ours to write.
      }
      page.searchParams.set("view", view.join(","));
      const address = page.href.replace(/%2C/g, ",");
      if (address !== window.parent.location.href) window.parent.history.replaceState(window.parent.history.state, "", address);
    }

    remember() {
      const layers = this.recall("layers") || {};
      for (const [id, { visible, opacity }] of this.layers) layers[id] = { visible, opacity };
      this.keep("layers", layers);
    }

    keep(name, value) {
      sessionStorage.setItem(`common-ground ${name}`, JSON.stringify(value));
    }

    recall(name) {
      return JSON.parse(sessionStorage.getItem(`common-ground ${name}`) || "null");
    }
  };

  /* While scripts load, streamlit-folium ignores what the page sends; the last of it is kept here. */
  let missed = null;
  const onRender = (event) => { missed = event.detail; };
  window.Streamlit.events.addEventListener("streamlit:render", onRender);

  /** Called once by the frame's constant script. */
  CG.attach = function (map) {
    map.commonGround = CG.session = new CG.Session(map);
    // The page makes its frame shorter on a phone than it asked for: the map is as high as the frame.
    // Before the page has given it a height a frame is 150 pixels high or none: that is no answer.
    const fit = () => {
      if (window.innerHeight > 200) map.getContainer().style.height = `${window.innerHeight}px`;
      map.invalidateSize({ pan: false });
    };
    window.addEventListener("resize", fit);
    fit();
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
    setTimeout(() => {
      window.Streamlit.events.removeEventListener("streamlit:render", onRender);
      if (missed) window.Streamlit.events.dispatchEvent(new CustomEvent("streamlit:render", { detail: missed }));
    });
  };

  /** Called by every message from Python; the empty group is what streamlit-folium removes later. */
  CG.receive = function (map, message) {
    map.commonGround.apply(message);
    return L.layerGroup();
  };
})();
