"""Batches of visits: files before facts, then one transaction that says what counts."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import sqlalchemy as sa

from layers import records, schema
from layers.catalogue import AuditEntry
from layers.files import LocalFiles
from layers.findings import Finding
from layers.ledger import columns
from layers.ledger.arriving import Arriving, decide
from layers.ledger.batch_files import heal, identities, portions, visit_tables
from layers.ledger.records import Batch, BatchReport, VisitBatch
from layers.store import StoreError


def add(connection: sa.Connection, files: LocalFiles, coming: Arriving) -> BatchReport:
    """Add what is new and hold what differs, inside the transaction of `connection`.

    The decision and the facts are one transaction, so two imports at once cannot both find a visit
    new; the files are on disk before it ends.
    """
    batch, visits = coming.batch, coming.visits
    known = identities(connection, batch.region_id, visits["identity"].unique())
    decision = decide(
        visits, known=known, holds=_holds(connection, batch.region_id, visits["identity"].unique())
    )
    kept = decision.new | decision.newly_held
    made = None
    if kept.any():
        part = coming.only(kept)
        part.visits["held"] = decision.newly_held[kept]
        already = int(decision.already_there.sum() + decision.still_held.sum())
        made = _keep(connection, files, part, already=already)
    else:
        heal(connection, files, coming, known)
    return BatchReport(
        batch=made,
        added=int(decision.new.sum()),
        observations=made.observations if made else 0,
        held=int(decision.newly_held.sum() + decision.still_held.sum()),
        newly_held=int(decision.newly_held.sum()),
        already_there=int(decision.already_there.sum()),
    )


def _keep(connection: sa.Connection, files: LocalFiles, part: Arriving, *, already: int) -> Batch:
    batch, visits = part.batch, part.visits
    batch_id = _batch_id(part)
    row = connection.execute(
        sa.select(schema.visit_batch).where(schema.visit_batch.c.batch_id == batch_id)
    ).first()
    if row is not None:  # the same visits of the same file, taken off before
        return put_back(connection, files, batch_id, actor=batch.imported_by)
    now = dt.datetime.now(dt.UTC)
    name = f"ledger/{batch.region_id}/{batch_id.rpartition('.')[2]}"
    visits_sha256, _ = files.put(f"{name}.visits.parquet", columns.parquet(visits, columns.VISITS))
    seen_sha256, _ = files.put(
        f"{name}.observations.parquet", columns.parquet(part.observations, columns.OBSERVATIONS)
    )
    keep_original(connection, files, batch)
    held = visits["held"].to_numpy()
    days = visits.loc[~held, "visited_on"].dropna()
    number = connection.execute(
        sa.select(sa.func.max(schema.visit_batch.c.number)).where(
            schema.visit_batch.c.region_id == batch.region_id
        )
    ).scalar()
    connection.execute(
        schema.visit_batch.insert().values(
            batch_id=batch_id,
            region_id=batch.region_id,
            number=1 + (number or 0),
            imported_at=now,
            imported_by=batch.imported_by,
            filename=batch.filename,
            sha256=batch.sha256,
            request=dict(batch.request),
            request_fingerprint=batch.request_fingerprint,
            rows_read=batch.read,
            visits_added=int((~held).sum()),
            observations_added=int((~held[part.observations["visit"].to_numpy()]).sum()),
            visits_held=int(held.sum()),
            already_there=already,
            first_day=days.min().date() if len(days) else None,
            last_day=days.max().date() if len(days) else None,
            source_note=batch.source_note,
            visits_file=f"{name}.visits.parquet",
            visits_sha256=visits_sha256,
            observations_file=f"{name}.observations.parquet",
            observations_sha256=seen_sha256,
            demonstration=batch.demonstration,
        )
    )
    _add_findings(connection, batch_id, batch.findings)
    _index(connection, batch.region_id, batch_id, visits[~held])
    _insert(
        connection,
        schema.held_visit,
        (
            {"region_id": batch.region_id, "batch_id": batch_id, "identity": one, "content": two}
            for one, two in visits.loc[held, ["identity", "content"]].itertuples(index=False)
        ),
    )
    made = one_batch(connection, batch_id)
    told = {"visits": made.visits, "held": made.held, "filename": made.filename}
    note(connection, made.region_id, "import visits", made.imported_by, batch_id=batch_id, **told)
    return made


def keep_original(connection: sa.Connection, files: LocalFiles, batch: VisitBatch) -> None:
    """Have the original of a batch in the catalogue: something said in it counts from now on."""
    size = files.path(f"originals/{batch.sha256}").stat().st_size
    records.ensure_original(
        connection,
        sha256=batch.sha256,
        filename=batch.filename,
        now=dt.datetime.now(dt.UTC),
        size=size,
    )


def take_off(connection: sa.Connection, batch_id: str, *, why: str, actor: str) -> Batch:
    """Have no visit of a batch count, from inside a transaction."""
    batch = one_batch(connection, batch_id)
    if not batch.counts:
        raise StoreError(f"The visits of '{batch.filename}' were already taken off.")
    _stand(connection, batch_id, counts=False, actor=actor, why=why)
    table = schema.visit_identity
    connection.execute(table.delete().where(table.c.batch_id == batch_id))
    note(connection, batch.region_id, "take visits off", actor, batch_id=batch_id, why=why)
    return one_batch(connection, batch_id)


def put_back(connection: sa.Connection, files: LocalFiles, batch_id: str, *, actor: str) -> Batch:
    """Have a batch count again; refused where its visits count from another one."""
    batch = one_batch(connection, batch_id)
    if batch.counts:
        raise StoreError(f"The visits of '{batch.filename}' count already.")
    (table,) = visit_tables(connection, files, [batch_id])
    frame = table.filter(pc.invert(table["held"])).select(["identity", "content"]).to_pandas()
    there = identities(connection, batch.region_id, frame["identity"].unique())
    if len(there):
        raise StoreError(
            f"{len(there)} of {len(frame)} visits of '{batch.filename}' have come with another "
            "import since. Take that one off first."
        )
    _stand(connection, batch_id, counts=True, actor=actor, why="put back")
    _index(connection, batch.region_id, batch_id, frame)
    note(connection, batch.region_id, "put visits back", actor, batch_id=batch_id)
    return one_batch(connection, batch_id)


# -- asking -------------------------------------------------------------------------------------


def one_batch(connection: sa.Connection, batch_id: str) -> Batch:
    """One batch; StoreError where there is none."""
    table = schema.visit_batch
    row = connection.execute(sa.select(table).where(table.c.batch_id == batch_id)).first()
    if row is None:
        raise StoreError(f"There is no import of visits '{batch_id}'.")
    return _record(connection, row)


def all_batches(connection: sa.Connection, region_id: str) -> tuple[Batch, ...]:
    """Every batch of a region, newest first, those taken off among them."""
    table = schema.visit_batch
    rows = connection.execute(
        sa.select(table).where(table.c.region_id == region_id).order_by(table.c.number.desc())
    ).all()
    return tuple(_record(connection, row) for row in rows)


def counting(connection: sa.Connection, region_id: str) -> list[str]:
    """The ids of a region's batches that count, in order of import."""
    table, stands = schema.visit_batch, _newest_standing()
    rows = connection.execute(
        sa.select(table.c.batch_id)
        .outerjoin(stands, stands.c.batch_id == table.c.batch_id)
        .where(table.c.region_id == region_id, sa.func.coalesce(stands.c.counts, sa.true()))
        .order_by(table.c.number)
    ).scalars()
    return [str(row) for row in rows]


