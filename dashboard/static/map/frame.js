/* The way from Python into the frame, and how the frame keeps its size. */
(function () {
  "use strict";
  const CG = window.CommonGround;

  /* While scripts load, streamlit-folium ignores what the page sends; the last of it is kept here. */
  let missed = null;
  const onRender = (event) => { missed = event.detail; };
  window.Streamlit.events.addEventListener("streamlit:render", onRender);

  /** Called once by the frame's constant script. */
  CG.attach = function (map) {
    map.commonGround = CG.session = new CG.Session(map);
    // The page makes its frame shorter on a phone than it asked for: the map is as high as the frame.
    // Before the page has given it a height a frame is 150 pixels high or none: that is no answer.
    const fit = () => {
      if (window.innerHeight > 200) map.getContainer().style.height = `${window.innerHeight}px`;
      map.invalidateSize({ pan: false });
    };
    window.addEventListener("resize", fit);
    fit();
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
    setTimeout(() => {
      window.Streamlit.events.removeEventListener("streamlit:render", onRender);
      if (missed) window.Streamlit.events.dispatchEvent(new CustomEvent("streamlit:render", { detail: missed }));
    });
  };

  /** Called by every message from Python; the empty group is what streamlit-folium removes later. */
  CG.receive = function (map, message) {
    map.commonGround.apply(message);
    return L.layerGroup();
  };
})();
