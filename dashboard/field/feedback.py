"""What comes back from the field: notes, corrections and voices, as records and as a small file.

The file is JSON that the pack's form writes (`static/pack/notes.js`); anything may be in it when it
comes back, so it is read here value by value. What cannot be used is told, never dropped.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.field.words import N_

FORMAT = "commonground-feedback-1"
MOST_BYTES = 40_000_000
MOST_ITEMS = 2_000
MOST_TEXT = 10_000
MOST_MEDIUM_BYTES = 8_000_000

KINDS = {
    "note": N_("Note"),
    "correction": N_("Correction of the card"),
    "voice": N_("Voice: what somebody said"),
}
NOT_STATED = N_("Not stated")
GROUPS = {
    "": NOT_STATED,
    "miner": N_("Miner"),
    "farmer": N_("Farmer"),
    "resident": N_("Resident"),
    "authority": N_("Authority or chief"),
    "company": N_("Company"),
    "other": N_("Other"),
}
SEXES = {
    "": NOT_STATED,
    "woman": N_("Woman"),
    "man": N_("Man"),
    "several": N_("Several people"),
}
CONSENTS = {
    "organisers": N_("Only for the organisers"),
    "group": N_("For the people of this dialogue"),
    "public": N_("For everybody"),
}
"""How far a voice may be shown, the narrowest first: what nobody chose is the narrowest."""
MEDIA = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG",
    "image/webp": b"RIFF",
    "audio/mpeg": b"",
    "audio/ogg": b"OggS",
    "audio/mp4": b"",
    "audio/webm": b"\x1aE\xdf\xa3",
    "audio/wav": b"RIFF",
}
"""Kinds of photo and sound that are taken, with what such a file begins with where that is sure."""


class FeedbackError(ValueError):
    """A file is no feedback of ours; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Medium:
    """A photo or a sound that came with an item."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing somebody wrote down. `item_id` names it, so that the same file twice adds nothing.

    `feature_id` is the site of its stop, `conflict_id` the conflict it speaks of. `group`, `sex`,
    `language` and `consent` are of voices; elsewhere None.
    """

    item_id: str
    kind: str
    stop: int
    feature_id: str
    text: str
    written_at: dt.datetime | None
    conflict_id: str | None = None
    field: str | None = None
    group: str | None = None
    sex: str | None = None
    language: str | None = None
    consent: str | None = None
    media: tuple[Medium, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """A file that came back: whose visit, the items, and sentences on what could not be used."""

    visit_id: str
    items: tuple[Item, ...]
    problems: tuple[str, ...]


def read_feedback(content: bytes, *, filename: str) -> Feedback:
    """The items of a feedback file; FeedbackError where it is none.

    An item that lacks what it needs is left out and told by its place in the file, from 1.
    """
    if len(content) > MOST_BYTES:
        raise FeedbackError(
            f"'{filename}' has {len(content) / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are "
            "read. Save the notes again with fewer or smaller photos."
        )
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FeedbackError(
            f"'{filename}' is no feedback file, or was cut short. Save the notes again from the "
            "pack, under 'Notes'."
        ) from error
    if not isinstance(record, Mapping) or record.get("format") != FORMAT:
        raise FeedbackError(
            f"'{filename}' was not written by a briefing pack. Take the file that the pack saves "
            "under 'Notes'."
        )
    rows = record.get("items")
    visit_id = record.get("visit")
    if not isinstance(rows, list) or not isinstance(visit_id, str) or not visit_id:
        raise FeedbackError(f"'{filename}' names no visit or holds no list of notes.")
    items, problems = [], []
    for place, row in enumerate(rows[:MOST_ITEMS], start=1):
        try:
            items.append(_item(row, problems, place))
        except FeedbackError as error:
            problems.append(f"Note {place}: {error}")
    if len(rows) > MOST_ITEMS:
        problems.append(
            f"Only the first {MOST_ITEMS} of {len(rows)} notes were read. Split the file."
        )
    once = {item.item_id: item for item in items}
    if len(once) < len(items):
        problems.append(f"{len(items) - len(once)} notes stand twice in the file; once is kept.")
    return Feedback(visit_id=visit_id[:200], items=tuple(once.values()), problems=tuple(problems))


def _item(row: Any, problems: list[str], place: int) -> Item:
    if not isinstance(row, Mapping):
        raise FeedbackError("is no record.")
    kind = row.get("kind")
    if kind not in KINDS:
        raise FeedbackError(f"its kind is none of: {', '.join(KINDS)}.")
    item_id, feature_id = _text(row, "id", 100), _text(row, "feature_id", 400)
    stop = row.get("stop")
    if not item_id or not feature_id or not isinstance(stop, int) or isinstance(stop, bool):
        raise FeedbackError("it does not say which stop it belongs to.")
    words = _text(row, "text", MOST_TEXT)
    media = _media(row.get("media"), problems, place)
    if not words and not media:
        raise FeedbackError("it is empty.")
    voice = kind == "voice"
    return Item(
        item_id=item_id,
        kind=kind,
        stop=stop,
        feature_id=feature_id,
        text=words or "",
        written_at=_moment(row.get("written_at")),
        conflict_id=_text(row, "conflict_id", 64),
        field=_text(row, "field", 100) if kind == "correction" else None,
        group=_one_of(row, "group", GROUPS, "") if voice else None,
        sex=_one_of(row, "sex", SEXES, "") if voice else None,
        language=_text(row, "language", 40) if voice else None,
        consent=_one_of(row, "consent", CONSENTS, "organisers") if voice else None,
        media=media,
    )


def _text(row: Mapping[str, Any], name: str, most: int) -> str | None:
    value = row.get(name)
    text = value.strip() if isinstance(value, str) else ""
    return text[:most] or None


def _one_of(row: Mapping[str, Any], name: str, known: Mapping[str, str], default: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) and value in known else default


def _moment(value: Any) -> dt.datetime | None:
    try:
        told = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=dt.UTC)


def refusal(type_: str, content: bytes) -> str | None:
    """Why a photo or sound is not taken, to follow its name; None where it is."""
    if type_ not in MEDIA or not content or not content.startswith(MEDIA[type_]):
        return "is no photo or sound we take"
    if len(content) > MOST_MEDIUM_BYTES:
        return "is larger than 8 MB"
    return None


def _media(rows: Any, problems: list[str], place: int) -> tuple[Medium, ...]:
    kept = []
    for row in rows if isinstance(rows, list) else []:
        told = row if isinstance(row, Mapping) else {}
        name, kind = _text(told, "name", 200) or "file", _text(told, "type", 60) or ""
        kind = kind.split(";")[0]
        try:
            content = base64.b64decode(str(told.get("data", "")), validate=True)
        except (binascii.Error, ValueError):
            content = b""
        wrong = refusal(kind, content)
        if wrong:
            problems.append(f"Note {place}: '{name}' {wrong}; it is left out.")
        else:
            kept.append(Medium(name=name, type=kind, content=content))
    return tuple(kept)
