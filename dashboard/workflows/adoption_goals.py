"""The road map: each action, what the ledger says of its target, and why."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dashboard.workflows.adoption import adoption, today
from dashboard.workflows.adoption_types import ALL_ROUNDS, ActionState, RoadMap
from dashboard.workflows.types import WorkflowError
from geo.adoption.counts import By
from geo.adoption.progress import Goal, progress
from geo.adoption.showing import NO_DATA
from layers import facts
from layers.ledger.records import Action
from layers.practices import adoption_settings, practices
from layers.store import Store

OPEN = ("planned", "under way")
UNJUDGED = {
    "done": "Its owner says that it is done.",
    "dropped": "It was dropped.",
}


def road_map(store: Store, region_id: str, *, on: dt.date | None = None) -> RoadMap:
    """The actions of a region as they stand, each held against the latest visits.

    `on` is the day they are judged on, None = today. An open action with a practice, a target and
    its day is "on track", "behind" or "can't tell"; the sentence says why. Others are not judged.
    """
    name = facts.region(region_id).name
    day = on or today()
    actions = store.actions(region_id)
    return RoadMap(
        region_id=region_id,
        region_name=name,
        states=tuple(_state(store, action, day) for action in actions),
        as_of=day,
        demonstration=any(action.demonstration for action in actions),
    )


def _state(store: Store, action: Action, day: dt.date) -> ActionState:
    row = latest_row(store, action)
    if action.status not in OPEN:
        reason = UNJUDGED.get(action.status, "")
        return ActionState(action=action, progress="", reason=reason, row=row)
    practice = next((one for one in practices() if one.code == action.practice), None)
    if practice is None or action.target_share is None or action.target_day is None:
        return ActionState(action=action, progress="", reason=_not_followed(action), row=row)
    verdict = progress(
        Goal(
            target=action.target_share,
            due=action.target_day,
            baseline=action.baseline_share,
            baseline_on=action.baseline_day,
        ),
        row,
        direction=practice.direction,
        as_of=day,
        settings=adoption_settings(),
    )
    return ActionState(action=action, progress=verdict.verdict, reason=verdict.reason, row=row)


def _not_followed(action: Action) -> str:
    """Why nothing can be said of an open action."""
    if action.practice is None:
        return "It names no practice, so visits cannot show how far it is."
    if all(one.code != action.practice for one in practices()):
        return f"The practice '{action.practice}' is in the list no more: choose another."
    return "It has no target with a day, so there is nothing to hold visits against."


def latest_row(store: Store, action: Action) -> Mapping[str, Any] | None:
    """The row of the latest round that says anything of an action's practice in its area."""
    if action.practice is None or all(one.code != action.practice for one in practices()):
        return None
    by: By = "region" if action.area_level == "region" else "district"
    run = adoption(store, action.region_id, by=by, practice=action.practice)
    rows = run.table[(run.table["round"] != ALL_ROUNDS) & (run.table["shown_as"] != NO_DATA)]
    if by == "district":
        rows = rows[rows["area_id"] == action.area_id]
    if rows.empty:
        return None
    order = {label: place for place, label in enumerate(run.rounds)}
    last = max(rows["round"], key=lambda label: order[label])
    found: Mapping[str, Any] = rows[rows["round"] == last].to_dict("records")[0]
    return found


def put_action(store: Store, action: Action, *, actor: str) -> Action:
    """Add an action or change one; every earlier state stays.

    WorkflowError where it says too little to be followed by anybody.
    """
    if not actor.strip():
        raise WorkflowError("Say who changes the road map: a name stands beside every state.")
    if not action.title:
        raise WorkflowError("Say what is to be done.")
    if not action.owner:
        raise WorkflowError("Say who is responsible: an action without an owner is nobody's.")
    for what, share, day in (
        ("baseline", action.baseline_share, action.baseline_day),
        ("target", action.target_share, action.target_day),
    ):
        if share is not None and day is None:
            raise WorkflowError(f"Say on which day the {what} of {share:.0%} stands.")
        if share is None and day is not None:
            raise WorkflowError(f"Say which share of sites the {what} of {day} is.")
    if action.target_share is not None and action.practice is None:
        raise WorkflowError("Say which practice the target is for.")
    return store.put_action(action, actor=actor.strip())
