/* Mapbox Vector Tile 2.1, read once into the flat shapes of shapes.js. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const words = new TextDecoder();

  /** Reads protocol buffer fields between two places of a byte array; throws where bytes are missing. */
  class Reader {
    constructor(bytes, at, end) {
      this.bytes = bytes;
      this.at = at;
      this.end = end;
    }

    varint() {
      let value = 0;
      let step = 1;
      for (;;) {
        if (this.at >= this.end || step > 2 ** 63) throw new Error(CG.text("brokenTile"));
        const byte = this.bytes[this.at++];
        // Multiplied, not shifted: a shift would cut a feature id at 32 bits.
        value += (byte & 127) * step;
        if (byte < 128) return value;
        step *= 128;
      }
    }

    /** The field that comes next as [number, value]; a length-delimited one is a Reader of its own. */
    field() {
      const key = this.varint();
      const number = Math.floor(key / 8);
      switch (key % 8) {
        case 0: return [number, this.varint()];
        case 1: return [number, this.part(8)];
        case 2: return [number, this.part(this.varint())];
        case 5: return [number, this.part(4)];
        default: throw new Error(CG.text("brokenTile"));
      }
    }

    part(length) {
      const start = this.at;
      this.at += length;
      if (this.at > this.end) throw new Error(CG.text("brokenTile"));
      return new Reader(this.bytes, start, this.at);
    }

    each(take) {
      while (this.at < this.end) take(...this.field());
    }

    numbers() {
      const list = [];
      while (this.at < this.end) list.push(this.varint());
      return list;
    }

    text() {
      return words.decode(this.bytes.subarray(this.at, this.end));
    }

    float(double) {
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at);
      return double ? view.getFloat64(0, true) : view.getFloat32(0, true);
    }
  }

  const zigzag = (n) => (n % 2 ? -(n + 1) / 2 : n / 2);

  function readValue(reader) {
    let value = null;
    reader.each((number, part) => {
      if (number === 1) value = part.text();
      else if (number === 2 || number === 3) value = part.float(number === 3);
      else if (number === 4 || number === 5) value = part;
      else if (number === 6) value = zigzag(part);
      else if (number === 7) value = Boolean(part);
    });
    return value;
  }

  /** The parts of a feature as flat arrays of tile units: [[x0, y0, x1, y1 …], …]. */
  function readParts(commands) {
    const parts = [];
    let [x, y, i] = [0, 0, 0];
    while (i < commands.length) {
      const command = commands[i] % 8;
      const times = Math.floor(commands[i++] / 8);
      if (command === 7) continue;
      if (i + 2 * times > commands.length) throw new Error(CG.text("brokenTile"));
      for (let n = 0; n < times; n++) {
        x += zigzag(commands[i++]);
        y += zigzag(commands[i++]);
        if (command === 1) parts.push([]);
        if (!parts.length) throw new Error(CG.text("brokenTile"));
        parts[parts.length - 1].push(x, y);
      }
    }
    return parts;
  }

  /** Twice the area of a ring, positive for an outer one (clockwise, y downwards). */
  function turn(ring) {
    let sum = 0;
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
    return sum;
  }

  /** Numbers of a part on the unit square; `box` grows with them. */
  function placed(part, place, box) {
    const numbers = new Float64Array(part.length);
    for (let i = 0; i < part.length; i += 2) {
      const x = (numbers[i] = place.left + part[i] * place.unit);
      const y = (numbers[i + 1] = place.top + part[i + 1] * place.unit);
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
    return numbers;
  }

  function addParts(shape, type, parts, place, extent) {
    for (const part of parts) {
      if (type === 1) {
        // A point in the margin belongs to the tile next door, which draws it whole. One with a radius
        // may reach in from a tile that is not in view.
        const isOurs = part[0] >= 0 && part[1] >= 0 && part[0] < extent && part[1] < extent;
        shape.isBeyond ||= !isOurs;
        if (isOurs || shape.properties.r) shape.points.push(placed(part, place, shape.box));
      } else if (type === 2) {
        if (part.length > 3) shape.lines.push(placed(part, place, shape.box));
      } else {
        const area = turn(part);
        if (area > 0) shape.areas.push([placed(part, place, shape.box)]);
        else if (area < 0 && shape.areas.length) shape.areas[shape.areas.length - 1].push(placed(part, place, shape.box));
      }
    }
  }

  function readFeature(reader, layer, [z, x, y]) {
    const feature = { id: null, tags: [], type: 0, commands: [] };
    reader.each((number, part) => {
      if (number === 1) feature.id = part;
      else if (number === 2) feature.tags = part.numbers();
      else if (number === 3) feature.type = part;
      else if (number === 4) feature.commands = part.numbers();
    });
    const side = 2 ** -z;
    const place = { left: x * side, top: y * side, unit: side / layer.extent };
    const shape = { points: [], lines: [], areas: [], box: [Infinity, Infinity, -Infinity, -Infinity], properties: {}, row: feature.id };
    for (let i = 0; i + 1 < feature.tags.length; i += 2) shape.properties[layer.keys[feature.tags[i]]] = layer.values[feature.tags[i + 1]];
    // Of a merged point only the tile it lies in counts, as of any other.
    const parts = feature.type === 1 ? readParts(feature.commands).flatMap(pairs) : readParts(feature.commands);
    addParts(shape, feature.type, parts, place, layer.extent);
    return shape;
  }

  /** One part for each point of a multipoint. */
  function pairs(part) {
    const points = [];
    for (let i = 0; i < part.length; i += 2) points.push([part[i], part[i + 1]]);
    return points;
  }

  function readLayer(reader, place) {
    const layer = { name: "", extent: 4096, keys: [], values: [] };
    const features = [];
    reader.each((number, part) => {
      if (number === 1) layer.name = part.text();
      else if (number === 2) features.push(part);
      else if (number === 3) layer.keys.push(part.text());
      else if (number === 4) layer.values.push(readValue(part));
      else if (number === 5) layer.extent = part;
    });
    // Only now: keys and values may come after the features that name them.
    const shapes = features.map((feature) => readFeature(feature, layer, place));
    return [layer.name, shapes.filter((shape) => shape.points.length || shape.lines.length || shape.areas.length)];
  }

  /**
   * The shapes of a tile [z, x, y] by the name of their layer, on the unit square; `row` is the
   * feature's id. Throws with one sentence where the bytes are no vector tile.
   */
  CG.readTile = function (bytes, place) {
    const layers = {};
    new Reader(bytes, 0, bytes.length).each((number, part) => {
      if (number !== 3) return;
      const [name, shapes] = readLayer(part, place);
      layers[name] = shapes;
    });
    return layers;
  };
})();
