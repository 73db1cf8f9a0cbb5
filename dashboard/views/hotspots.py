"""Hotspots: a ranked list of districts with a reason each, and a map of districts or hexagons."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import cached, state, words
from dashboard.maps import MapEvent, MapSpec, map_hotspots, show_map
from dashboard.views import parts
from dashboard.views.hotspot_choices import asked, choices
from dashboard.views.hotspot_list import show_list, show_unit
from dashboard.workflows import hotspot_order
from dashboard.workflows.hotspot_types import HotspotRun
from dashboard.workflows.types import Overview, WorkflowError
from layers.facts import region

FORMATS = {
    "csv": ("CSV table", "text/csv"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "gpkg": ("GeoPackage with style", "application/geopackage+sqlite3"),
}
MAP_TITLE = "Map of the units"
HIDDEN = (
    *("landcover", "imagery"),
    *("mine_sites", "detections", "visits", "licences", "artisanal_zones", "farmland"),
    *("roads", "health_sites", "survey_coverage"),
)
"""Kinds whose layers start switched off: the units are what is to be seen."""
GROUND = ("water", "protected_areas")
"""Drawn over hexagons they would hide them."""


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title("Hotspots")
    loaded = cached.overview(chosen.region_id)
    if loaded.is_empty:
        st.info(
            f"Nothing is loaded for {words.md(chosen.name)} yet. Hotspots need mine sites, "
            "something they may come into conflict with, such as water, and districts for the list."
        )
        parts.go_to("data", "Add a layer", icon=":material/upload:")
        return
    has_districts = _has_districts(loaded)
    choices(loaded, has_districts=has_districts)
    if not has_districts:
        st.info(
            "No districts are loaded, so the list below is one of hexagons. Add a layer of kind "
            "“Districts” to have it by your own districts."
        )
    listed = _run("districts" if has_districts else "h3", loaded)
    on_map = _run(asked("by", "districts"), loaded) if has_districts else listed
    _say_what_was_tested(listed, on_map)
    # on a phone the list comes first, then the map
    left, right = st.columns([1, 1.15], gap="medium")
    with left, st.container(key="ranked"):
        show_list(listed)
    state.publish_link()  # before the map moves and writes its view into the address
    with right, st.container(key="hotmap"):
        st.subheader(MAP_TITLE, anchor="map-of-the-units")
        event = _map(on_map, loaded)
        show_unit(on_map)
    _take(event)
    _what_changed(listed)
    with st.container(horizontal=True):
        _download(listed, on_map)
    _method(on_map)


def _has_districts(loaded: Overview) -> bool:
    return any(row.layer.kind == "districts" for row in loaded.layers)


def _run(by: str, loaded: Overview) -> HotspotRun:
    """The run that is asked for; without the comparison where that cannot be made."""
    options: dict[str, Any] = {
        "by": by,
        "resolution": asked("resolution", None) if by == "h3" else None,
        "measure": asked("measure", "per_site"),
        "rules": tuple(sorted(asked("rules", []))) or None,
        "district_layer": asked("district_layer", None),
        "on": state.rules_on(),
        "scenarios": state.scenarios(),
    }
    since = _since()
    with parts.progress("Looking for hotspots") as tell:
        if since is None:
            return cached.hotspots(loaded.region_id, **options, progress=tell)
        try:
            return cached.hotspots(loaded.region_id, **options, since=since, progress=tell)
        except WorkflowError as error:
            run = cached.hotspots(loaded.region_id, **options, progress=tell)
            if by == "districts" or run.by == "h3":
                st.info(words.md(str(error)))
            return run


def _since() -> str | None:
    since = asked("since", None)
    if since == "day":
        day = asked("since_day", None)
        return day.isoformat() if day else None
    return str(since) if since else None


def _say_what_was_tested(listed: HotspotRun, on_map: HotspotRun) -> None:
    told = []
    for run in dict.fromkeys((listed.by, on_map.by)):
        one = listed if listed.by == run else on_map
        name = "Districts" if run == "districts" else "Hexagons"
        hot = [row for row in one.rows if row.unit_class in ("hot_99", "hot_95")]
        if one.tested:
            where = sorted({row.district for row in hot if row.district}) if run == "h3" else []
            places = f" in {words.md(words.listing(where))}" if where else ""
            told.append(
                f"**{name}**: {words.count(one.units_with_data)} tested, "
                f"{words.count(len(hot), 'hotspot')}{places}."
            )
        else:
            why = next(line for line in one.method if line.startswith("No test was made"))
            told.append(f"**{name}**: {words.md(why)}")
    told.append(f"Under the rules of {words.day(listed.as_of)}.")
    st.caption(" ".join(told))
    with st.container(key="to-map"):
        st.caption(f"[{MAP_TITLE}](#map-of-the-units)")


def _map(run: HotspotRun, loaded: Overview) -> MapEvent:
    return show_map(_spec(run, loaded), key="hotspots.frame", height=520, returns=("click",))


def map_spec(loaded: Overview) -> MapSpec:
    """What the map of this page shows, where the map stands alone."""
    return _spec(_run(asked("by", "districts" if _has_districts(loaded) else "h3"), loaded), loaded)


def _spec(run: HotspotRun, loaded: Overview) -> MapSpec:
    return MapSpec(
        region_id=run.region_id,
        region_name=region(run.region_id).name,
        bounds=loaded.bounds,
        layers=parts.map_layers(loaded, hidden=HIDDEN + (GROUND if run.by == "h3" else ())),
        hotspots=map_hotspots(
            run,
            selected=state.get("hotspots.selected"),
            # a link that says where to look is taken at its word
            zoom=state.get("hotspots.fly", state.get("map.view") is None),
            steps=cached.hotspot_steps(run.region_id),
        ),
        **state.of_link(),
    )


def _take(event: MapEvent) -> None:
    """A click on a unit chooses it."""
    if not state.new_event("hotspots.frame", event.number):
        return
    state.put("hotspots.fly", False)
    if event.unit_id != state.get("hotspots.selected"):
        state.put("hotspots.selected", event.unit_id)
        st.rerun()


def _what_changed(run: HotspotRun) -> None:
    """What is otherwise than before, what comes from the lists alone among it."""
    if run.changes is None:
        return
    with st.container(key="panel-changed"):
        st.subheader(f"What changed since {words.md(run.changes.label)}")
        st.markdown("\n".join(f"- {words.md(line)}" for line in run.changes.sentences))
        st.caption("By unit, it stands in each row's sentence and in the downloads.")


def _download(*runs: HotspotRun) -> None:
    """Files of the list or of the map's units, made when they are asked for."""
    offered = {("districts" if run.by == "districts" else "hexagons"): run for run in runs}
    with st.popover("Download", icon=":material/download:"):
        names = list(offered)
        name = names[0]
        if len(names) > 1:
            state.among("hotspots.export_units", names)
            name = st.radio("Units", names, key="hotspots.export_units", format_func=str.capitalize)
        form = _format(list(FORMATS))
        run = offered[name]
        st.download_button(
            f"Download {FORMATS[form][0]}",
            # a function is called when the button is pressed, and only then
            data=lambda: cached.export_hotspots(run, form=form),
            file_name=f"hotspots-{name}-{run.region_id}-{run.as_of}.{form}",
            mime=FORMATS[form][1],
            key="hotspots.download",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption("Every unit with its figures, class and reason. No place of a site is in it.")


def _format(names: Sequence[str]) -> str:
    return str(
        st.radio("Format", names, key="hotspots.format", format_func=lambda name: FORMATS[name][0])
    )


def _method(run: HotspotRun) -> None:
    with st.expander("How this was found, and what not to read into it"):
        st.markdown("\n".join(f"- {words.md(line)}" for line in (*run.method, *run.notes)))
        st.markdown(words.md(hotspot_order()))
