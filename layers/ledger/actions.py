"""The road map: actions whose every state is kept."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, get_args

import sqlalchemy as sa

from layers import schema
from layers.ledger import batches
from layers.ledger.records import Action, ActionStatus, AreaLevel
from layers.store import StoreError

TEXTS = ("title", "owner", "practice", "area_id", "area", "note")


def actions(connection: sa.Connection, region_id: str, *, taken_off: bool) -> tuple[Action, ...]:
    """The newest state of each action of a region, by target day (none last) and title."""
    table = schema.action_state
    newest = (
        sa.select(table.c.action_id, sa.func.max(table.c.number).label("number"))
        .where(table.c.region_id == region_id)
        .group_by(table.c.action_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(table).join(
            newest,
            sa.and_(newest.c.action_id == table.c.action_id, newest.c.number == table.c.number),
        )
    ).all()
    every = [_record(row) for row in rows]
    shown = [one for one in every if one.shown or taken_off]
    return tuple(
        sorted(shown, key=lambda one: (one.target_day or dt.date.max, one.title, one.action_id))
    )


def history(connection: sa.Connection, action_id: str) -> tuple[Action, ...]:
    """Every state of an action, newest first; StoreError where there never was one."""
    table = schema.action_state
    rows = connection.execute(
        sa.select(table).where(table.c.action_id == action_id).order_by(table.c.number.desc())
    ).all()
    if not rows:
        raise StoreError(f"There is no action '{action_id}' on a road map.")
    return tuple(_record(row) for row in rows)


def put(connection: sa.Connection, action: Action, *, actor: str) -> Action:
    """Add a state of an action inside a transaction; the first one makes the action."""
    action = _checked(action)
    if action.action_id:
        newest = history(connection, action.action_id)[0]
        if newest.number != action.number:
            raise StoreError(
                f"'{newest.title}' was changed by {newest.changed_by} meanwhile. Look at it again, "
                "then make your change."
            )
        if newest.region_id != action.region_id:
            raise StoreError("An action stays in its region. Make a new one in the other region.")
        if _said(newest) == _said(action):
            return newest
    values = asdict(action) | {
        "action_id": action.action_id or f"{action.region_id}.action.{uuid.uuid4().hex[:12]}",
        "number": action.number + 1,
        "changed_by": actor,
        "changed_at": dt.datetime.now(dt.UTC),
    }
    connection.execute(schema.action_state.insert().values(**values))
    verb = "change action" if action.action_id else "add action"
    told = {"action_id": values["action_id"], "title": action.title, "status": action.status}
    batches.note(connection, action.region_id, verb, actor, **told)
    return history(connection, str(values["action_id"]))[0]


def _checked(action: Action) -> Action:
    """The action with its texts stripped; StoreError with one sentence where it cannot be."""
    values = vars(action) | {name: _stripped(getattr(action, name)) for name in TEXTS}
    if not values["title"]:
        raise StoreError("The action has no title. Say in a few words what is to be done.")
    if not values["owner"]:
        raise StoreError(f"'{values['title']}' has no owner. Say who carries it.")
    _choice("status", action.status, get_args(ActionStatus))
    _choice("area", action.area_level, get_args(AreaLevel))
    if action.area_level == "district" and not (values["area_id"] and values["area"]):
        raise StoreError(f"'{values['title']}' is for a district: choose which.")
    if action.area_level == "region":
        values |= {"area_id": None, "area": None}
    if action.target_share is not None and not values["practice"]:
        raise StoreError(
            f"'{values['title']}' has a target but no practice: say the share of what it is."
        )
    _share("target", action.title, action.target_share, action.target_day)
    _share("baseline", action.title, action.baseline_share, action.baseline_day)
    first, last = action.baseline_day, action.target_day
    if first and last and first >= last:
        raise StoreError(
            f"'{values['title']}': the target day {last} must come after the baseline day {first}."
        )
    return Action(**values)


def _share(what: str, title: str, share: float | None, day: dt.date | None) -> None:
    if share is None:
        return
    if not 0 <= share <= 1:
        raise StoreError(f"'{title}': the {what} share is from 0 to 1 (0 to 100 %), not {share:g}.")
    if day is None:
        raise StoreError(f"'{title}': say on which day the {what} of {share:.0%} holds.")


def _choice(what: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise StoreError(f"The {what} cannot be {value!r}. Choose one of: {', '.join(choices)}.")


def _stripped(text: str | None) -> str | None:
    return (text or "").strip() or None


def _said(action: Action) -> dict[str, Any]:
    return {k: v for k, v in vars(action).items() if k not in ("changed_by", "changed_at")}


def _record(row: Any) -> Action:
    return Action(**row._mapping)
