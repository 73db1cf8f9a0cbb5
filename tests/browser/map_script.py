"""A page that is only a map; buttons change what it shows, so that a test can watch the frame."""

import dataclasses
import datetime as dt

import streamlit as st

from dashboard import maps
from layers.facts import kind, region
from tests.browser import map_world, tile_world

st.set_page_config(page_title="Map", layout="wide")
state = st.session_state
SWITCHES = (
    "hide",
    "many",
    "select",
    "highlight",
    "only",
    "dim",
    "french",
    "crowd",
    "certain",
    "dated",
)
TILED = ("building", "broken", "gone", "slow")
for name in ("runs", *SWITCHES, *TILED):
    state.setdefault(name, 0)
state["runs"] += 1

with st.sidebar:
    for name in (*SWITCHES, *TILED, "nothing"):
        if st.button(name):
            state[name] = 1


def layer(layer_id: str, title: str, **more: object) -> maps.MapLayer:
    """A layer of the invented world."""
    facts = kind(layer_id.split(".")[1])
    return maps.MapLayer(
        layer_id=layer_id,
        version_id=f"v-{layer_id.rsplit('.', 1)[1]}",
        kind=facts.kind_id,
        title=title,
        color=facts.color,
        symbol=facts.symbol,
        order=facts.order,
        features=len(map_world.LAYERS.get(layer_id, ())) or map_world.MANY,
        demonstration=True,
        **more,
    )


layers = [
    layer("tarkwa.licences.cadastre", map_world.HOSTILE, source=map_world.HOSTILE, dated="2024"),
    layer("tarkwa.mine_sites.sites", "Sites", visible=not state["hide"]),
]
if state["many"]:
    fields = layer(
        "tarkwa.farmland.many",
        "Fields",
        only=("cocoa",) if state["only"] else None,
        opacity=0.3 if state["dim"] else 1.0,
    )
    layers.append(fields)
if state["dated"]:
    layers.append(layer("tarkwa.mine_sites.dated", "Dated"))
layers += [layer(f"tarkwa.farmland.{name}", name.title()) for name in TILED if state[name]]
conflicts = maps.MapConflicts(
    sent=len(tile_world.CROWD) if state["crowd"] else 2,
    verdicts=("inside",) if state["certain"] else None,
    region_id="tarkwa",
    fingerprint=map_world.FINGERPRINT,
    on=dt.date(2025, 6, 1),
    selected="bbbbbbbbbbbbbbbb" if state["select"] else None,
)
spec = maps.map_spec(
    region("tarkwa"),
    layers=layers,
    conflicts=conflicts,
    highlight=[("tarkwa.mine_sites.sites", "f3")] if state["highlight"] else (),
    view=maps.view_of(st.query_params.get("view")),
)
spec = dataclasses.replace(spec, language="fr" if state["french"] else "en")
event = maps.show_map(spec, key="map.frame")
st.text(f"runs={state['runs']}")
st.text(f"event={event}")
