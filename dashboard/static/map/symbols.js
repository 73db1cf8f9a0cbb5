/* How things look, on the map and in the legend alike: shapes and hatches first, colours second,
   so that the map still reads in grey and to eyes that tell few colours apart. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  const { kinds, verdicts } = CG.SYMBOLS;

  CG.INSIDE = verdicts.inside.color;
  CG.INK = "#1c2527";

  const PLAIN_AREA = { fill: 0.18, hatch: "none", width: 1.4 };
  const PLAIN_LINE = { width: 1.8 };

  /* For these a dash has a meaning of its own (a seasonal stream, a track), so layers of the kind
     stay alike. */
  CG.ALIKE = new Set(["water", "roads", "settlements", "health_sites"]);
  const DASHES = [null, [6, 3], [2, 3]];

  /** How a layer's areas are drawn; the second and third of a kind get a dashed, a dotted edge. */
  CG.areaStyle = ({ kind, variant }) => {
    const style = (kinds[kind] && kinds[kind].area) || PLAIN_AREA;
    if (!variant) return style;
    // The second of a kind has its hatch wider apart; another direction would be another kind's.
    const hatch = variant % 2 && style.hatch !== "none" ? `${style.hatch}-wide` : style.hatch;
    // An outline is told by its dash alone: the second has it longer, the third shorter.
    const own = !style.fill && style.dash && style.dash.map((pixels) => pixels * [1, 2, 0.6][variant % 3]);
    return { ...style, hatch, dash: own || DASHES[variant % 3] || style.dash };
  };
  CG.lineStyle = ({ kind, variant }) => {
    const style = (kinds[kind] && kinds[kind].line) || PLAIN_LINE;
    return variant ? { ...style, dash: DASHES[variant % 3] || style.dash } : style;
  };

  /** A colour as it is, darker (1), lighter (2), and so on in turn. */
  CG.shade = function (color, variant) {
    const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
    if (!found || variant % 3 === 0) return color;
    const [target, share] = variant % 3 === 1 ? [0, 0.42] : [255, 0.35];
    const parts = found.slice(1).map((hex) => Math.round(parseInt(hex, 16) * (1 - share) + target * share));
    return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };

  const hatches = new Map();

  /** A hatch as a canvas pattern in a colour; sharp on dense screens too. */
  CG.hatch = function (context, name, color) {
    const key = `${name} ${color}`;
    if (!hatches.has(key)) hatches.set(key, drawHatch(context, name, color));
    return hatches.get(key);
  };

  function drawHatch(context, name, color) {
    const [kind, wide] = name.split("-");
    const size = (kind === "dots" ? 7 : kind === "gaps" ? 12 : 9) * (wide ? 1.7 : 1);
    const dense = 2;
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(size * dense);
    const side = tile.width / dense;
    const pen = tile.getContext("2d");
    pen.scale(dense, dense);
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = kind === "gaps" ? 1.3 : 1;
    HATCHES[kind](pen, side);
    const pattern = context.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / dense));
    return pattern;
  }

  /** Slanted strokes over a tile, drawn three times so that the tile's edges meet. */
  function slant(pen, side, up, down) {
    pen.beginPath();
    for (const shift of [-side, 0, side]) {
      if (up) { pen.moveTo(shift - 1, side + 1); pen.lineTo(shift + side + 1, -1); }
      if (down) { pen.moveTo(shift - 1, -1); pen.lineTo(shift + side + 1, side + 1); }
    }
    pen.stroke();
  }

  function straight(pen, from, to) {
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }

  const HATCHES = {
    forward: (pen, side) => slant(pen, side, true, false),
    back: (pen, side) => slant(pen, side, false, true),
    cross: (pen, side) => slant(pen, side, true, true),
    upright: (pen, side) => straight(pen, [side / 2, 0], [side / 2, side]),
    level: (pen, side) => straight(pen, [0, side / 2], [side, side / 2]),
    dots: (pen, side) => {
      pen.beginPath();
      pen.arc(side / 2, side / 2, 0.9, 0, 7);
      pen.fill();
    },
    // Short strokes with gaps, staggered: nobody has looked here.
    gaps: (pen, side) => {
      straight(pen, [side * 0.08, side * 0.42], [side * 0.38, side * 0.12]);
      straight(pen, [side * 0.58, side * 0.92], [side * 0.88, side * 0.62]);
    },
  };

  /** Draw a point symbol of radius `r` pixels: a shape of its own for each kind. */
  CG.drawPoint = function (pen, symbol, x, y, r, color) {
    pen.beginPath();
    pen.lineWidth = r < 5 ? 0.8 : 1.3;
    pen.setLineDash([]);
    pen.fillStyle = color;
    pen.strokeStyle = "#ffffff";
    if (symbol === "diamond") {
      pen.moveTo(x, y - r * 1.25);
      pen.lineTo(x + r * 1.25, y);
      pen.lineTo(x, y + r * 1.25);
      pen.lineTo(x - r * 1.25, y);
      pen.closePath();
      pen.strokeStyle = CG.INK;
      pen.lineWidth = r < 5 ? 0.7 : 1;
    } else if (symbol === "square" || symbol === "outline") {
      pen.rect(x - r * 0.75, y - r * 0.75, r * 1.5, r * 1.5);
    } else if (symbol === "cross") {
      const w = r * 0.4;
      pen.moveTo(x - w, y - r);
      for (const [dx, dy] of [[w, -r], [w, -w], [r, -w], [r, w], [w, w], [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w]]) {
        pen.lineTo(x + dx, y + dy);
      }
      pen.closePath();
    } else if (symbol === "water") {
      pen.arc(x, y + r * 0.2, r * 0.8, -0.5, Math.PI + 0.5);
      pen.lineTo(x, y - r * 1.2);
      pen.closePath();
    } else if (symbol === "flag") {
      // A visit was to a site: the flag stands above the site's own sign.
      pen.moveTo(x - r * 0.14, y);
      for (const [dx, dy] of [[-0.14, -2.9], [1.5, -2.25], [0.2, -1.6], [0.2, 0]]) pen.lineTo(x + dx * r, y + dy * r);
      pen.closePath();
    } else {
      // Detections: a ring, so that the diamond of a site below it still shows.
      pen.arc(x, y, r * 0.8, 0, 7);
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = r < 5 ? 2.6 : 4;
      pen.stroke();
      pen.strokeStyle = color;
      pen.lineWidth = r < 5 ? 1.3 : 2;
      pen.stroke();
      return;
    }
    pen.fill();
    pen.stroke();
  };

  /** Draw the sign of a verdict: a full square, or a dashed ring with a question mark. */
  CG.drawVerdict = function (pen, verdict, x, y, r, count) {
    const sign = verdicts[verdict] || verdicts.too_close;
    pen.setLineDash([]);
    pen.beginPath();
    if (sign.shape === "square") {
      pen.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 2;
      pen.stroke();
      pen.fillStyle = sign.color;
      pen.fill();
    } else {
      pen.arc(x, y, r, 0, 7);
      pen.fillStyle = sign.fill;
      pen.fill();
      pen.strokeStyle = sign.color;
      pen.lineWidth = 2.2;
      pen.setLineDash([r * 0.62, r * 0.36]);
      pen.stroke();
      pen.setLineDash([]);
    }
    const label = count > 1 ? shortCount(count) : sign.mark;
    if (!label) return;
    pen.fillStyle = sign.ink;
    pen.font = `700 ${Math.round(r * (label.length > 2 ? 1 : 1.3))}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(label, x, y + 0.5);
  };

  const shortCount = (n) => (n < 1000 ? String(n) : n < 1e6 ? `${Math.round(n / 1000)}k` : "1M+");

  /** The legend's picture of a layer; `types` are the geometry types seen in its data. */
  CG.swatch = function (draw) {
    const canvas = CG.element("canvas", { width: 56, height: 40, class: "cg-swatch", "aria-hidden": "true" });
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    draw(pen);
    return canvas;
  };

  CG.layerSwatch = (layer, types) =>
    CG.swatch((pen) => {
      if (layer.classes && layer.classes.length) {
        drawMosaic(pen, layer.classes.map(([, color]) => color));
        return;
      }
      if (layer.picture) {
        drawPicture(pen, layer.color);
        return;
      }
      const style = CG.areaStyle(layer);
      const areaKinds = ["area", "outline"];
      const seen = types && types.size ? types : new Set([areaKinds.includes(layer.symbol) ? "area" : layer.symbol === "line" ? "line" : layer.symbol === "water" ? "area" : "point"]);
      if (seen.has("area")) {
        pen.beginPath();
        pen.rect(3, 3, 22, 14);
        CG.paintArea(pen, style, layer.color);
        pen.lineWidth = style.width;
        pen.setLineDash(style.dash || []);
        pen.strokeStyle = layer.color;
        pen.stroke();
      }
      if (seen.has("line")) {
        const line = CG.lineStyle(layer);
        pen.beginPath();
        pen.moveTo(2, 15);
        pen.bezierCurveTo(10, 0, 16, 20, 26, 5);
        pen.lineWidth = line.width;
        pen.setLineDash(line.dash || []);
        pen.strokeStyle = layer.color;
        pen.stroke();
        if (line.core) {
          pen.lineWidth = line.core_width;
          pen.strokeStyle = line.core;
          pen.stroke();
        }
      }
      if (seen.has("point")) CG.drawPoint(pen, layer.symbol, layer.symbol === "flag" ? 11 : 14, layer.symbol === "flag" ? 18 : 10, 6, layer.color);
    });

  /** A picture: hills and a sun in a frame, told by its lines alone. */
  function drawPicture(pen, color) {
    pen.fillStyle = "#ffffff";
    pen.fillRect(3, 2.5, 22, 15);
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = 1.4;
    pen.strokeRect(3.7, 3.2, 20.6, 13.6);
    pen.beginPath();
    pen.arc(9, 7.2, 1.9, 0, 7);
    pen.fill();
    pen.beginPath();
    pen.moveTo(5, 15.5);
    for (const at of [[10.5, 10], [13, 12.4], [17.5, 6.8], [23, 15.5]]) pen.lineTo(...at);
    pen.closePath();
    pen.fill();
  }

  /** A raster: a few of its colours side by side. */
  function drawMosaic(pen, colors) {
    const shown = colors.slice(0, 4);
    shown.forEach((color, i) => {
      pen.fillStyle = color;
      pen.fillRect(3 + (22 / shown.length) * i, 3, 22 / shown.length, 14);
    });
    pen.strokeStyle = CG.INK;
    pen.lineWidth = 0.8;
    pen.strokeRect(3, 3, 22, 14);
  }

  /** The colour of one class of a raster. */
  CG.classSwatch = (color) =>
    CG.swatch((pen) => {
      pen.fillStyle = color;
      pen.fillRect(5, 4, 18, 12);
      pen.strokeStyle = CG.INK;
      pen.lineWidth = 0.6;
      pen.strokeRect(5, 4, 18, 12);
    });

  CG.verdictSwatch = (verdict) => CG.swatch((pen) => CG.drawVerdict(pen, verdict, 14, 10, 7.5, 1));

  /** How dark the square of several features is: by the ground they cover, else by how many they are. */
  const cellTint = ({ share, count }) =>
    share === undefined ? Math.min(1, 0.45 + 0.2 * Math.log10(Math.max(1, count || 1))) : 0.14 + 0.66 * Math.sqrt(Math.max(0, Math.min(1, share)));

  /** Draw squares that stand for several features too small to show; the darker, the more. */
  CG.paintCells = function ({ pen, scale, ox, oy }, { color }, cells) {
    const alpha = pen.globalAlpha;
    pen.fillStyle = color;
    for (const { box, areas, properties } of cells) {
      if (!areas.length) continue;
      pen.globalAlpha = alpha * cellTint(properties);
      pen.fillRect(box[0] * scale - ox, box[1] * scale - oy, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale);
    }
    pen.globalAlpha = alpha;
  };

  /** Draw squares that stand for several points, with a white edge as other points have. */
  CG.paintPointCells = function ({ pen, scale, ox, oy }, layer, cells) {
    pen.setLineDash([]);
    pen.lineWidth = 0.8;
    for (const { points, properties } of cells) {
      const [x, y] = [points[0][0] * scale - ox, points[0][1] * scale - oy];
      pen.globalAlpha = layer.opacity * 0.9;
      pen.fillStyle = "#ffffff";
      pen.fillRect(x - 4.5, y - 4.5, 9, 9);
      pen.globalAlpha = layer.opacity * cellTint(properties);
      pen.fillStyle = layer.spec.color;
      pen.fillRect(x - 3.5, y - 3.5, 7, 7);
    }
    pen.globalAlpha = 1;
  };

  CG.cellSwatch = (spec) =>
    CG.swatch((pen) => {
      const cell = (i, j, share) => ({ areas: [1], box: [4 + 7 * i, 3 + 7 * j, 10.6 + 7 * i, 9.6 + 7 * j], properties: { share } });
      CG.paintCells({ pen, scale: 1, ox: 0, oy: 0 }, spec, [cell(0, 0, 0.05), cell(1, 0, 0.3), cell(2, 0, 1), cell(0, 1, 0.3), cell(1, 1, 1), cell(2, 1, 0.05)]);
    });

  /** Fill the current path as an area: a tint, then its hatch, in the colour of its ink if it has one. */
  CG.paintArea = function (pen, style, color, ink) {
    const alpha = pen.globalAlpha;
    if (style.fill) {
      pen.globalAlpha = alpha * style.fill;
      pen.fillStyle = color;
      pen.fill("evenodd");
    }
    if (style.hatch && style.hatch !== "none") {
      pen.globalAlpha = alpha * 0.5;
      pen.fillStyle = CG.hatch(pen, style.hatch, ink || color);
      pen.fill("evenodd");
    }
    pen.globalAlpha = alpha;
  };
})();
