"""The form of an action: who does what where by when, with baseline and target."""

import datetime as dt
from dataclasses import replace

import streamlit as st

from dashboard import cached, state
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from layers.ledger.records import Action
from layers.practices import practices

STATUSES = ("planned", "under way", "done", "dropped")
WHOLE_REGION = ""
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 1, 1)


def edit_button(label: str, action_id: str, *, key: str, icon: str | None = None) -> None:
    """A button that opens the form of an action."""
    st.button(
        label,
        key=key,
        icon=icon,
        on_click=state.put,
        args=("roadmap.action", action_id),
    )


def action_form(action: Action, *, key: str) -> None:
    """Draw the form; saving keeps the state before."""
    token = f"roadmap.{key}.{action.number}"
    with st.form(f"{token}.form", border=True):
        changed = _fields(action, token=token)
        actor = st.text_input("Your name", key=state.ACTOR, max_chars=80)
        with st.container(horizontal=True):
            save = st.form_submit_button("Save the action", type="primary")
            close = st.form_submit_button("Close without saving")
    if close:
        state.drop("roadmap.action")
        st.rerun()
    if save:
        try:
            cached.put_action(changed, actor=actor)
        except SAYABLE as error:
            parts.problem(str(error))
            return
        state.drop("roadmap.action")
        st.rerun()


def _fields(action: Action, *, token: str) -> Action:
    titles = {"": "none: it cannot be followed by visits"}
    titles |= {one.code: f"{one.title} ({one.code})" for one in practices()}
    districts = {WHOLE_REGION: "The whole region", **cached.districts(action.region_id)}
    title = st.text_input(
        "What is to be done", value=action.title, key=f"{token}.title", max_chars=200
    )
    left, right = st.columns(2)
    with left:
        owner = st.text_input(
            "Who is responsible", value=action.owner, key=f"{token}.owner", max_chars=120
        )
        practice = st.selectbox(
            "Practice",
            list(titles),
            index=_at(list(titles), action.practice or ""),
            key=f"{token}.practice",
            format_func=titles.__getitem__,
        )
    with right:
        area_id = st.selectbox(
            "Where",
            list(districts),
            index=_at(list(districts), action.area_id or WHOLE_REGION),
            key=f"{token}.area",
            format_func=districts.__getitem__,
        )
        status = st.selectbox(
            "Status", STATUSES, index=_at(STATUSES, action.status), key=f"{token}.status"
        )
    baseline_share, baseline_day = _share(
        "Baseline", action.baseline_share, action.baseline_day, f"{token}.baseline"
    )
    target_share, target_day = _share(
        "Target", action.target_share, action.target_day, f"{token}.target"
    )
    note = st.text_area(
        "Note", value=action.note or "", key=f"{token}.note", max_chars=500, height=80
    )
    keep = True
    if action.action_id:
        keep = st.checkbox("Keep it on the road map", value=action.shown, key=f"{token}.shown")
    return replace(
        action,
        title=title.strip(),
        owner=owner.strip(),
        practice=practice or None,
        area_level="district" if area_id else "region",
        area_id=area_id or None,
        area=districts[area_id] if area_id else None,
        status=status,
        baseline_share=baseline_share,
        baseline_day=baseline_day,
        target_share=target_share,
        target_day=target_day,
        note=note.strip() or None,
        shown=keep,
    )


def _share(
    label: str, share: float | None, day: dt.date | None, key: str
) -> tuple[float | None, dt.date | None]:
    """A share in percent and its day; both can stay empty."""
    left, right = st.columns(2)
    with left:
        percent = st.number_input(
            f"{label}: share of sites (%)",
            min_value=0.0,
            max_value=100.0,
            step=1.0,
            value=None if share is None else round(share * 100, 1),
            placeholder="not stated",
            key=f"{key}.share",
        )
    with right:
        when = st.date_input(
            f"{label}: day",
            value=day,
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            format="DD/MM/YYYY",
            key=f"{key}.day",
        )
    return (None if percent is None else percent / 100), when


def _at(options: list[str] | tuple[str, ...], value: str) -> int:
    return options.index(value) if value in options else 0
