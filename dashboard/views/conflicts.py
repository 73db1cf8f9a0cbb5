"""Conflicts: filters, the ranked table and the map linked both ways, the chosen one's sheet."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.maps import MapEvent, MapSpec, map_conflicts, show_map
from dashboard.views import parts
from dashboard.views.conflict_table import ROWS_SHOWN, next_table, show_table
from dashboard.views.overview import not_assessed
from dashboard.views.sheet import show_sheet
from dashboard.workflows.conflict_filter import ConflictFilter
from dashboard.workflows.types import ConflictRun
from layers.facts import region

FORMATS = {
    "gpkg": ("GeoPackage with style", "application/geopackage+sqlite3"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "csv": ("CSV table", "text/csv"),
}

HIDDEN = ("roads", "visits", "health_sites", "landcover", "imagery")
"""Kinds whose layers start switched off: they would hide what the rules compare."""


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title("Possible conflicts")
    if cached.overview(chosen.region_id).is_empty:
        st.info(
            f"Nothing is loaded for {words.md(chosen.name)} yet. A conflict needs at least two "
            "layers to compare, such as mine sites and licences."
        )
        parts.go_to("data", "Add a layer", icon=":material/upload:")
        return
    run = parts.conflict_run()
    if run.table.empty:
        st.info(
            "No possible conflict was found among the layers that are loaded, under the rules of "
            f"{words.day(run.as_of)}. {words.ABSENCE}"
        )
        not_assessed(run)
        return
    wanted = _filter(run)
    shown = wanted.rows(run.table)
    _say_how_many(run, shown)
    if shown.empty:
        st.info("No conflict passes all filters. Remove one of them.")
    else:
        # on a phone the sheet comes before the map: see the style of this container
        with st.container(key="work"):
            _table_and_map(run, shown, wanted)
        _downloads(run, shown)
    not_assessed(run)


def _filter(run: ConflictRun) -> ConflictFilter:
    """What the person wants to see; an empty filter passes everything."""
    names = ("rules", "districts", "statuses", "licences", "min_ha", "max_ha")
    used = sum(state.get(f"conflicts.{name}") not in (None, []) for name in names)
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
        _verdicts(run.table)
        with st.popover(
            "More filters" + (f" ({used} in use)" if used else ""), icon=":material/tune:"
        ):
            _filter_widgets(run)
    return _wanted()


def _wanted() -> ConflictFilter:
    """The filters as they are chosen."""

    def chosen(name: str) -> tuple[str, ...]:
        return tuple(state.get(f"conflicts.{name}") or ())

    return ConflictFilter(
        verdicts=chosen("verdicts"),
        rules=chosen("rules"),
        districts=chosen("districts"),
        statuses=chosen("statuses"),
        licences=chosen("licences"),
        min_ha=state.get("conflicts.min_ha"),
        max_ha=state.get("conflicts.max_ha"),
    )


def _verdicts(table: pd.DataFrame) -> None:
    counts = table["verdict"].value_counts()
    options = [verdict for verdict in words.VERDICTS if verdict in counts]
    state.among("conflicts.verdicts", options)
    st.pills(
        "Verdict",
        options,
        selection_mode="multi",
        key="conflicts.verdicts",
        format_func=lambda verdict: f"{words.VERDICTS[verdict]} ({words.count(counts[verdict])})",
        help=" ".join(words.VERDICT_HELP.values()),
    )


def _filter_widgets(run: ConflictRun) -> None:
    table = run.table
    titles = dict(zip(table["rule_id"], table["rule_title"], strict=True))
    districts = sorted(table["district"].fillna(words.NO_DATA).unique())
    statuses = sorted(table["rule_status"].unique())
    state.among("conflicts.rules", titles)
    state.among("conflicts.districts", districts)
    state.among("conflicts.statuses", statuses)
    found = set(table["licence_state"].dropna())
    licences = [name for name in words.LICENCE_STATES if name in found]
    state.among("conflicts.licences", licences)
    st.multiselect("Rule", list(titles), key="conflicts.rules", format_func=titles.__getitem__)
    st.multiselect("District", districts, key="conflicts.districts")
    st.multiselect(
        "How well the rule is known",
        statuses,
        key="conflicts.statuses",
        format_func=lambda status: words.STATUS_SHORT.get(status, status),
    )
    st.multiselect(
        "Licence on that day",
        licences,
        key="conflicts.licences",
        format_func=words.LICENCE_STATES.__getitem__,
        help="By the licence's own end date, on the day of the rules. It may have been renewed.",
    )
    with st.container(horizontal=True):
        for name, label in (("min_ha", "Overlap from (ha)"), ("max_ha", "to (ha)")):
            st.number_input(
                label,
                min_value=0.0,
                value=None,
                step=0.1,
                key=f"conflicts.{name}",
                placeholder="any",
                width=150,
            )
    st.button("Remove all filters", key="conflicts.clear", on_click=_clear)


def _clear() -> None:
    for name in ("rules", "districts", "statuses", "licences", "verdicts"):
        state.put(f"conflicts.{name}", [])
    for name in ("min_ha", "max_ha"):
        state.put(f"conflicts.{name}", None)


def _say_how_many(run: ConflictRun, shown: pd.DataFrame) -> None:
    total = len(run.table)
    many = words.count(len(shown), "possible conflict")
    of = "" if len(shown) == total else f" of {words.count(total)}"
    listed = (
        f" The first {words.count(ROWS_SHOWN)} are listed; downloads hold all."
        if len(shown) > ROWS_SHOWN
        else ""
    )
    st.caption(f"**{many}{of}** under the rules of {words.day(run.as_of)}.{listed} {words.ORDER}")


def _table_and_map(run: ConflictRun, shown: pd.DataFrame, wanted: ConflictFilter) -> None:
    left, right = st.columns([1.3, 1], gap="small")
    with left:
        show_table(shown)
        if state.get("conflicts.selected"):
            st.caption("[Details of the chosen conflict](#details-of-the-chosen-conflict)")
    state.publish_link()  # before the map moves and writes its view into the address
    with right:
        event = _map(run, wanted)
    with st.container(key="chosen"):
        _sheet(run)
    if state.new_event("conflicts.frame", event.number) and event.conflict_id:
        # the table is drawn anew, with the row of the clicked sign selected
        state.put("conflicts.selected", event.conflict_id)
        state.put("conflicts.fly", True)
        next_table()
        st.rerun()


def _map(run: ConflictRun, wanted: ConflictFilter) -> MapEvent:
    return show_map(_spec(run, wanted), key="conflicts.frame", height=430, returns=("click",))


def map_spec() -> MapSpec:
    """What the map of this page shows, where the map stands alone."""
    run = parts.conflict_run()
    return _spec(run, _wanted())


def _spec(run: ConflictRun, wanted: ConflictFilter) -> MapSpec:
    loaded = cached.overview(run.region_id)
    selected = state.get("conflicts.selected")
    return MapSpec(
        region_id=run.region_id,
        region_name=region(run.region_id).name,
        bounds=loaded.bounds,
        layers=parts.map_layers(loaded, hidden=HIDDEN),
        conflicts=map_conflicts(run, chosen=wanted, selected=selected),
        highlight=_highlight(run, selected),
        # a link that says where to look is taken at its word
        zoom_to_highlight=state.get("conflicts.fly", state.get("map.view") is None),
        **state.of_link(),
    )


def _highlight(run: ConflictRun, selected: str | None) -> tuple[tuple[str, str], ...]:
    """Both features of the chosen conflict."""
    rows = run.table[run.table["conflict_id"] == selected] if selected else run.table.head(0)
    if rows.empty:
        return ()
    row = rows.iloc[0]
    pairs = [(row["subject_layer"], row["subject_id"]), (row["object_layer"], row["object_id"])]
    return tuple((layer, feature) for layer, feature in pairs if not words.is_missing(layer))


def _downloads(run: ConflictRun, shown: pd.DataFrame) -> None:
    """Files of the filtered list, made when they are asked for and not on every run."""
    with st.popover(f"Download these {words.count(len(shown))}", icon=":material/download:"):
        form = st.radio(
            "Format",
            list(FORMATS),
            key="conflicts.format",
            format_func=lambda name: FORMATS[name][0],
        )
        ids = None if len(shown) == len(run.table) else tuple(shown["conflict_id"])
        st.download_button(
            f"Download {FORMATS[form][0]}",
            # a function is called when the button is pressed, and only then
            data=lambda: cached.export_conflicts(run, form=form, conflict_ids=ids),
            file_name=f"possible-conflicts-{run.region_id}-{run.as_of}.{form}",
            mime=FORMATS[form][1],
            key="conflicts.download",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption("The file holds rule, source, status, verdict and measures of each conflict.")


def _sheet(run: ConflictRun) -> None:
    selected = state.get("conflicts.selected")
    if not selected:
        st.caption("Choose a row, or a sign on the map, to see the sheet of that conflict.")
        return
    if not (run.table["conflict_id"] == selected).any():
        st.info("The conflict of this link is not found under these layers and rules.")
        return
    show_sheet(cached.conflict_sheet(run, selected))
