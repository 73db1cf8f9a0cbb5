"""Road map: actions with their targets, whether they are on track, and every earlier state."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import shown, target_words
from dashboard.views import adoption_charts, adoption_parts
from dashboard.views.roadmap_form import action_form, edit_button
from dashboard.workflows.adoption_types import ActionState, RoadMap
from layers.facts import region
from layers.ledger.records import Action
from layers.practices import practices

COLOURS = {"on track": "green", "behind": "red", "can't tell": "orange"}
STATUS_COLOURS = {"done": "blue", "under way": "violet"}
NEW = "new"


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Road map of {chosen.name}"))
    adoption_parts.tabs()
    found = cached.road_map(chosen.region_id)
    _summary(found)
    editing = state.get("roadmap.action")
    for one in found.states:
        _card(one, is_open=one.action.action_id == editing)
    if editing == NEW:
        action_form(Action(region_id=chosen.region_id, title="", owner=""), key=NEW)
    else:
        edit_button("Add an action", NEW, key="roadmap.add", icon=":material/add:")
    adoption_charts.targets(found)
    with st.container(key="panel-how"):
        st.markdown("**How “on track” is judged**")
        st.markdown(
            "A straight line is drawn from the baseline to the target. Where the whole interval of "
            "the latest share lies on the good side of the line, the action is on track; where it "
            "lies wholly on the other side, it is behind. Where the line runs through the "
            "interval, or there is no share, no baseline or no recent visit, nobody can tell. A "
            "target is not a forecast."
        )


def _summary(found: RoadMap) -> None:
    if not found.states:
        st.info(
            f"The road map of {words.md(found.region_name)} has no action yet. An action says who "
            "does what by when; with a practice and a target it can be followed here."
        )
        return
    judged = [one.progress for one in found.states if one.progress]
    counts = ", ".join(f"{judged.count(name)} {name}" for name in COLOURS if judged.count(name))
    open_ = sum(one.action.status in ("planned", "under way") for one in found.states)
    st.caption(
        f"{words.count(len(found.states), 'action')}, {open_} open"
        + (f": {counts}" if counts else "")
        + f". Judged on {words.day(found.as_of)}."
    )


def _card(one: ActionState, *, is_open: bool) -> None:
    action = one.action
    name = one.progress.replace(" ", "-").replace("'", "") or "none"
    with st.container(key=f"action-{name}-{action.action_id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{words.md(action.title)}**", width="stretch")
            st.badge(action.status, color=STATUS_COLOURS.get(action.status, "gray"))  # type: ignore[arg-type]
            if one.progress:
                st.badge(one.progress, color=COLOURS[one.progress])  # type: ignore[arg-type]
        st.markdown(words.md(_who_and_where(action)))
        if one.progress or one.reason:
            st.markdown(words.md(one.reason))
        if action.target_share is not None:
            st.caption(words.md(_target(one)))
        if action.note:
            st.caption(words.md(action.note))
        if action.demonstration and "nvented" not in (action.note or ""):
            st.caption(f":orange[{words.INVENTED}]")
        if is_open:
            action_form(action, key=action.action_id)
            _history(action)
        else:
            edit_button(
                "Change, or see its history",
                action.action_id,
                key=f"roadmap.edit.{action.action_id}",
            )


def _who_and_where(action: Action) -> str:
    where = action.area if action.area_level == "district" else "the whole region"
    told = [action.owner or "owner not stated", where or words.NO_DATA]
    titles = {one.code: one.title for one in practices()}
    if action.practice:
        told.append(f"{titles.get(action.practice, action.practice)} ({action.practice})")
    return " · ".join(told)


def _target(one: ActionState) -> str:
    """The target, the baseline and the latest figure, with n and days."""
    action = one.action
    told = [target_words(adoption_charts.target_of(action), adoption_charts.direction(action))]
    if action.baseline_share is not None:
        told.append(
            f"baseline {words.percent(action.baseline_share)} on {words.day(action.baseline_day)}"
        )
    told.append(f"latest: {shown(one.row).sentence}" if one.row else f"latest: {words.NO_DATA}")
    return "; ".join(told)


def _history(action: Action) -> None:
    """Every state of the action, newest first: what was changed, by whom."""
    states = cached.action_history(action.action_id)
    st.markdown("**Every earlier state**")
    lines = []
    for later, earlier in zip(states, (*states[1:], None), strict=True):
        when = f"{words.day(later.changed_at)}, {later.changed_by}"
        lines.append(f"- {words.md(f'{when}: {_changes(earlier, later)}')}")
    st.markdown("\n".join(lines))


FIELDS = {
    "title": "title",
    "owner": "owner",
    "practice": "practice",
    "area": "area",
    "baseline_share": "baseline",
    "baseline_day": "day of the baseline",
    "target_share": "target",
    "target_day": "target day",
    "status": "status",
    "note": "note",
    "shown": "on the road map",
}


def _changes(earlier: Action | None, later: Action) -> str:
    if earlier is None:
        return f"added as “{later.title}”, {later.status}"
    told = [
        f"{label}: {_told(name, getattr(earlier, name))} → {_told(name, getattr(later, name))}"
        for name, label in FIELDS.items()
        if getattr(earlier, name) != getattr(later, name)
    ]
    return "; ".join(told) or "nothing"


def _told(name: str, value: object) -> str:
    if value is None:
        return "not stated"
    return words.percent(value) if name.endswith("share") else words.value(value)  # type: ignore[arg-type]
