"""Stops of a field visit: choosing them, their order, and what those there answered."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts
from dashboard.views.visits_form import put
from dashboard.workflows import SAYABLE
from dashboard.workflows.field_plan import Plan
from dashboard.workflows.field_sites import SitePlace
from layers.field.records import FieldVisit, PlannedStop, SiteConsent

ANSWERS = {"agreed": "agreed", "refused": "refused", "not asked": "not asked"}
WAYS = {
    "first": "first of its day",
    "up": "one up",
    "down": "one down",
    "out": "out of the visit",
}
LISTED = 500


def choose(visit: FieldVisit) -> None:
    """Sites to add: by name from a table, or those of the conflict list."""
    st.header("Add stops")
    mine = {(stop.layer_id, stop.feature_id) for stop in visit.stops}
    sites = [one for one in cached.all_sites(visit.region_id) if one.site not in mine]
    if not sites:
        st.caption("No other mine site is loaded for this region.")
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    sought = left.text_input(
        "Find a site by name or id", key="visits.search", placeholder="part of a name is enough"
    )
    conflicting = right.toggle("Only sites of the conflict list", key="visits.conflicting")
    if conflicting:
        sites = _by_conflicts(sites)
    text = sought.strip().casefold()
    found = [one for one in sites if text in f"{one.name}\n{one.feature_id}".casefold()][:LISTED]
    if not found:
        st.caption("No site fits. Fewer letters find more.")
        return
    picked = st.dataframe(
        pd.DataFrame(
            {
                "Site": [one.name for one in found],
                "Id": [one.feature_id for one in found],
                "Agreed": [ANSWERS[one.consent] for one in found],
            }
        ),
        hide_index=True,
        width="stretch",
        height=260,
        key="visits.table",
        on_select="rerun",
        selection_mode="multi-row",
    )
    rows = picked["selection"]["rows"]
    chosen = [found[row] for row in rows if row < len(found)]
    label = f"Add {words.count(len(chosen), 'site')}" if chosen else "Add the marked sites"
    if st.button(label, disabled=not chosen, key="visits.add", icon=":material/add:"):
        _add(visit, chosen)


def add_from_map(layer_id: str, feature_id: str) -> None:
    """On the map page: put the chosen site into a visit of the region, or say in which it is."""
    visits = {one.visit_id: one for one in cached.field_visits(state.region_id())}
    if not visits:
        return
    with st.popover("Add to a field visit", icon=":material/hiking:"):
        which = st.selectbox(
            "Visit",
            list(visits),
            format_func=lambda key: words.clip(visits[key].title, length=60),
            key="visits.from_map",
        )
        visit = visits[which]
        if any((one.layer_id, one.feature_id) == (layer_id, feature_id) for one in visit.stops):
            st.caption("This site is a stop of that visit already.")
        elif st.button("Add it as a stop", key="visits.add_from_map"):
            stop = PlannedStop(layer_id=layer_id, feature_id=feature_id)
            _save(replace(visit, stops=(*visit.stops, stop)))


def _by_conflicts(sites: Sequence[SitePlace]) -> list[SitePlace]:
    """The sites that stand in the conflict list, in its order."""
    table = parts.conflict_run().table.sort_values("rank")
    order: dict[tuple[str, str], int] = {}
    for site in zip(table["subject_layer"], table["subject_id"], strict=True):
        order.setdefault((str(site[0]), str(site[1])), len(order))
    return sorted((one for one in sites if one.site in order), key=lambda one: order[one.site])


def _add(visit: FieldVisit, chosen: Sequence[SitePlace]) -> None:
    new = tuple(PlannedStop(layer_id=one.layer_id, feature_id=one.feature_id) for one in chosen)
    _save(replace(visit, stops=(*visit.stops, *new)))


def order(visit: FieldVisit, plan: Plan) -> None:
    """The proposed order, and changes by hand."""
    with st.container(key="visit-order", horizontal=True, vertical_alignment="bottom"):
        if st.button("Propose order and times", key="visits.propose", icon=":material/route:"):
            try:
                proposed = cached.proposed_visit(visit)
            except SAYABLE as error:
                parts.problem(str(error))
                return
            _save(proposed)
        names = [f"{at}. {call.place.name}" for at, call in enumerate(plan.calls, start=1)]
        which = st.selectbox(
            "Stop", range(len(names)), format_func=names.__getitem__, key="visits.stop", width=260
        )
        way = st.selectbox("Move it", list(WAYS), format_func=WAYS.__getitem__, key="visits.way")
        days = {None: "no day"} | {
            number: words.day(day.day) for number, day in enumerate(visit.days)
        }
        if st.button("Move", key="visits.move"):
            _save(_moved(visit, plan, int(which), way))
        day = st.selectbox(
            "or put it on", list(days), format_func=days.__getitem__, key="visits.day", width=200
        )
        if st.button("Put", key="visits.put"):
            _save(_on_day(visit, plan, int(which), day))


def _as_planned(plan: Plan) -> list[PlannedStop]:
    return [call.stop for call in plan.calls]


def _moved(visit: FieldVisit, plan: Plan, which: int, way: str) -> FieldVisit:
    stops = _as_planned(plan)
    stop = stops.pop(which)
    if way == "out":
        return replace(visit, stops=tuple(stops))
    if way == "first":
        same = [at for at, one in enumerate(stops) if one.day == stop.day]
        at = same[0] if same else which
    else:
        at = max(0, which - 1) if way == "up" else which + 1
    stops.insert(at, stop)
    return replace(visit, stops=tuple(stops))


def _on_day(visit: FieldVisit, plan: Plan, which: int, day: int | None) -> FieldVisit:
    stops = _as_planned(plan)
    stops[which] = replace(stops[which], day=day)
    return replace(visit, stops=tuple(stops))


def consent(visit: FieldVisit, plan: Plan) -> None:
    """What those at a site answered; every earlier answer is kept."""
    with st.expander("Write down whether a site agreed to be visited and shown"):
        calls = {call.place.site: call.place for call in plan.calls}
        with st.form("visits.consent"):
            site = st.selectbox(
                "Site",
                list(calls),
                format_func=lambda one: f"{calls[one].name}: {calls[one].consent}",
                key="visits.consent.site",
            )
            answer = st.radio(
                "Answer", list(ANSWERS), horizontal=True, index=2, key="visits.consent.answer"
            )
            how = st.text_input(
                "How: who was asked, by whom and when", key="visits.consent.how", max_chars=300
            )
            actor = st.text_input("Your name", key="visits.consent.actor", max_chars=80)
            save = st.form_submit_button("Keep the answer")
        if save:
            told = SiteConsent(
                region_id=visit.region_id,
                layer_id=site[0],
                feature_id=site[1],
                answer=answer,  # type: ignore[arg-type]
                how=how.strip(),
            )
            try:
                cached.record_consent(told, actor=actor)
            except SAYABLE as error:
                parts.problem(str(error))
                return
            st.rerun()


def _save(visit: FieldVisit) -> None:
    """Keep a change of the plan; who makes it is asked once in the form above."""
    kept = put(visit, actor=state.get(state.ACTOR) or "somebody at the page")
    if kept is not None:
        st.rerun()
