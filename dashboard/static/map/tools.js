/* Buttons of the map, measuring, and drawing an area whose figures the page shows. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;

  const ICONS = {
    zoomIn: "M12 5v14M5 12h14",
    zoomOut: "M5 12h14",
    home: "M4 11l8-7 8 7M6.5 9.5V20h11V9.5",
    fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    graticule: "M4 4h16v16H4zM4 9.3h16M4 14.6h16M9.3 4v16M14.6 4v16",
    base: "M3 7l6-3 6 3 6-3v13l-6 3-6-3-6 3zM9 4v13M15 7v13",
    distance: "M3 16L16 3l5 5L8 21zM7 12l2 2M10.5 8.5l2 2M14 5l2 2",
    area: "M4 4h16v16H4zM4 12h4M12 4v4M20 12h-4M12 20v-4M12 12h.01",
    polygon: "M5 18l2-12 11 3-1 9zM5 18h.01M7 6h.01M18 9h.01M17 18h.01M21 21l-4-3",
    rectangle: "M4 6h16v12H4zM4 6h.01M20 6h.01M20 18h.01M4 18h.01",
    print: "M7 8V4h10v4M7 17H4V9h16v8h-3M7 14h10v6H7z",
    timeline: "M12 4a8 8 0 1 0 0.01 0M12 8v4.5l3 2",
    copyLink: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5",
    list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
    moreTools: "M5 12h.01M12 12h.01M19 12h.01",
    clear: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  };

  const NAMES = { print: "printMap" };

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  CG.Tools = class {
    constructor(session) {
      this.session = session;
      this.mode = null;
      this.points = [];
      this.drawn = null;
      this.measured = null;
      this.buttons = {};
      this.bar = el("div", { class: "cg-tools", role: "toolbar" });
      this.panel = el("div", { class: "cg-panel", role: "status", "aria-live": "polite", hidden: true });
      for (const part of [this.bar, this.panel]) {
        CG.shield(part);
        session.map.getContainer().append(part);
      }
      session.map.on("mousemove", (event) => this.panel.contains(event.originalEvent.target) || this.move(event.latlng));
      session.map.on("dblclick", () => this.mode && this.finish());
      session.map.getContainer().addEventListener("keydown", (event) => this.key(event));
      document.addEventListener("fullscreenchange", () => session.map.invalidateSize());
    }

    /** Make the buttons, in the language that is set. */
    render() {
      const { session } = this;
      const { map } = session;
      const acts = [
        [["zoomIn", () => map.zoomIn(1)], ["zoomOut", () => map.zoomOut(1)], ["home", () => session.showRegion()], ["list", () => session.reach.toggle()], ["moreTools", () => this.unfold()]],
        [["distance", () => this.start("distance")], ["area", () => this.start("area")]],
        [["base", () => this.chooseBase()], ["graticule", () => session.setGraticule(!session.graticule)], ["timeline", () => session.timeline.toggle()]],
        [["copyLink", () => session.share.open()], ["print", () => CG.openPrint(session)]],
      ];
      if (document.fullscreenEnabled) {
        acts[3].push(["fullscreen", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())]);
      }
      if (session.returns.includes("draw")) {
        acts[1].push(["polygon", () => this.start("polygon")], ["rectangle", () => this.start("rectangle")]);
      }
      acts[1].push(["clear", () => this.clear()]);
      this.buttons = {};
      this.bar.replaceChildren(...acts.map((group) => el("div", { class: "cg-group" }, ...group.map(([name, act]) => {
        const button = el("button", { type: "button", title: CG.text(NAMES[name] || name), "aria-label": CG.text(NAMES[name] || name), "data-cg": name, onclick: act }, icon(name));
        this.buttons[name] = button;
        return button;
      }))));
      this.mark();
    }

    /** Show the controls of another part in the panel, until it is closed or a tool is used. */
    open(...children) {
      this.stop();
      this.opener = document.activeElement;
      this.panel.replaceChildren(...children);
      this.panel.hidden = false;
      this.built = "open";
    }

    /** Close what `open` showed, and go back to the button it was opened with. */
    close() {
      this.built = null;
      this.show();
      if (this.opener && this.opener.isConnected) this.opener.focus();
    }

    /** Choose the base map: full, pale, none, or the online one where the server has it. */
    chooseBase() {
      const { session } = this;
      this.stop();
      const names = [...CG.BASE_STYLES, ...(session.region.online ? ["online"] : [])];
      const choices = names.map((name) => {
        const input = el("input", { type: "radio", name: "cg-base", value: name, onchange: () => session.setBase(name) });
        input.checked = session.baseStyle === name;
        return el("label", { class: "cg-choice" }, input, el("span", {}, CG.text(`base_${name}`)));
      });
      const close = el("button", { type: "button", onclick: () => this.show() }, CG.text("close"));
      this.built = null;
      this.panel.replaceChildren(el("fieldset", {}, el("legend", {}, CG.text("base")), ...choices), el("div", { class: "cg-acts" }, close));
      this.panel.hidden = false;
      this.panel.querySelector("input:checked").focus();
    }

    /** A phone shows the first tools; this shows or hides the others. */
    unfold() {
      this.bar.classList.toggle("cg-open");
      this.mark();
    }

    mark() {
      for (const [name, button] of Object.entries(this.buttons)) {
        if (["distance", "area", "polygon", "rectangle"].includes(name)) button.setAttribute("aria-pressed", String(this.mode === name));
        if (name === "graticule") button.setAttribute("aria-pressed", String(this.session.graticule));
        if (name === "timeline") {
          button.hidden = !this.session.timeline || !this.session.timeline.offered;
          button.setAttribute("aria-pressed", String(Boolean(this.session.timeline && this.session.timeline.day)));
        }
        if (name === "list") button.setAttribute("aria-pressed", String(this.session.reach.isOpen));
        if (name === "moreTools") button.setAttribute("aria-expanded", String(this.bar.classList.contains("cg-open")));
        if (name === "clear") button.hidden = !(this.drawn || this.measured);
      }
      this.session.map.getContainer().classList.toggle("cg-drawing", Boolean(this.mode));
    }

    start(mode) {
      if (this.mode === mode) return this.stop();
      this.stop();
      this.mode = mode;
      this.points = [];
      this.measured = null;
      this.session.map.closePopup();
      this.session.map.doubleClickZoom.disable();
      this.show();
      return undefined;
    }

    stop() {
      this.mode = null;
      this.points = [];
      this.cursor = null;
      // The double click that ends a drawing must not zoom as well.
      setTimeout(() => this.session.map.doubleClickZoom.enable(), 300);
      this.show();
    }

    /** A click of the map while a tool is at work. */
    click(latlng) {
      const point = [latlng.lng, latlng.lat];
      const last = this.points[this.points.length - 1];
      if (last && CG.distance(last, point) < 1e-3) return;
      const pixel = (p) => this.session.map.latLngToContainerPoint([p[1], p[0]]);
      const closes = this.mode !== "distance" && this.points.length >= 3 && pixel(this.points[0]).distanceTo(pixel(point)) < 10;
      if (closes) {
        this.finish();
        return;
      }
      this.points.push(point);
      if (this.mode === "rectangle" && this.points.length === 2) this.finish();
      else this.show();
    }

    move(latlng) {
      if (!this.mode || !this.points.length) return;
      this.cursor = [latlng.lng, latlng.lat];
      this.show();
    }

    key(event) {
      if (event.key === "Escape" && this.built === "open") this.close();
      if (!this.mode || event.target.closest(".cg-panel")) return;
      if (event.key === "Escape") this.stop();
      else if (event.key === "Enter" && !event.target.closest("button")) this.finish();
    }

    /** The ring or line as it stands, the cursor's place with it when `live`. */
    path(live) {
      const points = live && this.cursor ? [...this.points, this.cursor] : this.points;
      if (this.mode !== "rectangle" || points.length < 2) return points;
      const [a, b] = [points[0], points[points.length - 1]];
      return [a, [b[0], a[1]], b, [a[0], b[1]]];
    }

    finish() {
      const path = this.path(false);
      const isLine = this.mode === "distance";
      if (path.length < (isLine ? 2 : 3)) return;
      if (!isLine && CG.crossesItself(path)) {
        this.show(CG.text("crossing"));
        return;
      }
      const mode = this.mode;
      this.stop();
      if (mode === "polygon" || mode === "rectangle") {
        this.drawn = path;
        this.session.send({ what: "draw", polygon: path });
      } else {
        this.measured = { path, isLine };
      }
      this.show();
    }

    clear() {
      const had = Boolean(this.drawn);
      this.drawn = this.measured = null;
      this.stop();
      if (had) this.session.send({ what: "clear" });
    }

    figures(path, isLine) {
      if (path.length < 2) return "";
      const closed = [...path, path[0]];
      return isLine
        ? CG.metres(CG.lengthOf(path))
        : `${CG.hectares(CG.areaOf(path))}, ${CG.text("around", CG.metres(CG.lengthOf(closed)))}`;
    }

    /** Show the panel that fits: hint and live figures while drawing, the result afterwards. */
    show(problem) {
      this.mark();
      this.session.painter.redraw();
      const result = this.measured || (this.drawn && { path: this.drawn, isLine: false });
      this.panel.hidden = !this.mode && !result;
      if (this.panel.hidden) {
        this.built = null;
        return;
      }
      // Built once for each state: a button must not be replaced under the finger that presses it.
      if (this.built !== (this.mode || "result")) this.build();
      const isLine = this.mode ? this.mode === "distance" : result.isLine;
      const words = this.figures(this.mode ? this.path(true) : result.path, isLine);
      this.figure.replaceChildren(words, CG.element("small", {}, ` ${CG.text("ellipsoid")}`));
      this.figure.hidden = !words;
      this.hint.textContent = problem || (this.mode ? CG.text({ distance: "hintLine", rectangle: "hintRectangle" }[this.mode] || "hintArea") : "");
      this.hint.className = problem ? "cg-problem" : "cg-quiet";
      this.hint.hidden = !this.hint.textContent;
    }

    build() {
      this.built = this.mode || "result";
      this.figure = el("p", { class: "cg-figure" });
      this.hint = el("p", {});
      const acts = this.mode
        ? [["addCentre", () => this.click(this.session.map.getCenter())], ["undo", () => this.undo()], ["finish", () => this.finish()], ["cancel", () => this.stop()]]
        : [["clear", () => this.clear()]];
      const buttons = acts.map(([key, act]) => el("button", { type: "button", onclick: act, "data-cg": key }, CG.text(key)));
      this.panel.replaceChildren(this.figure, this.hint, el("div", { class: "cg-acts" }, ...buttons));
    }

    undo() {
      this.points.pop();
      this.cursor = null;
      this.show();
    }

    /** Draw what is being measured or was drawn. */
    paint(view) {
      const jobs = [];
      if (this.drawn) jobs.push([this.drawn, false, false]);
      if (this.measured) jobs.push([this.measured.path, this.measured.isLine, false]);
      if (this.mode) jobs.push([this.path(true), this.mode === "distance", true]);
      const { pen, scale, ox, oy } = view;
      for (const [path, isLine, live] of jobs) {
        if (!path.length) continue;
        const pixels = path.map(([lon, lat]) => [CG.unitX(lon) * scale - ox, CG.unitY(lat) * scale - oy]);
        pen.beginPath();
        pixels.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
        if (!isLine) pen.closePath();
        if (!isLine) {
          pen.globalAlpha = 0.12;
          pen.fillStyle = "#0f5c63";
          pen.fill();
          pen.globalAlpha = 1;
        }
        for (const [color, width, dash] of [["#ffffff", 5, []], ["#0f5c63", 2.4, live ? [6, 5] : []]]) {
          pen.strokeStyle = color;
          pen.lineWidth = width;
          pen.setLineDash(dash);
          pen.stroke();
        }
        pen.setLineDash([]);
        for (const [x, y] of pixels) {
          pen.beginPath();
          pen.arc(x, y, 4, 0, 7);
          pen.fillStyle = "#ffffff";
          pen.fill();
          pen.strokeStyle = "#0f5c63";
          pen.lineWidth = 2;
          pen.stroke();
        }
      }
    }
  };
})();
