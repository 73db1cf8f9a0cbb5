"""What can be chosen on the page of hotspots: units, measure, rules, and what to compare with."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import cached, state, words
from dashboard.workflows.types import Overview
from layers.facts import region, rule_pack

BY = {"districts": "Districts", "h3": "Hexagons"}
MEASURES = {"per_site": "per known site", "per_km2": "per surveyed km²"}
SIZES = {8: "About 1 km across", 7: "About 2.5 km across"}
DAY = "day"


def asked(name: str, default: Any) -> Any:
    """A choice of this page; the default where nothing is chosen."""
    value = state.get(f"hotspots.{name}")
    return default if value in (None, "") else value


def choices(loaded: Overview, *, has_districts: bool) -> None:
    """Draw the choices in one row; the rare ones are folded away."""
    with st.container(key="hotspot-choices", horizontal=True, vertical_alignment="center"):
        if has_districts:
            _among("by", BY)
            if not state.get("hotspots.by"):
                state.put("hotspots.by", "districts")
            st.segmented_control(
                "Units on the map",
                list(BY),
                key="hotspots.by",
                format_func=BY.__getitem__,
                label_visibility="collapsed",
                required=True,
            )
        _compare(loaded)
        _more(loaded)


def _compare(loaded: Overview) -> None:
    """Older versions, or a day, to compare with."""
    offered = older_versions(loaded)
    names = {**offered, DAY: "the data of a day …"}
    _among("since", names)
    label = "Compare with" if not state.get("hotspots.since") else "Compared with an older state"
    with st.popover(label, icon=":material/history:"):
        st.selectbox(
            "Compare with",
            list(names),
            index=None,
            key="hotspots.since",
            format_func=lambda name: words.clip(names[name], length=70),
            placeholder="nothing",
            help="Both sides are looked at under the same rules.",
        )
        if state.get("hotspots.since") == DAY:
            st.date_input(
                "The data as of",
                value=None,
                key="hotspots.since_day",
                min_value=dt.date(1990, 1, 1),
                max_value=dt.date(2100, 1, 1),
                format="DD/MM/YYYY",
                help="Each layer shows its latest version with a data date up to that day.",
            )
        if not offered:
            st.caption("No layer has an older version yet.")


def older_versions(loaded: Overview) -> dict[str, str]:
    """Versions that are not shown now, by id, each with a name; newest first in each layer."""
    found = {}
    for row in loaded.layers:
        if row.layer.version_count < 2 or row.layer.current is None:
            continue
        for version in cached.layer_versions(row.layer.layer_id):
            if version.version_id == row.layer.current.version_id:
                continue
            date = words.data_date(version.data_date)
            found[version.version_id] = f"{row.layer.name}, version {version.number} ({date})"
    return found


def _more(loaded: Overview) -> None:
    rules = _rules(loaded.region_id)
    layers = {row.layer.layer_id: row.layer.name for row in loaded.layers}
    districts = {
        row.layer.layer_id: layers[row.layer.layer_id]
        for row in loaded.layers
        if row.layer.kind == "districts"
    }
    for name, options in (
        ("measure", MEASURES),
        ("resolution", SIZES),
        ("rules", rules),
        ("district_layer", districts),
    ):
        _among(name, options)
    used = sum(
        state.get(f"hotspots.{name}") not in (None, [], default)
        for name, default in (("measure", "per_site"), ("resolution", 8), ("rules", []))
    )
    with st.popover("Options" + (f" ({used} in use)" if used else ""), icon=":material/tune:"):
        _radio("measure", "Sites in conflict", MEASURES, default="per_site")
        _radio("resolution", "Hexagons", SIZES, default=8)
        st.multiselect(
            "Count only these rules",
            list(rules),
            key="hotspots.rules",
            format_func=lambda rule_id: f"{rules[rule_id]} ({rule_id})",
            placeholder="those that speak against a site",
            help="As a rule, being inside or outside a licence does not count.",
        )
        if len(districts) > 1:
            st.selectbox(
                "Layer of districts",
                list(districts),
                key="hotspots.district_layer",
                format_func=districts.__getitem__,
            )


def _radio(name: str, label: str, options: Mapping[Any, str], *, default: Any) -> None:
    if state.get(f"hotspots.{name}") is None:
        state.put(f"hotspots.{name}", default)
    st.radio(
        label,
        list(options),
        key=f"hotspots.{name}",
        format_func=options.__getitem__,
        horizontal=True,
    )


def _rules(region_id: str) -> dict[str, str]:
    """The rules about sites that hold on the day, with the scenarios that are added."""
    offered = cached.site_rules(region_id, on=state.rules_on(), scenarios=state.scenarios())
    titles = {rule.rule_id: rule.title for rule in rule_pack(region(region_id).rule_pack)}
    return {rule_id: titles[rule_id] for rule_id in offered}


def _among(name: str, options: Mapping[Any, Any]) -> None:
    state.among(f"hotspots.{name}", options)
