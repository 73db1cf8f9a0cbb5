"""Things whose every state is kept as a record: plans of visits and stories."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from layers import schema
from layers.field.records import FieldVisit, Story, StoryStep, visit_from_json
from layers.ledger import batches
from layers.store import StoreError

T = TypeVar("T", FieldVisit, Story)


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[T]):
    """What differs between a plan and a story: the table, the name of its id, and its record."""

    table: sa.Table
    key: str
    one: str
    verb: str
    as_json: Callable[[T], dict[str, Any]]
    from_json: Callable[[Mapping[str, Any]], T]
    checked: Callable[[T], T]


def newest(
    connection: sa.Connection, kind: Kind[T], region_id: str | None, *, taken_off: bool
) -> list[T]:
    """The newest state of each, of one region or all."""
    table, key = kind.table, kind.table.c[kind.key]
    last = sa.select(key, sa.func.max(table.c.number).label("number")).group_by(key)
    if region_id is not None:
        last = last.where(table.c.region_id == region_id)
    which = last.subquery()
    both = sa.and_(which.c[kind.key] == key, which.c.number == table.c.number)
    rows = connection.execute(sa.select(table).join(which, both)).all()
    return [kind.from_json(row.record) for row in rows if row.shown or taken_off]


def history(connection: sa.Connection, kind: Kind[T], identity: str) -> tuple[T, ...]:
    """Every state of one, newest first; StoreError where there never was one."""
    table = kind.table
    rows = connection.execute(
        sa.select(table.c.record)
        .where(table.c[kind.key] == identity)
        .order_by(table.c.number.desc())
    ).scalars()
    found = tuple(kind.from_json(record) for record in rows)
    if not found:
        raise StoreError(f"There is no {kind.one} '{identity}'.")
    return found


def put(connection: sa.Connection, kind: Kind[T], one: T, *, actor: str) -> T:
    """Add a state inside a transaction; the first one makes the thing. Nothing new, no new state.

    An id the store does not know is taken as it is, so that a demonstration has a name.
    """
    one = kind.checked(one)
    told = kind.as_json(one)
    identity = told[kind.key]
    known = _known(connection, kind, identity) if identity else None
    if known is not None:
        if known.number != one.number:
            raise StoreError(
                f"'{known.title}' was changed by {known.changed_by} meanwhile. Look at it again, "
                "then make your change."
            )
        if known.region_id != one.region_id:
            raise StoreError(f"A {kind.one} stays in its region. Make a new one in the other.")
        if _said(kind.as_json(known)) == _said(told):
            return known
    now = dt.datetime.now(dt.UTC)
    told |= {
        kind.key: identity or f"{one.region_id}.{kind.verb}.{uuid.uuid4().hex[:12]}",
        "number": one.number + 1,
        "changed_by": actor,
        "changed_at": now.isoformat(),
    }
    connection.execute(
        kind.table.insert().values(
            {
                kind.key: told[kind.key],
                "number": told["number"],
                "region_id": one.region_id,
                "record": told,
                "shown": one.shown,
                "changed_by": actor,
                "changed_at": now,
            }
        )
    )
    verb = f"{'change' if known else 'add'} {kind.one}"
    batches.note(connection, one.region_id, verb, actor, **{kind.key: told[kind.key]})
    return kind.from_json(told)


def _known(connection: sa.Connection, kind: Kind[T], identity: str) -> T | None:
    table = kind.table
    record = connection.execute(
        sa.select(table.c.record)
        .where(table.c[kind.key] == identity)
        .order_by(table.c.number.desc())
        .limit(1)
    ).scalar()
    return None if record is None else kind.from_json(record)


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in ("changed_by", "changed_at")}


def _checked_visit(visit: FieldVisit) -> FieldVisit:
    """The plan; StoreError with one sentence where it cannot be."""
    if not visit.title.strip():
        raise StoreError("The visit has no title. Say in a few words who goes where.")
    if not visit.languages:
        raise StoreError(f"'{visit.title}' has no language. Choose at least one for its pack.")
    days = [day.day for day in visit.days]
    if days != sorted(set(days)):
        raise StoreError(f"The days of '{visit.title}' must be in order, each once.")
    for day in visit.days:
        if not 0 <= day.start_min < day.end_min <= 24 * 60:
            raise StoreError(f"On {day.day} '{visit.title}' ends before it begins. Mend the hours.")
    if not 0 <= visit.stay_min <= 24 * 60:
        raise StoreError(f"A stay of {visit.stay_min} minutes is no part of a day.")
    sites = [(stop.layer_id, stop.feature_id) for stop in visit.stops]
    if len(set(sites)) < len(sites):
        raise StoreError(f"A site stands twice in '{visit.title}'. Take one of the two out.")
    for stop in visit.stops:
        if stop.day is not None and not 0 <= stop.day < max(1, len(visit.days)):
            raise StoreError(
                f"Site '{stop.feature_id}' is planned on day {stop.day + 1}, but '{visit.title}' "
                f"has {len(visit.days)} days."
            )
    return visit


def _checked_story(story: Story) -> Story:
    if not story.title.strip():
        raise StoreError("The story has no title. Say in a few words what it tells.")
    for number, step in enumerate(story.steps, start=1):
        longitude, latitude, zoom = step.view
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90 and 0 <= zoom <= 22):
            raise StoreError(f"Step {number} of '{story.title}' looks at no place on earth.")
    return story


def _story_json(story: Story) -> dict[str, Any]:
    steps = [
        vars(step)
        | {"view": list(step.view), "layers": None if step.layers is None else list(step.layers)}
        for step in story.steps
    ]
    changed = story.changed_at.isoformat() if story.changed_at else None
    return vars(story) | {"steps": steps, "changed_at": changed}


def _story(record: Mapping[str, Any]) -> Story:
    steps = tuple(
        StoryStep(
            title=step["title"],
            text=step["text"],
            view=(float(step["view"][0]), float(step["view"][1]), float(step["view"][2])),
            layers=None if step["layers"] is None else tuple(step["layers"]),
        )
        for step in record["steps"]
    )
    changed = record["changed_at"]
    at = dt.datetime.fromisoformat(changed) if changed else None
    return Story(**{**record, "steps": steps, "changed_at": at})


VISITS = Kind[FieldVisit](
    table=schema.field_visit_state,
    key="visit_id",
    one="field visit",
    verb="visit",
    as_json=FieldVisit.as_json,
    from_json=visit_from_json,
    checked=_checked_visit,
)
STORIES = Kind[Story](
    table=schema.story_state,
    key="story_id",
    one="story",
    verb="story",
    as_json=_story_json,
    from_json=_story,
    checked=_checked_story,
)
