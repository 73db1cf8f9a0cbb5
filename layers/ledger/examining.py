"""What the doctor looks at in the ledger: files of batches, the index made from them, counts."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from layers import schema
from layers.files import LocalFiles
from layers.ledger.batch_files import is_whole
from layers.ledger.batches import counting

FOLDER = "ledger"


def known_files(connection: sa.Connection) -> set[str]:
    """The names of all files that batches point to, those taken off too."""
    table = schema.visit_batch
    rows = connection.execute(sa.select(table.c.visits_file, table.c.observations_file)).all()
    return {str(name) for row in rows for name in row}


def damage(connection: sa.Connection, files: LocalFiles) -> tuple[list[str], str]:
    """A sentence for each thing that is wrong, and one that says what is there."""
    table = schema.visit_batch
    rows = connection.execute(sa.select(table).order_by(table.c.region_id, table.c.number)).all()
    regions = sorted({row.region_id for row in rows})
    on = {batch_id for region in regions for batch_id in counting(connection, region)}
    wrong = [
        sentence
        for row in rows
        for sentence in _damage(connection, files, row, counts=row.batch_id in on)
    ]
    visits = sum(row.visits_added for row in rows if row.batch_id in on)
    seen = sum(row.observations_added for row in rows if row.batch_id in on)
    corrected, acted = (
        connection.execute(sa.select(sa.func.count()).select_from(one)).scalar() or 0
        for one in (schema.correction, schema.action_state)
    )
    fine = (
        f"{len(rows)} imports of visits, {len(rows) - len(on)} of them taken off, each with its "
        f"files and checksums; {visits:,} visits with {seen:,} observations count, "
        f"{corrected:,} corrections, {acted:,} states of road-map actions."
    )
    return wrong, fine


def _damage(
    connection: sa.Connection, files: LocalFiles, row: Any, *, counts: bool
) -> Iterator[str]:
    told = f"Visits of '{row.filename}' ({row.region_id}, import {row.number})"
    again = "Import the same file again, or put the file back from a backup."
    for name, sha256 in (
        (row.visits_file, row.visits_sha256),
        (row.observations_file, row.observations_sha256),
    ):
        if not files.exists(name):
            yield f"{told}: the file {name} is missing. {again}"
        elif not is_whole(files, name, sha256):
            yield f"{told}: the file {name} has changed. {again}"
        elif name == row.visits_file:
            there = _rows(files, name)
            if there != row.visits_added + row.visits_held:
                yield (
                    f"{told}: the file {name} holds {there} visits, the catalogue "
                    f"{row.visits_added + row.visits_held}."
                )
    index = schema.visit_identity
    indexed = connection.execute(
        sa.select(sa.func.count()).where(index.c.batch_id == row.batch_id)
    ).scalar()
    expected = row.visits_added if counts else 0
    if indexed != expected:
        yield (
            f"{told}: {indexed} of its visits are known as counting, {expected} should be. Put "
            "catalogue.sqlite back from a backup."
        )


def _rows(files: LocalFiles, name: str) -> int | None:
    try:
        with files.open(name) as file:
            return int(pq.ParquetFile(file).metadata.num_rows)
    except pa.ArrowException:
        return None
