"""DuckDB's spatial extension, tuned: its spatial join, outlines in short pieces, points for areas.

DuckDB joins by an R-tree on one side, with a distance that must be one number; the error of each
site is asked afterwards. It does not prepare shapes of many vertices for `ST_Intersects`, but
answers quickly how far a point is from them. So a field is inside a licence if no piece of the
licence's outline meets it and its first corner lies inside; only the others are intersected.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from bench.peers import cut
from bench.peers.sql import HOLDER, beside, names, pairs, wide
from bench.questions import Questions, Z, questions

LARGE = {
    "licences": ("licences", f"feature_class AS class, {HOLDER} AS holder"),
    "zones": ("artisanal_zones", "NULL AS class"),
    "parks": ("protected_areas", "feature_class AS class"),
    "waters": ("water", "feature_class AS class, COALESCE(width_m, 0) / 2 AS half"),
}


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
    """The layers and the pieces of outlines as tables."""
    for name, query in _tables(folder, questions()):
        own.execute(f"CREATE TABLE {name} AS {query}")
    for table, (kind, _) in LARGE.items():
        own.register("pieces", cut.outlines(folder / f"{kind}.parquet"))
        own.execute(
            f"CREATE TABLE {table}_edges AS SELECT id, ST_GeomFromWKB(wkb) AS g FROM pieces"
        )
        own.unregister("pieces")
    return own


def _tables(folder: Path, asked: Questions) -> Iterator[tuple[str, str]]:
    def rows(kind: str) -> str:
        # without its CRS: all layers share one, and the pieces carry none
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
        "SELECT feature_id AS id, g, ST_StartPoint(ST_ExteriorRing(g)) AS corner, "
        f"ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM {rows('farmland')} "
        f"WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})",
    )


def answer(own: Any) -> pd.DataFrame:
    """All pairs of all rules."""
    asked = questions()
    threads = int(_number(own, "SELECT current_setting('threads')"))
    error = _number(own, "SELECT max(err) FROM sites")
    reach = error + asked.widest_m + _number(own, "SELECT max(half) FROM waters")
    for name, query in _joins(error, reach, threads):
        own.execute(f"CREATE TABLE {name} AS {query}")
    found: pd.DataFrame = own.execute(pairs(asked)).df()
    return found


def _number(own: Any, query: str) -> float:
    return float(own.execute(query).fetchone()[0] or 0.0)


def _joins(error: float, reach: float, threads: int) -> Iterator[tuple[str, str]]:
    for areas in ("licences", "zones", "parks"):
        yield f"in_{areas}", _sites_in(areas, error)
    yield (
        "on_fields",
        "SELECT s.id AS sid, f.id AS oid, "
        "CASE WHEN ST_Distance(s.g, ST_Boundary(f.g)) <= s.err THEN 1 ELSE 0 END AS near "
        f"FROM sites s JOIN fields f ON ST_DWithin(s.g, f.g, {error}) "
        "WHERE ST_Distance(s.g, f.g) <= s.err",
    )
    yield "beside", beside("ST_Union_Agg")
    yield "water_near", _near_water(reach)
    yield "crossed", _crossed()
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


def _sites_in(areas: str, error: float) -> str:
    return f"""
        SELECT sid, oid, max(near) AS near FROM (
          SELECT s.id AS sid, a.id AS oid, 0 AS near
            FROM sites s JOIN {areas} a ON ST_DWithin(a.g, s.g, 0)
          UNION ALL
          SELECT s.id AS sid, e.id AS oid, 1 AS near
            FROM sites s JOIN {areas}_edges e ON ST_DWithin(s.g, e.g, {error})
            WHERE ST_Distance(s.g, e.g) <= s.err
        ) GROUP BY sid, oid"""


def _near_water(reach: float) -> str:
    """Nearest piece of each water in reach; negative inside a lake, without limit deep inside."""
    return f"""
        SELECT sid, oid, w.class, s.err, if(inside, -d, d) - w.half AS d FROM (
          SELECT sid, oid, bool_or(inside) AS inside, min(d) AS d FROM (
            SELECT s.id AS sid, e.id AS oid, false AS inside, ST_Distance(s.g, e.g) AS d
              FROM sites s JOIN waters_edges e ON ST_DWithin(s.g, e.g, {reach})
            UNION ALL
            SELECT s.id AS sid, w.id AS oid, true AS inside, 'infinity'::DOUBLE AS d
              FROM sites s JOIN (FROM waters WHERE ST_GeometryType(g) <> 'LINESTRING') w
              ON ST_DWithin(w.g, s.g, 0)
          ) GROUP BY sid, oid
        ) JOIN waters w ON w.id = oid JOIN sites s ON s.id = sid"""


def _crossed() -> str:
    return """
        SELECT DISTINCT e.id AS lid, f.id AS oid
        FROM licences_edges e JOIN fields f ON ST_Intersects(e.g, f.g)"""


# fields first, so that each licence is looked up once for many of them
_MET_FIELD = """
    SELECT lid, oid, f.g AS rg FROM crossed JOIN fields f ON f.id = oid ORDER BY lid"""


def _licence_field() -> str:
    return f"""
        SELECT lid, oid, area FROM (
          SELECT lid, oid, f.area, f.outline FROM (
            SELECT l.id AS lid, f.id AS oid
              FROM licences l JOIN fields f ON ST_DWithin(l.g, f.corner, 0)
            EXCEPT FROM crossed
          ) JOIN fields f ON f.id = oid
          UNION ALL
          FROM cut_field
        ) WHERE {wide("area", "outline")}"""


def _met(right: str, once: str = "") -> str:
    # asked for less than both shapes, DuckDB joins by a nested loop
    return f"""
        SELECT a.id AS lid, b.id AS oid, a.g AS lg, b.g AS rg
        FROM licences a JOIN {right} b ON ST_Intersects(a.g, b.g) {once} ORDER BY lid"""


def _cut(met: str, threads: int) -> str:
    """What pairs share; a branch a thread, as DuckDB gives a table this short to one."""
    return " UNION ALL ".join(
        f"""
        SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
          SELECT lid, oid, ST_Intersection(lg, rg) AS g
          FROM {met} WHERE hash(oid) % {threads} = {nth})"""
        for nth in range(threads)
    )


def _wide(cut: str) -> str:
    # of a table: a filter on a query would have it intersect once for each question
    return f"SELECT lid, oid, area FROM {cut} WHERE {wide('area', 'outline')}"
