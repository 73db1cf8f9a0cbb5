/* Vector tiles: fetched for what is in view, kept, and drawn as pictures that only move while the map
   moves. Until a tile is here, a coarser or finer one that covers its place is drawn instead. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const SIZE = 256;
  const DEEPEST = 14;
  const KEPT = 400; // tiles of one source
  const PICTURE_BYTES = 64e6; // of all sources together; a phone's browser gives out at some 250 MB
  const BUDGET_MS = 12; // for making pictures in one frame; the rest of a frame is for the others
  const PATTERN = 63; // pixels after which every hatch (7 or 9 wide) begins anew
  const TRIES = 4;

  const keyOf = (z, x, y) => `${z}/${x}/${y}`;
  const clamp = (n, low, high) => Math.max(low, Math.min(high, n));

  /** Places of a grid that a box on the unit square touches, nearest its middle first. */
  function placesIn(box, z) {
    const many = 2 ** z;
    const cut = (value) => clamp(Math.floor(value * many), 0, many - 1);
    const [left, top, right, bottom] = [cut(box[0]), cut(box[1]), cut(box[2]), cut(box[3])];
    const [mx, my] = [((box[0] + box[2]) / 2) * many - 0.5, ((box[1] + box[3]) / 2) * many - 0.5];
    const places = [];
    for (let x = left; x <= right; x++) for (let y = top; y <= bottom; y++) places.push([z, x, y]);
    return places.sort((a, b) => Math.hypot(a[1] - mx, a[2] - my) - Math.hypot(b[1] - mx, b[2] - my));
  }

  /** The box of a place on the unit square. */
  const boxOf = ([z, x, y]) => [x / 2 ** z, y / 2 ** z, (x + 1) / 2 ** z, (y + 1) / 2 ** z];
  /** Whether a shape belongs to a place: points and squares to one only, others to all they touch. */
  function isAt({ points, box }, place, name) {
    if (points.length) return holds(place, points[0][0], points[0][1]);
    return name === "cells" ? holds(place, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2) : CG.boxesMeet(box, place);
  }

  const holds = (box, x, y) => x >= box[0] && y >= box[1] && x < box[2] && y < box[3];

  CG.zoomOfTiles = (zoom) => clamp(Math.floor(zoom + 1e-6), 0, 22);

  /* Pictures of all sources, the ones used last at the end; dropped from the front. */
  const pictures = new Map();
  let bytesKept = 0;
  let frame = 0;

  /** Begin a drawing: `view.until` limits how long pictures may be made in it. */
  CG.beginFrame = function (view, { patient } = {}) {
    frame += 1;
    view.until = patient ? Infinity : performance.now() + BUDGET_MS;
    view.unfinished = false;
  };

  function usePicture(key, made) {
    const old = pictures.get(key);
    if (old) pictures.delete(key);
    const picture = made || old;
    if (!picture) return null;
    if (made) bytesKept += made.bytes - (old ? old.bytes : 0);
    picture.frame = frame;
    pictures.set(key, picture);
    for (const [oldest, { bytes, frame: used }] of pictures) {
      if (bytesKept <= PICTURE_BYTES || used === frame) break;
      pictures.delete(oldest);
      bytesKept -= bytes;
    }
    return picture;
  }

  let sources = 0;

  CG.VectorSource = class {
    /**
     * `address` holds {z}, {x} and {y}; `arrived` is called when something changed. Points of which
     * the map draws signs of its own (conflicts) need no pictures: they are read by `shapesIn`.
     * Zooms beyond `deepest` are drawn from its tiles, enlarged. `draw(view, layer, layersOfTile)`
     * draws areas and lines of a tile; null where nothing is to be drawn in pictures.
     */
    constructor(address, arrived, { deepest = DEEPEST, draw = drawFeatures } = {}) {
      this.address = address;
      this.draw = draw;
      this.deepest = deepest;
      this.arrived = arrived;
      this.kept = new Map();
      this.counts = new CG.CellCounts(this);
      this.types = new Set();
      this.classes = new Set();
      this.number = ++sources;
      this.pausedUntil = 0;
      this.isProbing = false; // the server was not ready: one question at a time until it is
      this.problem = "";
      this.merged = 0; // features told by cells in the last drawing
      this.about = null; // what the server says of the whole layer, once it was asked
      this.hasDays = false; // whether features are asked for with the day they were observed on
    }

    count(state) {
      let many = 0;
      for (const tile of this.kept.values()) if (tile.state === state) many += 1;
      return many;
    }

    get waiting() {
      return this.count("loading") + this.counts.waiting;
    }

    get failed() {
      return this.count("failed") + this.counts.failed;
    }

    /** Whether the server is still cutting the tiles. */
    get isBuilding() {
      return this.pausedUntil > performance.now();
    }

    /** Ask once what the layer holds as a whole; resolves when there is an answer or none. */
    async askAbout() {
      if (this.about) return;
      this.about = {};
      const url = this.address.replace("{z}/{x}/{y}.pbf", "about.json");
      this.about = await CG.fetchJson(url).catch((error) => ({ problem: error.message }));
    }

    /** Ask for the features with their days from now on. Those in sight stand in until then; others
        go, or they would come into view without a day. */
    wantDays(view) {
      if (this.hasDays) return;
      this.hasDays = true;
      this.address += "&days=1";
      const seen = new Set(this.placesOf(view).map((place) => keyOf(...place)));
      for (const [key, tile] of this.kept) {
        if (!seen.has(key) && tile.state === "ready") this.kept.delete(key);
        else tile.isOld = true;
      }
    }

    /** The places of the tiles a person can see. */
    placesOf(view) {
      return placesIn(view.sight || view.box, Math.min(CG.zoomOfTiles(view.zoom), this.deepest));
    }

    /** Ask again for what failed; called when a person switches the layer on. */
    retry() {
      this.counts.retry();
      for (const [key, tile] of this.kept) if (tile.state === "failed") this.kept.delete(key);
    }

    /** Stop everything; the source is not used any more. */
    close() {
      clearTimeout(this.timer);
      for (const tile of this.kept.values()) if (tile.abort) tile.abort.abort();
      this.counts.close();
      this.kept.clear();
      for (const [key, picture] of pictures) {
        if (!key.startsWith(`${this.number} `)) continue;
        pictures.delete(key);
        bytesKept -= picture.bytes;
      }
    }

    /** Fetch the tiles a person can see and give up those that went out of sight. */
    ask(view) {
      const wanted = this.placesOf(view);
      const keys = new Set(wanted.map((place) => keyOf(...place)));
      for (const [key, tile] of this.kept) {
        if (tile.state !== "loading" || keys.has(key)) continue;
        tile.abort.abort();
        this.kept.delete(key);
      }
      if (this.isBuilding) return;
      const now = performance.now();
      for (const place of wanted) {
        const key = keyOf(...place);
        const tile = this.kept.get(key);
        if (tile) {
          this.kept.delete(key);
          this.kept.set(key, tile);
        }
        if (this.isProbing && this.waiting) break;
        const isDue = !tile || (tile.state === "failed" ? tile.again <= now : tile.isOld && tile.state === "ready");
        if (isDue) this.load(key, place, tile);
      }
      for (const [key, tile] of this.kept) {
        if (this.kept.size <= KEPT) break;
        if (tile.state !== "loading" && !keys.has(key)) this.kept.delete(key);
      }
    }

    async load(key, place, before) {
      const [z, x, y] = place;
      const tries = before && before.state === "failed" ? before.tries : 0;
      const old = before && before.state === "ready" ? before : null;
      const tile = { key, place, old, state: "loading", layers: {}, tries: tries + 1, again: Infinity, abort: new AbortController() };
      this.kept.set(key, tile);
      const { hasDays } = this;
      const url = this.address.replace("{z}", z).replace("{x}", x).replace("{y}", y);
      try {
        const response = await fetch(url, { credentials: "same-origin", signal: tile.abort.signal });
        if (response.status === 503) return this.pause(key, response);
        if (!response.ok) {
          const { error } = await response.json().catch(() => ({}));
          // What the address asks for is wrong: asking again would not help.
          if (response.status < 500) tile.tries = TRIES;
          throw new Error(error || `HTTP ${response.status}`);
        }
        this.take(tile, response.status === 204 ? new Uint8Array() : new Uint8Array(await response.arrayBuffer()), hasDays);
      } catch (error) {
        if (tile.abort.signal.aborted) return undefined;
        this.fail(tile, error);
      }
      this.arrived();
      return undefined;
    }

    take(tile, bytes, hasDays) {
      tile.layers = CG.readTile(bytes, tile.place);
      for (const shape of tile.layers.features || []) {
        if (shape.points.length) this.types.add("point");
        if (shape.lines.length) this.types.add("line");
        if (shape.areas.length) this.types.add("area");
        this.classes.add(shape.properties.c ?? null);
      }
      tile.state = "ready";
      tile.old = null;
      tile.hasDays = hasDays;
      this.isProbing = false;
    }

    fail(tile, error) {
      tile.state = "failed";
      this.problem = error.message;
      if (tile.tries >= TRIES) return;
      const pause = 1000 * 2 ** tile.tries;
      tile.again = performance.now() + pause;
      this.wake(pause);
    }

    /** The server is busy with the first cut of a layer: ask again when it says so. */
    pause(key, response) {
      for (const [other, tile] of this.kept) {
        if (tile.state !== "loading") continue;
        if (other !== key) tile.abort.abort();
        this.kept.delete(other);
      }
      this.isProbing = true;
      const seconds = clamp(Number(response.headers.get("retry-after")) || 2, 1, 60);
      this.pausedUntil = performance.now() + 1000 * seconds;
      this.wake(1000 * seconds);
      this.arrived();
    }

    wake(pause) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.arrived(), pause + 20);
    }

    ready(z, x, y) {
      const tile = this.kept.get(keyOf(z, x, y));
      if (!tile) return null;
      return tile.state === "ready" ? tile : tile.old;
    }

    /** What there is of a place: its own tile, else a coarser one, else those of its four quarters. */
    partsOf([z, x, y]) {
      for (let up = Math.max(0, z - this.deepest); up <= z; up++) {
        const tile = this.ready(z - up, x >> up, y >> up);
        if (tile) return [tile];
      }
      const quarters = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([i, j]) => this.ready(z + 1, 2 * x + i, 2 * y + j));
      return quarters.filter(Boolean);
    }

    /** The shapes of one layer of the tiles that lie in view; none twice, features that a tile's edge
        cuts excepted. Cells count what passes the filter. */
    shapesIn(view, name, filter = CG.NO_FILTER) {
      const found = [];
      const beyond = new Map();
      for (const place of placesIn(view.box, CG.zoomOfTiles(view.zoom))) {
        const box = boxOf(place);
        for (const part of this.partsOf(place)) {
          const shapes = name === "cells" ? this.counts.cells(part, filter) : part.layers[name] || [];
          for (const shape of shapes) {
            if (isAt(shape, box, name)) found.push(shape);
            else if (shape.isBeyond && !holds(view.box, ...shape.points[0])) beyond.set(shape.row, shape);
          }
        }
      }
      // Discs whose middle lies outside what is drawn; the same one may be told by several tiles.
      return [...found, ...beyond.values()];
    }

    /** Draw what of a layer passes its filter: areas, lines and squares as pictures, then points. */
    paint(view, layer, filter) {
      if (filter.span) this.wantDays(view);
      this.ask(view);
      this.askCounts(view, filter);
      this.paintPictures(view, layer, filter);
      const points = this.shapesIn(view, "features").filter((shape) => shape.points.length && filter.accepts(shape));
      const cells = this.shapesIn(view, "cells", filter);
      CG.paintPointCells(view, layer, cells.filter((shape) => shape.points.length));
      if (points.length) CG.paintPoints(view, layer, points);
      const seen = cells.filter((shape) => CG.boxesMeet(shape.box, view.sight || view.box));
      this.merged = seen.reduce((sum, { properties }) => sum + (properties.count || 0), 0);
    }

    /** Cells hold features of every class and day: what of them passes is asked of the server. */
    askCounts(view, filter) {
      if (!filter.query) return;
      for (const place of this.placesOf(view)) {
        const tile = this.ready(...place);
        if (tile && (tile.layers.cells || []).length) this.counts.ask(tile, filter);
      }
    }

    paintPictures(view, layer, filter = CG.NO_FILTER) {
      for (const place of placesIn(view.box, CG.zoomOfTiles(view.zoom))) {
        const parts = this.partsOf(place);
        const picture = parts.length ? this.picture(place, parts, view, layer, filter) : null;
        if (picture) blit(view, picture.canvas, place, layer.opacity);
        else if (!parts.length || view.unfinished) this.blitOther(view, place, layer.opacity);
      }
    }

    picture(place, parts, view, layer, filter) {
      const key = `${this.number} ${keyOf(...place)}`;
      const { kind, variant, color } = layer.spec;
      const told = parts.map((part) => `${part.key}${part.hasDays ? "d" : ""}${this.counts.query(part, filter)}`);
      const made = [view.zoom, view.dense, kind, variant, color, filter.text, told].join(" ");
      const old = pictures.get(key);
      if (old && old.made === made) return usePicture(key);
      if (!parts.some(hasGround)) return usePicture(key, { canvas: null, bytes: 0, made });
      if (performance.now() > view.until) {
        view.unfinished = true;
        return old && old.zoom === view.zoom ? usePicture(key) : null;
      }
      const drawn = parts.map((part) => ({ place: part.place, layers: { ...part.layers, cells: this.counts.cells(part, filter) } }));
      const canvas = drawPicture(place, drawn, view, (inner, layers) => this.draw(inner, layer, layers, filter));
      return usePicture(key, { canvas, bytes: 4 * canvas.width * canvas.height, made, zoom: view.zoom });
    }

    /** For a moment: the picture of a place that holds this one, or the quarters of it. */
    blitOther(view, [z, x, y], opacity) {
      for (let up = 1; up <= Math.min(4, z); up++) {
        const outer = [z - up, x >> up, y >> up];
        const picture = pictures.get(`${this.number} ${keyOf(...outer)}`);
        if (!picture) continue;
        if (picture.canvas) blitPart(view, picture.canvas, [z, x, y], outer, opacity);
        return;
      }
      for (const [i, j] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
        const quarter = [z + 1, 2 * x + i, 2 * y + j];
        const picture = pictures.get(`${this.number} ${keyOf(...quarter)}`);
        if (picture && picture.canvas) blit(view, picture.canvas, quarter, opacity);
      }
    }
  };

  const hasGround = (tile) => {
    if (tile.hasGround === undefined) {
      tile.hasGround = Object.values(tile.layers).some((shapes) => shapes.some((shape) => shape.areas.length || shape.lines.length));
    }
    return tile.hasGround;
  };

  /** The pixels a place takes, on whole pixels of the screen: no seams, no blur. */
  function frameOf(view, [z, x, y]) {
    const side = view.scale / 2 ** z;
    const snap = (value, from) => Math.round((value - from) * view.dense) / view.dense + from;
    const [left, top] = [snap(x * side - view.ox, view.min.x), snap(y * side - view.oy, view.min.y)];
    return [left, top, snap((x + 1) * side - view.ox, view.min.x) - left, snap((y + 1) * side - view.oy, view.min.y) - top];
  }

  function blit(view, canvas, place, opacity) {
    if (!canvas) return;
    view.pen.globalAlpha = opacity;
    view.pen.drawImage(canvas, ...frameOf(view, place));
    view.pen.globalAlpha = 1;
  }

  function blitPart(view, canvas, [z, x, y], [oz, ox, oy], opacity) {
    const share = 2 ** (oz - z);
    const [w, h] = [canvas.width * share, canvas.height * share];
    view.pen.globalAlpha = opacity;
    view.pen.drawImage(canvas, (x - ox / share) * w, (y - oy / share) * h, w, h, ...frameOf(view, [z, x, y]));
    view.pen.globalAlpha = 1;
  }

  /** A place drawn once, for the zoom and density of a view. */
  function drawPicture(place, parts, view, draw) {
    const [, , width, height] = frameOf(view, place);
    const [z, x, y] = place;
    const side = view.scale / 2 ** z;
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * view.dense));
    canvas.height = Math.max(1, Math.round(height * view.dense));
    const pen = canvas.getContext("2d");
    // Hatches start at a whole number of patterns, so that they go on from tile to tile.
    const shift = [Math.round(x * side) % PATTERN, Math.round(y * side) % PATTERN];
    pen.setTransform(view.dense, 0, 0, view.dense, -shift[0] * view.dense, -shift[1] * view.dense);
    const inner = { pen, scale: view.scale, ox: x * side - shift[0], oy: y * side - shift[1], zoom: view.zoom, box: boxOf(place) };
    for (const part of parts) {
      pen.save();
      if (parts.length > 1) clipTo(inner, part.place);
      draw(inner, part.layers);
      pen.restore();
    }
    return canvas;
  }

  function drawFeatures(view, layer, { features = [], cells = [] }, filter) {
    CG.paintGround(view, layer.spec, CG.near(features.filter(filter.accepts), view));
    CG.paintCells(view, layer.spec, CG.near(cells, view));
  }

  /** Shapes whose box, with the width of a line around it, touches a view. */
  CG.near = function (shapes, view) {
    const margin = 4 / view.scale;
    const box = [view.box[0] - margin, view.box[1] - margin, view.box[2] + margin, view.box[3] + margin];
    return shapes.filter((shape) => CG.boxesMeet(shape.box, box));
  };

  const widened = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];

  /** Pieces that tiles cut, put together again by a name: each once, with the box of what is seen. */
  CG.joined = function (pieces, nameOf) {
    const found = new Map();
    for (const piece of pieces) {
      const name = nameOf(piece);
      const known = found.get(name);
      const all = (part) => [...(known ? known[part] : []), ...(piece[part] || [])];
      found.set(name, {
        properties: piece.properties, box: known ? widened(known.box, piece.box) : piece.box,
        points: all("points"), lines: all("lines"), areas: all("areas"),
      });
    }
    return [...found.values()];
  };

  function clipTo({ pen, scale, ox, oy }, place) {
    const box = boxOf(place);
    pen.beginPath();
    pen.rect(box[0] * scale - ox, box[1] * scale - oy, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale);
    pen.clip();
  }

  let layersMade = 0;

  /** A layer of tiles that folium adds to a map, or takes from it, like any other: the one canvas draws
      it. `spec` has vector (an address), kind, color, symbol, title, only and opacity. */
  CG.vectorTiles = function (spec) {
    const id = `vector-${++layersMade}`;
    const layer = { spec: { order: 1000, variant: 0, ...spec, id }, visible: true, opacity: spec.opacity ?? 1, hidden: new Set() };
    const Shown = L.Layer.extend({
      onAdd({ commonGround: session }) {
        layer.vector = new CG.VectorSource(spec.vector, () => session.painter.redraw());
        session.added.set(id, layer);
        session.painter.redraw();
      },
      onRemove({ commonGround: session }) {
        layer.vector.close();
        session.added.delete(id);
        session.painter.redraw();
      },
      setOpacity(opacity) {
        layer.opacity = opacity;
        if (this._map) this._map.commonGround.painter.redraw();
        return this;
      },
    });
    return new Shown();
  };

  /** What is known of a layer's geometry: the types of what was fetched, or null. */
  CG.typesOf = (layer) => (layer.data ? layer.data.types : layer.vector ? layer.vector.types : null);

  /** The classes that occur in what was fetched of a layer, by name; null, for none, comes last. */
  CG.classesSeen = function (layer) {
    if (layer.vector) return sorted(layer.vector.classes);
    if (!layer.data) return [];
    layer.data.classes ||= new Set(layer.data.list.map(({ properties }) => properties.class ?? null));
    return sorted(layer.data.classes);
  };

  const sorted = (names) => [...names].sort((a, b) => (a === null) - (b === null) || (a < b ? -1 : 1));

  /** Named shapes of a layer in view, each once, with the box of what is seen of it. */
  CG.namedShapes = function (layer, view) {
    if (!layer.vector) return layer.data ? layer.data.list.filter((shape) => shape.properties.name && CG.boxesMeet(shape.box, view.box)) : [];
    // A district that tiles cut into pieces has one name, in the middle of what is seen of it.
    const named = layer.vector.shapesIn(view, "features").filter(({ properties }) => properties.n);
    return CG.joined(named, ({ row }) => row).map((shape) => ({ ...shape, properties: { name: shape.properties.n } }));
  };
})();
