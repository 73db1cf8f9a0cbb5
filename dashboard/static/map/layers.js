/* The layers of the map by id: what each is, whether it is on, and what was fetched of it. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  CG.Layers = class extends Map {
    constructor(session) {
      super();
      this.session = session;
      this.older = new Map(); // versions before the current ones, as layers of their own
    }

    /** Show the layers of a message; what is known of a layer stays, whatever page it comes from.
        `linked` are those a link has on, with their opacity; null = no link says so. */
    take(specs, linked) {
      const before = new Map(this);
      const kept = this.session.keeper.recall("layers") || {};
      this.clear();
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
        this.set(spec.id, {
          spec,
          visible: asked("visible", old && old.visible),
          opacity: asked("opacity", old && old.opacity),
          data: isNew ? null : old.data,
          state: isNew ? "waiting" : old.state,
          problem: isNew ? "" : old.problem,
          hidden: old ? old.hidden : new Set(),
          tiles: spec.tiles ? (isNew ? new CG.Tiles(spec, () => this.arrived(this.get(spec.id))) : old.tiles) : null,
          vector: spec.vector ? (isNew ? new CG.VectorSource(spec.vector, () => this.arrived(this.get(spec.id))) : old.vector) : null,
        });
      }
      for (const [id, { vector }] of before) {
        const now = this.get(id);
        if (vector && !(now && now.vector === vector)) vector.close();
      }
      if (linked) this.session.keeper.remember(...this.keys());
      this.loadShown();
    }

    /** An older version of a layer as a layer of its own, fetched when it is first asked for. */
    olderVersion(layer, version) {
      const told = (layer.spec.versions || []).find((one) => one.version === version);
      if (!told) return null;
      if (!this.older.has(version)) {
        const spec = { ...layer.spec, ...told };
        const mine = { spec, visible: true, data: null, state: "waiting", problem: "", tiles: null, vector: null };
        if (spec.tiles) mine.tiles = new CG.Tiles(spec, () => this.arrived(mine));
        if (spec.vector) mine.vector = new CG.VectorSource(spec.vector, () => this.arrived(mine));
        this.older.set(version, mine);
        this.load(mine);
      }
      return Object.assign(this.older.get(version), { opacity: layer.opacity, hidden: layer.hidden });
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
        this.session.legend.render();
      }
      // Which days there are is asked when the map has drawn: the slider is no hurry.
      if (state === "ready" && layer.spec.dates && source.askAbout && !source.about) {
        source.askAbout().then(() => {
          this.session.timeline.refresh();
          this.session.painter.redraw();
        });
      }
      this.session.painter.redraw();
    }

    loadShown() {
      for (const layer of this.values()) if (layer.visible) this.load(layer);
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
      const now = this.get(id);
      const layer = now && now.spec.version === version ? now : this.older.get(version);
      if (!layer) return;
      Object.assign(layer, result);
      this.session.timeline.refresh();
      this.session.swipe.render();
      this.session.legend.render();
      this.session.painter.redraw();
    }
  };
})();
