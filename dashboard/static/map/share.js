/* What a link says of the map: taken once, and kept up in the page's address without running the page. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  const LANGUAGES = { en: "English", fr: "Français" };

  /* What was taken from the address since the page was loaded. It is kept at the page, as text: the
     map's frame goes with every change of page, and would take the same link again. */
  let own = "[]";
  const taken = {
    read() {
      try {
        return JSON.parse(window.parent.commonGroundTaken || "[]");
      } catch {
        return JSON.parse(own);
      }
    },
    add(text) {
      own = JSON.stringify([...this.read().filter((one) => one !== text), text].slice(-50));
      try {
        window.parent.commonGroundTaken = own;
      } catch {
        // somebody else's page: the frame's own memory has to do
      }
    },
  };

  /** A layer's id without its region, as it stands in an address. */
  CG.shortId = (id) => id.split(".").slice(-2).join(".");

  /** The page's address, null where it is somebody else's and cannot be read. */
  CG.pageAddress = function () {
    try {
      return new URL(window.parent.location.href);
    } catch {
      return null;
    }
  };

  CG.Share = class {
    constructor(session) {
      this.session = session;
      // A run of the page may have put an older address over ours.
      window.Streamlit.events.addEventListener("streamlit:render", () => session.keeper.later());
    }

    /** What the link of a message says; null where it was taken before. */
    news(message) {
      const text = JSON.stringify([message.region.id, message.shared, message.language]);
      if (taken.read().includes(text)) return null;
      taken.add(text);
      return message.shared || {};
    }

    /** The language of the words: the page's own when that changes, else what was chosen here. */
    languageOf(message, before, link) {
      if (before.language && before.language !== message.language) return message.language;
      if (this.session.language) return this.session.language;
      const kept = link ? null : this.session.keeper.recall("shared");
      return (kept && kept.lang) || message.language;
    }

    /** Take over comparison, day and base map: from a link, else from the page before this one. */
    restore(link) {
      const { session } = this;
      const kept = link || session.keeper.recall("shared") || {};
      const mine = link || kept.region === session.region.id ? kept : {};
      if (mine.base) session.setBase(mine.base);
      session.swipe.restore(mine.swipe);
      session.timeline.restore(mine.day);
    }

    /** What stands in the address besides the view; null = nothing to say. */
    params() {
      const { session } = this;
      const { language } = session.message;
      const isPlain = session.language === "en" && language === "en";
      return {
        layers: this.layers(),
        base: session.baseStyle !== "full" ? session.baseStyle : null,
        swipe: session.swipe.text(),
        day: session.timeline.text(),
        lang: isPlain ? null : session.language,
      };
    }

    /** The layers that are on with their opacity, where that is not what the page says by itself. */
    layers() {
      const every = [...this.session.layers.values()].sort((a, b) => a.spec.order - b.spec.order);
      const isAsPage = every.every((layer) => layer.visible === layer.spec.visible && layer.opacity === layer.spec.opacity);
      if (isAsPage) return null;
      const on = every.filter((layer) => layer.visible);
      const percent = (layer) => Math.round(layer.opacity * 100);
      return on.map((layer) => CG.shortId(layer.spec.id) + (percent(layer) < 100 ? `~${percent(layer)}` : "")).join(",") || "none";
    }

    /** Write all of it into an address that will be the page's. */
    put(page) {
      const params = this.params();
      for (const [name, value] of Object.entries(params)) {
        if (value) page.searchParams.set(name, value);
        else page.searchParams.delete(name);
      }
      const { base, swipe, day, lang } = params;
      this.session.keeper.keep("shared", { region: this.session.region.id, base, swipe, day, lang });
    }

    /** The page's address for a frame in another page, or for the full page. */
    addressFor(embed) {
      const page = CG.pageAddress();
      if (!page) return null;
      for (const name of ["embed", "embed_options"]) page.searchParams.delete(name);
      if (embed) page.searchParams.set("embed", "1");
      // these have no map of their own: the frame shows that of the map page
      page.pathname = page.pathname.replace(/\/(overview|data)?$/, "/map");
      return CG.plainAddress(page);
    }

    /** The panel with the link and with the lines that put the map into another page. */
    async open() {
      const { tools } = this.session;
      const address = this.session.keeper.address();
      if (!address) return;
      const hint = el("p", { class: "cg-quiet", role: "status" }, CG.text("linkMarked"));
      const link = el("input", { type: "text", readonly: true, value: address, "aria-label": CG.text("copyLink") });
      const lines = el("textarea", { readonly: true, rows: "3", "aria-label": CG.text("embedLines") });
      lines.value = this.frameLines();
      tools.open(
        hint, link,
        el("details", {}, el("summary", {}, CG.text("embed")), el("p", { class: "cg-quiet" }, CG.text("embedHint")), lines),
        el("div", { class: "cg-acts" }, el("button", { type: "button", onclick: () => tools.close() }, CG.text("close"))));
      link.select();
      try {
        await window.parent.navigator.clipboard.writeText(address);
        hint.textContent = CG.text("linkCopied");
      } catch {
        // no clipboard outside https, or not allowed: the address stands there, marked
      }
    }

    /** The HTML, as text to copy, that shows this map in another page. */
    frameLines() {
      const safe = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
      const title = safe(`Common Ground: ${this.session.region.name}`);
      return `<iframe src="${safe(this.addressFor(true))}" title="${title}" width="100%" height="600" style="border:0" allow="fullscreen"></iframe>`;
    }

    /** The corner of an embedded map: whose map it is, and the way to the full page. */
    corner() {
      const { session } = this;
      const container = session.map.getContainer();
      container.classList.toggle("cg-embedded", Boolean(session.message.embedded));
      if (this.full) this.full.remove();
      this.full = null;
      if (!session.message.embedded) return;
      const link = el("a", { target: "_blank", rel: "noopener" }, CG.text("fullPage"));
      // set when it is used: by then the map may look elsewhere
      const aim = () => {
        session.keeper.address();
        link.href = this.addressFor(false) || "";
      };
      for (const event of ["pointerdown", "focus", "mouseenter"]) link.addEventListener(event, aim);
      this.full = el("div", { class: "cg-corner" }, el("span", {}, "Common Ground · "), link);
      CG.shield(this.full);
      container.append(this.full);
      aim();
    }

    /** The choice of the language of the map's words, for the foot of the legend. */
    languageChoice() {
      const { session } = this;
      const select = el("select", { "aria-label": CG.text("language"), "data-cg-focus": "language", onchange: () => session.setLanguage(select.value) },
        ...Object.entries(LANGUAGES).map(([code, name]) => el("option", { value: code, lang: code }, name)));
      select.value = session.language;
      return el("label", { class: "cg-language" }, el("span", {}, CG.text("language")), select);
    }
  };

  /** An address with the signs that stand in ours left as they are. */
  CG.plainAddress = (page) => page.href.replace(/%2C/g, ",").replace(/%7E/g, "~");
})();
