/* A pack has no server and no page around its map: what the map's script expects of them, in short. */
window.Streamlit = { events: new EventTarget(), setComponentValue() {} };
