"""The page router: Streamlit runs this file anew for every change on a page."""

import datetime as dt
import logging

import streamlit as st

from dashboard import assets, state, theme
from dashboard.views import (
    adoption,
    compare,
    conflicts,
    coverage,
    data,
    embed,
    hotspots,
    overview,
    parts,
    roadmap,
    visits,
)
from dashboard.views import map as map_view
from dashboard.workflows import SAYABLE


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="Common Ground",
        # a file of ours: an icon by name is fetched from fonts.gstatic.com
        page_icon=str(assets.STATIC / "icon.png"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    theme.apply()
    pages = {
        "overview": st.Page(overview.render, title="Overview", url_path="overview", default=True),
        "map": st.Page(map_view.render, title="Map", url_path="map"),
        "conflicts": st.Page(conflicts.render, title="Conflicts", url_path="conflicts"),
        "hotspots": st.Page(hotspots.render, title="Hotspots", url_path="hotspots"),
        "adoption": st.Page(adoption.render, title="Adoption", url_path="adoption"),
        "coverage": st.Page(coverage.render, title="Coverage", url_path="coverage"),
        "roadmap": st.Page(roadmap.render, title="Road map", url_path="roadmap"),
        "compare": st.Page(compare.render, title="Compare", url_path="compare"),
        "visits": st.Page(visits.render, title="Visits", url_path="visits"),
        "data": st.Page(data.render, title="Data", url_path="data"),
    }
    page = st.navigation(list(pages.values()), position="hidden")
    # the page that is the default has an empty url_path
    name = page.url_path or "overview"
    alone = state.is_embedded()
    if alone and name not in embed.PAGES:
        name = "map"
    state.start(name, today=dt.date.today())
    try:
        if alone:
            embed.render(name)
        else:
            parts.header(pages, current=page)
            page.run()
    except SAYABLE as error:
        parts.problem(str(error))
    except Exception:
        # the last line of defence: the visitor gets a sentence, the log gets the rest
        logging.getLogger(__name__).exception("page %s failed", page.url_path or "overview")
        parts.problem(
            "Something went wrong on our side while drawing this page. Nothing was changed. Try "
            "again; if it happens again, tell whoever runs this server and when it happened."
        )
    if not alone:
        parts.footer()
    state.publish_link()


main()
