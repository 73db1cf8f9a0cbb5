"""The map alone, for a frame in somebody else's page (`?embed=1`): what the page's map shows."""

from dataclasses import replace

import streamlit as st

from dashboard import cached, state
from dashboard.maps import MapSpec, show_map
from dashboard.views import conflicts, hotspots
from dashboard.views import map as map_view

PAGES = ("map", "conflicts", "hotspots")
"""The pages that have a map of their own; any other shows that of the first."""
HEIGHT = 620
"""Pixels, until the style makes the map as high as the frame it stands in."""


def render(page: str) -> None:
    """Draw the map of a page as high as the frame, and nothing else."""
    spec = spec_of(page)
    state.publish_link()  # before the map moves and writes its view into the address
    with st.container(key="embedded"):
        # nothing is returned: a click is answered on the map, and no page is there to run
        show_map(replace(spec, embedded=True), key="embed.frame", height=HEIGHT, returns=())


def spec_of(page: str) -> MapSpec:
    """What the map of a page shows."""
    loaded = cached.overview(state.region_id())
    if page == "conflicts" and not loaded.is_empty:
        return conflicts.map_spec()
    if page == "hotspots" and not loaded.is_empty:
        return hotspots.map_spec(loaded)
    return map_view.map_spec(loaded)
