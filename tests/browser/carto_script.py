"""A page that is only a map with a layer of each sort that carries names."""

import datetime as dt

import streamlit as st

from dashboard import maps
from layers.facts import kind, region
from tests.browser import carto_world, map_world

st.set_page_config(page_title="Map", layout="wide")
layers = [
    maps.MapLayer(
        layer_id=layer_id,
        version_id=f"v-{layer_id.rsplit('.', 1)[1]}",
        kind=layer_id.split(".")[1],
        title=layer_id.split(".")[1].replace("_", " "),
        color=kind(layer_id.split(".")[1]).color,
        symbol=kind(layer_id.split(".")[1]).symbol,
        order=kind(layer_id.split(".")[1]).order,
        features=len(features),
    )
    for layer_id, features in carto_world.LAYERS.items()
]
conflicts = maps.MapConflicts(
    region_id="tarkwa", fingerprint=map_world.FINGERPRINT, on=dt.date(2025, 6, 1)
)
spec = maps.map_spec(region("tarkwa"), layers=layers, conflicts=conflicts)
maps.show_map(spec, key="map.frame")
