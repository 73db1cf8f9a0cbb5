"""Rows of the catalogue as records and back; works on any database SQLAlchemy speaks to."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from layers import schema
from layers.catalogue import AuditEntry, Layer, LayerVersion, NewVersion
from layers.findings import Finding
from layers.store import StoreError


def columns(new: NewVersion) -> dict[str, Any]:
    """The columns of `layer_version` that an import states itself."""
    west, south, east, north = new.bounds or (None, None, None, None)
    return {
        "layer_id": new.layer_id,
        "imported_by": new.imported_by,
        "filename": new.filename,
        "sha256": new.sha256,
        "source_layer": new.source_layer,
        "data_date": new.data_date,
        "source_note": new.source_note,
        "crs": new.crs,
        "crs_how": new.crs_how,
        "rows_read": new.read,
        "rows_imported": new.imported,
        "rows_repaired": new.repaired,
        "rows_rejected": new.rejected,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "mapping": dict(new.mapping),
        "request": dict(new.request),
        "request_fingerprint": new.request_fingerprint,
        "demonstration": new.demonstration,
    }


def ensure_original(
    connection: sa.Connection, *, sha256: str, filename: str, now: dt.datetime, size: int
) -> None:
    """Have a row for an original that something points to."""
    table = schema.original
    known = connection.execute(sa.select(table.c.sha256).where(table.c.sha256 == sha256)).first()
    if known is None:
        connection.execute(
            table.insert().values(
                sha256=sha256,
                size=size,
                filename=filename,
                first_seen=now,
            )
        )


def point(connection: sa.Connection, layer_id: str, version_id: str) -> None:
    """Make a version of a layer the one that is shown."""
    connection.execute(
        schema.layer.update()
        .where(schema.layer.c.layer_id == layer_id)
        .values(current_version_id=version_id, deleted_at=None)
    )


def note(connection: sa.Connection, entry: AuditEntry) -> None:
    """Add a line to the audit trail."""
    connection.execute(schema.audit.insert().values(**vars(entry)))


def add_findings(connection: sa.Connection, version_id: str, findings: Sequence[Finding]) -> None:
    """Keep the findings of a version in their order."""
    rows = [
        {
            "version_id": version_id,
            "position": position,
            "code": finding.code,
            "record": finding.as_json(),
        }
        for position, finding in enumerate(findings)
    ]
    if rows:
        connection.execute(schema.finding.insert(), rows)


def row_of_version(connection: sa.Connection, version_id: str) -> Any:
    """The row of a version, None where there is none."""
    table = schema.layer_version
    return connection.execute(sa.select(table).where(table.c.version_id == version_id)).first()


def version_or_refuse(connection: sa.Connection, version_id: str) -> LayerVersion:
    """The record of a version; StoreError where there is none."""
    row = row_of_version(connection, version_id)
    if row is None:
        raise StoreError(f"There is no layer version '{version_id}'.")
    return version(connection, row)


def version(connection: sa.Connection, row: Any) -> LayerVersion:
    """A row of `layer_version` as a record, its findings in their order."""
    table = schema.finding
    findings = connection.execute(
        sa.select(table.c.record)
        .where(table.c.version_id == row.version_id)
        .order_by(table.c.position)
    ).scalars()
    return LayerVersion(
        version_id=row.version_id,
        layer_id=row.layer_id,
        number=row.number,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        filename=row.filename,
        sha256=row.sha256,
        source_layer=row.source_layer,
        data_date=row.data_date,
        source_note=row.source_note,
        crs=row.crs,
        crs_how=row.crs_how,
        read=row.rows_read,
        imported=row.rows_imported,
        repaired=row.rows_repaired,
        rejected=row.rows_rejected,
        bounds=None if row.west is None else (row.west, row.south, row.east, row.north),
        mapping=row.mapping,
        request=row.request,
        request_fingerprint=row.request_fingerprint,
        features_sha256=row.features_sha256,
        findings=tuple(Finding.from_json(record) for record in findings),
        demonstration=row.demonstration,
    )


def layer_or_refuse(connection: sa.Connection, layer_id: str) -> Layer:
    """The record of a layer, deleted or not; StoreError where there never was one."""
    row = connection.execute(
        sa.select(schema.layer).where(schema.layer.c.layer_id == layer_id)
    ).first()
    if row is None:
        raise StoreError(
            f"There is no layer '{layer_id}'. `python -m dashboard layers` lists those there are."
        )
    return layer(connection, row)


def layer(connection: sa.Connection, row: Any) -> Layer:
    """A row of `layer` as a record, with the version that is current."""
    current = row.current_version_id
    count = connection.execute(
        sa.select(sa.func.count()).where(schema.layer_version.c.layer_id == row.layer_id)
    ).scalar()
    return Layer(
        layer_id=row.layer_id,
        region_id=row.region_id,
        kind=row.kind,
        name=row.name,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
        current=version_or_refuse(connection, current) if current else None,
        version_count=int(count or 0),
    )
