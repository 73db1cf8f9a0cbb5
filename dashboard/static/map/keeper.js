/* What outlives a run and a change of page: in the page's address, so that a link restores it, and in
   the tab's memory. Neither runs the page. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  const viewText = (view) => view.map((part) => part.toFixed(5)).join(",");

  CG.Keeper = class {
    constructor(session) {
      this.session = session;
      this.written = new Set(); // views that we wrote into the address ourselves
    }

    /** Whether a view in a message is one of ours that comes back with a later run: the person has
        long moved on, and it must not move the map. */
    isOurs(view) {
      return this.written.has(viewText(view));
    }

    /** Bring the address up to date soon; a map that moves would write it sixty times a second. */
    later() {
      const { map, region } = this.session;
      if (!region) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.writeView(map.getCenter().wrap(), map.getZoom()), 400);
    }

    /** The address of the page with the view as it is now; null inside somebody else's page. */
    address() {
      clearTimeout(this.timer);
      this.writeView(this.session.map.getCenter().wrap(), this.session.map.getZoom());
      try {
        return window.parent.location.href;
      } catch {
        return null;
      }
    }

    /** Keep the view in the page's address, so that a link restores it, without running the page. */
    writeView(centre, zoom) {
      const view = [Number(centre.lng.toFixed(5)), Number(centre.lat.toFixed(5)), zoom];
      this.written.add(viewText(view));
      this.keep("view", { region: this.session.region.id, view });
      const page = CG.pageAddress();
      if (!page) return; // Shown inside somebody else's page: its address is not ours to write.
      page.searchParams.set("view", view.join(","));
      this.session.share.put(page);
      const address = CG.plainAddress(page);
      if (address !== window.parent.location.href) window.parent.history.replaceState(window.parent.history.state, "", address);
    }

    /** Note how these layers stand, for the next page and for the address. */
    remember(...ids) {
      const layers = this.recall("layers") || {};
      for (const id of ids) {
        const { visible, opacity } = this.session.layers.get(id);
        layers[id] = { visible, opacity };
      }
      this.keep("layers", layers);
      this.later();
    }

    /** What the tab remembers from page to page; an embedded map is nobody's page and keeps nothing. */
    keep(name, value) {
      if (this.session.message.embedded) return;
      try {
        sessionStorage.setItem(`common-ground ${name}`, JSON.stringify(value));
      } catch {
        // A browser may forbid a frame in another host's page to keep anything: then nothing is kept.
      }
    }

    recall(name) {
      if (this.session.message.embedded) return null;
      try {
        return JSON.parse(sessionStorage.getItem(`common-ground ${name}`) || "null");
      } catch {
        return null;
      }
    }
  };
})();
