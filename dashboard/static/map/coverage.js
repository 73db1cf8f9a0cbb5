/* Where nobody has looked: beside the ground that a layer says was surveyed, the region is marked. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const SIGN = CG.SYMBOLS.hotspots.not_surveyed;
  const KIND = "survey_coverage";
  // Each area narrows the clip once; a layer of more is taken for something else.
  const MOST_AREAS = 400;

  /** The surveyed areas of all shown layers of the kind; null when none is shown or not all came. */
  CG.surveyedAreas = function (session) {
    const layers = session.shownLayers().filter((layer) => layer.spec.kind === KIND);
    if (!layers.length || layers.some((layer) => !layer.data)) return null;
    const shapes = layers.flatMap((layer) => layer.data.list).filter((shape) => shape.areas.length);
    return shapes.length && shapes.length <= MOST_AREAS ? shapes : null;
  };

  /** Hatch what of the region no surveyed area covers; below every layer that is drawn later. */
  CG.paintUnsurveyed = function (view, session) {
    const surveyed = CG.surveyedAreas(session);
    if (!surveyed) return;
    const { pen, scale, ox, oy } = view;
    const [west, south, east, north] = session.region.bounds;
    const [left, top] = [CG.unitX(west) * scale - ox, CG.unitY(north) * scale - oy];
    const [right, bottom] = [CG.unitX(east) * scale - ox, CG.unitY(south) * scale - oy];
    const frame = () => pen.rect(left, top, right - left, bottom - top);
    pen.save();
    for (const shape of surveyed) {
      if (!CG.boxesMeet(shape.box, view.box)) continue;
      CG.trace(view, [shape], "areas");
      frame();
      pen.clip("evenodd");
    }
    pen.beginPath();
    frame();
    CG.paintArea(pen, SIGN, SIGN.color, SIGN.ink);
    pen.restore();
  };

  /** The legend's line for it, where it is drawn. */
  CG.unsurveyedRow = function (session) {
    if (!CG.surveyedAreas(session)) return null;
    return CG.element("li", { class: "cg-row", "data-cg-sign": "not_surveyed" }, CG.hotspotSwatch("not_surveyed"),
      CG.element("span", { class: "cg-name" }, CG.text("not_surveyed"), CG.element("small", {}, CG.text("unsurveyedHint"))));
  };
})();
