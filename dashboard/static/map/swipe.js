/* Before and after: a divider over the map, one version or layer to its left, another to its right. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  const STEPS = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 };

  CG.Swipe = class {
    constructor(session) {
      this.session = session;
      this.pair = null;
      this.part = 0.5;
      this.line = el("div", { class: "cg-swipe", role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": "100", hidden: true }, el("span", { class: "cg-swipe-grip", "aria-hidden": "true" }));
      this.left = el("div", { class: "cg-side cg-side-left", hidden: true });
      this.right = el("div", { class: "cg-side cg-side-right", hidden: true });
      const container = session.map.getContainer();
      for (const one of [this.line, this.left, this.right]) {
        CG.shield(one);
        container.append(one);
      }
      this.line.addEventListener("pointerdown", (event) => this.grip(event));
      this.line.addEventListener("pointermove", (event) => this.line.hasPointerCapture(event.pointerId) && this.drag(event));
      this.line.addEventListener("keydown", (event) => this.key(event));
      // The divider stays where it is while the map moves under it.
      session.map.on("move", () => this.pair && session.painter.redraw());
      session.map.on("resize", () => this.pair && this.placeNames());
    }

    /** What a layer can be set beside: its other versions, then other layers of its kind. */
    options(layer) {
      const { spec } = layer;
      const versions = (spec.versions || []).filter((one) => one.version !== spec.version).reverse();
      const others = [...this.session.layers.values()].filter((one) => one !== layer && one.spec.kind === spec.kind);
      return [
        ...versions.map((one) => ({ value: `v${one.number}`, label: CG.versionName(one) })),
        ...others.map((one) => ({ value: CG.shortId(one.spec.id), label: `${one.spec.title}, ${one.spec.dated || CG.text("undated")}` })),
      ];
    }

    /** The choice for a layer's row in the legend; null where there is nothing to compare. */
    choice(layer) {
      const options = this.options(layer);
      if (!options.length) return null;
      const { id, title } = layer.spec;
      const select = el("select", {
        "aria-label": CG.text("compare", title), "data-cg-focus": `compare ${id}`,
        onchange: () => (select.value ? this.start(id, select.value) : this.stop()),
      }, el("option", { value: "" }, CG.text("compareNothing")), ...options.map(({ value, label }) => el("option", { value }, label)));
      select.value = this.pair && this.pair.id === id ? this.pair.other : "";
      return el("label", { class: "cg-compare" }, el("span", {}, CG.text("compareWith")), select);
    }

    /** Set a layer beside `other`: a version as "v1", or the short id of a layer of its kind. */
    start(id, other, part) {
      this.pair = { id, other };
      this.part = part === undefined ? this.middle() : part;
      this.session.map.closePopup();
      for (const one of [this.session.layers.get(id), this.partner()]) {
        if (one && !one.visible) this.session.setVisible(one.spec.id, true);
      }
      this.changed();
    }

    /** The middle of what tools and legend leave free of the map, as a part of its width. */
    middle() {
      const wide = this.session.map.getSize().x;
      const { paddingTopLeft: [left], paddingBottomRight: [right] } = this.session.padding();
      return (left + Math.max(0, wide - left - right) / 2) / wide;
    }

    stop() {
      this.pair = null;
      this.changed();
    }

    changed() {
      this.render();
      this.session.legend.render();
      this.session.painter.redraw();
      this.session.keeper.later();
    }

    /** The layer of the map that stands on the other side, null where that is an older version. */
    partner() {
      return this.pair ? [...this.session.layers.values()].find((one) => CG.shortId(one.spec.id) === this.pair.other) || null : null;
    }

    /** Both sides as [left, right]: the older of two versions is on the left. */
    sides() {
      const layer = this.pair && this.session.layers.get(this.pair.id);
      if (!layer) return null;
      const partner = this.partner();
      if (partner) return [partner, layer];
      const told = (layer.spec.versions || []).find((one) => `v${one.number}` === this.pair.other);
      if (!told || told.version === layer.spec.version) return null;
      const other = this.session.layers.olderVersion(layer, told.version);
      const now = (layer.spec.versions.find((one) => one.version === layer.spec.version) || {}).number;
      return other.spec.number > now ? [layer, other] : [other, layer];
    }

    /** How a layer that is switched on is drawn: on one side, on both, or not as it is. */
    parts(layer) {
      const sides = this.sides();
      if (!sides) return null;
      const [left, right] = sides;
      if (layer.spec.id !== left.spec.id && layer.spec.id !== right.spec.id) return null;
      return [{ layer: left, side: "left" }, { layer: right, side: "right" }].filter((one) => one.layer.spec.id === layer.spec.id);
    }

    /** The side of the divider a pixel of the map's frame is on; null where nothing is compared. */
    sideAt(x) {
      return this.sides() && (x < this.part * this.session.map.getSize().x ? "left" : "right");
    }

    /** Where the divider is in the painter's pixels. */
    x(view) {
      if (view.print) return view.min.x + this.part * (view.max.x - view.min.x);
      const { map } = this.session;
      return map.containerPointToLayerPoint([this.part * map.getSize().x, 0]).x;
    }

    /** Draw something on one side of the divider only. */
    clipped(view, side, draw) {
      if (!side) {
        draw();
        return;
      }
      const { pen, min, max } = view;
      const x = Math.max(min.x, Math.min(max.x, this.x(view)));
      pen.save();
      pen.beginPath();
      if (side === "left") pen.rect(min.x, min.y, x - min.x, max.y - min.y);
      else pen.rect(x, min.y, max.x - x, max.y - min.y);
      pen.clip();
      draw();
      pen.restore();
    }

    grip(event) {
      if (event.target.closest("button")) return;
      this.line.setPointerCapture(event.pointerId);
      event.stopPropagation();
      this.line.focus();
    }

    drag(event) {
      const box = this.session.map.getContainer().getBoundingClientRect();
      this.move((event.clientX - box.left) / box.width);
    }

    key(event) {
      if (event.key === "Escape") {
        this.stop();
        this.session.map.getContainer().focus();
      } else if (event.key in STEPS) this.move(this.part + STEPS[event.key]);
      else if (event.key === "Home") this.move(0);
      else if (event.key === "End") this.move(1);
      else return;
      // The same keys move the map.
      event.preventDefault();
      event.stopPropagation();
    }

    move(part) {
      this.part = Math.max(0, Math.min(1, part));
      this.place();
      this.session.painter.redraw();
      this.session.keeper.later();
    }

    /** The name of a side, with its date in words. */
    nameOf(layer) {
      const { spec } = layer;
      const versions = spec.versions || [];
      const version = versions.find((one) => one.version === spec.version);
      return `${spec.title}, ${version && !this.partner() ? CG.versionName(version) : spec.dated || CG.text("undated")}`;
    }

    render() {
      const sides = this.sides();
      for (const one of [this.line, this.left, this.right]) one.hidden = !sides;
      if (!sides) return;
      const [left, right] = sides.map((layer) => this.nameOf(layer));
      const state = (layer) => (layer.state === "failed" ? CG.text("failed", layer.problem) : layer.state === "loading" ? CG.text("loading") : null);
      const note = (layer) => state(layer) && el("small", {}, state(layer));
      this.line.setAttribute("aria-label", CG.text("divider", left, right));
      this.left.replaceChildren(el("span", {}, left), note(sides[0]) || "");
      this.right.replaceChildren(el("span", {}, right), note(sides[1]) || "",
        el("button", { type: "button", "aria-label": CG.text("endCompare"), title: CG.text("endCompare"), onclick: () => this.stop() }, "×"));
      this.place();
    }

    place() {
      const percent = `${(this.part * 100).toFixed(2)}%`;
      this.session.map.getContainer().style.setProperty("--cg-part", percent);
      this.placeNames();
      this.line.setAttribute("aria-valuenow", String(Math.round(this.part * 100)));
      this.line.setAttribute("aria-valuetext", CG.text("dividerAt", Math.round(this.part * 100)));
    }

    /** The names of both sides stand beside the divider, clear of each other, tools and legend. */
    placeNames() {
      const wide = this.session.map.getSize().x;
      const isNarrow = wide <= 640;
      const { paddingTopLeft: [tools], paddingBottomRight: [legend] } = this.session.padding();
      const [low, high] = [isNarrow ? 8 : tools + 8, wide - legend];
      const [left, right] = [this.left.offsetWidth, this.right.offsetWidth];
      const at = this.part * wide;
      const x = Math.max(low, at - 16 - left);
      const beside = Math.min(high - right, Math.max(at + 16, x + left + 8));
      this.right.style.left = `${beside}px`;
      this.left.style.left = `${Math.min(x, beside - 8 - left)}px`;
    }

    /** The comparison as an address says it. */
    text() {
      return this.pair ? [CG.shortId(this.pair.id), this.pair.other, Math.round(this.part * 100)].join(",") : null;
    }

    /** Take a comparison from an address, where both sides of it are here. */
    restore(text) {
      this.pair = null;
      if (!text) return;
      const [short, other, percent] = text.split(",");
      const layer = [...this.session.layers.values()].find((one) => CG.shortId(one.spec.id) === short);
      if (!layer || !this.options(layer).some((one) => one.value === other)) return;
      this.start(layer.spec.id, other, Math.min(Number(percent), 100) / 100);
    }

    /** What the printed picture says: the names of both sides where the divider is. */
    paintPrint(view) {
      const sides = view.print && this.sides();
      if (!sides) return;
      const { pen, min, max } = view;
      const x = this.x(view);
      pen.setLineDash([]);
      for (const [color, width] of [["#ffffff", 5], [CG.INK, 2]]) {
        pen.beginPath();
        pen.moveTo(x, min.y);
        pen.lineTo(x, max.y);
        pen.strokeStyle = color;
        pen.lineWidth = width;
        pen.stroke();
      }
      CG.chip(pen, this.nameOf(sides[0]), x - 8, min.y + 10, { align: "right", most: Math.max(80, x - min.x - 20) });
      CG.chip(pen, this.nameOf(sides[1]), x + 8, min.y + 10, { most: Math.max(80, max.x - x - 70) });
    }
  };

  /** A version in words: its number and the day its data speak for. */
  CG.versionName = (version) => CG.text("version", version.number, version.dated || CG.text("undated"));
})();
