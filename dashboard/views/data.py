"""Data: bring a file in, see what became of it, and choose which version of a layer is shown."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.views import versions, wizard
from layers.facts import region


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Data of {chosen.name}"))
    st.header("Add a layer, or a new version of one")
    wizard.show(chosen)
    st.header("Layers and their versions")
    versions.show(cached.overview(chosen.region_id))
