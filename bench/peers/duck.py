"""DuckDB's spatial extension, tuned by SQL alone: its spatial join, tables in Hilbert order.

DuckDB joins by an R-tree on one side, with a distance that must be one number; the error of each
site is asked afterwards. Of its predicates `ST_DWithin` with 0 alone is quick on areas of many
vertices. So it finds the fields on a licence, and again those on the ground around it, the
licence's box less the licence: fields on both are intersected, the others lie inside whole. Sites
near an outline are first looked for near a simplified one.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from bench.peers.sql import HOLDER, Ways, beside, names, pairs, wide
from bench.questions import Questions, Z, questions

LARGE = {
    "licences": ("licences", f"feature_class AS class, {HOLDER} AS holder"),
    "zones": ("artisanal_zones", "NULL AS class"),
    "parks": ("protected_areas", "feature_class AS class"),
    "waters": ("water", "feature_class AS class, COALESCE(width_m, 0) / 2 AS half"),
}

SIMPLER_M = 20
"""An outline lies within this of its simplified copy, so who is asked first is asked wider."""

_FIELDS = {
    "met": """
        SELECT l.id AS lid, f.id AS oid FROM licences l
        JOIN (FROM fields WHERE hash(id) % {threads} = {nth}) f ON ST_DWithin(l.g, f.g, 0)""",
    "left_by": """
        SELECT a.id AS lid, f.id AS oid FROM licences_around a
        JOIN (FROM fields WHERE hash(id) % {threads} = {nth}) f ON ST_DWithin(a.g, f.g, 0)""",
    "crossed": "FROM met INTERSECT FROM left_by",
}

_WAYS = Ways(fields=_FIELDS, outline="e.simple", slack_m=SIMPLER_M)

# made of rings where it can be, which costs a tenth of cutting
_AROUND = """
    SELECT id, CASE WHEN ST_GeometryType(g) = 'POLYGON' AND ST_NumInteriorRings(g) = 0
      THEN ST_MakePolygon(ST_ExteriorRing(box), [ST_ExteriorRing(g)])
      ELSE ST_Difference(box, g) END AS g
    FROM (SELECT id, g, ST_MakeEnvelope(
      ST_XMin(g) - 1, ST_YMin(g) - 1, ST_XMax(g) + 1, ST_YMax(g) + 1) AS box FROM licences)"""


def missing() -> str | None:
    """Why DuckDB cannot be measured here, or None."""
    if importlib.util.find_spec("duckdb") is None or _extension() is None:
        return "duckdb and duckdb-extension-spatial are not installed: run make setup-test."
    return None


def versions() -> str:
    """What was measured."""
    import duckdb

    return f"DuckDB {duckdb.__version__} with its spatial extension"


def _extension() -> Path | None:
    """The extension's file, of exactly DuckDB's version; nothing is fetched."""
    import duckdb

    found = importlib.util.find_spec("duckdb_extension_spatial")
    if found is None or found.origin is None:
        return None
    version = f"v{duckdb.__version__}"
    file = Path(found.origin).parent / "extensions" / version / "spatial.duckdb_extension"
    return file if file.exists() else None


@contextmanager
def started(*, threads: int) -> Iterator[Any]:
    """An in-memory database with the extension, empty."""
    import duckdb

    with duckdb.connect(config={"threads": threads, "autoinstall_known_extensions": False}) as own:
        own.execute(f"LOAD '{_extension()}'")
        own.execute("SET preserve_insertion_order = false")
        yield own


def load(own: Any, folder: Path) -> Any:
    """The layers, their boundaries and the ground around licences as tables."""
    load_layers(own, folder)
    for table in LARGE:
        own.execute(
            f"CREATE TABLE {table}_edges AS SELECT *, ST_Simplify(g, {SIMPLER_M}) AS simple FROM "
            f"(SELECT id, if(ST_Dimension(g) = 2, ST_Boundary(g), g) AS g FROM {table})"
        )
    own.execute(f"CREATE TABLE licences_around AS {_AROUND}")
    return own


def load_layers(own: Any, folder: Path) -> None:
    """The layers as tables, near beside near."""
    for name, query in _tables(folder, questions()):
        own.execute(f"CREATE TABLE {name} AS {query} ORDER BY ST_Hilbert(g)")


def _tables(folder: Path, asked: Questions) -> Iterator[tuple[str, str]]:
    def rows(kind: str) -> str:
        # without its CRS: all layers share one
        geometry = "ST_GeomFromWKB(ST_AsWKB(geometry)) AS g"
        return f"(SELECT *, {geometry} FROM read_parquet('{folder / kind}.parquet'))"

    for table, (kind, columns) in LARGE.items():
        yield table, f"SELECT feature_id AS id, g, {columns} FROM {rows(kind)}"
    yield (
        "sites",
        f"SELECT feature_id AS id, g, {Z} * position_sd_m AS err, {HOLDER} AS holder "
        f"FROM {rows('mine_sites')}",
    )
    yield (
        "fields",
        "SELECT feature_id AS id, g, ST_Area(g) AS area, ST_Perimeter(g) AS outline "
        f"FROM {rows('farmland')} "
        f"WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})",
    )


def answer(own: Any, *, ways: Ways = _WAYS) -> pd.DataFrame:
    """All pairs of all rules."""
    asked = questions()
    threads = int(_number(own, "SELECT current_setting('threads')"))
    error = _number(own, "SELECT max(err) FROM sites")
    reach = error + asked.widest_m + _number(own, "SELECT max(half) FROM waters")
    for name, query in _joins(error, reach, threads, ways):
        own.execute(f"CREATE TABLE {name} AS {query}")
    found: pd.DataFrame = own.execute(pairs(asked)).df()
    return found


def _number(own: Any, query: str) -> float:
    return float(own.execute(query).fetchone()[0] or 0.0)


def _joins(error: float, reach: float, threads: int, ways: Ways) -> Iterator[tuple[str, str]]:
    for areas in ("licences", "zones", "parks"):
        yield f"in_{areas}", _sites_in(areas, error, ways)
    yield (
        "on_fields",
        "SELECT s.id AS sid, f.id AS oid, "
        "CASE WHEN ST_Distance(s.g, ST_Boundary(f.g)) <= s.err THEN 1 ELSE 0 END AS near "
        f"FROM sites s JOIN fields f ON ST_DWithin(s.g, f.g, {error}) "
        "WHERE ST_Distance(s.g, f.g) <= s.err",
    )
    yield "beside", beside("ST_Union_Agg")
    yield "water_near", _near_water(reach, ways)
    for name, query in ways.fields.items():
        yield name, _by_thread(query, threads)
    yield "met_field", _MET_FIELD
    yield (
        "cut_field",
        _cut("met_field JOIN (SELECT id, g AS lg FROM licences) ON id = lid", threads),
    )
    yield "licence_field", _licence_field()
    yield "met_park", _met("parks")
    yield "cut_park", _cut("met_park", threads)
    yield "licence_park", _wide("cut_park")
    yield "met_licence", _met("licences", "WHERE a.id < b.id")
    yield "cut_licence", _cut("met_licence", threads)
    yield "licence_licence", _wide("cut_licence")


def _sites_in(areas: str, error: float, ways: Ways) -> str:
    return f"""
        SELECT sid, oid, max(near) AS near FROM (
          SELECT s.id AS sid, a.id AS oid, 0 AS near
            FROM sites s JOIN {areas} a ON ST_DWithin(a.g, s.g, 0)
          UNION ALL
          SELECT s.id AS sid, e.id AS oid, 1 AS near
            FROM sites s JOIN {areas}_edges e
            ON ST_DWithin(s.g, {ways.outline}, {error + ways.slack_m})
            WHERE ST_Distance(s.g, e.g) <= s.err
        ) GROUP BY sid, oid"""


def _near_water(reach: float, ways: Ways) -> str:
    """Distance of each water in reach; negative inside a lake, without limit deep inside."""
    return f"""
        SELECT sid, oid, w.class, s.err, if(inside, -d, d) - w.half AS d FROM (
          SELECT sid, oid, bool_or(inside) AS inside, min(d) AS d FROM (
            SELECT s.id AS sid, e.id AS oid, false AS inside, ST_Distance(s.g, e.g) AS d
              FROM sites s JOIN waters_edges e
              ON ST_DWithin(s.g, {ways.outline}, {reach + ways.slack_m})
            UNION ALL
            SELECT s.id AS sid, w.id AS oid, true AS inside, 'infinity'::DOUBLE AS d
              FROM sites s JOIN (FROM waters WHERE ST_GeometryType(g) <> 'LINESTRING') w
              ON ST_DWithin(w.g, s.g, 0)
          ) GROUP BY sid, oid
        ) JOIN waters w ON w.id = oid JOIN sites s ON s.id = sid"""


def _by_thread(query: str, threads: int) -> str:
    """A branch a thread where a query tells them apart, as DuckDB gives a short table to one."""
    many = threads if "{nth}" in query else 1
    return " UNION ALL ".join(query.format(threads=many, nth=nth) for nth in range(many))


# fields first, so that each licence is looked up once for many of them
_MET_FIELD = """
    SELECT lid, oid, f.g AS rg FROM crossed JOIN fields f ON f.id = oid ORDER BY lid"""


def _licence_field() -> str:
    return f"""
        SELECT lid, oid, area FROM (
          SELECT lid, oid, f.area, f.outline FROM (
            FROM met EXCEPT FROM crossed
          ) JOIN fields f ON f.id = oid
          UNION ALL
          FROM cut_field
        ) WHERE {wide("area", "outline")}"""


def _met(right: str, once: str = "") -> str:
    # asked for less than both shapes, DuckDB joins by a nested loop
    return f"""
        SELECT a.id AS lid, b.id AS oid, a.g AS lg, b.g AS rg
        FROM licences a JOIN {right} b ON ST_DWithin(a.g, b.g, 0) {once} ORDER BY lid"""


def _cut(met: str, threads: int) -> str:
    """What pairs share."""
    shared = f"""
        SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
          SELECT lid, oid, ST_Intersection(lg, rg) AS g
          FROM {met} WHERE hash(oid) % {{threads}} = {{nth}})"""
    return _by_thread(shared, threads)


def _wide(cut: str) -> str:
    # of a table: a filter on a query would have it intersect once for each question
    return f"SELECT lid, oid, area FROM {cut} WHERE {wide('area', 'outline')}"
