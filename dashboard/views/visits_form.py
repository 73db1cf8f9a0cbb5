"""The form of a field visit: title, group, days, languages, and where each day begins."""

import datetime as dt
from dataclasses import replace

import streamlit as st

from dashboard import cached, state
from dashboard.field.words import languages, own_name
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from layers.field.records import FieldVisit, VisitDay

FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 1, 1)
MOST_DAYS = 6


def visit_form(visit: FieldVisit, *, key: str) -> None:
    """Draw the form; saving keeps the state before."""
    token = f"visits.{key}.{visit.number}"
    with st.form(f"{token}.form", border=True):
        changed = _fields(visit, token=token)
        actor = st.text_input("Your name", key=state.ACTOR, max_chars=80)
        save = st.form_submit_button("Save the visit", type="primary")
    if save:
        kept = put(changed, actor=actor)
        if kept is not None:
            state.put("visits.next", kept.visit_id)
            st.rerun()


def put(visit: FieldVisit, *, actor: str) -> FieldVisit | None:
    """Save a visit; where that cannot be, say why and return None."""
    try:
        return cached.put_field_visit(visit, actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return None


def _fields(visit: FieldVisit, *, token: str) -> FieldVisit:
    title = st.text_input("Title", value=visit.title, key=f"{token}.title", max_chars=120)
    left, right = st.columns(2)
    with left:
        group = st.text_input("Group", value=visit.group, key=f"{token}.group", max_chars=120)
        first = st.date_input(
            "First day",
            value=visit.days[0].day if visit.days else None,
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            key=f"{token}.first",
        )
        many = st.number_input(
            "Days", 1, MOST_DAYS, value=max(1, len(visit.days)), key=f"{token}.days"
        )
    with right:
        spoken = st.multiselect(
            "Languages of the pack, the main one first",
            languages(),
            default=list(visit.languages),
            format_func=own_name,
            key=f"{token}.languages",
        )
        hours = visit.days[0] if visit.days else VisitDay(day=dt.date(2000, 1, 1))
        start = st.time_input("A day begins at", _clock(hours.start_min), key=f"{token}.start")
        end = st.time_input("and ends at", _clock(hours.end_min), key=f"{token}.end")
        stay = st.number_input(
            "Minutes at a stop", 0, 600, value=visit.stay_min, step=5, key=f"{token}.stay"
        )
    base = _base(visit, token=token)
    note = st.text_area("Note", value=visit.note or "", key=f"{token}.note", max_chars=500)
    days = tuple(
        VisitDay(
            day=first + dt.timedelta(days=number),
            start_min=start.hour * 60 + start.minute,
            end_min=end.hour * 60 + end.minute,
        )
        for number in range(int(many) if first else 0)
    )
    stops = tuple(
        replace(stop, day=None) if stop.day is not None and stop.day >= max(1, len(days)) else stop
        for stop in visit.stops
    )
    return replace(
        visit,
        title=title.strip(),
        group=group.strip(),
        languages=tuple(spoken),
        days=days,
        base=base,
        stay_min=int(stay),
        stops=stops,
        note=note.strip() or None,
    )


def _base(visit: FieldVisit, *, token: str) -> tuple[str, float, float] | None:
    """Where each day begins and ends: a name and a place in degrees, or nowhere."""
    name, longitude, latitude = visit.base or ("", None, None)
    st.markdown("**Where each day begins and ends** (leave empty: at its first stop)")
    one, two, three = st.columns(3)
    place = one.text_input("Place", value=name, key=f"{token}.base", max_chars=80)
    east = two.number_input(
        "Longitude (degrees)", -180.0, 180.0, longitude, format="%.5f", key=f"{token}.lon"
    )
    north = three.number_input(
        "Latitude (degrees)", -90.0, 90.0, latitude, format="%.5f", key=f"{token}.lat"
    )
    if east is None or north is None:
        return None
    return place.strip() or "Meeting place", float(east), float(north)


def _clock(minutes: int) -> dt.time:
    return dt.time(min(minutes, 24 * 60 - 1) // 60, min(minutes, 24 * 60 - 1) % 60)
