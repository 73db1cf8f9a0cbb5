"""The briefing pack of a visit: made on a click, what it holds, and the files to keep."""

import datetime as dt

import streamlit as st

from dashboard import cached, words
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from layers.field.records import FieldVisit

FILES = {
    ".html": "Map, cards and notes in one file: opens on a phone without a network",
    "-a3.pdf": "On paper, A3",
    ".pdf": "On paper, A4: overview, a sheet for each stop, a sheet for notes",
    ".gpx": "Stops for map apps and receivers",
    ".kml": "Stops for map apps and Google Earth",
    ".csv": "Stops as a table",
}


def offer(visit: FieldVisit) -> None:
    """The button that makes the pack, and what came of it."""
    st.header("Briefing pack")
    st.markdown(
        "The pack holds the stops that are planned and whose people agreed, the layers around "
        "them, and notes to fill in. No other mine site is in any of its files."
    )
    if not st.button("Make the pack", type="primary", key="visits.pack", disabled=not visit.stops):
        return
    try:
        with parts.progress("Making the pack") as tell:
            content, files = cached.field_pack(visit.visit_id, progress=tell)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.success(f"{words.count(files.stops, 'stop')} in the pack.")
    for sentence in files.left_out:
        st.caption(words.md(sentence))
    lines = []
    for name, size in files.files.items():
        what = next(told for end, told in FILES.items() if name.endswith(end))
        lines.append(f"- `{name}`, {words.count(round(size / 1_000))} kB: {what}")
    st.markdown("\n".join(lines))
    day = dt.date.today().isoformat()
    st.download_button(
        f"Keep all files ({words.count(round(len(content) / 1_000))} kB)",
        content,
        file_name=f"briefing-{visit.visit_id.rsplit('.', 1)[-1]}-{day}.zip",
        mime="application/zip",
        key="visits.download",
        icon=":material/download:",
        on_click="ignore",
    )
