"""The page router: Streamlit runs this file anew for every change on a page."""

import datetime as dt

import streamlit as st

from dashboard import state, theme
from dashboard.views import conflicts, data, overview, parts
from dashboard.views import map as map_view
from geo.errors import GeoError
from layers.facts import FactsError
from layers.read import ReadError
from layers.store import StoreError

SAYABLE = (GeoError, FactsError, ReadError, StoreError)
"""Errors whose text is a sentence for the screen."""


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="Common Ground",
        page_icon=":material/landscape:",
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    theme.apply()
    pages = {
        "overview": st.Page(overview.render, title="Overview", url_path="overview", default=True),
        "map": st.Page(map_view.render, title="Map", url_path="map"),
        "conflicts": st.Page(conflicts.render, title="Conflicts", url_path="conflicts"),
        "data": st.Page(data.render, title="Data", url_path="data"),
    }
    page = st.navigation(list(pages.values()), position="hidden")
    # the page that is the default has an empty url_path
    state.start(page.url_path or "overview", today=dt.date.today())
    try:
        parts.header(pages, current=page)
        page.run()
    except SAYABLE as error:
        parts.problem(str(error))
    parts.footer()
    state.publish_link()


main()
