/* The legend: always there, built from the layers that are shown, with a switch for each. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  const VERDICTS = [["inside", "inside"], ["too_close", "tooClose"]];

  CG.Legend = class {
    constructor(session) {
      this.session = session;
      this.open = false;
      this.opened = new Set();
      this.list = el("div", { class: "cg-legend-list" });
      this.heading = el("button", { type: "button", class: "cg-legend-toggle", onclick: () => this.toggle() });
      this.root = el("section", { class: "cg-legend" }, this.heading, this.list);
      CG.shield(this.root);
      session.map.getContainer().append(this.root);
    }

    toggle() {
      this.open = !this.open;
      this.mark();
    }

    mark() {
      this.root.classList.toggle("cg-open", this.open);
      this.root.setAttribute("aria-label", CG.text("legend"));
      this.heading.setAttribute("aria-expanded", String(this.open));
      this.heading.setAttribute("aria-label", CG.text(this.open ? "hideLegend" : "showLegend"));
    }

    /** After a drawing: build the legend again if other things are in view than it says. */
    follow() {
      if (this.inView() !== this.saidInView) this.render();
    }

    /** What is drawn in the view, as one comparable text. */
    inView() {
      const { session } = this;
      const away = [...session.layers.values()].filter((layer) => this.isAway(layer)).map((layer) => layer.spec.id);
      return [away, [...this.verdictsSeen()], session.baseStyle, session.baseSigns || []].map((part) => String(part)).join("|");
    }

    /** Whether a layer is switched on, but none of it is in the view. */
    isAway(layer) {
      return layer.visible && Boolean(layer.data) && layer.seen === 0;
    }

    /** The verdicts of the signs that are drawn. */
    verdictsSeen() {
      return new Set((this.session.painter.signs || []).flatMap((sign) => sign.shapes.map((shape) => shape.properties.verdict)).sort());
    }

    /** Build the legend again from what the session shows. */
    render() {
      const { session } = this;
      const focused = document.activeElement && document.activeElement.getAttribute("data-cg-focus");
      this.heading.replaceChildren(el("span", { class: "cg-legend-title" }, CG.text("legend")), this.strip(), el("span", { class: "cg-chevron", "aria-hidden": "true" }));
      this.saidInView = this.inView();
      const parts = [];
      const every = [...session.layers.values()];
      const invented = every.some((layer) => layer.spec.invented) || (session.conflicts && session.conflicts.spec.invented) || (session.hotspots && session.hotspots.spec.invented);
      // Said once for all; layer by layer only where brought and invented ones stand side by side.
      this.isMixed = every.some((layer) => layer.spec.invented) && every.some((layer) => !layer.spec.invented);
      if (invented) parts.push(el("p", { class: "cg-invented" }, CG.text(this.isMixed ? "inventedSome" : "inventedAll")));
      if (session.hotspots) parts.push(CG.hotspotLegend(session.hotspots));
      if (session.conflicts) parts.push(this.verdicts());
      const top = every.sort((a, b) => b.spec.order - a.spec.order);
      const rows = [...top.map((layer) => this.row(layer)), CG.unsurveyedRow(session)].filter(Boolean);
      parts.push(top.length ? el("ul", {}, ...rows) : el("p", { class: "cg-quiet" }, CG.text("noLayers")));
      if (every.some((layer) => layer.visible && layer.merges)) parts.push(el("p", { class: "cg-quiet" }, CG.text("squaresMean")));
      parts.push(...this.base());
      parts.push(session.share.languageChoice());
      this.list.replaceChildren(...parts);
      this.mark();
      if (focused) {
        const again = [...this.root.querySelectorAll("[data-cg-focus]")].find((one) => one.getAttribute("data-cg-focus") === focused);
        if (again) again.focus();
      }
    }

    /** The compact strip of a narrow screen: the signs of what is shown. */
    strip() {
      const { session } = this;
      const signs = [];
      const failed = [session.hotspots, session.conflicts, ...session.layers.values()].find((one) => one && one.state === "failed");
      if (failed) signs.push(el("span", { class: "cg-chip cg-problem" }, CG.text("failed", failed.problem)));
      for (const name of session.hotspots ? CG.hotspotClasses(session.hotspots) : []) signs.push(this.chip(CG.hotspotSwatch(name), CG.text(name)));
      if (session.conflicts) {
        for (const [verdict, key] of VERDICTS) signs.push(this.chip(CG.verdictSwatch(verdict), CG.text(key)));
      }
      if (CG.surveyedAreas(session)) signs.push(this.chip(CG.hotspotSwatch("not_surveyed"), CG.text("not_surveyed")));
      const shown = session.shownLayers().filter((layer) => !this.isAway(layer)).sort((a, b) => b.spec.order - a.spec.order);
      for (const layer of shown) signs.push(this.chip(CG.layerSwatch(layer.spec, CG.typesOf(layer)), layer.spec.title));
      return el("span", { class: "cg-strip" }, ...signs);
    }

    chip(swatch, title) {
      return el("span", { class: "cg-chip" }, swatch, el("span", {}, title));
    }

    /** The signs of the base map that are drawn, and where it comes from. */
    base() {
      const { session } = this;
      const style = CG.baseStyle(session);
      const signs = (session.baseSigns || []).map((name) => el("span", {}, CG.baseSwatch(name, style), CG.text(name)));
      const online = session.baseStyle === "online" && session.region.online;
      const own = session.baseStyle !== "none" && session.base;
      const from = online ? online.credit : own ? own.attribution : "";
      session.credit.textContent = online ? online.credit : own ? own.credit : "";
      return [
        signs.length ? el("div", { class: "cg-base" }, ...signs) : null,
        el("p", { class: "cg-quiet" }, from ? `${CG.text("base")}: ${from}` : `${CG.text("base")}: ${CG.text(`base_${session.baseStyle}`)}`),
        session.baseProblem ? el("p", { class: "cg-problem" }, `${CG.text("base")}: ${CG.text("failed", session.baseProblem)}`) : null,
        online ? el("p", { class: "cg-quiet" }, CG.text("online_hint", online.host)) : null,
      ].filter(Boolean);
    }

    verdicts() {
      const { conflicts } = this.session;
      const seen = this.verdictsSeen();
      const isAway = (verdict) => conflicts.state === "ready" && !seen.has(verdict);
      const line = (verdict, key) =>
        el("li", { class: isAway(verdict) ? "cg-row cg-away" : "cg-row", "data-cg-verdict": verdict }, CG.verdictSwatch(verdict),
          el("span", { class: "cg-name" }, CG.text(key), el("small", {}, isAway(verdict) ? CG.text("away") : CG.text(`${key}Hint`))));
      return el("div", { class: "cg-verdicts" },
        el("h3", {}, CG.text("conflicts")),
        conflicts.state === "loading" ? el("p", { class: "cg-quiet" }, CG.text("loading")) : null,
        conflicts.state === "failed" ? el("p", { class: "cg-problem" }, CG.text("failed", conflicts.problem)) : null,
        el("ul", {}, ...VERDICTS.map(([verdict, key]) => line(verdict, key))),
        el("p", { class: "cg-quiet" }, CG.text("several")));
    }

    row(layer) {
      const { spec } = layer;
      const id = `cg-${[...this.session.layers.keys()].indexOf(spec.id)}`;
      const box = el("input", {
        type: "checkbox", id, "data-cg-focus": `show ${spec.id}`, "aria-label": CG.text("show", spec.title),
        onchange: () => this.session.setVisible(spec.id, box.checked),
      });
      box.checked = layer.visible;
      const isOpen = this.opened.has(spec.id);
      const more = el("button", {
        type: "button", class: "cg-more", "data-cg-focus": `more ${spec.id}`, "aria-expanded": String(isOpen), "aria-label": CG.text("more", spec.title),
        onclick: () => {
          if (isOpen) this.opened.delete(spec.id);
          else this.opened.add(spec.id);
          this.render();
        },
      });
      const isAway = this.isAway(layer);
      return el("li", { class: `cg-row${layer.visible ? "" : " cg-off"}${isAway ? " cg-away" : ""}`, "data-cg-layer": spec.id },
        box,
        el("label", { for: id }, CG.layerSwatch(spec, CG.typesOf(layer)),
          el("span", { class: "cg-name" }, spec.title, el("small", {}, this.note(layer)))),
        more,
        layer.visible && layer.merges ? el("p", { class: "cg-merged" }, CG.cellSwatch(spec), el("span", {}, this.squares(layer))) : null,
        layer.visible && spec.classes && spec.classes.length ? this.classes(spec) : null,
        isOpen ? this.details(layer) : null);
    }

    /** What the colours of a raster mean. */
    classes(spec) {
      return el("ul", { class: "cg-classes", "aria-label": CG.text("classes", spec.title) },
        ...spec.classes.map(([name, color]) => el("li", {}, CG.classSwatch(color), el("span", {}, name))));
    }

    /** What a square stands for: it counts what passes the filter, and nothing else. */
    squares(layer) {
      const { classes, span } = CG.filterOf(layer, this.session.timeline);
      const words = [CG.text("squares")];
      if (classes) words.push(CG.text("squaresOfClasses"));
      if (span) words.push(this.session.timeline.spanWords(span));
      return words.join(", ");
    }

    note(layer) {
      const { spec } = layer;
      const words = [spec.dated || CG.text("undated")];
      if (layer.state === "building") words.unshift(CG.text("building"));
      if (layer.state === "loading") words.unshift(CG.text("loading"));
      if (layer.state === "failed") words.unshift(CG.text("failed", layer.problem));
      else if (spec.picture) words.unshift(CG.text("picture"));
      else words.unshift(spec.tiles ? CG.text("pixels", CG.number(spec.features, 0)) : CG.number(spec.features, 0));
      if (this.isAway(layer)) words.push(CG.text("away"));
      if (spec.invented && this.isMixed) words.push(CG.text("invented"));
      return words.join(" · ");
    }

    details(layer) {
      const { spec } = layer;
      const slider = el("input", {
        type: "range", min: "0.1", max: "1", step: "0.05", value: String(layer.opacity), "data-cg-focus": `opacity ${spec.id}`,
        "aria-label": CG.text("opacity", spec.title),
        oninput: () => this.session.setOpacity(spec.id, Number(slider.value)),
      });
      return el("div", { class: "cg-details" }, slider, this.session.swipe.choice(layer), this.classSwitches(layer),
        el("small", {}, spec.source ? CG.text("source", spec.source) : CG.text("noSource")));
    }

    /** A switch for each class that was seen in the layer; none where there is one class or none. */
    classSwitches(layer) {
      const names = CG.classesSeen(layer);
      if (names.length < 2) return null;
      return el("fieldset", { class: "cg-class-switches" }, el("legend", {}, CG.text("showClasses")),
        ...names.map((name) => {
          const box = el("input", {
            type: "checkbox", "data-cg-focus": `class ${layer.spec.id} ${name}`,
            onchange: () => this.session.setClass(layer.spec.id, name, box.checked),
          });
          box.checked = !layer.hidden.has(name);
          return el("label", {}, box, el("span", {}, name === null ? CG.text("noClass") : name.replaceAll("_", " ")));
        }));
    }
  };
})();
