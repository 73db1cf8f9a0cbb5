"""Data: bring a file in, see what became of it, and choose which version of a layer is shown."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.views import versions, visits_import, wizard
from layers.facts import region

LAYER, VISITS = "layer", "visits"
BRING = {LAYER: "A layer for the map", VISITS: "Survey visits"}


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Data of {chosen.name}"))
    bring = st.segmented_control(
        "What do you bring?",
        list(BRING),
        default=LAYER,
        key="data.bring",
        format_func=lambda one: BRING[one],
        label_visibility="collapsed",
        required=True,
    )
    if bring == VISITS:
        st.header("Import survey visits")
        visits_import.show(chosen)
    else:
        _tell_waiting(chosen.region_id)
        st.header("Add a layer, or a new version of one")
        wizard.show(chosen)
    st.header("Layers and their versions")
    versions.show(cached.overview(chosen.region_id))


def _tell_waiting(region_id: str) -> None:
    """Visits that wait for somebody must not wait unseen."""
    waiting = len(cached.held_visits(region_id))
    if waiting:
        st.info(
            f"{words.count(waiting, 'visit')} came again with other content: choose under "
            f"“{BRING[VISITS]}” which record counts."
        )
