"""Pieces that the pages of the adoption ledger share: their second row, charts, empty states."""

import base64
import html

import streamlit as st

from dashboard import state, words
from dashboard.views import parts
from layers.facts import Region

TABS = {
    "adoption": "Region",
    "coverage": "Coverage",
    "roadmap": "Road map",
    "compare": "Compare",
}


def tabs() -> None:
    """The links between the pages of the ledger, in a row of their own."""
    with st.container(key="subnav", horizontal=True, gap=None, vertical_alignment="center"):
        for name, label in TABS.items():
            st.page_link(parts.page(name), label=label, width="content")


def nothing_yet(region: Region) -> None:
    """Nobody's visits are in the ledger: what it is for, and what to do first."""
    st.info(
        f"No visits to mine sites are recorded for {words.md(region.name)} yet, so nothing is "
        "known of how many sites use which practice. That is not the same as none."
    )
    st.markdown(
        "Bring a table of visits, or a file from KoboToolbox or ODK. A visit form in English and "
        "French, made of the list of practices, can be taken from the Data page."
    )
    parts.go_to("data", "Import visits", icon=":material/upload:")


def picture(svg: bytes, *, alt: str, key: str) -> None:
    """A chart as a picture of its own: whatever stands in it can run nothing and load nothing."""
    told = html.escape(" ".join(alt.split()), quote=True)
    source = base64.b64encode(svg).decode()
    with st.container(key=f"chart-{key}"):
        st.html(f'<img alt="{told}" src="data:image/svg+xml;base64,{source}">')


def cautions(sentences: tuple[str, ...], *, title: str = "What these figures cannot tell") -> None:
    """What must not be read into what is shown."""
    lines = [*dict.fromkeys((*sentences, words.ABSENCE))]
    with st.container(key="panel-cautions"):
        st.markdown(f"**{title}**")
        st.markdown("\n".join(f"- {words.md(line)}" for line in lines))


def chosen_region() -> str:
    """The region that is shown."""
    return state.region_id()
