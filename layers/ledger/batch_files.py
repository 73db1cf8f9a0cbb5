"""The files of batches and the index made from them: reading, and putting back what was lost."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from layers import schema
from layers.files import LocalFiles, sha256_of
from layers.ledger import columns
from layers.ledger.arriving import Arriving
from layers.store import StoreError

ASKED_AT_ONCE = 900
"""Values in one IN list; SQLite and PostgreSQL both take that many."""


def visit_tables(
    connection: sa.Connection, files: LocalFiles, batch_ids: Sequence[str]
) -> list[pa.Table]:
    """The visits of batches as they came, held ones too; StoreError where a file is lost."""
    return [
        _read(files, row, row.visits_file, columns.VISITS) for row in _rows(connection, batch_ids)
    ]


def observation_tables(
    connection: sa.Connection, files: LocalFiles, batch_ids: Sequence[str]
) -> list[pa.Table]:
    """The observations of batches as they came."""
    return [
        _read(files, row, row.observations_file, columns.OBSERVATIONS)
        for row in _rows(connection, batch_ids)
    ]


def identities(connection: sa.Connection, region_id: str, wanted: Iterable[str]) -> pd.DataFrame:
    """Those of the identities that count in a region: `identity`, `content`, `batch_id`."""
    table = schema.visit_identity
    rows = [
        tuple(row)
        for some in portions(wanted)
        for row in connection.execute(
            sa.select(table.c.identity, table.c.content, table.c.batch_id).where(
                table.c.region_id == region_id, table.c.identity.in_(some)
            )
        )
    ]
    return pd.DataFrame(rows, columns=["identity", "content", "batch_id"], dtype="str")


def heal(
    connection: sa.Connection, files: LocalFiles, coming: Arriving, known: pd.DataFrame
) -> None:
    """Put the files of a batch back where they were lost and the same original came again."""
    table = schema.visit_batch
    rows = connection.execute(
        sa.select(table).where(
            table.c.region_id == coming.batch.region_id, table.c.sha256 == coming.batch.sha256
        )
    ).all()
    first = ~coming.visits["identity"].duplicated().to_numpy()
    from_batch = known.set_index("identity")["batch_id"].reindex(coming.visits["identity"])
    for row in rows:
        if is_whole(files, row.visits_file, row.visits_sha256) and is_whole(
            files, row.observations_file, row.observations_sha256
        ):
            continue
        holds = schema.held_visit
        held = connection.execute(
            sa.select(holds.c.identity, holds.c.content).where(holds.c.batch_id == row.batch_id)
        ).all()
        keys = pd.MultiIndex.from_frame(coming.visits[["identity", "content"]])
        is_held = keys.isin([tuple(one) for one in held]) if held else np.zeros(len(keys), bool)
        kept = (first & (from_batch == row.batch_id).to_numpy()) | is_held
        part = coming.only(kept)
        part.visits["held"] = is_held[kept]
        for name, digest, stream in (
            (row.visits_file, row.visits_sha256, columns.parquet(part.visits, columns.VISITS)),
            (
                row.observations_file,
                row.observations_sha256,
                columns.parquet(part.observations, columns.OBSERVATIONS),
            ),
        ):
            if sha256_of(stream) == digest:
                stream.seek(0)
                files.put(name, stream)


def is_whole(files: LocalFiles, name: str, sha256: str) -> bool:
    """Whether a file is there, byte for byte."""
    if not files.exists(name):
        return False
    with files.open(name) as file:
        return sha256_of(file) == sha256


def portions(values: Iterable[str]) -> Iterator[list[str]]:
    """The values in lists that are short enough for one question."""
    every = [str(value) for value in values]
    for start in range(0, len(every), ASKED_AT_ONCE):
        yield every[start : start + ASKED_AT_ONCE]


def _rows(connection: sa.Connection, batch_ids: Sequence[str]) -> list[Any]:
    table = schema.visit_batch
    rows = {
        row.batch_id: row
        for some in portions(batch_ids)
        for row in connection.execute(sa.select(table).where(table.c.batch_id.in_(some)))
    }
    return [rows[batch_id] for batch_id in batch_ids]


def _read(files: LocalFiles, row: Any, name: str, expected: pa.Schema) -> pa.Table:
    again = (
        f"Run `python -m dashboard doctor` to see what else is, then import '{row.filename}' again "
        "or put the file back from a backup."
    )
    try:
        with files.open(name) as file:
            # Parquet knows no whole seconds
            return pq.read_table(file).cast(expected)
    except FileNotFoundError:
        raise StoreError(f"The file {name} of the ledger is missing. {again}") from None
    except pa.ArrowException as error:
        raise StoreError(f"The file {name} of the ledger is damaged. {again}") from error
