/* Names on the map: none over another, none over a sign; what matters more is placed first. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const SETTLEMENTS_FROM = 8.5;
  const DISTRICTS_FROM = 8;
  const COUNTRIES_UNTIL = 8;
  const DISTRICT_PIXELS = 90;
  const LINES_FROM = 9;
  // A town of the base map this near to a settlement of a layer is the same place. Metres.
  const SAME_PLACE_M = 2500;
  const SAME_NAME_M = 15000;
  const AGAIN_PIXELS = 420;
  // A screen holds some hundred names: of thousands in view the first are tried, not all.
  const MOST_TRIED = 1500;
  const MOST_WIDTHS = 20000;
  const SETTLEMENT = { size: 12, color: CG.INK };
  const DISTRICT = { size: 12, color: "#4b555c", italic: true, spacing: 0.4 };
  const ROAD = { size: 11, color: "#57534e" };

  /** Draw every name that finds room, the most important first; `session.labels` lists them. */
  CG.paintLabels = function (view, session) {
    const room = new Room(view);
    const style = CG.baseStyle(session);
    const { base } = session;
    if (base && style.country && view.zoom < COUNTRIES_UNTIL) paintCountries(room, base.countries, style);
    if (base && style.water) paintWaters(room, base.waters, style);
    const settlements = paintSettlements(room, session);
    if (base && style.town) paintTowns(room, base.towns, style, settlements);
    if (view.zoom >= DISTRICTS_FROM) paintDistricts(room, session);
    if (view.zoom >= LINES_FROM) paintLines(room, session);
    session.labels = room.names;
  };

  const widths = new Map();

  /** What is free on the canvas, and the names that have been put there. */
  class Room {
    constructor(view) {
      this.view = view;
      this.taken = view.taken;
      this.names = [];
    }

    /** Where a place of the unit square is on the canvas; null out of view. */
    at({ x, y }) {
      const { scale, ox, oy, min, max } = this.view;
      const [px, py] = [x * scale - ox, y * scale - oy];
      return px >= min.x && px <= max.x && py >= min.y && py <= max.y ? [px, py] : null;
    }

    font({ size, italic, weight }) {
      return `${italic ? "italic " : ""}${weight || 500} ${size}px system-ui, sans-serif`;
    }

    /** The width of words in a style, spacing counted. */
    width(text, style) {
      const font = this.font(style);
      const key = `${font} ${text}`;
      if (!widths.has(key)) {
        if (widths.size > MOST_WIDTHS) widths.clear();
        this.view.pen.font = font;
        widths.set(key, this.view.pen.measureText(text).width);
      }
      return widths.get(key) + (style.spacing || 0) * text.length;
    }

    isFree(box) {
      return this.taken.every((other) => !CG.boxesMeet(box, other));
    }

    /** Write words at the first of several places (middle and top, pixels) that is free. */
    place(text, places, style) {
      const half = this.width(text, style) / 2;
      for (const [x, y] of places) {
        const box = [x - half - 3, y - 2, x + half + 3, y + style.size + 3];
        if (!this.isFree(box)) continue;
        this.taken.push(box);
        this.names.push({ text, box });
        this.write(text, x, y, style);
        return true;
      }
      return false;
    }

    write(text, x, y, style) {
      const { pen } = this.view;
      pen.font = this.font(style);
      if ("letterSpacing" in pen) pen.letterSpacing = `${style.spacing || 0}px`;
      pen.textAlign = "center";
      pen.textBaseline = "top";
      pen.lineJoin = "round";
      pen.lineWidth = 3.5;
      pen.strokeStyle = "rgba(255,255,255,0.88)";
      pen.strokeText(text, x, y);
      pen.fillStyle = style.color;
      pen.fillText(text, x, y);
      pen.lineJoin = "miter";
      if ("letterSpacing" in pen) pen.letterSpacing = "0px";
    }

    /** Below, above, right and left of a point whose sign has a radius, in pixels. */
    around([x, y], text, style, radius) {
      const side = this.width(text, style) / 2 + radius + 3;
      const { size } = style;
      return [[x, y + radius], [x, y - radius - size - 2], [x + side, y - size / 2], [x - side, y - size / 2]];
    }
  }

  function paintCountries(room, countries, style) {
    const { scale } = room.view;
    for (const country of countries) {
      const at = room.at(country);
      // The larger a country is on the screen, the larger and wider its name; a small one has none.
      const wide = Math.sqrt(country.size) * (scale / 360);
      if (!at || wide < 26) continue;
      const size = wide > 260 ? 14 : wide > 110 ? 12.5 : 11;
      room.place(country.name.toUpperCase(), [at], { size, color: style.country, spacing: wide > 110 ? 2.5 : 1 });
    }
  }

  function paintWaters(room, waters, style) {
    for (const water of waters) {
      const at = water.zoom <= room.view.zoom && room.at(water);
      if (at) room.place(water.name, [at], { size: 12, color: style.water, italic: true, spacing: 0.6 });
    }
  }

  /** Names of the settlements of layers; returns those in view, named or not. */
  function paintSettlements(room, session) {
    const { view } = room;
    if (view.zoom < SETTLEMENTS_FROM) return [];
    const found = [];
    for (const shape of named(session, "settlements", view)) {
      const place = { x: (shape.box[0] + shape.box[2]) / 2, y: (shape.box[1] + shape.box[3]) / 2, name: String(shape.properties.name) };
      found.push(place);
      if (found.length > MOST_TRIED) continue;
      const at = room.at(place);
      if (at) room.place(place.name, room.around(at, place.name, SETTLEMENT, 7), SETTLEMENT);
    }
    return found;
  }

  /** Towns of the base map with a dot each, but not those a layer shows already. */
  function paintTowns(room, towns, style, settlements) {
    const { view } = room;
    const { pen } = view;
    for (const town of towns) {
      const at = town.zoom <= view.zoom && room.at(town);
      if (!at || isAmong(town, settlements)) continue;
      const size = town.zoom <= 5.5 || town.capital ? 12.5 : 11.5;
      const look = { size, color: style.town, weight: town.capital ? 650 : 500 };
      const r = town.capital ? 3.2 : 2.4;
      const dot = [at[0] - r - 1, at[1] - r - 1, at[0] + r + 1, at[1] + r + 1];
      if (!room.isFree(dot)) continue;
      if (!room.place(town.name, room.around(at, town.name, look, r + 1), look)) continue;
      room.taken.push(dot);
      pen.beginPath();
      pen.arc(at[0], at[1], r, 0, 7);
      pen.fillStyle = "#ffffff";
      pen.fill();
      pen.lineWidth = town.capital ? 2 : 1.3;
      pen.strokeStyle = style.town;
      pen.stroke();
    }
  }

  const folded = (name) => name.normalize("NFD").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();

  /** Whether a town lies at a settlement, or near one of the same name. */
  function isAmong(town, settlements) {
    const metres = 1 / CG.pixelsOfMetre(town.y, 1);
    return settlements.some((other) => {
      const away = Math.hypot(other.x - town.x, other.y - town.y) * metres;
      return away < SAME_PLACE_M || (away < SAME_NAME_M && folded(other.name) === folded(town.name));
    });
  }

  /** The features of shown layers of a kind that are in view and have a name. */
  function named(session, kind, view) {
    return session.shownLayers()
      .filter((layer) => layer.spec.kind === kind)
      .flatMap((layer) => CG.namedShapes(layer, view))
      .filter((shape) => shape.properties.name && CG.boxesMeet(shape.box, view.box));
  }

  function paintDistricts(room, session) {
    const { view } = room;
    const shapes = named(session, "districts", view).sort((a, b) => b.box[2] - b.box[0] - (a.box[2] - a.box[0]));
    for (const shape of shapes) {
      if ((shape.box[2] - shape.box[0]) * view.scale < DISTRICT_PIXELS) continue;
      const name = String(shape.properties.name);
      const places = insides(view, shape, room.width(name, DISTRICT));
      room.place(name, places, DISTRICT);
    }
  }

  /** Up to five places inside the part of an area that is in view, the roomiest first. */
  function insides(view, shape, width) {
    const { scale, ox, oy } = view;
    const box = [0, 1, 2, 3].map((i) => (i < 2 ? Math.max(shape.box[i], view.box[i]) : Math.min(shape.box[i], view.box[i])));
    const found = [];
    for (const share of [0.5, 0.38, 0.62, 0.25, 0.75]) {
      const y = box[1] + (box[3] - box[1]) * share;
      for (const [from, to] of spans(shape, y)) {
        const [left, right] = [Math.max(from, box[0]), Math.min(to, box[2])];
        if ((right - left) * scale > width + 8) found.push([((left + right) / 2) * scale - ox, y * scale - oy - 7, right - left]);
      }
    }
    return found.sort((a, b) => b[2] - a[2]).slice(0, 5);
  }

  /** From where to where a horizontal line at height y is inside an area, west to east. */
  function spans(shape, y) {
    const crossings = [];
    for (const rings of shape.areas) {
      for (const ring of rings) {
        for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
          const [x0, y0, x1, y1] = [ring[j], ring[j + 1], ring[i], ring[i + 1]];
          if (y0 > y !== y1 > y) crossings.push(x0 + ((x1 - x0) * (y - y0)) / (y1 - y0));
        }
      }
    }
    crossings.sort((a, b) => a - b);
    return crossings.flatMap((x, i) => (i % 2 ? [] : [[x, crossings[i + 1] ?? x]]));
  }

  /** Names along rivers and roads, and on lakes. */
  function paintLines(room, session) {
    const { view } = room;
    const { kinds } = CG.SYMBOLS;
    const river = { size: 11.5, color: CG.shade(kinds.water.color, 1), italic: true, spacing: 0.6 };
    for (const [kind, style] of [["water", river], ["roads", ROAD]]) {
      for (const shape of named(session, kind, view)) {
        const name = String(shape.properties.name);
        if (shape.areas.length) room.place(name, insides(view, shape, room.width(name, style)), style);
        for (const line of shape.lines) alongLine(room, name, line, style);
      }
    }
  }

  /** Write words along a line where it runs straight enough; not again near the same words. */
  function alongLine(room, text, line, style) {
    const { view } = room;
    const width = room.width(text, style);
    const path = pixels(view, line);
    const total = path.length ? path[path.length - 1][2] : 0;
    for (let start = Math.max(4, (total - width) / 2 - 200); start + width < total - 4; start += 30) {
      const glyphs = run(room, text, path, start, style);
      if (!glyphs) continue;
      const [x, y] = glyphs[glyphs.length >> 1];
      const isNear = room.names.some((other) => other.text === text && Math.hypot(other.box[0] - x, other.box[1] - y) < AGAIN_PIXELS);
      if (isNear) return;
      const boxes = glyphs.map(([gx, gy]) => [gx - 6, gy - 7, gx + 6, gy + 7]);
      if (!boxes.every((box) => room.isFree(box))) continue;
      room.taken.push(...boxes);
      room.names.push({ text, box: [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1])), Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))], boxes });
      writeRun(room, glyphs, style);
      return;
    }
  }

  /** The longest stretch of a line that is in view, as pixels with the distance from its start. */
  function pixels({ scale, ox, oy, min, max }, line) {
    let [best, now] = [[], []];
    const keep = () => {
      if (now.length && (!best.length || now[now.length - 1][2] > best[best.length - 1][2])) best = now;
      now = [];
    };
    for (let i = 0; i < line.length; i += 2) {
      const [x, y] = [line[i] * scale - ox, line[i + 1] * scale - oy];
      if (x < min.x || x > max.x || y < min.y || y > max.y) {
        keep();
        continue;
      }
      const last = now[now.length - 1];
      const away = last ? Math.hypot(x - last[0], y - last[1]) : 0;
      // Bends of a few pixels would shake the letters.
      if (!last || away > 9) now.push([x, y, last ? last[2] + away : 0]);
    }
    keep();
    return best;
  }

  /** Each letter's place and angle from a distance along a path on; null where it bends too much. */
  function run(room, text, path, start, style) {
    const where = (s) => {
      let i = path.findIndex((point) => point[2] >= s);
      if (i < 1) i = 1;
      const [a, b] = [path[i - 1], path[i]];
      const share = (s - a[2]) / (b[2] - a[2] || 1);
      return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, Math.atan2(b[1] - a[1], b[0] - a[0])];
    };
    const width = room.width(text, style);
    const turns = where(start)[0] > where(start + width)[0];
    const glyphs = [];
    let s = 0;
    for (const letter of text) {
      const wide = room.width(letter, style);
      const middle = s + wide / 2;
      const [x, y, angle] = where(turns ? start + width - middle : start + middle);
      glyphs.push([x, y, turns ? angle + Math.PI : angle, letter]);
      s += wide;
    }
    const bend = (a, b) => Math.abs(Math.atan2(Math.sin(a - b), Math.cos(a - b)));
    const isCalm = glyphs.every((glyph, i) => (!i || bend(glyph[2], glyphs[i - 1][2]) < 0.55) && bend(glyph[2], glyphs[0][2]) < 1);
    return isCalm ? glyphs : null;
  }

  function writeRun(room, glyphs, style) {
    const { pen } = room.view;
    pen.font = room.font(style);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const isHalo of [true, false]) {
      for (const [x, y, angle, letter] of glyphs) {
        pen.save();
        pen.translate(x, y);
        pen.rotate(angle);
        pen.lineWidth = 3.2;
        pen.strokeStyle = "rgba(255,255,255,0.85)";
        pen.fillStyle = style.color;
        if (isHalo) pen.strokeText(letter, 0, 0);
        else pen.fillText(letter, 0, 0);
        pen.restore();
      }
    }
    pen.lineJoin = "miter";
  }
})();
