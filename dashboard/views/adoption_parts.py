"""Pieces that the pages of the adoption ledger share: their second row, charts, empty states."""

import base64
import html
from functools import partial

import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts
from dashboard.workflows.adoption_types import BY_TITLES, AdoptionRun
from layers.facts import Region

TABS = {
    "adoption": "Region",
    "coverage": "Coverage",
    "roadmap": "Road map",
    "compare": "Compare",
}
FILES = {
    "csv": ("Table by {by} (CSV)", "text/csv"),
    "xlsx": (
        "Workbook with notes (XLSX)",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
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


def picture(svg: bytes, *, alt: str, key: str, width: float) -> None:
    """A chart as a picture of its own: whatever stands in it can run nothing and load nothing.

    It is as wide as its place, and at most `width` pixels.
    """
    told = html.escape(" ".join(alt.split()), quote=True)
    source = base64.b64encode(svg).decode()
    with st.container(key=f"chart-{key}"):
        st.html(
            f'<img alt="{told}" style="max-width: {width:.0f}px" '
            f'src="data:image/svg+xml;base64,{source}">'
        )


def cautions(sentences: tuple[str, ...], *, title: str = "What these figures cannot tell") -> None:
    """What must not be read into what is shown."""
    lines = [*dict.fromkeys((*sentences, words.ABSENCE))]
    with st.container(key="panel-cautions"):
        st.markdown(f"**{title}**")
        st.markdown("\n".join(f"- {words.md(line)}" for line in lines))


def take_away(run: AdoptionRun) -> None:
    """The files of a region: made when they are asked for."""
    st.header("Take it with you")
    cut = cached.adoption(run.region_id, by=state.get("adoption.by", "district"))
    with st.container(key="take-away", horizontal=True, gap="small"):
        for form, (label, mime) in FILES.items():
            st.download_button(
                label.format(by=BY_TITLES[cut.by]),
                # a function is called when the button is pressed, and only then
                data=partial(cached.export_adoption, cut, form=form),
                file_name=f"adoption-{run.region_id}-{cut.by}.{form}"
                if form == "csv"
                else f"adoption-{run.region_id}.{form}",
                mime=mime,
                key=f"adoption.download.{form}",
                on_click="ignore",
                icon=":material/download:",
            )
        st.download_button(
            "Brief of two pages (PDF)",
            data=partial(
                cached.adoption_brief, run.region_id, practice=state.get("adoption.practice")
            ),
            file_name=f"brief-{run.region_id}.pdf",
            mime="application/pdf",
            key="adoption.download.pdf",
            on_click="ignore",
            icon=":material/download:",
        )
    st.caption(
        "Every area, practice and round with counts, interval and days; no place of a site and no "
        "number of fewer people than may be shown."
    )
