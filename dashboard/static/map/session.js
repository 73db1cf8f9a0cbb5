/* One map's life: what Python told it to show and what a person does at it, handed on to its parts. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  CG.Session = class {
    constructor(map) {
      this.map = map;
      this.layers = new CG.Layers(this);
      this.added = new Map(); // layers that folium put on the map itself
      this.conflicts = null;
      this.hotspots = null;
      this.chosen = new CG.Chosen(this);
      this.keeper = new CG.Keeper(this);
      this.base = null;
      this.region = null;
      this.returns = [];
      this.graticule = false;
      this.baseStyle = "full";
      this.labels = [];
      this.message = {};
      this.number = 0;
      this.painter = new CG.Painter(this);
      this.reach = new CG.Reach(this);
      this.story = new CG.Story(this);
      this.tools = new CG.Tools(this);
      this.legend = new CG.Legend(this);
      this.identify = new CG.Identify(this);
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
      } else if (message.view && !same("view") && !this.keeper.isOurs(message.view)) {
        this.setView(message.view);
      }
      if (first) this.painter.addTo(this.map);
      if (!same("layers") || otherRegion || link) this.layers.take(message.layers, link && link.layers);
      if (!same("conflicts")) this.setConflicts(message.conflicts);
      if (!same("hotspots")) this.setHotspots(message.hotspots);
      if (!same("highlight") || !same("conflicts")) this.chosen.follow(message);
      if (first || before.language !== message.language || !same("returns")) this.tools.render();
      if (first) this.setBase(this.keeper.recall("base"));
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

    /** Look where a link, the page before or the region says. */
    look(message, first, link) {
      const kept = first && this.keeper.recall("view");
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
      this.keeper.keep("base", this.baseStyle);
      this.keeper.later();
      this.legend.render();
      this.painter.redraw();
    }

    /** Fetch the base map of the region; another region may be asked for meanwhile. */
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

    /** After each drawing: go on where time ran out; tell the legend when squares came or went. */
    painted(view) {
      if (view.unfinished) this.painter.redraw();
      let isOther = false;
      for (const layer of this.shownLayers()) {
        const merges = layer.vector && layer.vector.merged ? CG.filterOf(layer, this.timeline).text || "all" : "";
        if (merges !== (layer.merges || "")) isOther = true;
        layer.merges = merges;
      }
      if (isOther) this.legend.render();
    }

    /** Whether all that is in view has come and is drawn. */
    get isSettled() {
      const sources = [...this.shownLayers(), this.conflicts, this.hotspots].map((one) => one && one.vector).filter(Boolean);
      if (this.hotspots && this.hotspots.isWaiting) return false;
      return !this.painter._frame && sources.every((source) => !source.waiting && !source.isBuilding);
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

    /** Show the units of a hotspot run; a choice among them keeps what was fetched. */
    setHotspots(spec) {
      const old = this.hotspots;
      if (old && spec && old.spec.fingerprint === spec.fingerprint && old.state !== "failed") {
        old.take(spec);
        return;
      }
      if (old) old.close();
      this.hotspots = null;
      if (!spec) return;
      this.hotspots = new CG.Hotspots(this, spec);
      if (this.timeline.day) this.hotspots.show(this.timeline.day);
    }

    shownLayers() {
      return [...this.layers.values(), ...this.added.values()].filter((layer) => layer.visible).sort((a, b) => a.spec.order - b.spec.order);
    }

    /** What is painted, bottom first: {layer, side of a comparison or null, filter}. */
    drawn() {
      const parts = (layer) => {
        const sides = this.swipe.parts(layer);
        if (sides) return sides;
        const now = this.timeline.asOf(layer);
        return now ? [{ layer: now, side: null }] : [];
      };
      return this.shownLayers().flatMap(parts).map((part) => ({ ...part, filter: CG.filterOf(part.layer, this.timeline) }));
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
      const isDrawn = (hit) => shown.some(({ layer, filter }) => {
        if (layer.spec.id !== hit.layer_id) return false;
        const shape = layer.data && layer.data.byId.get(hit.feature_id);
        return !shape || filter.accepts(shape);
      });
      return { hits: hits.filter(isDrawn), silent: silent.map(({ layer }) => layer.spec.title) };
    }

    shownConflicts(view) {
      return this.conflicts ? this.conflicts.shapes(view) : [];
    }

    setVisible(id, visible) {
      const layer = this.layers.get(id);
      layer.visible = visible;
      this.keeper.remember(id);
      if (visible && layer.vector) layer.vector.retry();
      if (visible) this.layers.load(layer);
      this.timeline.refresh();
      this.legend.render();
      this.reach.render();
      this.painter.redraw();
    }

    setOpacity(id, opacity) {
      this.layers.get(id).opacity = opacity;
      this.keeper.remember(id);
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
      this.keeper.later();
    }

    /** Show or hide one class of a layer; null is what has no class. */
    setClass(id, name, shown) {
      const layer = this.layers.get(id);
      if (shown) layer.hidden.delete(name);
      else layer.hidden.add(name);
      this.legend.render();
      this.painter.redraw();
    }

    setGraticule(on) {
      this.graticule = on;
      this.tools.mark();
      this.painter.redraw();
    }

    /** A click on the map belongs to the tool at work; without one it asks what is there. */
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
      await this.chosen.mark([[row.layer_id, row.feature_id]], { zoom: false });
      await this.identify.show(row);
      this.tell(L.latLng(row.latitude, row.longitude), { hits: [row], conflict: null, unit: null });
    }

    /** Tell Python. The number grows, so that the same click twice is two events. */
    send(event) {
      if (event.what !== "click" && !this.returns.includes("draw")) return;
      this.number = Math.max(Date.now(), this.number + 1);
      window.Streamlit.setComponentValue({ number: this.number, ...event });
    }

    /** Show the coordinates of a place. */
    read(latlng) {
      const where = latlng.wrap();
      const digits = Math.max(2, Math.min(5, Math.round(this.map.getZoom() / 3)));
      this.readout.textContent = CG.coordinates(where.lng, where.lat, digits);
    }

    /** The map looks elsewhere: say so where it is told, listed and kept. */
    moved() {
      if (!this.region) return;
      const centre = this.map.getCenter();
      this.read(centre);
      this.reach.moved();
      this.keeper.later();
    }
  };
})();
