"""What the store knows about field visits: frozen records, whatever database holds them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Consent = Literal["agreed", "refused", "not asked"]
Decision = Literal["accepted", "rejected", "waiting"]
Audience = Literal["organisers", "group", "public"]
"""How far a voice may be shown, the narrowest first."""


@dataclass(frozen=True, kw_only=True)
class VisitDay:
    """A day of a visit; start and end in minutes after midnight, local time."""

    day: dt.date
    start_min: int = 8 * 60
    end_min: int = 17 * 60


@dataclass(frozen=True, kw_only=True)
class PlannedStop:
    """A site of a visit. `day` counts the visit's days from 0, None = not placed in one yet.

    Stops stand in the order they are visited in; `stay_min` None = what the visit says.
    """

    layer_id: str
    feature_id: str
    day: int | None = None
    stay_min: int | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class FieldVisit:
    """The plan of a visit as it stands after one change.

    A new one has no `visit_id` and `number` 0; the store gives both. To change one, hand over what
    `Store.field_visits` gave with other values: its `number` says which state was looked at, and a
    change made meanwhile is not overwritten. `base` is (name, longitude, latitude) in degrees
    (WGS 84), where each day begins and ends. `shown` False takes it off the list.
    """

    region_id: str
    title: str
    visit_id: str = ""
    number: int = 0
    group: str = ""
    languages: tuple[str, ...] = ("en",)
    days: tuple[VisitDay, ...] = ()
    base: tuple[str, float, float] | None = None
    stay_min: int = 60
    stops: tuple[PlannedStop, ...] = ()
    note: str | None = None
    demonstration: bool = False
    shown: bool = True
    changed_by: str = ""
    changed_at: dt.datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The plan as plain JSON types."""
        return {
            "visit_id": self.visit_id,
            "number": self.number,
            "region": self.region_id,
            "title": self.title,
            "group": self.group,
            "languages": list(self.languages),
            "days": [vars(day) | {"day": day.day.isoformat()} for day in self.days],
            "base": list(self.base) if self.base else None,
            "stay_min": self.stay_min,
            "stops": [dict(vars(stop)) for stop in self.stops],
            "note": self.note,
            "demonstration": self.demonstration,
            "shown": self.shown,
            "changed_by": self.changed_by,
            "changed_at": self.changed_at.isoformat() if self.changed_at else None,
        }


@dataclass(frozen=True, kw_only=True)
class SiteConsent:
    """What those at a site answered when asked whether they may be visited and shown.

    Only ever added to; the newest holds. `how` says who was asked and by what means.
    """

    region_id: str
    layer_id: str
    feature_id: str
    answer: Consent
    how: str
    recorded_by: str = ""
    recorded_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Keepsake:
    """A photo or sound that came with something from the field; its bytes are an original."""

    name: str
    type: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FieldNote:
    """Something that came back from the field, as it was written, and what was decided of it.

    `kind` is "note", "correction" or "voice". `group`, `sex`, `language` and `consent` are of
    voices. `longitude` and `latitude` (degrees, WGS 84) pin a voice to a place; None = its site's.
    `decision` is the newest; `shown_text` is what a reviewer made of the text, None = as written.
    """

    visit_id: str
    item_id: str
    region_id: str
    kind: str
    layer_id: str | None
    feature_id: str
    text: str
    conflict_id: str | None = None
    field: str | None = None
    group: str | None = None
    sex: str | None = None
    language: str | None = None
    consent: Audience | None = None
    longitude: float | None = None
    latitude: float | None = None
    keepsakes: tuple[Keepsake, ...] = ()
    written_at: dt.datetime | None = None
    filename: str = ""
    received_by: str = ""
    received_at: dt.datetime | None = None
    decision: Decision = "waiting"
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    why: str | None = None
    shown_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoryStep:
    """One step of a story: what is told, where the map looks, and which layers are on.

    `view` is (longitude, latitude, zoom); `layers` are layer ids, None = as the map stands.
    """

    title: str
    text: str
    view: tuple[float, float, float]
    layers: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """A guided tour through a region's map, as it stands after one change; like `FieldVisit`."""

    region_id: str
    title: str
    story_id: str = ""
    number: int = 0
    steps: tuple[StoryStep, ...] = ()
    demonstration: bool = False
    shown: bool = True
    changed_by: str = ""
    changed_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PackLink:
    """A link to a visit's pack. The link itself is known to its maker only; this is its hash.

    `ended_at` is when somebody revoked it. Days are UTC.
    """

    token_hash: str
    visit_id: str
    created_at: dt.datetime
    created_by: str
    expires_at: dt.datetime
    ended_at: dt.datetime | None = None
    ended_by: str | None = None

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it still leads anywhere."""
        return self.ended_at is None and now < self.expires_at


def visit_from_json(record: Mapping[str, Any]) -> FieldVisit:
    """The plan that `FieldVisit.as_json` wrote."""
    days = tuple(
        VisitDay(**{**day, "day": dt.date.fromisoformat(day["day"])}) for day in record["days"]
    )
    base = record["base"]
    changed = record["changed_at"]
    return FieldVisit(
        region_id=record["region"],
        title=record["title"],
        visit_id=record["visit_id"],
        number=record["number"],
        group=record["group"],
        languages=tuple(record["languages"]),
        days=days,
        base=(str(base[0]), float(base[1]), float(base[2])) if base else None,
        stay_min=record["stay_min"],
        stops=tuple(PlannedStop(**stop) for stop in record["stops"]),
        note=record["note"],
        demonstration=record["demonstration"],
        shown=record["shown"],
        changed_by=record["changed_by"],
        changed_at=dt.datetime.fromisoformat(changed) if changed else None,
    )
