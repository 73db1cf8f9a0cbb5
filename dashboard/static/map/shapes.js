/* GeoJSON turned once into flat numbers on the unit square, ready to be drawn at any zoom. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  /** A flat array x0, y0, x1, y1 … on the unit square. */
  function flat(points, box) {
    const numbers = new Float64Array(points.length * 2);
    points.forEach((point, i) => {
      const x = CG.unitX(point[0]);
      const y = CG.unitY(point[1]);
      numbers[2 * i] = x;
      numbers[2 * i + 1] = y;
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    });
    return numbers;
  }

  function collect(geometry, into) {
    if (!geometry) return;
    const c = geometry.coordinates;
    switch (geometry.type) {
      case "Point": into.points.push(flat([c], into.box)); break;
      case "MultiPoint": c.forEach((p) => into.points.push(flat([p], into.box))); break;
      case "LineString": into.lines.push(flat(c, into.box)); break;
      case "MultiLineString": c.forEach((l) => into.lines.push(flat(l, into.box))); break;
      case "Polygon": into.areas.push(c.map((ring) => flat(ring, into.box))); break;
      case "MultiPolygon": c.forEach((p) => into.areas.push(p.map((ring) => flat(ring, into.box)))); break;
      case "GeometryCollection": geometry.geometries.forEach((part) => collect(part, into)); break;
    }
  }

  /** One shape: its points, lines and areas, its box [left, top, right, bottom] on the unit square. */
  CG.shape = function (geometry, properties) {
    const shape = { points: [], lines: [], areas: [], box: [Infinity, Infinity, -Infinity, -Infinity], properties: properties || {} };
    collect(geometry, shape);
    return shape;
  };

  /** The shapes of a GeoJSON document, the geometry types seen, and how they can be found by id. */
  CG.shapes = function (document_) {
    const list = [];
    const types = new Set();
    const byId = new Map();
    for (const feature of document_.features) {
      const shape = CG.shape(feature.geometry, feature.properties);
      if (shape.points.length) types.add("point");
      if (shape.lines.length) types.add("line");
      if (shape.areas.length) types.add("area");
      byId.set(shape.properties.id, shape);
      list.push(shape);
    }
    return { list, types, byId };
  };

  const once = new WeakMap();

  /**
   * The outlines of areas as lines that go along every shared edge once: a broken line drawn twice
   * would fill its own gaps. Kept by the list of shapes.
   */
  CG.edgesOnce = function (list) {
    if (once.has(list)) return once.get(list);
    const seen = new Set();
    const lines = [];
    const name = (x, y) => `${Math.round(x * 1e9)} ${Math.round(y * 1e9)}`;
    for (const { areas } of list) {
      for (const ring of areas.flat()) {
        let run = [];
        const end = () => {
          if (run.length > 3) lines.push(lineShape(run));
          run = [];
        };
        for (let i = 2; i < ring.length; i += 2) {
          const from = name(ring[i - 2], ring[i - 1]);
          const to = name(ring[i], ring[i + 1]);
          const key = from < to ? `${from} ${to}` : `${to} ${from}`;
          if (seen.has(key)) {
            end();
            continue;
          }
          seen.add(key);
          if (!run.length) run.push(ring[i - 2], ring[i - 1]);
          run.push(ring[i], ring[i + 1]);
        }
        end();
      }
    }
    once.set(list, lines);
    return lines;
  };

  function lineShape(numbers) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < numbers.length; i += 2) {
      box[0] = Math.min(box[0], numbers[i]);
      box[1] = Math.min(box[1], numbers[i + 1]);
      box[2] = Math.max(box[2], numbers[i]);
      box[3] = Math.max(box[3], numbers[i + 1]);
    }
    return { points: [], lines: [Float64Array.from(numbers)], areas: [], box, properties: {} };
  }

  CG.boxesMeet = (a, b) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

  /** Bounds for Leaflet of several shapes; null when there are none. */
  CG.boundsOf = function (shapes) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const shape of shapes) {
      box[0] = Math.min(box[0], shape.box[0]);
      box[1] = Math.min(box[1], shape.box[1]);
      box[2] = Math.max(box[2], shape.box[2]);
      box[3] = Math.max(box[3], shape.box[3]);
    }
    if (!(box[0] <= box[2])) return null;
    return L.latLngBounds(
      [CG.unitLatitude(box[3]), box[0] * 360 - 180],
      [CG.unitLatitude(box[1]), box[2] * 360 - 180],
    );
  };
})();
