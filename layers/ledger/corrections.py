"""Corrections: one value of one visit changed by somebody, with the value before and the reason."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from geo.adoption.frames import Ledger
from layers import schema
from layers.ledger import batches
from layers.ledger.applying import in_effect
from layers.ledger.fields import fitting, plain
from layers.ledger.reading import Current
from layers.ledger.records import WITHDRAWN, BatchReport, Correction, Origin, VisitBatch
from layers.store import StoreError


def correct(
    connection: sa.Connection,
    current: Current,
    *,
    region_id: str,
    visit_id: str,
    practice: str | None,
    field: str,
    value: Any,
    why: str,
    actor: str,
    origin: Origin = "person",
) -> int:
    """Add a correction inside the transaction in which `current` was read; returns its id."""
    at = _place(current, visit_id)
    wanted = fitting(field, value, practice=practice)
    if not why.strip():
        raise StoreError("Say why the value changes: a correction without a reason helps nobody.")
    old = _value(current, at, practice, field)
    if old == wanted:
        raise StoreError(f"'{field}' of visit '{visit_id}' is {_told(wanted)} already.")
    if practice is not None and field != "state" and not _is_seen(current.ledger, at, practice):
        raise StoreError(f"Visit '{visit_id}' has nothing about {practice}. Give its state first.")
    added = connection.execute(
        schema.correction.insert().values(
            region_id=region_id,
            visit_id=visit_id,
            practice=practice,
            field=field,
            old=old,
            value=wanted,
            content=str(current.records.content.iloc[at]),
            why=why.strip(),
            actor=actor,
            at=dt.datetime.now(dt.UTC),
            origin=origin,
        )
    )
    said = {"visit_id": visit_id, "practice": practice, "field": field, "old": old, "value": wanted}
    batches.note(connection, region_id, "correct visit", actor, **said)
    (correction_id,) = added.inserted_primary_key or (0,)
    return int(correction_id)


def after_review(
    connection: sa.Connection,
    batch: VisitBatch,
    report: BatchReport,
    *,
    accepted: pd.Series,
    current: Callable[[], Current],
) -> BatchReport:
    """Withdraw visits that the review no longer accepts and bring back those it accepts again.

    What a person withdrew, the review does not bring back. `current` reads the ledger, which most
    imports need not.
    """
    by_review = _withdrawn_by_review(connection, batch.region_id)
    back = sorted(by_review & set(accepted)) if by_review else []
    if not back and not batch.not_accepted:
        return report
    now = current()
    standing = dict(zip(now.ledger.visits["visit_id"], now.withdrawn.tolist(), strict=True))
    gone = [one for one in batch.not_accepted if standing.get(one) is False]
    back = [one for one in back if standing.get(one) is True]
    told = [
        *((one, True, f"Review status '{batch.not_accepted[one]}'") for one in gone),
        *((one, False, "Accepted again by review") for one in back),
    ]
    for visit_id, value, reason in told:
        correct(
            connection,
            now,
            region_id=batch.region_id,
            visit_id=visit_id,
            practice=None,
            field=WITHDRAWN,
            value=value,
            why=f"{reason} in '{batch.filename}'",
            actor=batch.imported_by,
            origin="review",
        )
    return replace(report, withdrawn=tuple(gone), brought_back=tuple(back))


def all_corrections(
    connection: sa.Connection, current: Current, region_id: str, visit_id: str | None
) -> tuple[Correction, ...]:
    """What was corrected in a region or of one visit, newest first."""
    table = schema.correction
    query = sa.select(table).where(table.c.region_id == region_id).order_by(table.c.correction_id)
    if visit_id is not None:
        query = query.where(table.c.visit_id == visit_id)
    rows = connection.execute(query).all()
    visits, content = current.ledger.visits, current.records.content
    place = dict(zip(visits["visit_id"].tolist(), content.tolist(), strict=True)) if rows else {}
    return tuple(
        Correction(
            correction_id=row.correction_id,
            region_id=row.region_id,
            visit_id=row.visit_id,
            practice=row.practice,
            field=row.field,
            old=row.old,
            value=row.value,
            why=row.why,
            actor=row.actor,
            at=row.at,
            origin=row.origin,
            applies=row.visit_id in place
            and (row.field == WITHDRAWN or place[row.visit_id] == row.content),
        )
        for row in reversed(rows)
    )


def holding(connection: sa.Connection, current: Current, region_id: str) -> Mapping[str, int]:
    """How many corrected values each visit has that another record of it would put aside."""
    table = schema.correction
    rows = connection.execute(
        sa.select(table)
        .where(table.c.region_id == region_id, table.c.field != WITHDRAWN)
        .order_by(table.c.correction_id)
    ).all()
    frame = in_effect(current.ledger.visits, current.records.content, rows)
    return {str(one): int(count) for one, count in frame["visit_id"].value_counts().items()}


def _withdrawn_by_review(connection: sa.Connection, region_id: str) -> frozenset[str]:
    table = schema.correction
    newest = (
        sa.select(sa.func.max(table.c.correction_id))
        .where(table.c.region_id == region_id, table.c.field == WITHDRAWN)
        .group_by(table.c.visit_id)
    )
    rows = connection.execute(
        sa.select(table.c.visit_id).where(
            table.c.correction_id.in_(newest), table.c.origin == "review"
        )
    ).scalars()
    return frozenset(str(one) for one in rows)


def _place(current: Current, visit_id: str) -> int:
    at = np.flatnonzero((current.ledger.visits["visit_id"] == visit_id).to_numpy())
    if not len(at):
        raise StoreError(f"There is no visit '{visit_id}' in this region's ledger.")
    return int(at[0])


def _is_seen(ledger: Ledger, at: int, practice: str) -> bool:
    return bool(_seen(ledger, at, practice).any())


def _seen(ledger: Ledger, at: int, practice: str) -> np.ndarray:
    seen = ledger.observations
    found: np.ndarray = ((seen["visit"] == at) & (seen["practice"] == practice)).to_numpy()
    return found


def _value(current: Current, at: int, practice: str | None, field: str) -> Any:
    """The value now, None where a practice was not recorded."""
    if practice is not None:
        rows = np.flatnonzero(_seen(current.ledger, at, practice))
        return plain(current.ledger.observations[field].iloc[rows[0]]) if len(rows) else None
    if field == WITHDRAWN:
        return bool(current.withdrawn[at])
    return plain(current.ledger.visits[field].iloc[at])


def _told(value: Any) -> str:
    return "no data" if value is None else f"'{value}'"
