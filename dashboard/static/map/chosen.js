/* What is marked on the map: the features of a click or of the page's choice, the ground that the two
   sides of a conflict share. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  CG.Chosen = class {
    constructor(session) {
      this.session = session;
      this.shapes = []; // features that are marked
      this.overlap = null; // ground that both sides of the chosen conflict cover
      this.conflict = null; // the id of the chosen conflict
      this.asked = 0; // an answer to an older question is not shown
    }

    /** Show what the page has chosen: a conflict with its two sides, or features. */
    async follow(message) {
      const chosen = message.conflicts && message.conflicts.selected;
      this.conflict = chosen || null;
      this.overlap = null;
      if (!chosen) {
        await this.mark(message.highlight, { zoom: message.zoomToHighlight });
        return;
      }
      try {
        const { overlap, query } = message.conflicts;
        const sheet = await CG.fetchJson(`${overlap}${encodeURIComponent(chosen)}.json?${query}`);
        if (this.conflict !== chosen) return;
        this.overlap = sheet.overlap ? CG.shape(sheet.overlap) : null;
        await this.mark(sheet.features, { zoom: message.zoomToHighlight, focus: this.overlap });
      } catch (error) {
        console.warn(`Conflict ${chosen}: ${error.message}`);
      }
    }

    /** Mark features by [layer id, feature id], whether their layer is drawn or not. */
    async mark(pairs, { zoom, focus }) {
      const mine = (this.asked = this.asked + 1);
      const found = await Promise.all(pairs.map((pair) => this.shapeOf(pair)));
      if (mine !== this.asked) return;
      this.shapes = found.filter(Boolean);
      const bounds = zoom && CG.boundsOf(focus ? [focus] : this.shapes.slice(0, 1));
      if (bounds) this.session.map.fitBounds(bounds, { maxZoom: Math.max(13, this.session.map.getZoom()), animate: false, ...this.session.padding() });
      this.session.painter.redraw();
    }

    async shapeOf([layerId, featureId]) {
      const layer = this.session.layers.get(layerId);
      const loaded = layer && layer.data && layer.data.byId.get(featureId);
      if (loaded) return loaded;
      const query = new URLSearchParams({ layer: layerId, feature: featureId });
      return CG.fetchJson(`${this.session.prefix}card?${query}`).then((card) => CG.shape(card.geometry, { id: featureId }), () => null);
    }
  };
})();
