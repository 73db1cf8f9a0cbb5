"""A page of the adoption ledger."""

import streamlit as st

from dashboard import state
from dashboard.views import adoption_parts
from layers.facts import region


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title("coverage")
    adoption_parts.tabs()
    adoption_parts.nothing_yet(chosen)
