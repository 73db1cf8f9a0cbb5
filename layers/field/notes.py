"""What came back from the field, and what was decided of it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, get_args

import sqlalchemy as sa

from layers import schema
from layers.field.records import Audience, Decision, FieldNote, Keepsake
from layers.ledger import batches
from layers.store import StoreError

NOTES, DECISIONS = schema.field_note, schema.field_note_decision
AS_WRITTEN = (
    *("kind", "layer_id", "feature_id", "text", "conflict_id", "field", "group", "sex"),
    *("language", "consent", "longitude", "latitude", "filename"),
)


def every(
    connection: sa.Connection, region_id: str, *, visit_id: str | None = None
) -> tuple[FieldNote, ...]:
    """The notes of a region, newest first, each with its newest decision."""
    asked = sa.select(NOTES).where(NOTES.c.region_id == region_id)
    if visit_id is not None:
        asked = asked.where(NOTES.c.visit_id == visit_id)
    rows = connection.execute(asked.order_by(NOTES.c.received_at.desc(), NOTES.c.item_id)).all()
    told = connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.decision_id)).all()
    newest = {(row.visit_id, row.item_id): row for row in told}
    narrowed: dict[tuple[str, str], set[str]] = {}
    for row in told:
        if row.consent is not None:
            narrowed.setdefault((row.visit_id, row.item_id), set()).add(row.consent)
    return tuple(
        _note(row, newest.get(key), narrowed.get(key, set()))
        for row in rows
        for key in [(row.visit_id, row.item_id)]
    )


def kept_files(connection: sa.Connection) -> set[str]:
    """Checksums of the photos and sounds that came with notes."""
    records = connection.execute(sa.select(NOTES.c.record)).scalars()
    return {one["sha256"] for record in records for one in record["keepsakes"]}


def add(connection: sa.Connection, notes: Sequence[FieldNote], *, actor: str) -> tuple[int, int]:
    """Keep notes inside a transaction; returns how many were added and how many were there."""
    now = dt.datetime.now(dt.UTC)
    added = 0
    for note in notes:
        if not note.item_id or not note.visit_id:
            raise StoreError("A note from the field names no visit, or has no id of its own.")
        known = connection.execute(
            sa.select(NOTES.c.item_id).where(
                NOTES.c.visit_id == note.visit_id, NOTES.c.item_id == note.item_id
            )
        ).first()
        if known is not None:
            continue
        record = {name: getattr(note, name) for name in AS_WRITTEN} | {
            "written_at": note.written_at.isoformat() if note.written_at else None,
            "keepsakes": [dict(vars(one)) for one in note.keepsakes],
        }
        connection.execute(
            NOTES.insert().values(
                visit_id=note.visit_id,
                item_id=note.item_id,
                region_id=note.region_id,
                record=record,
                received_by=actor,
                received_at=now,
            )
        )
        added += 1
    if added:
        batches.note(connection, notes[0].region_id, "receive field notes", actor, notes=added)
    return added, len(notes) - added


def decide(
    connection: sa.Connection,
    visit_id: str,
    item_id: str,
    *,
    decision: Decision,
    why: str,
    actor: str,
    shown_text: str | None,
    consent: Audience | None,
) -> str:
    """Add a decision inside a transaction; returns the region. A consent is never widened."""
    row = connection.execute(
        sa.select(NOTES).where(NOTES.c.visit_id == visit_id, NOTES.c.item_id == item_id)
    ).first()
    if row is None:
        raise StoreError(f"There is no note '{item_id}' of visit '{visit_id}'.")
    if decision not in get_args(Decision):
        raise StoreError(f"A note is {', '.join(get_args(Decision))}, not '{decision}'.")
    if decision == "rejected" and not why.strip():
        raise StoreError("Say why this is not used; whoever said it may ask.")
    given = row.record["consent"]
    widths = get_args(Audience)
    if consent is not None and (given is None or widths.index(consent) > widths.index(given)):
        raise StoreError(
            "A consent can be made narrower here, never wider: only who spoke can do that, and "
            "then it comes as a new note."
        )
    connection.execute(
        DECISIONS.insert().values(
            visit_id=visit_id,
            item_id=item_id,
            decision=decision,
            consent=consent,
            shown_text=shown_text,
            why=why,
            actor=actor,
            at=dt.datetime.now(dt.UTC),
        )
    )
    batches.note(connection, row.region_id, "decide field note", actor, decision=decision)
    return str(row.region_id)


def _note(row: Any, decided: Any, narrowed: set[str]) -> FieldNote:
    record = dict(row.record)
    written = record.pop("written_at")
    record["keepsakes"] = tuple(Keepsake(**one) for one in record["keepsakes"])
    # the narrowest that anybody ever chose: a later decision that says nothing widens nothing
    chosen = narrowed | ({record["consent"]} - {None})
    record["consent"] = next((width for width in get_args(Audience) if width in chosen), None)
    return FieldNote(
        visit_id=row.visit_id,
        item_id=row.item_id,
        region_id=row.region_id,
        received_by=row.received_by,
        received_at=row.received_at,
        written_at=dt.datetime.fromisoformat(written) if written else None,
        decision=decided.decision if decided is not None else "waiting",
        decided_by=decided.actor if decided is not None else None,
        decided_at=decided.at if decided is not None else None,
        why=decided.why if decided is not None else None,
        shown_text=decided.shown_text if decided is not None else None,
        **record,
    )
