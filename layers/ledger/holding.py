"""Records that came for visits already there: what differs, and which of the two counts."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from geo.adoption.frames import VISIT_COLUMNS, Ledger
from layers import schema
from layers.files import LocalFiles
from layers.ledger import batches, columns
from layers.ledger.batch_files import observation_tables, visit_tables
from layers.ledger.fields import OBSERVATION_FIELDS, plain
from layers.ledger.reading import Current
from layers.ledger.records import Difference, Held, Take
from layers.store import StoreError

COMPARED = [name for name in VISIT_COLUMNS if name not in ("visit_id", "batch_id", "source_row")]
Said = Mapping[tuple[str, str | None], Any]
"""What a record says: {(field, practice or None): plain value}."""


def all_held(
    connection: sa.Connection,
    files: LocalFiles,
    current: Current,
    region_id: str,
    *,
    corrected: Mapping[str, int],
    settled: bool,
) -> tuple[Held, ...]:
    """The records held in a region, oldest first: those nobody chose on, or all."""
    rows = [row for row in _rows(connection, region_id) if settled or row.take is None]
    if not rows:
        return ()
    raw, content, source_rows = _raw(connection, files, region_id, rows)
    place = {
        key: number for number, key in enumerate(zip(raw.visits["visit_id"], content, strict=True))
    }
    came = _said(raw, range(len(raw.visits)))
    ids = pd.Index(current.ledger.visits["visit_id"])
    now = _said(current.ledger, ids.get_indexer([row.identity for row in rows]).tolist())
    return tuple(
        _held(
            row,
            old=now[int(ids.get_loc(row.identity))]
            if row.take is None
            else came[place[row.identity, row.first_content]],
            new=came[place[row.identity, row.content]],
            source_row=source_rows[place[row.identity, row.content]],
            corrections=corrected.get(row.identity, 0) if row.take is None else 0,
        )
        for row in rows
    )


def settle(
    connection: sa.Connection, held_ids: Sequence[int], *, take: Take, actor: str
) -> list[str]:
    """Say which record counts, inside a transaction; returns the regions concerned, sorted."""
    if take not in ("old", "new"):
        raise StoreError(f"Choose 'old' or 'new', not {take!r}.")
    regions = set()
    for held_id in held_ids:  # few: a person looks at each
        row = next(iter(_rows(connection, None, held_id=held_id)), None)
        if row is None:
            raise StoreError(
                f"There is no held record {held_id}; its visits may have been taken off."
            )
        regions.add(str(row.region_id))
        if row.take == take:
            continue
        connection.execute(
            schema.settlement.insert().values(
                held_id=held_id, take=take, at=dt.datetime.now(dt.UTC), actor=actor
            )
        )
        told = {"visit_id": row.identity, "take": take, "batch_id": row.batch_id}
        batches.note(connection, row.region_id, "settle visit", actor, **told)
    return sorted(regions)


def _held(row: Any, *, old: Said, new: Said, source_row: int, corrections: int) -> Held:
    return Held(
        held_id=row.held_id,
        region_id=row.region_id,
        visit_id=row.identity,
        batch_id=row.batch_id,
        filename=row.filename,
        held_at=row.imported_at,
        source_row=source_row,
        differences=_differences(old, new),
        corrections=corrections,
        taken=row.take,
        settled_by=row.actor,
        settled_at=row.settled_at,
    )


def _differences(old: Said, new: Said) -> tuple[Difference, ...]:
    keys = [*new, *(one for one in old if one not in new)]
    return tuple(
        Difference(field=key[0], practice=key[1], old=old.get(key), new=new.get(key))
        for key in keys
        if old.get(key) != new.get(key)
    )


def _rows(
    connection: sa.Connection, region_id: str | None, *, held_id: int | None = None
) -> list[Any]:
    """Held records of visits that count, with the newest choice and the first record's content."""
    held, chosen, index = schema.held_visit, schema.settlement, schema.visit_identity
    batch = schema.visit_batch
    newest = sa.select(sa.func.max(chosen.c.settlement_id)).group_by(chosen.c.held_id)
    latest = sa.select(chosen).where(chosen.c.settlement_id.in_(newest)).subquery()
    query = (
        sa.select(
            held,
            batch.c.filename,
            batch.c.imported_at,
            index.c.content.label("first_content"),
            latest.c.take,
            latest.c.actor,
            latest.c.at.label("settled_at"),
        )
        .join(batch, batch.c.batch_id == held.c.batch_id)
        .join(
            index,
            sa.and_(index.c.region_id == held.c.region_id, index.c.identity == held.c.identity),
        )
        .outerjoin(latest, latest.c.held_id == held.c.held_id)
        .where(index.c.content != held.c.content)
        .order_by(held.c.held_id)
    )
    if region_id is not None:
        query = query.where(held.c.region_id == region_id)
    if held_id is not None:
        query = query.where(held.c.held_id == held_id)
    rows = connection.execute(query).all()
    regions = {row.region_id for row in rows}
    counting = {one for region in regions for one in batches.counting(connection, region)}
    return [row for row in rows if row.batch_id in counting]


def _raw(
    connection: sa.Connection, files: LocalFiles, region_id: str, rows: Iterable[Any]
) -> tuple[Ledger, list[str], list[int]]:
    """Every record of the visits concerned, as it came, with its content and its row."""
    wanted = sorted({row.identity for row in rows})
    batch_ids = batches.counting(connection, region_id)
    tables = []
    for table in visit_tables(connection, files, batch_ids):
        found = columns.is_any_of(table["identity"], wanted)
        tables.append(columns.with_rows(table).filter(pa.array(found)))
    seen = observation_tables(connection, files, batch_ids)
    ledger, content = columns.ledger_of(tables, seen, batch_ids=batch_ids)
    return ledger, content.tolist(), ledger.visits["source_row"].tolist()


def _said(ledger: Ledger, places: Iterable[int]) -> Mapping[int, Said]:
    """What the visits at these places say; a loop, because a person reads each of them."""
    wanted = np.array(sorted(set(places)), dtype="int64")
    rows = ledger.visits.iloc[wanted][COMPARED].astype(object).itertuples(index=False)
    said: dict[int, dict[tuple[str, str | None], Any]] = {
        int(at): {(name, None): plain(one) for name, one in zip(COMPARED, row, strict=True)}
        for at, row in zip(wanted, rows, strict=True)
    }
    seen = ledger.observations[np.isin(ledger.observations["visit"].to_numpy(), wanted)]
    values = seen[["visit", "practice", *OBSERVATION_FIELDS]].astype(object)
    for at, practice, *told in values.itertuples(index=False):
        for field, value in zip(OBSERVATION_FIELDS, told, strict=True):
            said[int(at)][field, str(practice)] = plain(value)
    return said
