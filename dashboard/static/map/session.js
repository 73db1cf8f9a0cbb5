/* One map's life: what Python told it to show, what was fetched, what the person switched. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  const viewText = (view) => view.map((part) => part.toFixed(5)).join(",");

  /** What a layer's filters let through, in one line: pictures made under another one are old. */
  const filterText = ({ spec, hidden }) => `${(spec.only || ["*"]).join()}-${[...hidden].join()}`;

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
      this.added = new Map(); // layers that folium put on the map itself
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
      this.reach = new CG.Reach(this);
      this.story = new CG.Story(this);
      this.tools = new CG.Tools(this);
      this.legend = new CG.Legend(this);
      this.identify = new CG.Identify(this);
      this.older = new Map();
      this.share = new CG.Share(this);
      this.swipe = new CG.Swipe(this);
      this.timeline = new CG.Timeline(this);
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
      const link = this.share.news(message);
      this.language = this.share.languageOf(message, before, link);
      CG.setLanguage(this.language);
      this.region = message.region;
      this.prefix = message.prefix;
      this.returns = message.returns;
      this.map.getContainer().setAttribute("aria-label", CG.text("map", this.region.name));
      if (otherRegion) {
        this.map.closePopup();
        this.look(message, first, link);
        this.loadBase();
      } else if (message.view && !same("view") && !this.written.has(viewText(message.view))) {
        // A view we wrote into the address ourselves comes back with a later run, when the person
        // has long moved on: only a view of somebody else's moves the map.
        this.setView(message.view);
      }
      if (first) this.painter.addTo(this.map);
      if (!same("layers") || otherRegion || link) this.setLayers(message.layers, link && link.layers);
      if (!same("conflicts")) this.setConflicts(message.conflicts);
      if (!same("hotspots")) this.setHotspots(message.hotspots);
      if (!same("highlight") || !same("conflicts")) this.follow(message);
      if (first || before.language !== message.language || !same("returns")) this.tools.render();
      if (first) this.setBase(this.recall("base"));
      if (first || otherRegion || link) this.share.restore(link);
      if (first || before.embedded !== message.embedded) this.share.corner();
      if (!same("story")) this.story.start(message.story || null);
      this.timeline.refresh();
      this.swipe.render();
      this.scaleBar.render();
      this.legend.render();
      this.reach.render();
      this.painter.redraw();
      this.moved();
    }

    look(message, first, link) {
      const kept = first && this.recall("view");
      const isKept = kept && kept.region === message.region.id;
      // A link that this page took before is older than where the person looked since.
      if (message.view && (link || !isKept)) this.setView(message.view);
      else if (isKept) this.setView(kept.view);
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
      this.share.later();
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

    setLayers(specs, linked) {
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
        const said = linked && linked[CG.shortId(spec.id)];
        const fromLink = linked && { visible: said !== undefined, opacity: said ?? spec.opacity };
        const asked = (name, now) => (fromLink ? fromLink[name] : old ? (old.spec[name] === spec[name] ? now : spec[name]) : memory[name] ?? spec[name]);
        this.layers.set(spec.id, {
          spec,
          visible: asked("visible", old && old.visible),
          opacity: asked("opacity", old && old.opacity),
          data: isNew ? null : old.data,
          state: isNew ? "waiting" : old.state,
          problem: isNew ? "" : old.problem,
          hidden: old ? old.hidden : new Set(),
          tiles: spec.tiles ? (isNew ? new CG.Tiles(spec.tiles, () => this.arrived(this.layers.get(spec.id))) : old.tiles) : null,
          vector: spec.vector ? (isNew ? new CG.VectorSource(spec.vector, () => this.arrived(this.layers.get(spec.id))) : old.vector) : null,
        });
        const layer = this.layers.get(spec.id);
        layer.filtered = filterText(layer);
      }
      for (const [id, { vector }] of before) {
        const now = this.layers.get(id);
        if (vector && !(now && now.vector === vector)) vector.close();
      }
      if (linked) this.remember(...this.layers.keys());
      this.loadShown();
    }

    /** An older version of a layer as a layer of its own, fetched when it is first asked for. */
    versionLayer(layer, version) {
      const told = (layer.spec.versions || []).find((one) => one.version === version);
      if (!told) return null;
      if (!this.older.has(version)) {
        const spec = { ...layer.spec, ...told };
        const mine = { spec, visible: true, data: null, state: "waiting", problem: "", tiles: null, vector: null };
        if (spec.tiles) mine.tiles = new CG.Tiles(spec.tiles, () => this.arrived(mine));
        if (spec.vector) mine.vector = new CG.VectorSource(spec.vector, () => this.arrived(mine));
        this.older.set(version, mine);
        this.load(mine);
      }
      return Object.assign(this.older.get(version), { opacity: layer.opacity, hidden: layer.hidden, filtered: layer.filtered });
    }

    /** A tile of a layer came or failed: say so in the legend, draw it. */
    arrived(layer) {
      const source = layer && (layer.vector || layer.tiles);
      if (!source) return;
      const { waiting, failed, isBuilding, problem } = source;
      const state = isBuilding ? "building" : failed ? "failed" : waiting ? "loading" : "ready";
      if (state !== layer.state) {
        layer.state = state;
        layer.problem = failed ? problem || CG.text("tilesFailed", failed) : "";
        this.legend.render();
      }
      this.painter.redraw();
    }

    /** After each drawing: go on where time ran out; tell the legend when squares came or went. */
    painted(view) {
      if (view.unfinished) this.painter.redraw();
      let isOther = false;
      for (const layer of this.shownLayers()) {
        const merges = Boolean(layer.vector && layer.vector.merged);
        if (merges !== Boolean(layer.merges)) isOther = true;
        layer.merges = merges;
      }
      if (isOther) this.legend.render();
    }

    /** Whether all that is in view has come and is drawn. */
    get isSettled() {
      const sources = [...this.shownLayers(), this.conflicts, this.hotspots].map((one) => one && one.vector).filter(Boolean);
      return !this.painter._frame && sources.every((source) => !source.waiting && !source.isBuilding);
    }

    loadShown() {
      for (const layer of this.layers.values()) if (layer.visible) this.load(layer);
    }

    /** Fetch a small layer, whole; tiles are fetched as they are drawn. */
    async load(layer) {
      if (layer.tiles || layer.vector) return;
      if (layer.state !== "waiting" && layer.state !== "failed") return;
      layer.state = "loading";
      try {
        this.loaded(layer.spec, { data: CG.shapes(await CG.fetchJson(layer.spec.url)), state: "ready" });
      } catch (error) {
        this.loaded(layer.spec, { state: "failed", problem: error.message });
      }
    }

    /** A newer message may have made the layer anew while its features were on their way. */
    loaded({ id, version }, result) {
      const now = this.layers.get(id);
      const layer = now && now.spec.version === version ? now : this.older.get(version);
      if (!layer) return;
      Object.assign(layer, result);
      this.timeline.refresh();
      this.swipe.render();
      this.legend.render();
      this.painter.redraw();
    }

    setConflicts(spec) {
      const old = this.conflicts;
      if (!spec && old && old.vector) old.vector.close();
      this.conflicts = spec ? new CG.Conflicts(spec, old, () => this.conflictsArrived()) : null;
    }

    conflictsArrived() {
      if (this.conflicts && this.conflicts.check()) this.legend.render();
      this.painter.redraw();
    }

    /** Fetch the units of a hotspot run, whole or as tiles; a choice among them fetches one at most. */
    async setHotspots(spec) {
      const old = this.hotspots;
      const isSame = old && spec && old.spec.fingerprint === spec.fingerprint && old.state !== "failed";
      if (old && old.vector && !isSame) old.vector.close();
      if (!spec) {
        this.hotspots = null;
        return;
      }
      const mine = (this.hotspots = isSame ? { ...old, spec, chosen: null } : { spec, data: null, vector: null, chosen: null, classes: new Set(), state: "loading" });
      if (spec.vector && !mine.vector) {
        mine.vector = CG.unitTiles(spec.vector, () => this.unitsArrived());
        mine.state = "ready";
      }
      try {
        if (!spec.vector && !mine.data) mine.data = CG.shapes(await CG.fetchJson(spec.url));
        mine.state = "ready";
        mine.chosen = spec.selected ? await CG.unitOf(mine, spec.selected) : null;
      } catch (error) {
        mine.state = "failed";
        mine.problem = error.message;
      }
      // chosen meanwhile, or another run asked for
      const now = this.hotspots;
      if (!now || now.spec.fingerprint !== spec.fingerprint) return;
      if (now !== mine) {
        const { data, state, problem } = mine;
        Object.assign(now, { data, state, problem, chosen: data && now.spec.selected ? data.byId.get(now.spec.selected) || null : now.chosen });
      }
      const bounds = now.chosen && now.spec.zoom && CG.boundsOf([now.chosen]);
      if (bounds) this.map.fitBounds(bounds, { maxZoom: 12, animate: false, ...this.padding() });
      this.legend.render();
      this.painter.redraw();
    }

    unitsArrived() {
      const { hotspots } = this;
      if (!hotspots || !hotspots.vector) return;
      const { failed, problem } = hotspots.vector;
      const state = failed ? "failed" : "ready";
      const isNew = state !== hotspots.state;
      Object.assign(hotspots, { state, problem });
      if (isNew) this.legend.render();
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
      return [...this.layers.values(), ...this.added.values()].filter((layer) => layer.visible).sort((a, b) => a.spec.order - b.spec.order);
    }

    /** What is painted, bottom first: {layer, side of a comparison or null, features to keep or null}. */
    drawn() {
      const parts = (layer) => {
        const sides = this.swipe.parts(layer);
        if (sides) return sides;
        const now = this.timeline.asOf(layer);
        return now ? [{ layer: now, side: null }] : [];
      };
      return this.shownLayers().flatMap(parts).map((part) => ({ ...part, keep: this.timeline.keeps(part.layer) }));
    }

    /**
     * The hits of a click that are drawn under it, and the titles of layers that cannot be asked: the
     * server answers for the version that is current, whatever stands on the map.
     */
    answered(hits, { x }) {
      const here = this.swipe.sideAt(x);
      const drawn = this.drawn().filter(({ side }) => !side || side === here);
      const shown = drawn.filter(({ layer }) => this.layers.get(layer.spec.id) === layer);
      const silent = drawn.filter(({ layer }) => this.layers.get(layer.spec.id) !== layer);
      const isDrawn = (hit) => shown.some(({ layer, keep }) => {
        if (layer.spec.id !== hit.layer_id) return false;
        const shape = keep && layer.data && layer.data.byId.get(hit.feature_id);
        return !shape || keep(shape);
      });
      return { hits: hits.filter(isDrawn), silent: silent.map(({ layer }) => layer.spec.title) };
    }

    shownConflicts(view) {
      return this.conflicts ? this.conflicts.shapes(view) : [];
    }

    setVisible(id, visible) {
      const layer = this.layers.get(id);
      layer.visible = visible;
      this.remember(id);
      if (visible && layer.vector) layer.vector.retry();
      if (visible) this.load(layer);
      this.timeline.refresh();
      this.legend.render();
      this.reach.render();
      this.painter.redraw();
    }

    setOpacity(id, opacity) {
      this.layers.get(id).opacity = opacity;
      this.remember(id);
      this.painter.redraw();
    }

    /** Say everything in another language; nothing is fetched and the view stays. */
    setLanguage(language) {
      this.language = language;
      CG.setLanguage(language);
      this.map.getContainer().setAttribute("aria-label", CG.text("map", this.region.name));
      this.map.closePopup();
      this.tools.render();
      this.legend.render();
      this.share.corner();
      this.timeline.refresh();
      this.swipe.render();
      this.share.later();
    }

    /** Show or hide one class of a layer; null is what has no class. */
    setClass(id, name, shown) {
      const layer = this.layers.get(id);
      if (shown) layer.hidden.delete(name);
      else layer.hidden.add(name);
      layer.filtered = filterText(layer);
      this.legend.render();
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
      if (answer) this.tell(event.latlng, answer);
    }

    /** Tell the page what was found at a place, where it wants to know. */
    tell(latlng, answer) {
      if (!this.returns.includes("click")) return;
      const where = latlng.wrap();
      this.send({
        what: "click", clicked: [where.lng, where.lat], conflict: answer.conflict, unit: answer.unit,
        found: answer.hits.map((hit) => [hit.layer_id, hit.feature_id]), polygon: this.tools.drawn,
      });
    }

    /** Choose a feature by name, as a click on it would. */
    async pick(row) {
      await this.highlight([[row.layer_id, row.feature_id]], { zoom: false });
      await this.identify.show(row);
      this.tell(L.latLng(row.latitude, row.longitude), { hits: [row], conflict: null, unit: null });
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
      this.reach.moved();
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
      const page = CG.pageAddress();
      if (!page) return; // Shown inside somebody else's page: its address is not ours to write.
      page.searchParams.set("view", view.join(","));
      this.share.put(page);
      const address = CG.plainAddress(page);
      if (address !== window.parent.location.href) window.parent.history.replaceState(window.parent.history.state, "", address);
    }

    /** Note how these layers stand, for the next page and for the address. */
    remember(...ids) {
      const layers = this.recall("layers") || {};
      for (const id of ids) {
        const { visible, opacity } = this.layers.get(id);
        layers[id] = { visible, opacity };
      }
      this.keep("layers", layers);
      this.share.later();
    }

    /** What the tab remembers from page to page; an embedded map is nobody's page and keeps nothing. */
    keep(name, value) {
      if (this.message.embedded) return;
      try {
        sessionStorage.setItem(`common-ground ${name}`, JSON.stringify(value));
      } catch {
        // A browser may forbid a frame in another host's page to keep anything: then nothing is kept.
      }
    }

    recall(name) {
      if (this.message.embedded) return null;
      try {
        return JSON.parse(sessionStorage.getItem(`common-ground ${name}`) || "null");
      } catch {
        return null;
      }
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
