/* The map as a picture for paper: the painter's own drawing at print density, with all a reader needs
   who has the paper only: title, legend, scale, north, dates, sources and what must not be read into it. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;

  const PAPERS = { A4: [297, 210], A3: [420, 297] };
  const DPI = 200;
  const CSS_DPI = 96;
  const MARGIN = 30;
  const COLUMN = 262;
  const FONT = 'system-ui, "Noto Sans", sans-serif';
  const PATIENCE_MS = 20000;
  /* From the best set legend to the one that fits: size of the words, and whether hints are kept. */
  const SETTINGS = [[11.5, true], [10.5, true], [10, false], [9, false]];

  const pixels = (mm) => (mm / 25.4) * CSS_DPI;

  /** Lines of at most `width` pixels in the pen's font; a word longer than a line is broken. */
  function wrapped(pen, text, width) {
    const lines = [];
    let line = "";
    for (const word of String(text).split(/\s+/)) {
      let rest = word;
      const longer = line ? `${line} ${rest}` : rest;
      if (pen.measureText(longer).width <= width) {
        line = longer;
        continue;
      }
      if (line) lines.push(line);
      while (pen.measureText(rest).width > width && rest.length > 1) {
        let cut = rest.length;
        while (cut > 1 && pen.measureText(rest.slice(0, cut)).width > width) cut -= 1;
        lines.push(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      line = rest;
    }
    return line ? [...lines, line] : lines;
  }

  /** Words on a white ground, for use on the map; at most `most` pixels wide. */
  CG.chip = function (pen, text, x, y, { align = "left", most = 300 } = {}) {
    pen.font = `600 12px ${FONT}`;
    const lines = wrapped(pen, text, most - 12);
    const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + 12;
    const left = align === "right" ? x - width : x;
    pen.fillStyle = "rgba(255,255,255,0.94)";
    pen.fillRect(left, y, width, lines.length * 16 + 8);
    pen.fillStyle = CG.INK;
    pen.textAlign = "left";
    pen.textBaseline = "top";
    lines.forEach((line, i) => pen.fillText(line, left + 6, y + 5 + i * 16));
  };

  /** The length of a scale bar: 1, 2 or 5 times a power of ten metres, at most `most` metres. */
  CG.roundLength = function (most) {
    const ten = Math.pow(10, Math.floor(Math.log10(most)));
    return [5, 2, 1].map((n) => n * ten).find((length) => length <= most) || ten;
  };

  /** Metres on the ground of one pixel east-west, at the middle of a view, on the ellipsoid. */
  function metresOfPixel({ scale, ox, oy, max }) {
    const latitude = CG.unitLatitude((max.y / 2 + oy) / scale);
    const longitude = (x) => ((x + ox) / scale) * 360 - 180;
    const [a, b] = [max.x / 2 - 40, max.x / 2 + 40];
    return CG.distance([longitude(a), latitude], [longitude(b), latitude]) / 80;
  }

  /** What the painter is to draw: all that tools and legend leave free on the screen, fitted in. */
  function viewOf(session, pen, [width, height]) {
    const { map } = session;
    const size = map.getSize();
    const { paddingTopLeft: [left, top], paddingBottomRight: [right, bottom] } = session.padding();
    const free = [Math.max(60, size.x - left - right), Math.max(60, size.y - top - bottom)];
    const zoom = map.getZoom() + Math.log2(Math.min(width / free[0], height / free[1]));
    const scale = 256 * Math.pow(2, zoom);
    const middle = map.containerPointToLatLng([left + free[0] / 2, top + free[1] / 2]);
    const ox = CG.unitX(middle.lng) * scale - width / 2;
    const oy = CG.unitY(middle.lat) * scale - height / 2;
    return {
      pen, scale, ox, oy, zoom, min: { x: 0, y: 0 }, max: { x: width, y: height }, taken: [], print: true,
      // tiles of pictures are taken one level finer than on the screen
      sharp: 1,
      dense: DPI / CSS_DPI,
      box: [ox / scale, oy / scale, (ox + width) / scale, (oy + height) / scale],
    };
  }

  const invented = (session) =>
    [...session.drawn().map(({ layer }) => layer), session.conflicts, session.hotspots].some((one) => one && one.spec.invented);

  /** The day whose rules were applied, as the address of a run says it. */
  function rulesOf(spec) {
    const on = new URL(spec.url || "", window.location.href).searchParams.get("on");
    return on ? [{ text: CG.text("rulesOf", CG.dayWords(on)) }] : [];
  }

  /** That the page shows some of the conflicts only: how many, where all of them are here. */
  function filteredOf(conflicts) {
    if (!conflicts.shown && !conflicts.verdicts && !conflicts.rules) return [];
    if (!conflicts.data) return [{ text: CG.text("filteredSome") }];
    const [some, all] = [conflicts.shapes().length, conflicts.data.list.length];
    return some < all ? [{ text: CG.text("filtered", CG.number(some, 0), CG.number(all, 0)) }] : [];
  }

  /** What the legend says, from top to bottom: {sign, text, note, head, strong}. */
  function rowsOf(session) {
    const rows = [];
    const hinted = (sign, key, hint) => ({ sign, text: CG.text(key), note: CG.text(hint), hint: true });
    if (session.hotspots) {
      rows.push({ head: CG.text("hotspots") }, ...rulesOf(session.hotspots.spec));
      for (const name of CG.hotspotClasses(session.hotspots)) rows.push(hinted(CG.hotspotSwatch(name), name, `${name}_hint`));
    }
    if (session.conflicts) {
      rows.push({ head: CG.text("conflicts") }, ...rulesOf(session.conflicts.spec));
      rows.push(...filteredOf(session.conflicts));
      if (session.conflicts.state === "failed") rows.push({ text: CG.text("failed", session.conflicts.problem), strong: true });
      rows.push(hinted(CG.verdictSwatch("inside"), "inside", "insideHint"), hinted(CG.verdictSwatch("too_close"), "tooClose", "tooCloseHint"));
      rows.push({ text: CG.text("several"), hint: true });
    }
    const drawn = session.drawn();
    if (drawn.length) rows.push({ head: CG.text("layers") });
    for (const { layer, side } of [...drawn].reverse()) {
      const { spec } = layer;
      const where = side ? `${CG.text(side === "left" ? "leftSide" : "rightSide")}: ` : "";
      rows.push({ sign: CG.layerSwatch(spec, CG.typesOf(layer)), text: where + spec.title, note: session.legend.note(layer) });
      for (const [name, color] of spec.classes || []) rows.push({ sign: CG.classSwatch(color), text: name, inner: true });
    }
    if (CG.surveyedAreas(session)) rows.push(hinted(CG.hotspotSwatch("not_surveyed"), "not_surveyed", "unsurveyedHint"));
    for (const name of session.baseSigns || []) rows.push({ sign: CG.baseSwatch(name, CG.baseStyle(session)), text: CG.text(name) });
    if (!drawn.length) rows.push({ text: CG.text("nothingOn") });
    return rows;
  }

  /** Set the rows in a column; returns the height, and draws only where `really`. */
  function setRows(pen, rows, { x, y, width, size, hints, most }, really) {
    let at = y;
    let left = 0;
    for (const row of rows) {
      if (row.hint && !hints && !row.sign) continue;
      const indent = row.inner ? 20 : 0;
      const words = x + indent + (row.sign ? 36 : 0);
      const line = size * 1.3;
      pen.font = `${row.head || row.strong ? 650 : 500} ${row.head ? size + 1 : size}px ${FONT}`;
      const text = wrapped(pen, row.head || row.text, width - (words - x));
      const note = hints || !row.hint ? row.note : null;
      pen.font = `400 ${size - 1}px ${FONT}`;
      const more = note ? wrapped(pen, note, width - (words - x)) : [];
      const height = Math.max(row.sign ? 21 : 0, text.length * line + more.length * (size - 1) * 1.3) + (row.inner ? 1 : 5) + (row.head ? 4 : 0);
      if (at + height > y + most) {
        left += 1;
        continue;
      }
      if (really) {
        if (row.sign) pen.drawImage(row.sign, x + indent, at, 28, 20);
        pen.textAlign = "left";
        pen.textBaseline = "top";
        pen.fillStyle = CG.INK;
        pen.font = `${row.head || row.strong ? 650 : 500} ${row.head ? size + 1 : size}px ${FONT}`;
        const top = at + (row.sign ? Math.max(0, (20 - line) / 2 - (more.length || text.length > 1 ? 4 : 0)) : row.head ? 4 : 0);
        text.forEach((words_, i) => pen.fillText(words_, words, top + i * line));
        pen.fillStyle = "#44525a";
        pen.font = `400 ${size - 1}px ${FONT}`;
        more.forEach((words_, i) => pen.fillText(words_, words, top + text.length * line + i * (size - 1) * 1.3));
      }
      at += height;
    }
    return { height: at - y, left };
  }

  function paintLegend(pen, rows, place) {
    const fits = SETTINGS.find(([size, hints]) => !setRows(pen, rows, { ...place, size, hints }, false).left);
    const [size, hints] = fits || SETTINGS[SETTINGS.length - 1];
    const most = fits ? place.most : place.most - 30;
    const { left } = setRows(pen, rows, { ...place, size, hints, most }, true);
    if (!left) return;
    // said, not left out in silence
    pen.font = `600 11px ${FONT}`;
    pen.fillStyle = CG.INK;
    wrapped(pen, CG.text("legendCut", left), place.width).forEach((line, i) => pen.fillText(line, place.x, place.y + place.most - 26 + i * 14));
  }

  /** Draw the scale bar; returns its ends in the painter's pixels of the frame and its length. */
  function paintScale(view) {
    const { pen, max } = view;
    const metre = metresOfPixel(view);
    const length = CG.roundLength(metre * 190);
    const width = length / metre;
    const [x, y] = [16, max.y - 20];
    const share = `1 : ${CG.number(Number(((metre * CSS_DPI) / 0.0254).toPrecision(3)), 0)}`;
    pen.setLineDash([]);
    pen.fillStyle = "rgba(255,255,255,0.94)";
    pen.font = `400 9.5px ${FONT}`;
    const words = CG.text("scaleAt", share);
    const box = Math.max(width + 60, pen.measureText(words).width + 20);
    pen.fillRect(x - 9, y - 32, box, 48);
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillStyle = CG.INK;
    pen.fillText(words, x, y - 19);
    pen.fillRect(x, y - 12, width, 8);
    pen.fillStyle = "#ffffff";
    pen.fillRect(x + width / 4, y - 10.5, width / 4, 5);
    pen.fillRect(x + (width * 3) / 4, y - 10.5, width / 4 - 1.5, 5);
    pen.fillStyle = CG.INK;
    pen.font = `500 10.5px ${FONT}`;
    pen.textBaseline = "top";
    pen.fillText("0", x - 3, y - 1);
    pen.textAlign = "center";
    pen.fillText(CG.metres(length), x + width, y - 1);
    return { x, y: y - 11.5, width, metres: length };
  }

  /** Web Mercator has north at the top everywhere. */
  function paintNorth({ pen, max }) {
    const [x, y] = [max.x - 28, 14];
    pen.fillStyle = "rgba(255,255,255,0.94)";
    pen.fillRect(x - 17, y - 5, 34, 56);
    pen.fillStyle = CG.INK;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.font = `700 13px ${FONT}`;
    pen.fillText(CG.text("north"), x, y - 1);
    pen.beginPath();
    pen.moveTo(x, y + 14);
    pen.lineTo(x + 9, y + 45);
    pen.lineTo(x, y + 38);
    pen.closePath();
    pen.fill();
    pen.beginPath();
    pen.moveTo(x, y + 14);
    pen.lineTo(x - 9, y + 45);
    pen.lineTo(x, y + 38);
    pen.closePath();
    pen.lineWidth = 1.2;
    pen.strokeStyle = CG.INK;
    pen.stroke();
  }

  /** Where each layer is from and how old it is, then what must not be read into the map. */
  function footOf(session) {
    const sources = [...session.drawn()].reverse().map(({ layer: { spec } }) =>
      `${spec.title}: ${spec.source || CG.text("noSource")} (${spec.dated || CG.text("undated")})`);
    const base = session.base && session.baseStyle !== "none" && session.base.attribution;
    return [...new Set(sources), CG.text("base") + (base ? `: ${base}` : "")].join(" · ");
  }

  function paintFoot(pen, session, { width, height }) {
    pen.font = `400 9.5px ${FONT}`;
    const lines = [...wrapped(pen, `${CG.text("sources")}: ${footOf(session)}`, width - 2 * MARGIN), ...wrapped(pen, CG.text("notIllegal"), width - 2 * MARGIN)];
    const top = height - MARGIN + 6 - lines.length * 12.5;
    pen.fillStyle = "#333d42";
    pen.textAlign = "left";
    pen.textBaseline = "top";
    lines.forEach((line, i) => pen.fillText(line, MARGIN, top + i * 12.5));
    return top;
  }

  function paintHead(pen, session, { width, title }) {
    const made = CG.text("made", CG.dayWords(new Date().toISOString().slice(0, 10)));
    pen.textBaseline = "top";
    pen.fillStyle = CG.INK;
    pen.textAlign = "right";
    pen.font = `400 11px ${FONT}`;
    pen.fillText(`Common Ground · ${made}`, width - MARGIN, MARGIN - 4);
    const side = pen.measureText(`Common Ground · ${made}`).width;
    pen.textAlign = "left";
    pen.font = `700 20px ${FONT}`;
    const lines = wrapped(pen, title, width - 2 * MARGIN - side - 30).slice(0, 2);
    lines.forEach((line, i) => pen.fillText(line, MARGIN, MARGIN - 10 + i * 24));
    let y = MARGIN - 10 + lines.length * 24;
    if (invented(session)) {
      pen.font = `700 12.5px ${FONT}`;
      const words = CG.text(session.legend.isMixed ? "inventedSome" : "inventedAll");
      pen.strokeStyle = "#7a3a06";
      pen.lineWidth = 1.4;
      pen.setLineDash([]);
      pen.strokeRect(MARGIN + 0.7, y + 3, pen.measureText(words).width + 16, 21);
      pen.fillStyle = "#7a3a06";
      pen.fillText(words, MARGIN + 8, y + 7.5);
      y += 28;
    }
    return y + 8;
  }

  /** Paint the map into a frame of the page, in the page's own pixels at print density. */
  function paintFrame(pen, session, frame, dense) {
    const view = viewOf(session, pen, [frame.width, frame.height]);
    pen.save();
    pen.beginPath();
    pen.rect(frame.x, frame.y, frame.width, frame.height);
    pen.clip();
    pen.setTransform(dense, 0, 0, dense, dense * frame.x, dense * frame.y);
    // all tiles are drawn, however long that takes; on the screen it goes on in the next frame
    CG.beginFrame(view, { patient: true });
    session.painter.paintView(view);
    session.swipe.paintPrint(view);
    session.timeline.paintPrint(view);
    paintNorth(view);
    const bar = paintScale(view);
    pen.restore();
    pen.strokeStyle = CG.INK;
    pen.lineWidth = 1;
    pen.setLineDash([]);
    pen.strokeRect(frame.x, frame.y, frame.width, frame.height);
    return { view, bar };
  }

  /** The sources of tiles of what is drawn, of pictures and of features. */
  const sources = (session) => session.drawn().flatMap(({ layer }) => [layer.tiles, layer.vector]).concat([session.conflicts, session.hotspots].map((one) => one && one.vector)).filter(Boolean);
  const count = (session, what) => sources(session).reduce((sum, source) => sum + (source[what] || 0), 0);

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Have all that a view needs: the features of large layers, and tiles at their finer level. */
  async function fetched(session, paint) {
    for (const source of sources(session)) if (source.retry) source.retry();
    paint();
    const isOnTheWay = () => count(session, "waiting") || sources(session).some((source) => source.isBuilding);
    const until = Date.now() + PATIENCE_MS;
    while (isOnTheWay() && Date.now() < until) {
      await pause(100);
      if (!count(session, "waiting")) paint(); // asks for what the server was not ready for
    }
    return count(session, "waiting") + count(session, "failed");
  }

  /**
   * The map as it is now on a paper of `paper` size (landscape): {blob, width, height, dense, frame,
   * bar, view, missing}. `bar` is in the pixels of the picture; `missing` counts tiles that did not come.
   */
  CG.printed = async function (session, { paper, title }) {
    const [wide, high] = PAPERS[paper].map(pixels);
    const dense = DPI / CSS_DPI;
    const canvas = el("canvas", { width: Math.round(wide * dense), height: Math.round(high * dense) });
    const pen = canvas.getContext("2d");
    const paint = () => {
      pen.setTransform(dense, 0, 0, dense, 0, 0);
      pen.globalAlpha = 1;
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, wide, high);
      const top = paintHead(pen, session, { width: wide, title });
      const bottom = paintFoot(pen, session, { width: wide, height: high }) - 10;
      const frame = { x: MARGIN, y: top, width: wide - 2 * MARGIN - COLUMN - 18, height: bottom - top };
      const rows = rowsOf(session);
      paintLegend(pen, rows, { x: wide - MARGIN - COLUMN, y: top, width: COLUMN, most: frame.height });
      const painted = paintFrame(pen, session, frame, dense);
      // where the base map is none the painter leaves it clear: on paper that is white
      pen.globalCompositeOperation = "destination-over";
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, wide, high);
      pen.globalCompositeOperation = "source-over";
      return { frame, ...painted };
    };
    try {
      const missing = await fetched(session, paint);
      const { frame, view, bar } = paint();
      const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
      if (!blob) throw new Error(CG.text("printTooLarge"));
      const inPicture = { x: (frame.x + bar.x) * dense, y: (frame.y + bar.y) * dense, width: bar.width * dense, metres: bar.metres };
      return { blob: await withDensity(blob), width: canvas.width, height: canvas.height, dense, frame, bar: inPicture, view: { ...view, pen: null }, missing };
    } finally {
      // the signs under the mouse are those of the screen again
      session.moved();
      session.painter.redraw();
    }
  };

  /** The PNG with its density in it (chunk pHYs), so that it prints in its own size. */
  async function withDensity(blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const perMetre = Math.round(DPI / 0.0254);
    const chunk = new Uint8Array(21);
    const numbers = new DataView(chunk.buffer);
    numbers.setUint32(0, 9);
    chunk.set([0x70, 0x48, 0x59, 0x73], 4);
    numbers.setUint32(8, perMetre);
    numbers.setUint32(12, perMetre);
    chunk[16] = 1;
    numbers.setUint32(17, crc(chunk.subarray(4, 17)));
    const head = 33; // signature and IHDR
    return new Blob([bytes.subarray(0, head), chunk, bytes.subarray(head)], { type: "image/png" });
  }

  /** The check sum of a PNG chunk (ISO 3309). */
  function crc(bytes) {
    let sum = ~0;
    for (const byte of bytes) {
      sum ^= byte;
      for (let i = 0; i < 8; i++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum >>> 0;
  }

  const fileName = (session, paper) => `common-ground-${session.region.id}-${new Date().toISOString().slice(0, 10)}-${paper.toLowerCase()}.png`;

  /** What the picture is called until somebody calls it otherwise. */
  function titleOf(session) {
    const what = session.hotspots ? "hotspots" : session.conflicts ? "conflicts" : null;
    return what ? `${session.region.name}: ${CG.text(what)}` : session.region.name;
  }

  /** The panel: title, paper, and the button that makes the picture and saves it. */
  CG.openPrint = function (session) {
    const { tools } = session;
    const title = el("input", { type: "text", value: titleOf(session), maxlength: "160", "aria-label": CG.text("printTitle") });
    const paper = el("select", { "aria-label": CG.text("paper") }, ...Object.keys(PAPERS).map((name) => el("option", { value: name }, CG.text("landscape", name))));
    const told = el("p", { class: "cg-quiet", role: "status" }, CG.text("printHint"));
    const make = el("button", { type: "button", "data-cg": "finish" }, CG.text("printMake"));
    make.addEventListener("click", async () => {
      make.disabled = true;
      told.className = "cg-quiet";
      told.textContent = CG.text("printing");
      try {
        const picture = await CG.printed(session, { paper: paper.value, title: title.value.trim() || titleOf(session) });
        save(picture.blob, fileName(session, paper.value));
        const size = `${picture.width} × ${picture.height}, ${CG.number(picture.blob.size / 1e6, 1)} MB`;
        told.textContent = CG.text("printed", size) + (picture.missing ? ` ${CG.text("printMissing", picture.missing)}` : "");
        if (picture.missing) told.className = "cg-problem";
      } catch (error) {
        told.className = "cg-problem";
        told.textContent = CG.text("printFailed", error.message);
      }
      make.disabled = false;
    });
    tools.open(
      el("label", {}, CG.text("printTitle"), title),
      el("label", {}, CG.text("paper"), paper),
      told,
      el("div", { class: "cg-acts" }, make, el("button", { type: "button", onclick: () => tools.close() }, CG.text("close"))));
    title.focus();
  };

  function save(blob, name) {
    const address = URL.createObjectURL(blob);
    el("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }
})();
