/* Hotspots: units (districts, hexagons) in six classes, each with a sign of its own. The signs differ
   in darkness, hatch and edge before they differ in colour, so they hold in grey and to any eye. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;

  const SIGNS = CG.SYMBOLS.hotspots;
  CG.HOTSPOT_CLASSES = Object.keys(SIGNS);
  const NUMBERED = 44;
  const TINY = 9;

  /** What is known of the units in one state of the data; `query` is what an address says of it. */
  const newState = (query) => ({ query, data: null, vector: null, state: "loading", problem: "", classes: new Set() });
  /** Before the first state there is nothing to draw. */
  const NOTHING = { ...newState(""), state: "ready", data: CG.shapes({ features: [] }) };

  /**
   * The units of a hotspot run. Beside the data shown now there may be older states of them, steps of
   * the time slider: each is fetched when it is first asked for, and kept. Until it is here, the
   * state before stays on the map.
   */
  CG.Hotspots = class {
    constructor(session, spec) {
      this.session = session;
      this.spec = spec;
      this.chosen = null; // the unit that the page has chosen
      this.seen = [];
      this.states = new Map(); // by the name of the step; "" is the data shown now
      this.wanted = this.drawn = this.stateOf("");
      this.choose(spec);
    }

    get data() { return this.drawn.data; }
    get vector() { return this.drawn.vector; }
    get query() { return this.drawn.query; }
    get classes() { return this.drawn.classes; }
    get state() { return this.wanted.state; }
    get problem() { return this.wanted.problem; }
    get isWaiting() { return this.wanted.state === "loading"; }

    /** Take a newer message about the same run: another unit may be chosen. */
    take(spec) {
      this.spec = spec;
      return this.choose(spec);
    }

    /** The step of a day: the last that is not after it; null where there is none that old. */
    stepOf(day) {
      const before = (this.spec.steps || []).filter((one) => one.day <= day);
      return before.length ? before[before.length - 1] : null;
    }

    /** Draw the units of a day; null = of the data shown now. */
    show(day) {
      const step = day && (this.spec.steps || []).length ? this.stepOf(day) : { name: null };
      this.wanted = step ? this.stateOf(step.name || "") : NOTHING;
      this.arrived();
    }

    /** Whether an older state of the data is drawn. */
    get isOlder() {
      return this.drawn !== this.states.get("");
    }

    /** The state with a name, asked for if it is not here. */
    stateOf(name) {
      const kept = this.states.get(name);
      if (kept && kept.state !== "failed") return kept;
      const one = newState(name ? `&step=${encodeURIComponent(name)}` : "");
      this.states.set(name, one);
      this.load(one, name);
      return one;
    }

    async load(one, name) {
      const more = one.query;
      try {
        if (this.spec.vector) {
          one.vector = CG.unitTiles(`${this.spec.vector}${more}`, () => this.arrived());
        } else one.data = CG.shapes(await CG.fetchJson(`${this.spec.url}${more}`));
        one.state = "ready";
      } catch (error) {
        Object.assign(one, { state: "failed", problem: error.message });
      }
      if (name) this.arrived();
      else await this.choose(this.spec);
    }

    /** Something came or failed: draw what is wanted once it is here. */
    arrived() {
      const { session, wanted } = this;
      if (session.hotspots !== this) return;
      if (wanted.vector) Object.assign(wanted, { state: wanted.vector.failed ? "failed" : "ready", problem: wanted.vector.problem });
      if (wanted.state === "ready") this.drawn = wanted;
      session.timeline.show();
      session.legend.render();
      session.painter.redraw();
    }

    /** Mark the unit that the page has chosen, and fly to it where the page says so. */
    async choose(spec) {
      const now = this.states.get("");
      if (!spec.selected) this.chosen = null;
      else if (now && (now.data || now.vector)) {
        const unit = await CG.unitOf({ spec, ...now }, spec.selected).catch(() => null);
        if (this.spec !== spec) return;
        this.chosen = unit;
        const bounds = unit && spec.zoom && CG.boundsOf([unit]);
        if (bounds && this.session.hotspots === this) this.session.map.fitBounds(bounds, { maxZoom: 12, animate: false, ...this.session.padding() });
      }
      this.arrived();
    }

    /** What an older state of the data is, and how many units stand in another class than today. */
    words(day) {
      const step = day && (this.spec.steps || []).length ? this.stepOf(day) : { name: null };
      if (!step) return CG.text("hotspotsNotYet");
      if (!step.name) return CG.text("hotspotsNow");
      const told = CG.text("hotspotsOf", CG.dayWords(step.day));
      const [now, then] = [this.states.get(""), this.states.get(step.name)];
      if (!now || !then || !now.data || !then.data) return told;
      const ids = new Set([...now.data.byId.keys(), ...then.data.byId.keys()]);
      const classIn = ({ data }, id) => (data.byId.get(id) ? data.byId.get(id).properties.class : null);
      const others = [...ids].filter((id) => classIn(now, id) !== classIn(then, id)).length;
      return `${told}; ${CG.text("hotspotsDiffer", CG.number(others, 0))}`;
    }

    close() {
      for (const { vector } of this.states.values()) if (vector) vector.close();
    }
  };

  /** Fill and outline the current path as a unit of a class. */
  function paintUnit(pen, sign) {
    pen.globalAlpha = sign.fill;
    pen.fillStyle = sign.color;
    pen.fill("evenodd");
    if (sign.hatch !== "none") {
      pen.globalAlpha = 0.6;
      pen.fillStyle = CG.hatch(pen, sign.hatch, sign.ink);
      pen.fill("evenodd");
    }
    pen.globalAlpha = 1;
    pen.lineCap = sign.cap || "butt";
    pen.setLineDash(sign.dash || []);
    pen.lineWidth = sign.width;
    pen.strokeStyle = sign.edge;
    pen.stroke();
    pen.lineCap = "butt";
    pen.setLineDash([]);
  }

  /** Far out a hexagon is smaller than its own hatch: a dot then, as dark and as edged as its class. */
  function paintDot({ pen, scale, ox, oy }, shape, sign) {
    const x = ((shape.box[0] + shape.box[2]) / 2) * scale - ox;
    const y = ((shape.box[1] + shape.box[3]) / 2) * scale - oy;
    const isHot = sign === SIGNS.hot_99 || sign === SIGNS.hot_95;
    pen.beginPath();
    pen.arc(x, y, isHot ? 4.6 : 3.1, 0, 7);
    pen.globalAlpha = isHot ? 1 : Math.max(sign.fill, 0.75);
    pen.fillStyle = sign.color;
    pen.fill();
    pen.globalAlpha = 1;
    pen.setLineDash(sign.dash ? [1.6, 1.6] : []);
    pen.lineWidth = isHot ? 1.6 : 0.9;
    pen.strokeStyle = sign.edge;
    pen.stroke();
    pen.setLineDash([]);
  }

  /** Tiles of a large run; what each is drawn with is kept as pictures. */
  CG.unitTiles = (address, arrived) => new CG.VectorSource(address, arrived, {
    draw: (view, _layer, { units = [] }) => paintAll(view, CG.near(units, view)),
  });

  /** The units in view, each once. */
  function unitsIn(view, { data, vector }) {
    if (data) return data.list.filter((shape) => CG.boxesMeet(shape.box, view.box));
    return CG.joined(vector.shapesIn(view, "units"), ({ properties }) => properties.unit_id);
  }

  function paintAll(view, seen) {
    for (const name of [...CG.HOTSPOT_CLASSES].reverse()) {
      for (const shape of seen) {
        if (shape.properties.class !== name) continue;
        if ((shape.box[2] - shape.box[0]) * view.scale < TINY) paintDot(view, shape, SIGNS[name]);
        else {
          CG.trace(view, [shape], "areas");
          paintUnit(view.pen, SIGNS[name]);
        }
      }
    }
  }

  /** Draw the units that are in view, the strongest class last, so that no edge hides a hotspot. */
  CG.paintUnits = function (view, session) {
    const { hotspots } = session;
    if (!hotspots || !(hotspots.data || hotspots.vector)) return;
    const { pen } = view;
    if (hotspots.vector) hotspots.vector.ask(view);
    const seen = unitsIn(view, hotspots);
    // Dots are drawn whole; a picture would cut those that lie on the edge of a tile.
    const areDots = seen.every((shape) => (shape.box[2] - shape.box[0]) * view.scale < TINY);
    if (hotspots.data || areDots) paintAll(view, seen);
    else hotspots.vector.paintPictures(view, { spec: {}, opacity: 1 });
    if (hotspots.vector) noteClasses(session, seen);
    const { chosen } = hotspots;
    if (chosen) {
      CG.trace(view, [chosen], "areas");
      for (const [color, width] of [["#ffffff", 6.5], ["#ffd21f", 4], [CG.INK, 1.6]]) {
        pen.strokeStyle = color;
        pen.lineWidth = width;
        pen.stroke();
      }
    }
    hotspots.seen = seen;
  };

  /** The legend lists the classes that were seen so far. */
  function noteClasses({ hotspots, legend }, seen) {
    const before = hotspots.classes.size;
    for (const { properties } of seen) hotspots.classes.add(properties.class);
    if (hotspots.classes.size > before) legend.render();
  }

  /** The place of each unit in the list, where there is room for it; over the layers, under names. */
  CG.paintRanks = function (view, session) {
    const { hotspots } = session;
    if (!hotspots) return;
    const { pen, scale, ox, oy } = view;
    for (const shape of hotspots.seen || []) {
      if (shape.properties.class === "not_surveyed" && !shape.properties.seen) continue;
      if ((shape.box[2] - shape.box[0]) * scale < NUMBERED) continue;
      const x = ((shape.box[0] + shape.box[2]) / 2) * scale - ox;
      const y = ((shape.box[1] + shape.box[3]) / 2) * scale - oy - 12;
      const text = String(shape.properties.rank);
      const r = text.length > 2 ? 13 : 10.5;
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      pen.fillStyle = "#ffffff";
      pen.fill();
      pen.lineWidth = 1.4;
      pen.strokeStyle = CG.INK;
      pen.stroke();
      pen.fillStyle = CG.INK;
      pen.font = "650 12px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(text, x, y + 0.5);
      view.taken.push([x - r, y - r, x + r, y + r]);
    }
  };

  CG.hotspotSwatch = (name) =>
    CG.swatch((pen) => {
      const [x, y, w, h] = [14, 10, 10.5, 8.6];
      pen.beginPath();
      for (const [dx, dy] of [[-1, 0], [-0.5, -1], [0.5, -1], [1, 0], [0.5, 1], [-0.5, 1]]) pen.lineTo(x + dx * w, y + dy * h);
      pen.closePath();
      paintUnit(pen, SIGNS[name]);
    });

  /** The classes that are on the map, for the legend; all six would be a long list of nothing. */
  CG.hotspotClasses = function (hotspots) {
    if (!hotspots.data && !hotspots.vector) return [];
    const there = hotspots.vector ? hotspots.classes : new Set(hotspots.data.list.map((shape) => shape.properties.class));
    return CG.HOTSPOT_CLASSES.filter((name) => there.has(name));
  };

  CG.hotspotLegend = function (hotspots) {
    const rows = CG.hotspotClasses(hotspots).map((name) =>
      el("li", { class: "cg-row" }, CG.hotspotSwatch(name), el("span", { class: "cg-name" }, CG.text(name), el("small", {}, CG.text(`${name}_hint`)))));
    return el("div", { class: "cg-verdicts" },
      el("h3", {}, CG.text("hotspots")),
      hotspots.state === "loading" ? el("p", { class: "cg-quiet" }, CG.text("loading")) : null,
      hotspots.state === "failed" ? el("p", { class: "cg-problem" }, CG.text("failed", hotspots.problem)) : null,
      hotspots.isOlder ? el("p", { class: "cg-quiet" }, CG.text("hotspotsOlder")) : null,
      el("ul", {}, ...rows),
      hotspots.state === "ready" ? el("p", { class: "cg-quiet" }, CG.text("blank")) : null);
  };

  /** The units under a place: one as a rule, none between them. */
  CG.unitsAt = async function (session, latlng) {
    const { hotspots } = session;
    if (!hotspots || !(hotspots.data || hotspots.vector)) return [];
    const where = latlng.wrap();
    const [x, y] = [CG.unitX(where.lng), CG.unitY(where.lat)];
    const zoom = session.map.getZoom();
    const pieces = hotspots.data ? hotspots.data.list : hotspots.vector.shapesIn({ box: [x, y, x, y], zoom }, "units");
    const under = pieces.filter((shape) => CG.boxesMeet(shape.box, [x, y, x, y]) && shape.areas.some((rings) => within(rings, x, y)));
    return hotspots.data ? under : Promise.all(under.map(({ properties }) => CG.unitOf(hotspots, properties.unit_id)));
  };

  /** One unit with its outline, name and reason; of a run in tiles the server is asked for it. */
  CG.unitOf = async function ({ spec, data, query }, unitId) {
    if (data) return data.byId.get(unitId) || null;
    return CG.shapes(await CG.fetchJson(`${spec.url}${query}&unit=${encodeURIComponent(unitId)}`)).list[0] || null;
  };

  /** Whether a place is within rings: an odd number of edges lies to its east. */
  function within(rings, x, y) {
    let odd = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const [x0, y0, x1, y1] = [ring[j], ring[j + 1], ring[i], ring[i + 1]];
        if (y0 > y !== y1 > y && x < x0 + ((x1 - x0) * (y - y0)) / (y1 - y0)) odd = !odd;
      }
    }
    return odd;
  }

  /** What the popup says of a unit; text nodes only, whatever a district is called. */
  CG.unitArticle = function (shape) {
    const p = shape.properties;
    return el("article", { class: "cg-hit" },
      el("h4", {}, CG.hotspotSwatch(p.class), el("span", {}, `${p.rank}. ${p.name}`)),
      el("p", { class: "cg-quiet" }, CG.text(p.class)),
      el("p", {}, String(p.reason)));
  };
})();
