"""GeoParquet, and plain Parquet as a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from layers.findings import Finding
from layers.read.gdal import check_size
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded, Source

WGS84 = "EPSG:4326"


def open_parquet(path: Path, shown: str, limits: Limits) -> Source:
    """The one layer of a GeoParquet file; without `geo` metadata it is a table."""
    damaged = f"'{shown}' is a damaged Parquet file. Write it again from the program it came from."
    try:
        file = pq.ParquetFile(path)
        meta = file.metadata
        check_size(meta.num_rows, len(file.schema_arrow.names), limits)
        unpacked = sum(
            meta.row_group(group).total_byte_size for group in range(meta.num_row_groups)
        )
        geo = json.loads((meta.metadata or {}).get(b"geo", b"null"))
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise ReadError(damaged) from error
    if unpacked > limits.unpacked_bytes:
        raise ReadError(
            f"'{shown}' would unpack to {unpacked / 2**20:,.0f} MB. Split it and bring the parts."
        )
    names = file.schema_arrow.names
    if len(set(names)) != len(names):
        raise ReadError(f"'{shown}' has two columns of one name. Rename one and write it again.")
    column, crs, kinds = _geometry_column(geo, names, shown)

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        try:
            wanted = [each for each in names if each != column]
            table = pq.read_table(path, columns=wanted, use_threads=False)
            shapes = _shapes(path, column) if column and geometry else None
        except (pa.ArrowException, OSError, shapely.errors.GEOSException) as error:
            raise ReadError(damaged) from error
        findings = _dropped(table.schema)
        table = table.drop_columns([
            field.name for field in table.schema if not _is_plain(field.type)
        ])  # fmt: skip
        frame = table.slice(0, limit).to_pandas(ignore_metadata=True)
        if column and not geometry:
            shapes = np.empty(0, dtype=object)
        return Loaded(
            name=name,
            frame=frame,
            rows=np.arange(1, len(frame) + 1, dtype=np.int64),
            geometry=None if shapes is None else shapes[:limit],
            crs=crs,
            findings=findings,
        )

    head = Head(
        name=Path(shown).stem, geometry_type=kinds, rows=meta.num_rows, crs=crs if column else None
    )
    return Source(format="GeoParquet" if column else "Parquet", heads=[head], load=load)


def _geometry_column(geo: Any, names: list[str], shown: str) -> tuple[str | None, str | None, Any]:
    if geo is None:
        return None, None, None
    try:
        column = str(geo["primary_column"])
        facts = geo["columns"][column]
        encoding = str(facts["encoding"])
        crs = facts.get("crs", WGS84)
        kinds = [str(kind) for kind in facts.get("geometry_types", [])]
    except (KeyError, TypeError, AttributeError) as error:
        raise ReadError(f"'{shown}' has broken GeoParquet metadata. Write it again.") from error
    if column not in names or encoding != "WKB":
        raise ReadError(
            f"'{shown}' keeps its shapes in a way we do not read ({encoding[:40]}). "
            "Write it with WKB encoding."
        )
    if isinstance(crs, dict):
        identity = crs.get("id") or {}
        crs = (
            f"{identity['authority']}:{identity['code']}"
            if {"authority", "code"} <= set(identity)
            else json.dumps(crs)
        )
    if crs == "OGC:CRS84":
        crs = WGS84
    return column, crs, kinds[0] if len(kinds) == 1 else "Mixed" if kinds else "Unknown"


def _shapes(path: Path, column: str) -> Any:
    wkb = pq.read_table(path, columns=[column], use_threads=False).column(0)
    values = np.array([*wkb.to_pylist(), None], dtype=object)[:-1]
    return shapely.force_2d(shapely.from_wkb(values, on_invalid="ignore"))


def _is_plain(kind: pa.DataType) -> bool:
    return not (
        pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )


def _dropped(schema: pa.Schema) -> list[Finding]:
    names = [field.name for field in schema if not _is_plain(field.type)]
    if not names:
        return []
    return [
        Finding(
            code="columns_left_out",
            message="Columns with lists or bytes in their cells are left out: "
            + ", ".join(f"'{name}'" for name in names[:10])
            + ".",
        )
    ]
