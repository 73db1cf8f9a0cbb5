"""SedonaDB, tuned: its spatial joins with prepared shapes, outlines in short pieces.

SedonaDB prepares the shapes of a join's index side, so areas of many vertices stay whole for
points; distances are asked of short pieces of outlines. A field that no piece of a licence's
outline meets is inside if its first corner is; only the others are intersected.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.landscape import CRS
from bench.peers import cut
from bench.peers.sql import HOLDER, beside, names, pairs, wide
from bench.questions import Questions, Z, questions

LARGE = {
    "licences": ("licences", f"feature_class AS class, {HOLDER} AS holder"),
    "zones": ("artisanal_zones", "NULL AS class"),
    "parks": ("protected_areas", "feature_class AS class"),
    "waters": ("water", "feature_class AS class, COALESCE(width_m, 0) / 2 AS half"),
}

# ids as the Parquet reader gives them, or a union of both fails
_PLACED = f"""
    SELECT arrow_cast(id, 'Utf8View') AS id, ST_SetCRS(ST_GeomFromWKB(wkb), '{CRS}') AS g
    FROM pieces"""


def missing() -> str | None:
    """Why SedonaDB cannot be measured here, or None."""
    if importlib.util.find_spec("sedonadb") is None:
        return "sedonadb is not installed: run make setup-test."
    return None


def versions() -> str:
    """What was measured."""
    import sedonadb

    return f"SedonaDB {sedonadb.__version__}"


@contextmanager
def started(*, threads: int) -> Iterator[Any]:
    """A session, empty."""
    import sedonadb

    own = sedonadb.connect()
    own.sql(f"SET datafusion.execution.target_partitions = {threads}").execute()
    yield own


def load(own: Any, folder: Path) -> Any:
    """The layers and the pieces of outlines as tables in memory."""
    for kind in ("mine_sites", "farmland", *(kind for kind, _ in LARGE.values())):
        own.read_parquet(str(folder / f"{kind}.parquet")).to_view(f"raw_{kind}")
    for table, (kind, _) in LARGE.items():
        pieces = own.create_data_frame(cut.outlines(folder / f"{kind}.parquet"))
        pieces.to_view("pieces", overwrite=True)
        _keep(own, f"{table}_edges", _PLACED)
    for name, query in _tables(questions()):
        _keep(own, name, query)
    return own


def _keep(own: Any, name: str, query: str) -> None:
    own.sql(query).to_memtable().to_view(name)


def _tables(asked: Questions) -> Iterator[tuple[str, str]]:
    for table, (kind, columns) in LARGE.items():
        yield table, f"SELECT feature_id AS id, geometry AS g, {columns} FROM raw_{kind}"
    reach = f"{asked.widest_m} + (SELECT max(half) FROM waters)"
    yield (
        "sites",
        f"SELECT feature_id AS id, geometry AS g, {Z} * position_sd_m AS err, "
        f"{Z} * position_sd_m + {reach} AS reach, {HOLDER} AS holder FROM raw_mine_sites",
    )
    yield (
        "fields",
        "SELECT feature_id AS id, geometry AS g, ST_Area(geometry) AS area, "
        "ST_StartPoint(ST_ExteriorRing(geometry)) AS corner, "
        "ST_Perimeter(geometry) AS outline FROM raw_farmland "
        f"WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})",
    )


def answer(own: Any) -> pd.DataFrame:
    """All pairs of all rules."""
    for name, query in _joins(_threads(own)):
        # tg is the faster library for points in areas, GEOS for areas on areas
        library = "geos" if name.startswith("cut_") else "tg"
        own.sql(f"SET sedona.spatial_join.spatial_library = '{library}'").execute()
        _keep(own, name, query)
    found: pd.DataFrame = pa.table(own.sql(pairs(questions()))).to_pandas()
    return found


def _threads(own: Any) -> int:
    shown = pa.table(own.sql("SHOW datafusion.execution.target_partitions"))
    return int(shown["value"][0].as_py())


def _joins(threads: int) -> Iterator[tuple[str, str]]:
    for areas in ("licences", "zones", "parks"):
        yield f"in_{areas}", _sites_in(areas)
    yield (
        "on_fields",
        "SELECT s.id AS sid, f.id AS oid, "
        "CASE WHEN ST_Distance(s.g, ST_Boundary(f.g)) <= s.err THEN 1 ELSE 0 END AS near "
        "FROM sites s JOIN fields f ON ST_DWithin(s.g, f.g, s.err)",
    )
    yield "beside", beside("ST_Union_Agg")
    yield "water_near", _near_water()
    yield (
        "crossed",
        "SELECT DISTINCT e.id AS lid, f.id AS oid "
        "FROM licences_edges e JOIN fields f ON ST_Intersects(e.g, f.g)",
    )
    yield "cut_field", _CUT_FIELD
    yield "licence_field", _licence_field()
    yield "cut_park", _cut("parks", "", threads)
    yield "licence_park", _wide("cut_park")
    yield "cut_licence", _cut("licences", "AND a.id < b.id", threads)
    yield "licence_licence", _wide("cut_licence")


def _sites_in(areas: str) -> str:
    return f"""
        SELECT sid, oid, max(near) AS near FROM (
          SELECT s.id AS sid, a.id AS oid, 0 AS near
            FROM sites s JOIN {areas} a ON ST_Intersects(a.g, s.g)
          UNION ALL
          SELECT s.id AS sid, e.id AS oid, 1 AS near
            FROM sites s JOIN {areas}_edges e ON ST_DWithin(s.g, e.g, s.err)
        ) AS met GROUP BY sid, oid"""


def _near_water() -> str:
    """Nearest piece of each water in reach; negative inside a lake, far so deep inside."""
    return """
        SELECT sid, oid, w.class, s.err, CASE WHEN inside = 1 THEN -d ELSE d END - w.half AS d
        FROM (
          SELECT sid, oid, max(inside) AS inside, min(d) AS d FROM (
            SELECT s.id AS sid, e.id AS oid, 0 AS inside, ST_Distance(s.g, e.g) AS d
              FROM sites s JOIN waters_edges e ON ST_DWithin(s.g, e.g, s.reach)
            UNION ALL
            SELECT s.id AS sid, w.id AS oid, 1 AS inside, 1e9 AS d
              FROM sites s JOIN (SELECT * FROM waters WHERE ST_Dimension(g) = 2) w
              ON ST_Intersects(w.g, s.g)
          ) AS met GROUP BY sid, oid
        ) AS nearest JOIN waters w ON w.id = oid JOIN sites s ON s.id = sid"""


_CUT_FIELD = """
    SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
      SELECT lid, oid, ST_Intersection(l.g, f.g) AS g
      FROM crossed JOIN licences l ON l.id = lid JOIN fields f ON f.id = oid) AS shared"""


def _licence_field() -> str:
    return f"""
        SELECT lid, oid, area FROM (
          SELECT i.lid, i.oid, i.area, i.outline FROM (
            SELECT l.id AS lid, f.id AS oid, f.area, f.outline
            FROM licences l JOIN fields f ON ST_Intersects(l.g, f.corner)
          ) AS i LEFT ANTI JOIN crossed c ON c.lid = i.lid AND c.oid = i.oid
          UNION ALL
          SELECT lid, oid, area, outline FROM cut_field
        ) AS shared WHERE {wide("area", "outline")}"""


def _cut(right: str, once: str, threads: int) -> str:
    """What pairs share; a branch a thread, as a table this short would be one partition."""
    return " UNION ALL ".join(
        f"""
        SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
          SELECT a.id AS lid, b.id AS oid, ST_Intersection(a.g, b.g) AS g
          FROM (SELECT * FROM licences WHERE ascii(right(id, 1)) % {threads} = {nth}) AS a
          JOIN {right} b ON ST_Intersects(a.g, b.g) {once}) AS shared"""
        for nth in range(threads)
    )


def _wide(cut: str) -> str:
    # of a table: a filter on a query would have it intersect once for each question
    return f"SELECT lid, oid, area FROM {cut} WHERE {wide('area', 'outline')}"
