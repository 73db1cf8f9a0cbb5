/* What the cells of tiles count under a filter. The geometry of a cell is in its tile; only numbers
   come, in the tile's order. Until they are here, those of the filter before are drawn. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const TILES = 400; // of one source
  const KEPT = 64; // filters a tile remembers: stepping back through the days asks for nothing

  CG.CellCounts = class {
    constructor(source) {
      this.source = source;
      this.of = new Map(); // by the key of a tile; `told` holds cells by filter, `shown` is the filter drawn
    }

    tally(state) {
      let many = 0;
      for (const one of this.of.values()) if (one.state === state) many += 1;
      return many;
    }

    get waiting() {
      return this.tally("loading");
    }

    get failed() {
      return this.tally("failed");
    }

    retry() {
      for (const one of this.of.values()) if (one.state === "failed") one.asked = null;
    }

    close() {
      for (const { abort } of this.of.values()) if (abort) abort.abort();
      this.of.clear();
    }

    /** Make sure that the counts of a tile under a filter are here or on their way. */
    ask(tile, { query }) {
      let one = this.of.get(tile.key);
      if (!one) {
        one = { cells: tile.layers.cells, told: new Map(), shown: "", asked: "", state: "ready", abort: null };
        this.of.set(tile.key, one);
        if (this.of.size > TILES) this.of.delete(this.of.keys().next().value);
      }
      if (one.asked === query) return;
      one.asked = query;
      if (one.abort) one.abort.abort();
      one.abort = null;
      if (one.told.has(query)) {
        Object.assign(one, { shown: query, state: "ready" });
        return;
      }
      this.load(tile, one, query);
    }

    async load(tile, one, query) {
      const abort = (one.abort = new AbortController());
      one.state = "loading";
      try {
        const [z, x, y] = tile.place;
        const address = this.source.address.replace("{z}", z).replace("{x}", x).replace("{y}", y).replace(".pbf?", "/cells.json?");
        const { count, share } = await CG.fetchJson(`${address}&${query}`, { signal: abort.signal });
        if (count.length !== one.cells.length) throw new Error(CG.text("brokenTile"));
        one.told.set(query, passing(one.cells, count, share));
        if (one.told.size > KEPT) one.told.delete(one.told.keys().next().value);
        Object.assign(one, { shown: query, state: "ready" });
      } catch (error) {
        if (abort.signal.aborted) return;
        this.source.problem = error.message;
        Object.assign(one, { shown: query, state: "failed" });
      }
      this.source.arrived();
    }

    /** The filter whose counts are drawn for a tile. */
    query({ key }, filter) {
      const one = filter.query && this.of.get(key);
      return one ? one.shown : "";
    }

    /** The cells of a tile as they are drawn under a filter. */
    cells(tile, filter) {
      const every = tile.layers.cells || [];
      const one = filter.query && this.of.get(tile.key);
      if (!one) return every;
      // Squares that count what is switched off would be wrong: there are none then.
      return one.told.get(one.shown) || (one.state === "failed" ? [] : every);
    }
  };

  /** The cells of which something passes, with its number and its share of the ground. */
  function passing(cells, count, share) {
    return cells.flatMap((cell, i) => {
      if (!count[i]) return [];
      const properties = share[i] < 0 ? { count: count[i] } : { count: count[i], share: share[i] / 100 };
      return [{ ...cell, properties }];
    });
  }
})();
