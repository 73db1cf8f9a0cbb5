"""Voices of people: who may hear which is decided here, and nowhere else."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from layers.field.records import Audience, FieldNote, FieldVisit, Keepsake
from layers.store import Store


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What somebody said, with nothing of who wrote it down.

    `longitude` and `latitude` (degrees, WGS 84) are where it was said, None = at the site. `day` is
    when it was written. `media` counts photos and sounds, which stay with the organisers;
    `pictures` are the photos among them, as they came, for those who make small ones of them.
    """

    layer_id: str
    feature_id: str
    text: str
    group: str | None
    sex: str | None
    language: str | None
    day: dt.date | None
    longitude: float | None
    latitude: float | None
    media: int
    pictures: tuple[Keepsake, ...] = ()


def may_be_heard(note: FieldNote, audience: Audience, *, same_group: bool = True) -> bool:
    """Whether a voice may be shown to an audience.

    It has to be accepted, and its consent to reach at least as far as the audience; without a
    consent only the organisers hear it. `same_group` False says that the audience is another
    dialogue's group: for them a consent for "the people of this dialogue" is none.
    """
    if note.kind != "voice" or note.decision != "accepted":
        return False
    widths = get_args(Audience)
    reaches: Audience = note.consent or "organisers"
    if audience == "group" and reaches == "group" and not same_group:
        return False
    return widths.index(reaches) >= widths.index(audience)


def voices_for(
    store: Store,
    region_id: str,
    audience: Audience,
    *,
    visit: FieldVisit | None = None,
    site: tuple[str, str] | None = None,
) -> tuple[Voice, ...]:
    """The voices of a region that an audience may hear, newest first.

    `visit` is the visit whose group listens, needed for the audience "group"; `site` (layer id,
    feature id) keeps those of one site.
    """
    kin = _same_group(store, region_id, visit) if visit is not None else frozenset()
    return tuple(
        _voice(note)
        for note in _notes(store.field_notes(region_id), site)
        if may_be_heard(note, audience, same_group=note.visit_id in kin)
    )


def _notes(notes: Iterable[FieldNote], site: tuple[str, str] | None) -> Iterable[FieldNote]:
    return (one for one in notes if site is None or (one.layer_id, one.feature_id) == site)


def _same_group(store: Store, region_id: str, visit: FieldVisit) -> frozenset[str]:
    """The visits whose notes are of this visit's group: itself, and those that name the group."""
    group = visit.group.strip().casefold()
    named = (
        one.visit_id
        for one in store.field_visits(region_id, taken_off=True)
        if group and one.group.strip().casefold() == group
    )
    return frozenset({visit.visit_id, *named})


def _voice(note: FieldNote) -> Voice:
    told: dict[str, Any] = {
        name: getattr(note, name)
        for name in ("feature_id", "group", "sex", "language", "longitude", "latitude")
    }
    when = note.written_at or note.received_at
    return Voice(
        layer_id=note.layer_id or "",
        text=note.text if note.shown_text is None else note.shown_text,
        day=when.date() if when else None,
        media=len(note.keepsakes),
        pictures=tuple(one for one in note.keepsakes if one.type.startswith("image/")),
        **told,
    )