def note(
    connection: sa.Connection, region_id: str, action: str, actor: str, **details: Any
) -> None:
    """Add a line about the ledger to the audit trail."""
    entry = AuditEntry(
        at=dt.datetime.now(dt.UTC),
        actor=actor,
        action=action,
        layer_id=None,
        version_id=None,
        details={"region": region_id} | details,
    )
    records.note(connection, entry)


# -- inside -------------------------------------------------------------------------------------


def _holds(connection: sa.Connection, region_id: str, wanted: Iterable[str]) -> pd.DataFrame:
    """What was held before for these identities by batches that count."""
    table, stands = schema.held_visit, _newest_standing()
    settled = sa.exists().where(schema.settlement.c.held_id == table.c.held_id)
    rows = [
        tuple(row)
        for some in portions(wanted)
        for row in connection.execute(
            sa.select(table.c.identity, table.c.content, settled.label("settled"))
            .outerjoin(stands, stands.c.batch_id == table.c.batch_id)
            .where(
                table.c.region_id == region_id,
                table.c.identity.in_(some),
                sa.func.coalesce(stands.c.counts, sa.true()),
            )
        )
    ]
    frame = pd.DataFrame(rows, columns=["identity", "content", "settled"])
    return (
        frame.astype({"settled": bool})
        .sort_values("settled")
        .drop_duplicates(["identity", "content"], keep="last")
    )


