/* The base map: land, water, borders and the graticule, below everything else; and the scale bar. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const STYLES = CG.SYMBOLS.base;
  const FLATTENING = 1 / 298.257223563;
  const EQUATOR_M = 2 * Math.PI * 6378137;
  const STEPS_DEG = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const BAND_FROM = 6;
  const RIVERS_FROM = 5.5;
  // GSHHG is generalised to 1 km: nearer than this its rivers would lie beside the real ones.
  const RIVERS_UNTIL = 12.5;
  const WATER_TAKES_OVER = 9;

  CG.BASE_STYLES = ["full", "pale", "none"];

  /** The style of the base map the session has chosen. */
  CG.baseStyle = (session) => STYLES[session.baseStyle] || STYLES.full;

  /** Whole numbers (first point, then steps, in `unit` degrees) as [longitude, latitude] pairs. */
  function unpack(numbers, unit) {
    const points = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < numbers.length; i += 2) {
      x += numbers[i];
      y += numbers[i + 1];
      points.push([x * unit, y * unit]);
    }
    return points;
  }

  /** The base map as the server sends it, as shapes and names on the unit square. */
  CG.decodeBase = function (document_) {
    const part = ({ unit, ...lists }) => ({
      land: areas(lists.land, unit), lakes: areas(lists.lakes, unit),
      coasts: lines(lists.coasts, unit), borders: lines(lists.borders, unit), rivers: lines(lists.rivers, unit),
    });
    const at = (lon, lat) => ({ x: CG.unitX(lon), y: CG.unitY(lat) });
    const [west, south, east, north] = document_.bounds;
    return {
      attribution: document_.attribution,
      credit: document_.credit,
      box: [CG.unitX(west), CG.unitY(north), CG.unitX(east), CG.unitY(south)],
      near: part(document_.near),
      far: part(document_.far),
      countries: document_.countries.map(([name, lon, lat, size]) => ({ name, size, ...at(lon, lat) })),
      waters: document_.waters.map(([name, lon, lat, zoom]) => ({ name, zoom, ...at(lon, lat) })),
      towns: document_.towns.map(([name, lon, lat, zoom, capital]) => ({ name, zoom, capital: Boolean(capital), ...at(lon, lat) })),
    };
  };

  const areas = (polygons, unit) => polygons.map((rings) =>
    CG.shape({ type: "Polygon", coordinates: rings.map((ring) => unpack(ring, unit)) }));
  const lines = (list, unit) => list.map((line) => CG.shape({ type: "LineString", coordinates: unpack(line, unit) }));

  /** The shapes of the base map a view needs: the coarse rest of the world only where it is seen. */
  function shapesFor(view, base) {
    const [a, b] = [view.box, base.box];
    const isNear = a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3];
    const parts = isNear ? [base.near] : [base.far, base.near];
    return (what) => parts.flatMap((part) => part[what]).filter((shape) => CG.boxesMeet(shape.box, view.box));
  }

  /** Draw the base map over a cleared canvas; `session.baseSigns` says which of its signs are drawn. */
  CG.paintBase = function (view, session) {
    const { pen, min, max } = view;
    const style = CG.baseStyle(session);
    const { base } = session;
    const signs = (session.baseSigns = []);
    pen.globalAlpha = 1;
    pen.setLineDash([]);
    pen.clearRect(min.x, min.y, max.x - min.x, max.y - min.y);
    if (style.sea) {
      pen.fillStyle = style.sea;
      pen.fillRect(min.x, min.y, max.x - min.x, max.y - min.y);
    }
    if (base && style.coast) {
      const shapes = shapesFor(view, base);
      fill(view, shapes("land"), style.land);
      const lakes = shapes("lakes");
      fill(view, lakes, style.lake);
      if (lakes.length) signs.push("lake");
      CG.trace(view, lakes, "areas");
      pen.strokeStyle = style.coast;
      pen.lineWidth = 0.8;
      pen.stroke();
      const rivers = showsRivers(view, session) ? shapes("rivers") : [];
      if (rivers.length) signs.push("river");
      CG.strokeLines(view, rivers, style.river, Math.min(1.6, 0.5 + (view.zoom - RIVERS_FROM) * 0.25), []);
      CG.strokeLines(view, shapes("coasts"), style.coast, 1, []);
      const borders = shapes("borders");
      if (borders.length) signs.push("border");
      // A line in a soft band: a broken line is a district's.
      if (view.zoom >= BAND_FROM) CG.strokeLines(view, borders, style.border_band, 6, []);
      CG.strokeLines(view, borders, style.border, view.zoom < BAND_FROM ? 0.9 : 1.2, []);
    }
    if (session.graticule) paintGraticule(view, style);
  };

  /** Rivers of the base map give way to a water layer that is shown, and to the eye from near. */
  function showsRivers(view, session) {
    if (view.zoom < RIVERS_FROM || view.zoom > RIVERS_UNTIL) return false;
    return view.zoom < WATER_TAKES_OVER || !session.shownLayers().some((layer) => layer.spec.kind === "water");
  }

  function fill(view, shapes, color) {
    CG.trace(view, shapes, "areas");
    view.pen.fillStyle = color;
    view.pen.fill("evenodd");
  }

  /** Draw the lines of shapes. */
  CG.strokeLines = function (view, shapes, color, width, dash) {
    const { pen } = view;
    CG.trace(view, shapes, "lines");
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  };

  /** The step and the lines of longitude and latitude of a box on the unit square, in degrees. */
  CG.graticule = function (box) {
    const [west, east] = [box[0] * 360 - 180, box[2] * 360 - 180];
    const [north, south] = [CG.unitLatitude(box[1]), CG.unitLatitude(box[3])];
    const step = STEPS_DEG.find((degrees) => (east - west) / degrees >= 5) || STEPS_DEG[STEPS_DEG.length - 1];
    const lines = (from, to) => {
      const first = Math.ceil(from / step - 1e-9);
      const many = Math.max(0, Math.floor(to / step + 1e-9) - first + 1);
      return Array.from({ length: many }, (_, i) => Number(((first + i) * step).toFixed(4)));
    };
    return { step, meridians: lines(west, east), parallels: lines(Math.max(-85, south), Math.min(85, north)) };
  };

  function paintGraticule(view, style) {
    const { pen, scale, ox, oy, min, max } = view;
    const { step, meridians, parallels } = CG.graticule(view.box);
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    pen.beginPath();
    pen.lineWidth = 1;
    pen.strokeStyle = style.grid;
    pen.fillStyle = style.grid_text;
    pen.font = "10px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.textBaseline = "bottom";
    const write = (degrees, letters, x, y) => {
      const text = `${Math.abs(degrees).toFixed(digits)}°${degrees === 0 ? "" : degrees < 0 ? letters[1] : letters[0]}`;
      pen.fillText(text, x, y);
      view.taken.push([x - 1, y - 12, x + pen.measureText(text).width + 1, y + 1]);
    };
    for (const lon of meridians) {
      const x = CG.unitX(lon) * scale - ox;
      pen.moveTo(x, min.y);
      pen.lineTo(x, max.y);
      for (const share of [0.3, 0.7]) write(lon, "EW", x + 3, min.y + (max.y - min.y) * share);
    }
    for (const lat of parallels) {
      const y = CG.unitY(lat) * scale - oy;
      pen.moveTo(min.x, y);
      pen.lineTo(max.x, y);
      for (const share of [0.35, 0.65]) write(lat, "NS", min.x + (max.x - min.x) * share, y - 2);
    }
    pen.stroke();
  }

  /** Metres along the parallel of a latitude for one pixel of a map `scale` pixels round the earth. */
  CG.metresOfPixel = function (latitude, scale) {
    const e2 = FLATTENING * (2 - FLATTENING);
    const rad = (latitude * Math.PI) / 180;
    return (EQUATOR_M * Math.cos(rad)) / Math.sqrt(1 - e2 * Math.sin(rad) ** 2) / scale;
  };

  /** The longest bar of 1, 2, 3 or 5 times a power of ten metres that fits; pixels are not rounded. */
  CG.scaleBar = function (latitude, scale, most) {
    const each = CG.metresOfPixel(latitude, scale);
    const power = 10 ** Math.floor(Math.log10(each * most));
    const metres = [5, 3, 2, 1].find((times) => times * power <= each * most) * power;
    return { metres, pixels: metres / each };
  };

  /** The bar at the foot of the map, right for the latitude in the middle of the map. */
  CG.ScaleBar = class {
    constructor(session) {
      this.map = session.map;
      this.root = CG.element("div", { class: "cg-scale", role: "img" });
      this.map.getContainer().append(this.root);
      this.map.on("move zoomend resize", () => this.render());
    }

    render() {
      const { lat } = this.map.getCenter();
      const { metres, pixels } = CG.scaleBar(lat, 256 * 2 ** this.map.getZoom(), 120);
      const words = metres < 1000 ? `${CG.number(metres)} m` : `${CG.number(metres / 1000)} km`;
      this.root.style.width = `${pixels}px`;
      this.root.replaceChildren(words);
      this.root.setAttribute("aria-label", CG.text("scale", words));
      this.root.setAttribute("title", CG.text("scale", words));
    }
  };

  /** Pictures of another host below our canvas, where whoever runs the server has set one. */
  CG.OnlineTiles = class {
    constructor(map) {
      this.map = map;
      this.layer = null;
    }

    show(source) {
      if (this.layer) this.layer.remove();
      this.layer = source ? L.tileLayer(source.url, { maxNativeZoom: source.maxzoom, maxZoom: 20, referrerPolicy: "origin" }).addTo(this.map) : null;
    }
  };

  /** The base map's own signs, for the legend. */
  CG.baseSwatch = (name, style) =>
    CG.swatch((pen) => {
      pen.beginPath();
      if (name === "lake") {
        pen.ellipse(14, 10, 11, 6.5, 0, 0, 7);
        pen.fillStyle = style.lake;
        pen.fill();
        pen.strokeStyle = style.coast;
        pen.lineWidth = 0.8;
      } else {
        pen.moveTo(2, 14);
        pen.bezierCurveTo(10, 0, 16, 20, 26, 6);
        if (name === "border") {
          pen.strokeStyle = style.border_band;
          pen.lineWidth = 6;
          pen.stroke();
        }
        pen.strokeStyle = style[name];
        pen.lineWidth = 1.2;
      }
      pen.stroke();
    });
})();
