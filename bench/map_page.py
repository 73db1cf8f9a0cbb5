"""The page that is timed: a map and nothing else. `what` in the address says what is on it.

`empty`: nothing; `layer`: the layer of the store; `folium`: the first fields of it as a plain
folium.GeoJson, `many` of them.
"""

import streamlit as st

from dashboard import maps
from dashboard.workflows import open_home
from layers.facts import region


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Map", layout="wide", initial_sidebar_state="collapsed")
    what = st.query_params.get("what", "empty")
    view = maps.view_of(st.query_params.get("view"))
    if what == "folium":
        _folium(int(st.query_params.get("many", "10000")), view)
        return
    layers = open_home().layers() if what == "layer" else ()
    spec = maps.map_spec(
        region("tarkwa"), layers=[maps.map_layer(one) for one in layers], view=view
    )
    maps.show_map(spec, key="map.frame")


def _folium(many: int, view: maps.View | None) -> None:
    """Plain folium.GeoJson, in a frame that needs no other host: folium's own would not load."""
    import folium
    from streamlit_folium import st_folium

    from dashboard.frame import MapFrame

    store = open_home()
    (layer,) = store.layers()
    assert layer.current is not None
    fields = store.read_features(layer.current.version_id, columns=["feature_class"]).head(many)
    frame = MapFrame(base="")
    folium.GeoJson(fields).add_to(frame)
    west, south, east, north = fields.total_bounds
    frame.fit_bounds([[south, west], [north, east]])
    st_folium(frame, key="map.plain", height=620, use_container_width=True, returned_objects=[])


main()