def _newest_standing() -> sa.Subquery:
    table = schema.batch_standing
    newest = sa.select(sa.func.max(table.c.standing_id)).group_by(table.c.batch_id)
    return (
        sa.select(table.c.batch_id, table.c.counts)
        .where(table.c.standing_id.in_(newest))
        .subquery()
    )


def _stand(connection: sa.Connection, batch_id: str, *, counts: bool, actor: str, why: str) -> None:
    connection.execute(
        schema.batch_standing.insert().values(
            batch_id=batch_id, counts=counts, at=dt.datetime.now(dt.UTC), actor=actor, why=why
        )
    )


def _index(connection: sa.Connection, region_id: str, batch_id: str, visits: pd.DataFrame) -> None:
    _insert(
        connection,
        schema.visit_identity,
        (
            {"region_id": region_id, "batch_id": batch_id, "identity": one, "content": two}
            for one, two in visits[["identity", "content"]].itertuples(index=False)
        ),
    )


def _add_findings(connection: sa.Connection, batch_id: str, findings: Sequence[Finding]) -> None:
    _insert(
        connection,
        schema.batch_finding,
        (
            {
                "batch_id": batch_id,
                "position": position,
                "code": finding.code,
                "record": finding.as_json(),
            }
            for position, finding in enumerate(findings)
        ),
    )


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    every = list(rows)
    if every:
        connection.execute(table.insert(), every)


def _batch_id(part: Arriving) -> str:
    """An id that the same visits of the same file always have, here and in another store."""
    said = part.visits[["identity", "content", "held"]].to_numpy().tolist()
    batch = part.batch
    told = [batch.region_id, batch.sha256, batch.request_fingerprint, said]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return f"{batch.region_id}.visit_batch.{digest[:12]}"


def _record(connection: sa.Connection, row: Any) -> Batch:
    standing, finding = schema.batch_standing, schema.batch_finding
    counts = connection.execute(
        sa.select(standing.c.counts)
        .where(standing.c.batch_id == row.batch_id)
        .order_by(standing.c.standing_id.desc())
    ).scalar()
    found = connection.execute(
        sa.select(finding.c.record)
        .where(finding.c.batch_id == row.batch_id)
        .order_by(finding.c.position)
    ).scalars()
    return Batch(
        batch_id=row.batch_id,
        region_id=row.region_id,
        number=row.number,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        filename=row.filename,
        sha256=row.sha256,
        request=row.request,
        request_fingerprint=row.request_fingerprint,
        read=row.rows_read,
        visits=row.visits_added,
        observations=row.observations_added,
        held=row.visits_held,
        already_there=row.already_there,
        first_day=row.first_day,
        last_day=row.last_day,
        source_note=row.source_note,
        findings=tuple(Finding.from_json(record) for record in found),
        demonstration=row.demonstration,
        counts=True if counts is None else bool(counts),
    )
