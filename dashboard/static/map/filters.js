/* What of a layer is drawn: the classes that are on and the days the slider stands for. Applied where
   the data are: to features in the browser, to counts of cells by the server. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const DAY_MS = 86400000;

  /** Days since 1970 of an ISO day, as tiles write them. */
  CG.dayNumber = (iso) => Math.round(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);

  /** Lets everything through. */
  CG.NO_FILTER = { text: "", query: null, span: null, classes: false, accepts: () => true };

  /**
   * The filter of a layer: `accepts` a shape; `text` differs where another one would draw otherwise;
   * `query` asks the server for the same, null where all pass. `span` are the days it lets through
   * (`since` and `until`, ISO, both included; `dated` = only what has a day), null for all.
   */
  CG.filterOf = function (layer, timeline) {
    const { only } = layer.spec;
    const { hidden } = layer;
    const classes = Boolean(only || (hidden && hidden.size));
    const span = timeline ? timeline.span(layer) : null;
    if (!classes && !span) return CG.NO_FILTER;
    const query = queryOf(only, hidden, span);
    return { text: query, query, span, classes, accepts: acceptor(only && new Set(only), hidden, span) };
  };

  function queryOf(only, hidden, span) {
    const query = new URLSearchParams();
    // a feature without a class is asked for by an empty name
    for (const name of only || []) query.append("only", name ?? "");
    for (const name of hidden || []) query.append("less", name ?? "");
    if (only && !only.length) query.append("only", "-");
    if (span && span.since) query.append("since", span.since);
    if (span) query.append("until", span.until);
    if (span && span.dated) query.append("dated", "1");
    return query.toString();
  }

  function acceptor(wanted, hidden, span) {
    const [first, last] = span ? [span.since ? CG.dayNumber(span.since) : -Infinity, CG.dayNumber(span.until)] : [];
    const onDay = (d) => {
      if (d === undefined || d === null) return !span.dated;
      // ISO days sort as they are: a date is not read for each shape of each drawing
      if (typeof d === "string") return (!span.since || d >= span.since) && d <= span.until;
      return d >= first && d <= last;
    };
    return ({ properties }) => {
      const name = properties.c ?? properties.class ?? null;
      return (!wanted || wanted.has(name)) && !(hidden && hidden.has(name)) && (!span || onDay(properties.d));
    };
  }
})();
