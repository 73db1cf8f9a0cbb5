"""PostGIS, tuned: GiST indexes, tables in spatial order, shapes of many vertices kept unpacked.

PostGIS prepares a shape that meets one small shape after another, so the large side is the outer
one of each join and is kept whole. Cutting it up by `ST_Subdivide` was tried: the joins became no
faster, and cutting took five times as long as all of them. Before an intersection the large side
is clipped to the small one's box.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers.postgis_server import Server, extension_version, programs, server
from bench.peers.sql import HOLDER, beside, names, pairs, wide
from bench.questions import Questions, Z, questions

_BATCH = 20_000
_COLUMNS = {
    "sites": ("mine_sites", ("holder", "position_sd_m")),
    "licences": ("licences", ("holder", "feature_class")),
    "zones": ("artisanal_zones", ()),
    "fields": ("farmland", ("feature_class",)),
    "waters": ("water", ("feature_class", "width_m")),
    "parks": ("protected_areas", ("feature_class",)),
}
_NUMBERS = ("position_sd_m", "width_m")


def missing() -> str | None:
    """Why PostGIS cannot be measured here, or None."""
    if programs() is None:
        return "PostGIS is not installed: run scripts/need-postgis."
    return None


def versions() -> str:
    """What was measured."""
    where = programs()
    return (
        f"PostgreSQL {where.parent.name}, PostGIS {extension_version(where)}" if where else "none"
    )


@contextmanager
def started(*, threads: int) -> Iterator[Server]:
    """A server of its own, empty."""
    with server(threads=threads) as own:
        yield own


def load(own: Server, folder: Path) -> Server:
    """Everything copied in, put in spatial order, indexed and analysed."""
    for table, (kind, columns) in _COLUMNS.items():
        _load(own, table, folder / f"{kind}.parquet", columns)
    own.execute(_prepared(questions()))
    return own


def _load(own: Server, table: str, file: Path, columns: tuple[str, ...]) -> None:
    typed = ", ".join(f"{name} {'float8' if name in _NUMBERS else 'text'}" for name in columns)
    own.execute(
        f"CREATE UNLOGGED TABLE raw_{table} (feature_id text, geometry geometry"
        f"{', ' + typed if typed else ''});"
    )
    wanted = ["feature_id", "geometry", *columns]
    for batch in pq.ParquetFile(file).iter_batches(_BATCH, columns=wanted):
        own.copy_in(f"raw_{table} ({', '.join(wanted)})", _csv(batch, wanted))


def _csv(batch: pa.RecordBatch, columns: list[str]) -> Iterator[bytes]:
    values = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in columns]
    for row in zip(*values, strict=True):
        yield b",".join(_cell(value) for value in row) + b"\n"


def _cell(value: object) -> bytes:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return b""
    if isinstance(value, bytes):
        return value.hex().encode()
    return f'"{value}"'.encode() if isinstance(value, str) else str(value).encode()


def _prepared(asked: Questions) -> str:
    """Tables in spatial order with indexes; outlines beside the areas."""
    reach = f"{asked.widest_m} + COALESCE((SELECT max(width_m) / 2 FROM raw_waters), 0)"
    large = "".join(
        f"""
        CREATE UNLOGGED TABLE {table}
          (id text, g geometry, b geometry, class text, holder text, half float8);
        ALTER TABLE {table} ALTER g SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
        INSERT INTO {table}
          SELECT feature_id, geometry, CASE WHEN ST_Dimension(geometry) = 2
                 THEN ST_Boundary(geometry) ELSE geometry END, {columns}
          FROM raw_{table} ORDER BY raw_{table}.geometry;
        CREATE INDEX ON {table} USING gist (g);
        """
        for table, columns in (
            ("licences", f"feature_class, {HOLDER}, 0"),
            ("zones", "NULL, NULL, 0"),
            ("parks", "feature_class, NULL, 0"),
            ("waters", "feature_class, NULL, COALESCE(width_m, 0) / 2"),
        )
    )
    return f"""
        CREATE UNLOGGED TABLE sites AS
          SELECT feature_id AS id, geometry AS g, {Z} * position_sd_m AS err,
                 {Z} * position_sd_m + {reach} AS reach, {HOLDER} AS holder
          FROM raw_sites ORDER BY geometry;
        CREATE UNLOGGED TABLE fields AS
          SELECT feature_id AS id, geometry AS g
          FROM raw_fields WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})
          ORDER BY geometry;
        CREATE INDEX ON sites USING gist (g);
        CREATE INDEX ON fields USING gist (g);
        {large}
        ANALYZE sites, fields, licences, zones, parks, waters;
        """


def answer(own: Server) -> pd.DataFrame:
    """All pairs of all rules, out of the server as CSV."""
    own.execute("".join(f"CREATE UNLOGGED TABLE {name} AS {query};" for name, query in _joins()))
    file = own.folder / "pairs.csv"
    own.copy_out(pairs(questions()), file)
    return pd.read_csv(file, dtype={"object_id": "str", "line": "str"})


def _joins() -> Iterator[tuple[str, str]]:
    for areas in ("licences", "zones", "parks"):
        yield f"in_{areas}", _sites_in(areas)
    yield (
        "on_fields",
        "SELECT s.id AS sid, f.id AS oid, "
        "CASE WHEN ST_DWithin(s.g, ST_Boundary(f.g), s.err) THEN 1 ELSE 0 END AS near "
        "FROM sites s JOIN fields f ON ST_DWithin(s.g, f.g, s.err)",
    )
    yield "beside", beside("ST_Union")
    yield "water_near", _near_water()
    yield "licence_field", _shared("fields")
    yield "licence_park", _shared("parks")
    yield "licence_licence", _shared("licences", "AND a.id < b.id")


def _sites_in(areas: str) -> str:
    # the box is widened by a constant, as an index on sites cannot serve an error of each site
    return f"""
        SELECT s.id AS sid, a.id AS oid,
               CASE WHEN ST_DWithin(a.b, s.g, s.err) THEN 1 ELSE 0 END AS near
        FROM {areas} a JOIN sites s ON s.g && ST_Expand(a.g, (SELECT max(err) FROM sites))
          AND ST_DWithin(a.g, s.g, s.err)"""


def _near_water() -> str:
    return """
        SELECT s.id AS sid, w.id AS oid, w.class, s.err, CASE
                 WHEN ST_Dimension(w.g) = 2 AND ST_Intersects(w.g, s.g) THEN -ST_Distance(w.b, s.g)
                 ELSE ST_Distance(w.g, s.g) END - w.half AS d
        FROM waters w JOIN sites s ON s.g && ST_Expand(w.g, (SELECT max(reach) FROM sites))
          AND ST_DWithin(w.g, s.g, s.reach)"""


def _shared(right: str, once: str = "") -> str:
    """Areas with the ground they share; OFFSET 0 keeps the intersection from being done twice."""
    return f"""
        SELECT lid, oid, ST_Area(g) AS area FROM (
          SELECT a.id AS lid, b.id AS oid, CASE WHEN ST_Covers(a.g, b.g) THEN b.g ELSE
                 ST_Intersection(ST_ClipByBox2D(a.g, ST_Expand(b.g, 1)), b.g) END AS g
          FROM licences a JOIN {right} b ON ST_Intersects(a.g, b.g) {once} OFFSET 0
        ) AS common WHERE {wide("ST_Area(g)", "ST_Perimeter(g)")}"""
