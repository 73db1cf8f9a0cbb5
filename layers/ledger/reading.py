"""The ledger as frames: the files of batches, choices between records, corrections on top."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from geo.adoption.frames import Ledger
from layers import schema
from layers.files import LocalFiles
from layers.ledger import columns
from layers.ledger.applying import apply
from layers.ledger.batch_files import observation_tables, visit_tables
from layers.ledger.batches import counting

KEPT = 4
"""Regions whose ledger stays in memory; the largest we know takes some 60 MB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Records:
    """The records that count, as they came. `content` has the index of the visits."""

    ledger: Ledger
    content: pd.Series


@dataclass(frozen=True, kw_only=True, eq=False)
class Current:
    """All visits of a region with their corrections; `withdrawn` says which must not count."""

    records: Records
    ledger: Ledger
    withdrawn: np.ndarray

    def counting(self) -> Ledger:
        """Without the visits that were withdrawn; frames of the caller's own."""
        return _own(columns.without(self.ledger, self.withdrawn))

    def taken_out(self) -> Ledger:
        """The visits that were withdrawn alone; frames of the caller's own."""
        return _own(columns.without(self.ledger, ~self.withdrawn))


class Readings:
    """What was read last of each region, kept while nothing that could change it has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: OrderedDict[str, tuple[str, Records]] = OrderedDict()
        self._current: OrderedDict[str, tuple[str, Current]] = OrderedDict()

    def current(self, connection: sa.Connection, files: LocalFiles, region_id: str) -> Current:
        """The ledger of a region as it stands in the transaction of `connection`."""
        key = fingerprint(connection, region_id)
        with self._lock:
            known = self._current.get(region_id)
            if known is None or known[0] != key:
                records = self._read(connection, files, region_id)
                known = (key, _corrected(connection, region_id, records))
                _keep(self._current, region_id, known)
            return known[1]

    def _read(self, connection: sa.Connection, files: LocalFiles, region_id: str) -> Records:
        key = _digest([*_batches_and_choices(connection, region_id)])
        known = self._records.get(region_id)
        if known is None or known[0] != key:
            known = (key, _records(connection, files, region_id))
            _keep(self._records, region_id, known)
        return known[1]


def fingerprint(connection: sa.Connection, region_id: str) -> str:
    """16 hex digits that change whenever the ledger of a region can have changed."""
    table = schema.correction
    newest = connection.execute(
        sa.select(table.c.correction_id, table.c.at)
        .where(table.c.region_id == region_id)
        .order_by(table.c.correction_id.desc())
    ).first()
    return _digest([*_batches_and_choices(connection, region_id), str(newest)])


def chosen_holds(
    connection: sa.Connection, region_id: str, batch_ids: Sequence[str]
) -> pd.DataFrame:
    """The held records that count instead of the first one: `identity`, `content`, `batch_id`.

    Of several that were taken for one visit, the one chosen last.
    """
    held, chosen, index = schema.held_visit, schema.settlement, schema.visit_identity
    newest = sa.select(sa.func.max(chosen.c.settlement_id)).group_by(chosen.c.held_id)
    rows = connection.execute(
        sa.select(held.c.identity, held.c.content, held.c.batch_id)
        .join(chosen, chosen.c.held_id == held.c.held_id)
        .join(
            index,
            sa.and_(index.c.region_id == held.c.region_id, index.c.identity == held.c.identity),
        )
        .where(
            held.c.region_id == region_id,
            chosen.c.settlement_id.in_(newest),
            chosen.c.take == "new",
            index.c.content != held.c.content,
        )
        .order_by(chosen.c.settlement_id)
    ).all()
    frame = pd.DataFrame(rows, columns=["identity", "content", "batch_id"], dtype="str")
    return frame[frame["batch_id"].isin(batch_ids)].drop_duplicates("identity", keep="last")


def _batches_and_choices(connection: sa.Connection, region_id: str) -> tuple[object, ...]:
    held, chosen = schema.held_visit, schema.settlement
    newest = connection.execute(
        sa.select(chosen.c.settlement_id, chosen.c.at)
        .join(held, held.c.held_id == chosen.c.held_id)
        .where(held.c.region_id == region_id)
        .order_by(chosen.c.settlement_id.desc())
    ).first()
    return (region_id, counting(connection, region_id), str(newest))


def _records(connection: sa.Connection, files: LocalFiles, region_id: str) -> Records:
    batch_ids = counting(connection, region_id)
    chosen = chosen_holds(connection, region_id, batch_ids)
    tables = [
        _counting_rows(columns.with_rows(table), batch_id, chosen)
        for table, batch_id in zip(
            visit_tables(connection, files, batch_ids), batch_ids, strict=True
        )
    ]
    seen = observation_tables(connection, files, batch_ids)
    ledger, content = columns.ledger_of(tables, seen, batch_ids=batch_ids)
    return Records(ledger=ledger, content=content)


def _counting_rows(table: pa.Table, batch_id: str, chosen: pd.DataFrame) -> pa.Table:
    """The rows of a batch that count: its own but those replaced, and those held and chosen."""
    held = table["held"].to_numpy()
    if not len(chosen):
        return table if not held.any() else table.filter(pa.array(~held))
    counts = ~held & ~columns.is_any_of(table["identity"], list(chosen["identity"]))
    here = chosen[chosen["batch_id"] == batch_id]
    if len(here):
        keys = pd.MultiIndex.from_arrays(
            [table["identity"].to_pandas(), table["content"].to_pandas()]
        )
        counts |= held & keys.isin(list(here[["identity", "content"]].itertuples(index=False)))
    return table.filter(pa.array(counts))


def _corrected(connection: sa.Connection, region_id: str, records: Records) -> Current:
    table = schema.correction
    rows = connection.execute(
        sa.select(table).where(table.c.region_id == region_id).order_by(table.c.correction_id)
    ).all()
    ledger, withdrawn = apply(records.ledger, records.content, rows)
    return Current(records=records, ledger=ledger, withdrawn=withdrawn)


def _own(ledger: Ledger) -> Ledger:
    """Shallow copies: pandas copies a column once somebody writes to it, so ours stay."""
    return Ledger(ledger.visits.copy(deep=False), ledger.observations.copy(deep=False))


def _keep(kept: OrderedDict[str, Any], region_id: str, value: Any) -> None:
    kept[region_id] = value
    kept.move_to_end(region_id)
    while len(kept) > KEPT:
        kept.popitem(last=False)


def _digest(told: list[object]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
