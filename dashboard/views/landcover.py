"""Land cover by district, licence or site, as a table on the overview."""

import pandas as pd
import streamlit as st

from dashboard import cached, words
from dashboard.workflows import LAND_COVER_BY, SAYABLE, LandCover
from layers.catalogue import Layer

LABELS = {"districts": "District", "licences": "Licence", "sites": "Site"}
MOST_ROWS = 12
ROW_HEIGHT = 35


def show(layers: list[Layer]) -> None:
    """Ask by what, measure once asked, show the table; nothing where there is no raster."""
    rasters = [one for one in layers if one.kind == "landcover"]
    there = {by: [one for one in layers if one.kind == kind] for by, kind in LAND_COVER_BY.items()}
    choices = [by for by, some in there.items() if some]
    if not rasters or not choices:
        return
    st.header("Land cover")
    ground = rasters[0]
    if len(rasters) > 1:
        ground = st.selectbox(
            "Raster", rasters, format_func=lambda one: one.name, key="overview.cover_raster"
        )
    by = st.radio(
        "Hectares of each class by",
        choices,
        index=None,
        horizontal=True,
        format_func=lambda one: LABELS[one].lower(),
        key="overview.cover_by",
    )
    if by is None:
        st.caption("Choose by what; a large raster takes some seconds.")
        return
    zones = there[by][0]
    if len(there[by]) > 1:
        zones = st.selectbox(
            "Layer", there[by], format_func=lambda one: one.name, key=f"overview.cover_{by}"
        )
    try:
        told = cached.land_cover(ground.region_id, by=by, raster=ground, zones=zones)
    except SAYABLE as error:
        st.error(words.md(error))
        return
    _table(told)


def _table(told: LandCover) -> None:
    if told.demonstration:
        st.caption(f":orange[{words.INVENTED}]")
    frame = for_people(told)
    st.dataframe(
        frame,
        hide_index=True,
        key="overview.cover",
        height=min(len(frame), MOST_ROWS) * ROW_HEIGHT + 38,
        placeholder=words.NO_DATA,
        column_config={
            name: st.column_config.NumberColumn(format="localized")
            for name in frame.columns
            if name != LABELS[told.by]
        },
    )
    dated = told.raster_date
    st.caption(
        f"{words.md(told.raster.name)}: {words.md(dated)}; from {words.md(told.source)}. "
        + " ".join(words.md(sentence) for sentence in told.caveats)
    )
    if told.without_ground:
        st.caption(
            f"{words.count(told.without_ground)} are points without a radius: they have no ground."
        )
    st.download_button(
        "Download as CSV",
        cached.export_land_cover(told),
        file_name=f"land-cover-{told.region_id}-{told.by}.csv",
        mime="text/csv",
        key="overview.cover_csv",
    )


def for_people(told: LandCover) -> pd.DataFrame:
    """The table under the headings a person reads, in hectares of two places."""
    table = told.table
    columns = {LABELS[told.by]: table["name"].fillna(table["zone_id"]).astype(str)}
    columns |= {
        f"{words.class_name(name).capitalize()} (ha)": table[f"{name}_ha"] for name in told.classes
    }
    columns |= {
        "No data (ha)": table["no_data_ha"],
        "Not classified (ha)": table["unclassified_ha"],
        "Outside the raster (ha)": table["outside_ha"],
        "All (ha)": table["zone_ha"],
        "Classified (%)": table["classified_pct"],
    }
    return pd.DataFrame(columns).round(2)
