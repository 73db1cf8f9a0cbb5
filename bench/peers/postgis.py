"""PostGIS, tuned: GiST indexes, many-vertex areas and rivers subdivided, tables in spatial order.

A site is inside an area if it meets one of the area's pieces, and too close to call if a piece of
the outline lies within its error: no distance to a whole outline is ever needed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers.postgis_server import Server, programs, server
from bench.peers.sql import answers_sql, names
from bench.questions import Z, questions

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
        return "PostGIS is not installed: run scripts/need-postgis, or apt-get install postgis."
    return None


def versions() -> str:
    """What was measured."""
    where = programs()
    return f"PostgreSQL {where.parent.name}, Debian's PostGIS" if where else "none"


@contextmanager
def loaded(folder: Path, *, threads: int) -> Iterator[Callable[[], pd.DataFrame]]:
    """A server of its own with everything loaded, subdivided, indexed and analysed."""
    with server(threads=threads) as own:
        for table, (kind, columns) in _COLUMNS.items():
            _load(own, table, folder / f"{kind}.parquet", columns)
        own.execute(_prepared())
        yield lambda: _answered(own)


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
    if value is None or value != value:
        return b""
    if isinstance(value, bytes):
        return value.hex().encode()
    return f'"{value}"'.encode() if isinstance(value, str) else str(value).encode()


def _prepared() -> str:
    """Tables in spatial order with indexes, pieces of areas and of outlines."""
    asked = questions()
    reach = f"{asked.widest_m} + COALESCE((SELECT max(width_m) / 2 FROM raw_waters), 0)"
    lines = [
        f"""
        CREATE UNLOGGED TABLE sites AS
          SELECT feature_id AS id, geometry AS g, {Z} * position_sd_m AS err,
                 {Z} * position_sd_m + {reach} AS reach,
                 lower(regexp_replace(holder, ' (Ltd|Limited)$', '')) AS holder
          FROM raw_sites ORDER BY geometry;
        CREATE UNLOGGED TABLE fields AS
          SELECT feature_id AS id, geometry AS g, ST_Area(geometry) AS area,
                 ST_Perimeter(geometry) AS outline
          FROM raw_fields WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})
          ORDER BY geometry;
        CREATE UNLOGGED TABLE licences AS
          SELECT feature_id AS id, geometry AS g, feature_class AS class,
                 lower(regexp_replace(holder, ' (Ltd|Limited)$', '')) AS holder FROM raw_licences;
        CREATE UNLOGGED TABLE zones AS SELECT feature_id AS id, geometry AS g FROM raw_zones;
        CREATE UNLOGGED TABLE parks AS
          SELECT feature_id AS id, geometry AS g, feature_class AS class FROM raw_parks;
        CREATE UNLOGGED TABLE waters AS
          SELECT feature_id AS id, geometry AS g, feature_class AS class,
                 COALESCE(width_m, 0) / 2 AS half FROM raw_waters;
        """
    ]
    for table in ("licences", "zones", "parks", "waters"):
        lines.append(_pieces(table))
    for table in ("sites", "fields"):
        lines.append(f"CREATE INDEX ON {table} USING gist (g);")
    for table in ("licences", "parks"):
        lines.append(f"CREATE UNIQUE INDEX ON {table} (id);")
    # outlines are long: kept plain, they need not be unpacked for each pair
    return "\n".join([*lines, "VACUUM ANALYZE;"])


def _pieces(table: str) -> str:
    return f"""
        CREATE UNLOGGED TABLE {table}_tiles AS
          SELECT id, ST_Subdivide(g, 64) AS g FROM {table} WHERE ST_Dimension(g) = 2;
        CREATE UNLOGGED TABLE {table}_edges AS
          SELECT id, ST_Subdivide(CASE WHEN ST_Dimension(g) = 2 THEN ST_Boundary(g) ELSE g END, 32)
                 AS g FROM {table};
        CREATE INDEX {table}_tiles_g ON {table}_tiles USING gist (g);
        CREATE INDEX {table}_edges_g ON {table}_edges USING gist (g);
        CLUSTER {table}_tiles USING {table}_tiles_g;
        CLUSTER {table}_edges USING {table}_edges_g;
        """


def _answered(own: Server) -> pd.DataFrame:
    own.execute("\n".join(f"{statement};" for statement in answers_sql(_table)))
    file = own.folder / "pairs.csv"
    own.copy_out("SELECT * FROM pairs", file)
    return pd.read_csv(file, dtype={"object_id": "str", "line": "str"}, keep_default_na=True)


def _table(name: str, query: str) -> str:
    return f"CREATE UNLOGGED TABLE {name} AS {query}"
