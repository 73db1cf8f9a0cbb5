/* A slider over the days there are: of observations, and of the versions of layers. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  /* A run through all days takes half a minute at most, and shows each for a second where it can. */
  const RUN_MS = 30000;
  const PACE_MS = [150, 1200];

  /** An ISO day in words, in the language of the map. */
  CG.dayWords = (iso) =>
    new Date(`${iso}T00:00:00Z`).toLocaleDateString(CG.language === "fr" ? "fr" : "en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

  const facts = new WeakMap();

  /**
   * The days of a layer's features: `stops` in order, how many `features` each has, how many are
   * `undated`. `byYear`: a stop stands for all days of its year. Null where no feature has a day, or
   * where that is not known yet.
   */
  function daysOf(layer) {
    if (layer.vector) return ofTiles(layer.vector.about);
    if (!layer.data) return null;
    if (!facts.has(layer.data)) facts.set(layer.data, ofShapes(layer.data.list));
    return facts.get(layer.data);
  }

  function ofTiles(about) {
    if (!about || !about.days) return null;
    const { stops, features, undated, by_year: byYear } = about.days;
    return { stops, features, undated, byYear };
  }

  function ofShapes(list) {
    const many = new Map();
    for (const { properties: { d } } of list) if (d) many.set(d, (many.get(d) || 0) + 1);
    const stops = [...many.keys()].sort();
    const features = stops.map((day) => many.get(day));
    const undated = list.length - features.reduce((sum, n) => sum + n, 0);
    return stops.length ? { stops, features, undated, byYear: false } : null;
  }

  const NEVER = { since: "9999-12-31", until: "0001-01-01" };

  /** The versions of a layer by their days, where there are several; a picture has a day alone too. */
  const datedVersions = (layer) => {
    const { picture, day, version, versions } = layer.spec;
    if (picture && day && !(versions || []).length) return [{ version, day, number: 1 }];
    const dated = (layer.spec.versions || []).filter((one) => one.day);
    return new Set(dated.map((one) => one.day)).size > 1 ? dated : [];
  };

  CG.Timeline = class {
    constructor(session) {
      this.session = session;
      this.day = null;
      this.only = false;
      this.datedOnly = false;
      this.stops = [];
      this.bar = el("section", { class: "cg-time", hidden: true });
      CG.shield(this.bar);
      L.DomEvent.disableScrollPropagation(this.bar);
      session.map.getContainer().append(this.bar);
      this.build();
    }

    /** Whether there are two days to choose between. */
    get offered() {
      return this.stops.length > 1;
    }

    /** Look again which days there are: after layers came, went or were switched. */
    refresh() {
      const days = new Set();
      for (const layer of this.session.shownLayers()) {
        const found = daysOf(layer);
        if (found) found.stops.forEach((day) => days.add(day));
        datedVersions(layer).forEach((one) => days.add(one.day));
      }
      const { hotspots } = this.session;
      if (hotspots) for (const { day } of hotspots.spec.steps || []) days.add(day);
      this.stops = [...days].sort();
      this.session.tools.mark();
      this.show();
    }

    toggle() {
      if (this.day) this.close();
      else this.choose(this.stops[this.stops.length - 1]);
    }

    close() {
      this.pause();
      this.day = null;
      this.changed();
      const button = this.session.tools.buttons.timeline;
      if (button) button.focus();
    }

    choose(day) {
      this.day = day;
      this.changed();
    }

    changed() {
      this.session.tools.mark();
      this.session.swipe.render();
      if (this.session.hotspots) this.session.hotspots.show(this.day);
      this.show();
      this.session.painter.redraw();
      this.session.keeper.later();
    }

    /** The place of the day among those there are: the last that is not after it. */
    get index() {
      return Math.max(0, this.stops.filter((day) => day <= this.day).length - 1);
    }

    step(by) {
      const next = this.index + by;
      if (next < 0 || next >= this.stops.length) return false;
      this.choose(this.stops[next]);
      return true;
    }

    /** Go on from day to day; from the last it begins again. */
    play() {
      if (this.timer) {
        this.pause();
        return;
      }
      if (this.index >= this.stops.length - 1) this.choose(this.stops[0]);
      const pace = Math.max(PACE_MS[0], Math.min(PACE_MS[1], RUN_MS / this.stops.length));
      // A state of the hotspots may have to be computed first: the run waits for it.
      const isWaiting = () => this.session.hotspots && this.session.hotspots.isWaiting;
      this.timer = setInterval(() => isWaiting() || this.step(1) || this.pause(), pace);
      this.show();
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.show();
    }

    /** The days of a layer's features that are drawn: {since or null, until, dated}; null = all. */
    span(layer) {
      const found = this.day ? daysOf(layer) : null;
      if (!found) return null;
      const { day, only, datedOnly: dated } = this;
      if (!found.byYear) return { since: only ? day : null, until: day, dated };
      // Cells tell whole years apart, no days: shapes beside them are drawn by the same years.
      const year = day.slice(0, 4);
      const stop = only ? found.stops.find((one) => one.startsWith(year)) : found.stops.filter((one) => one <= day).pop();
      if (!stop) return { ...NEVER, dated };
      return { since: only ? `${year}-01-01` : null, until: stop, dated };
    }

    /** A span of days in words. */
    spanWords({ since, until }) {
      if (until === NEVER.until) return CG.text("spanNone");
      if (!since) return CG.text("spanUntil", CG.dayWords(until));
      return since === until ? CG.text("spanOn", CG.dayWords(until)) : CG.text("spanBetween", CG.dayWords(since), CG.dayWords(until));
    }

    /** The version of a layer that speaks for the day: the layer itself, an older one, or null. */
    asOf(layer) {
      const dated = this.day ? datedVersions(layer) : [];
      if (!dated.length) return layer;
      const known = dated.filter((one) => one.day <= this.day).sort((a, b) => a.day.localeCompare(b.day) || a.number - b.number);
      const best = known[known.length - 1];
      if (!best) return null;
      return best.version === layer.spec.version ? layer : this.session.layers.olderVersion(layer, best.version);
    }

    /** What the bar says: the day, how many are shown, which versions, and what has no date. */
    words() {
      const { session } = this;
      const said = { shown: 0, dated: 0, undated: 0 };
      const versions = [];
      const years = [];
      for (const layer of session.shownLayers()) {
        const now = this.asOf(layer);
        if (datedVersions(layer).length) versions.push(now ? `${layer.spec.title}: ${this.nameOf(now)}` : CG.text("notYet", layer.spec.title));
        const found = now && daysOf(now);
        if (!found) continue;
        const span = this.span(now);
        const isIn = (day) => day <= span.until && (!span.since || day >= span.since);
        found.stops.forEach((day, i) => {
          said.dated += found.features[i];
          if (isIn(day)) said.shown += found.features[i];
        });
        said.undated += found.undated;
        if (found.byYear) years.push(CG.text("byYears", layer.spec.title, this.spanWords(span)));
      }
      const number = (n) => CG.number(n, 0);
      const parts = [CG.text(this.only ? "onDay" : "untilDay", CG.dayWords(this.day))];
      if (said.dated) parts.push(CG.text("datedShown", number(said.shown), number(said.dated)));
      if (said.undated) parts.push(CG.text(this.datedOnly ? "undatedHidden" : "undatedShown", number(said.undated)));
      parts.push(...years);
      const whole = session.shownLayers().filter(({ spec, vector }) => spec.dates && vector && !(vector.about && "days" in vector.about));
      if (whole.length) parts.push(CG.text("notByDay", whole.map((layer) => layer.spec.title).join(", ")));
      if (session.conflicts) parts.push(CG.text("conflictsStay"));
      const { hotspots } = session;
      if (hotspots && (hotspots.spec.steps || []).length) parts.push(hotspots.words(this.day));
      return [...parts, ...versions].join(" · ");
    }

    /** What is shown of a layer, in words: its version, or the day of its only one. */
    nameOf({ spec }) {
      const version = (spec.versions || []).find((one) => one.version === spec.version);
      return version ? CG.versionName(version) : spec.dated;
    }

    /** Make the controls once; they must not be replaced under the finger that uses them. */
    build() {
      const button = (name, act) => el("button", { type: "button", onclick: act, "data-cg": name });
      this.back = button("earlier", () => this.step(-1));
      this.run = button("play", () => this.play());
      this.next = button("later", () => this.step(1));
      this.end = button("close", () => this.close());
      this.slider = el("input", { type: "range", min: "0", step: "1", oninput: () => this.choose(this.stops[Number(this.slider.value)]) });
      this.undated = el("input", { type: "checkbox", onchange: () => this.set("datedOnly", !this.undated.checked) });
      this.single = el("input", { type: "checkbox", onchange: () => this.set("only", this.single.checked) });
      this.said = el("p", { class: "cg-time-words", role: "status" });
      this.labels = [el("span", {}), el("span", {})];
      this.bar.append(
        el("div", { class: "cg-time-row" }, this.back, this.run, this.next, this.slider, this.end),
        this.said,
        el("div", { class: "cg-time-row" }, el("label", {}, this.undated, this.labels[0]), el("label", {}, this.single, this.labels[1])));
      this.bar.addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.close();
        // The map must not move with the slider.
        event.stopPropagation();
      });
    }

    set(name, value) {
      this[name] = value;
      this.changed();
    }

    /** Name every control, in the language that is set. */
    name() {
      const run = this.timer ? ["pause", "❚❚"] : ["play", "▶"];
      const buttons = [[this.back, "earlierDay", "‹"], [this.next, "laterDay", "›"], [this.end, "closeTime", "×"], [this.run, ...run]];
      for (const [one, key, sign] of buttons) {
        one.textContent = sign;
        one.title = CG.text(key);
      }
      const boxes = [[this.undated, "undatedAlways"], [this.single, "onlyThisDay"]];
      for (const [one, key] of [...buttons, ...boxes, [this.bar, "timeline"], [this.slider, "timeline"]]) {
        one.setAttribute("aria-label", CG.text(key));
      }
      boxes.forEach(([, key], i) => { this.labels[i].textContent = CG.text(key); });
    }

    show() {
      const isOpen = Boolean(this.day) && this.offered;
      this.bar.hidden = !isOpen;
      this.session.map.getContainer().classList.toggle("cg-timed", isOpen);
      this.name();
      if (!isOpen) return;
      this.run.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.back.disabled = this.index === 0;
      this.next.disabled = this.index >= this.stops.length - 1;
      this.slider.max = String(this.stops.length - 1);
      this.slider.value = String(this.index);
      this.slider.setAttribute("aria-valuetext", CG.dayWords(this.day));
      this.undated.checked = !this.datedOnly;
      this.single.checked = this.only;
      // Read out when somebody stops, not at every step of a run.
      this.said.setAttribute("aria-live", this.timer ? "off" : "polite");
      this.said.textContent = this.words();
      this.session.map.getContainer().style.setProperty("--cg-time", `${this.bar.offsetHeight}px`);
    }

    /** The day as an address says it. */
    text() {
      return this.day ? `${this.day}${this.only ? ",only" : ""}${this.datedOnly ? ",dated" : ""}` : null;
    }

    restore(text) {
      this.day = null;
      if (!text) return;
      const [day, ...more] = text.split(",");
      this.only = more.includes("only");
      this.datedOnly = more.includes("dated");
      this.choose(day);
    }

    /** What the printed picture says of the day. */
    paintPrint(view) {
      if (!view.print || !this.day || !this.offered) return;
      CG.chip(view.pen, this.words(), view.min.x + 10, view.min.y + (this.session.swipe.sides() ? 44 : 10), { most: (view.max.x - view.min.x) * 0.6 });
    }
  };
})();
