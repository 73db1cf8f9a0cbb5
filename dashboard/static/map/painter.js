/* One canvas for everything on the map: base map, layers, conflicts, what is chosen, what is drawn. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const CELL = 24;
  const HATCHED = 5; // pixels: in less there is no room for a hatch

  CG.Painter = L.Renderer.extend({
    options: { padding: 0.15, interactive: false },

    initialize(session) {
      this.session = session;
      L.Renderer.prototype.initialize.call(this, {});
    },

    _initContainer() {
      const canvas = (this._container = CG.element("canvas", { class: "cg-canvas", "aria-hidden": "true" }));
      this._pen = canvas.getContext("2d");
    },

    _destroyContainer() {
      cancelAnimationFrame(this._frame);
      this._container.remove();
      this._container = null;
    },

    getEvents() {
      return { ...L.Renderer.prototype.getEvents.call(this), move: this._follow };
    },

    /** A long drag leaves what is drawn: draw where the map is now, before it shows bare ground. */
    _follow() {
      if (this._following || !this._bounds || this._map._animatingZoom) return;
      this._following = requestAnimationFrame(() => {
        this._following = null;
        const map = this._map;
        if (!map || map._animatingZoom || map.getZoom() !== this._zoom) return;
        const corner = map.containerPointToLayerPoint([0, 0]);
        if (!this._bounds.contains(L.bounds(corner, corner.add(map.getSize())))) this._update();
      });
    },

    /** Draw again soon; many calls in one turn cost one drawing. */
    redraw() {
      if (this._frame || !this._map) return;
      this._frame = requestAnimationFrame(() => {
        this._frame = null;
        if (this._map && this._bounds && !this._map._animatingZoom) this._paint();
      });
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dense = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = dense * size.x;
      this._container.height = dense * size.y;
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._dense = dense;
      this._paint();
    },

    _paint() {
      const map = this._map;
      const origin = map.getPixelOrigin();
      const pen = this._pen;
      const min = this._bounds.min;
      const max = this._bounds.max;
      const scale = 256 * Math.pow(2, this._zoom);
      pen.setTransform(this._dense, 0, 0, this._dense, -min.x * this._dense, -min.y * this._dense);
      const view = {
        pen, scale, ox: origin.x, oy: origin.y, min, max, zoom: this._zoom, dense: this._dense, sight: this._sight(scale),
        box: [(min.x + origin.x) / scale, (min.y + origin.y) / scale, (max.x + origin.x) / scale, (max.y + origin.y) / scale],
        taken: [],
      };
      const started = performance.now();
      CG.beginFrame(view);
      this.paintView(view);
      this.session.lastPaintMs = performance.now() - started;
      this.session.painted(view);
      this.session.legend.follow();
    },

    /** What a person sees, without the margin around it: a box on the unit square. */
    _sight(scale) {
      const { min, max } = this._map.getPixelBounds();
      return [min.x / scale, min.y / scale, max.x / scale, max.y / scale];
    },

    /** Draw everything there is in a view, on the screen's pen or on that of a picture. */
    paintView(view) {
      CG.paintBase(view, this.session);
      CG.paintUnits(view, this.session);
      const drawn = this.session.drawn();
      const last = drawn.map(({ layer }) => layer.spec.kind).lastIndexOf("survey_coverage");
      drawn.forEach(({ layer, side, filter }, i) => {
        this.session.swipe.clipped(view, side, () => paintLayer(view, layer, filter));
        if (i === last) CG.paintUnsurveyed(view, this.session);
      });
      this._paintHighlight(view);
      this._paintConflicts(view);
      CG.paintRanks(view, this.session);
      CG.paintLabels(view, this.session);
      this.session.tools.paint(view);
    },

    _paintHighlight(view) {
      const shapes = this.session.chosen.shapes;
      if (!shapes.length) return;
      const { pen } = view;
      pen.setLineDash([]);
      pen.lineJoin = "round";
      for (const [color, width] of [["#ffffff", 8], ["#ffd21f", 5], [CG.INK, 1.8]]) {
        pen.strokeStyle = color;
        pen.lineWidth = width;
        for (const shape of shapes) {
          trace(view, [shape], "areas");
          pen.stroke();
          trace(view, [shape], "lines");
          pen.stroke();
          for (const point of shape.points) {
            pen.beginPath();
            pen.arc(point[0] * view.scale - view.ox, point[1] * view.scale - view.oy, 13, 0, 7);
            pen.stroke();
          }
        }
      }
      if (this.session.chosen.overlap) {
        trace(view, [this.session.chosen.overlap], "areas");
        pen.globalAlpha = 0.35;
        pen.fillStyle = CG.INSIDE;
        pen.fill("evenodd");
        pen.globalAlpha = 1;
      }
      pen.lineJoin = "miter";
    },

    /** Signs of conflicts; several in one place become one sign with their number. */
    _paintConflicts(view) {
      const { pen } = view;
      this.signs = [];
      const cells = clusters(view, this.session.shownConflicts(view));
      const chosen = this.session.chosen.conflict;
      for (const cell of cells) {
        const worst = cell.shapes.find((shape) => shape.properties.verdict === "inside") || cell.shapes[0];
        const lead = cell.shapes.find((shape) => shape.properties.id === chosen) || worst;
        const x = cell.x - view.ox;
        const y = cell.y - view.oy;
        const count = cell.shapes.reduce((sum, shape) => sum + (shape.count || 1), 0);
        const r = count > 1 ? 10 : 7.5;
        if (lead.properties.id === chosen) {
          for (const [color, width] of [["#ffffff", 7], [CG.INK, 3]]) {
            pen.beginPath();
            pen.arc(x, y, r + 6, 0, 7);
            pen.strokeStyle = color;
            pen.lineWidth = width;
            pen.setLineDash([]);
            pen.stroke();
          }
        }
        CG.drawVerdict(pen, worst.properties.verdict, x, y, r, count);
        view.taken.push([x - r - 2, y - r - 2, x + r + 2, y + r + 2]);
        this.signs.push({ x, y, r, verdict: worst.properties.verdict, shapes: cell.shapes });
      }
    },
  });

  /** Conflicts in view, those closer than a sign's width together; what ranks first leads. */
  function clusters(view, shapes) {
    const list = [];
    const grid = new Map();
    for (const shape of shapes) {
      if (!shape.points.length || !CG.boxesMeet(shape.box, view.box)) continue;
      const x = shape.points[0][0] * view.scale;
      const y = shape.points[0][1] * view.scale;
      const [i, j] = [Math.floor(x / CELL), Math.floor(y / CELL)];
      let near = null;
      for (let di = -1; di <= 1; di++) {
        for (let dj = -1; dj <= 1; dj++) {
          for (const other of grid.get(`${i + di} ${j + dj}`) || []) {
            if (!near && Math.hypot(other.x - x, other.y - y) < CELL) near = other;
          }
        }
      }
      if (near) {
        near.shapes.push(shape);
        continue;
      }
      const cluster = { x, y, shapes: [shape] };
      list.push(cluster);
      grid.set(`${i} ${j}`, [...(grid.get(`${i} ${j}`) || []), cluster]);
    }
    return list;
  }

  /** Draw what of a layer passes its filter. */
  function paintLayer(view, layer, filter) {
    const { pen } = view;
    if (layer.tiles) {
      pen.globalAlpha = layer.opacity;
      layer.tiles.paint(view);
      pen.globalAlpha = 1;
    }
    if (layer.vector) layer.vector.paint(view, layer, filter);
    if (!layer.data) return;
    const seen = layer.data.list.filter((shape) => CG.boxesMeet(shape.box, view.box) && filter.accepts(shape));
    layer.seen = seen.length;
    pen.globalAlpha = layer.opacity;
    // Neighbours share their borders: districts are all there, or some are filtered out.
    const edges = layer.spec.kind === "districts" && !filter.text ? CG.edgesOnce(layer.data.list) : null;
    CG.paintGround(view, layer.spec, seen, edges);
    pen.globalAlpha = 1;
    CG.paintPoints(view, layer, seen);
  }

  /** Draw the areas and lines of shapes in the colours of their layer; `edges` are the outlines of
      the areas where they are known better than from each area alone. */
  CG.paintGround = function (view, spec, shapes, edges = null) {
    const { pen } = view;
    const { color } = spec;
    const areas = shapes.filter((shape) => shape.areas.length);
    if (areas.length) {
      const style = CG.areaStyle(spec);
      const plain = { ...style, hatch: "none" };
      if (style.fill || style.hatch !== "none") {
        for (const shape of areas) {
          // One path each: in one path, areas that overlap would cancel each other out.
          trace(view, [shape], "areas");
          const isSmall = (shape.box[2] - shape.box[0]) * view.scale < HATCHED;
          CG.paintArea(pen, isSmall ? plain : style, color);
        }
      }
      if (edges) trace(view, edges, "lines");
      else trace(view, areas, "areas");
      pen.strokeStyle = color;
      pen.lineWidth = style.width;
      pen.setLineDash(style.dash || []);
      pen.stroke();
      pen.setLineDash([]);
    }
    const lines = shapes.filter((shape) => shape.lines.length);
    if (lines.length) {
      const line = CG.lineStyle(spec);
      CG.strokeLines(view, lines, color, line.width, line.dash || []);
      if (line.core) CG.strokeLines(view, lines, line.core, line.core_width, []);
    }
  };

  /** Draw the points of shapes with the sign of their layer. */
  CG.paintPoints = function (view, layer, shapes) {
    const { pen, scale, ox, oy } = view;
    const { color, symbol } = layer.spec;
    const r = view.zoom < 7 ? 2.6 : view.zoom < 9 ? 3.4 : view.zoom < 11 ? 4.6 : view.zoom < 13 ? 6 : 7;
    pen.globalAlpha = layer.opacity;
    for (const shape of shapes) {
      for (const point of shape.points) {
        const x = point[0] * scale - ox;
        const y = point[1] * scale - oy;
        // A site kept with its extent is drawn as wide as it is, once that shows.
        const extent = shape.properties.r ? shape.properties.r * CG.pixelsOfMetre(point[1], scale) : 0;
        if (extent > r) {
          pen.beginPath();
          pen.arc(x, y, extent, 0, 7);
          const alpha = pen.globalAlpha;
          pen.globalAlpha = alpha * 0.2;
          pen.fillStyle = color;
          pen.fill();
          pen.globalAlpha = alpha;
          pen.setLineDash([]);
          pen.lineWidth = 1.4;
          pen.strokeStyle = color;
          pen.stroke();
        }
        CG.drawPoint(pen, symbol, x, y, r, color);
      }
    }
    pen.globalAlpha = 1;
    pen.setLineDash([]);
  };

  /** Put shapes into the current path; steps shorter than half a pixel are left out. */
  function trace(view, shapes, what) {
    const { pen } = view;
    pen.beginPath();
    for (const shape of shapes) {
      if (!CG.boxesMeet(shape.box, view.box)) continue;
      if (what === "lines") shape.lines.forEach((line) => traceLine(view, line, false));
      else shape.areas.forEach((rings) => rings.forEach((ring) => traceLine(view, ring, true)));
    }
  }

  CG.trace = trace;

  function traceLine({ pen, scale, ox, oy }, numbers, closed) {
    let lastX = numbers[0] * scale - ox;
    let lastY = numbers[1] * scale - oy;
    pen.moveTo(lastX, lastY);
    const end = numbers.length - 2;
    for (let i = 2; i <= end; i += 2) {
      const x = numbers[i] * scale - ox;
      const y = numbers[i + 1] * scale - oy;
      if (i < end && Math.abs(x - lastX) < 0.5 && Math.abs(y - lastY) < 0.5) continue;
      pen.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    if (closed) pen.closePath();
  }
})();
