/* The conflicts of a run: all of them as points while they are few, else as tiles in which the server
   has joined those that lie close together. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const CLOSEST = 18; // signs do not grow with the map: looking closer parts them, deeper than shapes

  CG.Conflicts = class {
    /** `old` is what was shown before; of the same run, what was fetched is kept. */
    constructor(spec, old, arrived) {
      this.spec = spec;
      this.arrived = arrived;
      this.data = null;
      this.vector = null;
      this.state = "loading";
      this.problem = "";
      const setOf = (list) => list && new Set(list);
      [this.shown, this.verdicts, this.rules] = [setOf(spec.shown), setOf(spec.verdicts), setOf(spec.rules)];
      const isSame = old && old.spec.fingerprint === spec.fingerprint && (old.spec.vector || null) === (spec.vector || null);
      if (isSame && old.state !== "failed") {
        [this.data, this.vector, this.state] = [old.data, old.vector, old.state];
        this.coming = old.coming;
      } else if (old && old.vector) old.vector.close();
      if (spec.vector && !this.vector) this.vector = new CG.VectorSource(spec.vector, () => this.arrived(), { deepest: CLOSEST });
      if (!spec.vector && !this.data) this.load();
    }

    /** Fetch the points; a newer message of the same run waits for the same answer. */
    async load() {
      this.coming ||= CG.fetchJson(this.spec.url).then(CG.shapes);
      try {
        this.data = await this.coming;
        this.state = "ready";
      } catch (error) {
        this.state = "failed";
        this.problem = error.message;
      }
      this.arrived();
    }

    /** Take over what the tiles say of themselves; true when the legend has something new to tell. */
    check() {
      if (!this.vector) return true;
      const { waiting, failed, isBuilding, problem } = this.vector;
      const state = failed ? "failed" : waiting || isBuilding ? "loading" : "ready";
      const isNew = state !== this.state;
      this.state = state;
      this.problem = failed ? problem : "";
      return isNew;
    }

    /** The conflicts in view that pass the filters; several that the server joined are one, with
        their `count`. */
    shapes(view) {
      if (!this.vector) return this.data ? this.data.list.filter(({ properties }) => this.passes(properties)) : [];
      this.vector.ask(view);
      const alone = this.vector.shapesIn(view, "conflicts").map(single).filter(({ properties }) => this.passes(properties));
      const joined = this.vector.shapesIn(view, "clusters").map((shape) => this.joined(shape)).filter(({ count }) => count);
      return [...alone, ...joined];
    }

    passes({ id, verdict, rule }) {
      return (!this.shown || this.shown.has(id)) && (!this.verdicts || this.verdicts.has(verdict)) && (!this.rules || this.rules.has(rule));
    }

    joined(shape) {
      const { inside = 0, close = 0, best } = shape.properties;
      const of = (verdict, many) => (!this.verdicts || this.verdicts.has(verdict) ? many : 0);
      const [certain, unsure] = [of("inside", inside), of("too_close", close)];
      return { ...shape, count: certain + unsure, properties: { id: best, verdict: certain ? "inside" : "too_close" } };
    }
  };

  function single(shape) {
    const { id, v, k, q } = shape.properties;
    return { ...shape, properties: { id, verdict: v, rule: k, rank: q } };
  }
})();
