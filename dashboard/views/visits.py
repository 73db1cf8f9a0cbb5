"""Field visits: who goes where, in which order, whether those there agreed, and the pack."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts, visits_back, visits_links, visits_pack, visits_stops
from dashboard.views.visits_form import visit_form
from dashboard.workflows import SAYABLE
from dashboard.workflows.field_plan import Plan, PlannedCall
from layers.facts import region
from layers.field.records import FieldVisit

NEW = "new"


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Field visits, {chosen.name}"))
    found = {one.visit_id: one for one in cached.field_visits(chosen.region_id)}
    visit = _choice(found)
    if visit is None:
        st.markdown(
            "A visit has days, a group, and stops in an order. From it comes a **briefing pack**: "
            "a map that works without a network, the same on paper, and the stops for any map app. "
            "A site whose people did not agree to be visited and shown is in no pack."
        )
        visit_form(FieldVisit(region_id=chosen.region_id, title=""), key=NEW)
        return
    with st.expander("Days, group, languages and meeting place"):
        visit_form(visit, key=visit.visit_id)
    _plan(visit)
    visits_stops.choose(visit)
    visits_pack.offer(visit)
    visits_links.show(visit)
    visits_back.show(visit)


def _choice(found: dict[str, FieldVisit]) -> FieldVisit | None:
    """The visit to work on; None = a new one."""
    made = state.get("visits.next")
    if made in found:
        state.drop("visits.next")
        state.put("visits.visit", made)
    if state.get("visits.visit") not in (*found, NEW):
        state.put("visits.visit", next(iter(found), NEW))
    names = {NEW: "New visit …"} | {key: _label(one) for key, one in found.items()}
    st.selectbox(
        "Visit",
        [*found, NEW],
        key="visits.visit",
        format_func=lambda key: words.clip(names[key], length=90),
    )
    return found.get(state.get("visits.visit"))


def _label(visit: FieldVisit) -> str:
    days = words.day(visit.days[0].day) if visit.days else "no day yet"
    return f"{visit.title}, {days}"


def _plan(visit: FieldVisit) -> None:
    """The stops in their order, and what can be done with them."""
    st.header("Stops")
    if not visit.stops:
        st.info("No stop yet. Choose sites below.")
        return
    try:
        plan = cached.field_plan(visit)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    for note in plan.notes:
        st.warning(words.md(note))
    st.dataframe(_table(plan), hide_index=True, width="stretch")
    visits_stops.order(visit, plan)
    visits_stops.consent(visit, plan)


def _table(plan: Plan) -> pd.DataFrame:
    """The plan as a table; what is not planned is told so."""
    days = plan.visit.days
    rows = []
    for number, call in enumerate(plan.calls, start=1):
        day = "not in a day yet"
        if call.day is not None:
            day = words.day(days[call.day].day) if days else f"day {call.day + 1}"
        rows.append(
            {
                "Stop": number,
                "Site": call.place.name,
                "Day": day,
                "From": call.arrive.strftime("%H:%M") if call.arrive else "–",
                "To": call.leave.strftime("%H:%M") if call.leave else "–",
                "Way there": _way(call),
                "Agreed": visits_stops.ANSWERS[call.place.consent],
                "Note": call.stop.note or "",
            }
        )
    return pd.DataFrame(rows)


def _way(call: PlannedCall) -> str:
    if call.leg is None:
        return "–"
    road = "by road" if call.leg.by_road else "straight line"
    return f"{words.metres(call.leg.metres)}, some {call.leg.minutes} min, {road}"
