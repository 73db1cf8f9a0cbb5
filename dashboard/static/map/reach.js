/* The map without a mouse and without eyes: a cross in its middle, keys, and a table of what is in view. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const el = CG.element;
  const LISTED = 50;

  CG.Reach = class {
    constructor(session) {
      this.session = session;
      this.isOpen = false;
      this.asked = 0;
      const container = session.map.getContainer();
      this.heading = el("h2", { id: "cg-list-heading" });
      this.close = el("button", { type: "button", onclick: () => this.toggle() });
      this.body = el("div", { class: "cg-list-body" });
      this.root = el("section", { class: "cg-list", role: "dialog", "aria-labelledby": "cg-list-heading", hidden: true }, el("header", {}, this.heading, this.close), this.body);
      CG.shield(this.root);
      this.root.addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.toggle();
        event.stopPropagation(); // arrow keys scroll the list, they do not move the map
      });
      // Always there, or a reader of the screen would not notice what is written into it.
      this.said = el("p", { class: "cg-said", role: "status", "aria-live": "polite" });
      container.append(this.root, this.said, el("div", { class: "cg-cross", "aria-hidden": "true" }));
      container.addEventListener("keydown", (event) => this.key(event));
      // The cross is for those who use keys; a focus that a mouse click left behind shows none.
      container.addEventListener("keydown", () => container.classList.add("cg-keys"));
      container.addEventListener("pointerdown", () => container.classList.remove("cg-keys"));
    }

    /** Enter asks what is in the middle, Escape leaves the answer; while something is drawn, Space adds
        the middle to it. */
    async key(event) {
      const { session } = this;
      const { map, tools } = session;
      if (event.key === "Escape" && event.target.closest(".leaflet-popup")) {
        map.closePopup();
        map.getContainer().focus();
      }
      if (event.target !== map.getContainer()) return;
      if (event.key === " " && tools.mode) {
        event.preventDefault();
        tools.click(map.getCenter());
      } else if (event.key === "Enter" && !tools.mode) {
        event.preventDefault();
        await session.click({ latlng: map.getCenter(), containerPoint: map.getSize().divideBy(2) });
        const popup = map.getContainer().querySelector(".cg-popup");
        if (popup) popup.focus({ preventScroll: true });
      }
    }

    /** Say something to who does not see the map. */
    say(words) {
      this.said.textContent = words;
    }

    toggle() {
      this.isOpen = !this.isOpen;
      this.root.hidden = !this.isOpen;
      this.session.tools.mark();
      if (this.isOpen) {
        this.list();
        this.close.focus();
      } else (this.session.tools.buttons.list || this.session.map.getContainer()).focus();
    }

    /** Words in the language that is set; the list anew where layers or filters changed. */
    render() {
      this.heading.textContent = CG.text("list");
      this.close.textContent = CG.text("close");
      if (this.isOpen) this.list();
    }

    moved() {
      if (!this.isOpen) return;
      clearTimeout(this.later);
      this.later = setTimeout(() => this.isOpen && this.list(), 300);
    }

    async list() {
      const { session } = this;
      const mine = ++this.asked;
      if (!this.body.firstChild) this.body.replaceChildren(el("p", { class: "cg-quiet" }, CG.text("asking")));
      const box = session.map.getBounds();
      const query = new URLSearchParams({
        region: session.region.id, limit: LISTED, layers: session.shownLayers().map((layer) => layer.spec.id).join(","),
        bbox: [box.getWest(), Math.max(-85, box.getSouth()), box.getEast(), Math.min(85, box.getNorth())].map((n) => n.toFixed(5)).join(","),
      });
      try {
        const answer = await CG.fetchJson(`${session.prefix}in-view?${query}`);
        if (mine === this.asked) this.show(answer);
      } catch (error) {
        if (mine === this.asked) this.body.replaceChildren(el("p", { class: "cg-problem" }, CG.text("noAnswer", error.message)));
      }
    }

    show({ rows, total, too_many: tooMany }) {
      const said = rows.length < total ? CG.text("listedSome", CG.number(total, 0), CG.number(rows.length, 0)) : CG.text("listed", CG.number(total, 0));
      this.say(said);
      const parts = [el("p", { class: "cg-quiet" }, said)];
      for (const name of tooMany) parts.push(el("p", { class: "cg-quiet" }, CG.text("listTooMany", name)));
      if (!total && !tooMany.length) parts.push(el("p", {}, CG.text("nothing")));
      if (rows.length) parts.push(this.table(rows));
      this.body.replaceChildren(...parts);
    }

    table(rows) {
      const centre = this.session.map.getCenter().wrap();
      const head = ["name", "layer", "fromMiddle"].map((key) => el("th", { scope: "col" }, CG.text(key)));
      const lines = rows.map((row) => el("tr", {},
        el("td", {}, el("button", { type: "button", onclick: () => this.session.pick(row) }, row.title)),
        el("td", {}, row.layer_name),
        el("td", {}, whereFrom([centre.lng, centre.lat], [row.longitude, row.latitude]))));
      return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...lines));
    }
  };

  /** How far and in which direction a place lies, in words. */
  function whereFrom(from, to) {
    const metres = CG.distance(from, to);
    if (metres < 1) return CG.text("inMiddle");
    const rad = Math.PI / 180;
    const east = (to[0] - from[0]) * Math.cos(((from[1] + to[1]) / 2) * rad);
    const bearing = (Math.atan2(east, to[1] - from[1]) / rad + 360) % 360;
    return CG.text("towards", CG.metres(metres), CG.text("compass").split(",")[Math.round(bearing / 45) % 8]);
  }
})();
