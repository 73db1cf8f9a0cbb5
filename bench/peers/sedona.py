"""SedonaDB, tuned by SQL alone: its spatial joins with prepared shapes, small batches.

SedonaDB prepares the shapes of a join's index side, so areas of many vertices stay whole. A field
on a licence is intersected if it meets the licence's boundary too; the others lie inside whole.
Distances it asks of whole shapes vertex by vertex, so sites near an outline are first looked for
near a simplified one.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.landscape import CRS
from bench.peers.sql import HOLDER, Ways, beside, names, pairs, wide
from bench.questions import Questions, Z, questions

LARGE = {
    "licences": ("licences", f"feature_class AS class, {HOLDER} AS holder"),
    "zones": ("artisanal_zones", "NULL AS class"),
    "parks": ("protected_areas", "feature_class AS class"),
    "waters": ("water", "feature_class AS class, COALESCE(width_m, 0) / 2 AS half"),
}

BATCH = 512
"""Rows a thread takes at once; the default of 8,192 leaves the sites of size M to one thread."""

SIMPLER_M = 20
"""An outline lies within this of its simplified copy, so who is asked first is asked wider."""

_FIELDS = {
    "met": """
        SELECT l.id AS lid, f.id AS oid
        FROM licences l JOIN fields f ON ST_Intersects(l.g, f.g)""",
    "crossed": """
        SELECT e.id AS lid, f.id AS oid
        FROM licences_edges e JOIN fields f ON ST_Intersects(e.g, f.g)""",
}

# tg is the faster library for areas that meet, GEOS for distances and lines
_WAYS = Ways(fields=_FIELDS, outline="e.simple", slack_m=SIMPLER_M, tg=("on_fields", "met"))


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
    own.sql(f"SET datafusion.execution.batch_size = {BATCH}").execute()
    yield own


def load(own: Any, folder: Path) -> Any:
    """The layers and their boundaries as tables in memory."""
    load_layers(own, folder)
    for table in LARGE:
        keep(own, f"{table}_outlines", _outlines(table))
        simple = f"SELECT id, g, ST_Simplify(g, {SIMPLER_M}) AS simple FROM {table}_outlines"
        keep(own, f"{table}_edges", simple)
    return own


def load_layers(own: Any, folder: Path) -> None:
    """The layers as tables in memory."""
    for kind in ("mine_sites", "farmland", *(kind for kind, _ in LARGE.values())):
        own.read_parquet(str(folder / f"{kind}.parquet")).to_view(f"raw_{kind}")
    for name, query in _tables(questions()):
        keep(own, name, query)


def keep(own: Any, name: str, query: str) -> None:
    """The rows of a query as a table in memory."""
    own.sql(query).to_memtable().to_view(name)


def _outlines(table: str) -> str:
    # by way of WKB, as a CASE forgets that both are geometries
    return f"""
        SELECT id, ST_SetCRS(ST_GeomFromWKB(CASE WHEN ST_Dimension(g) = 2
          THEN ST_AsBinary(ST_Boundary(g)) ELSE ST_AsBinary(g) END), '{CRS}') AS g
        FROM {table}"""


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
        "ST_Perimeter(geometry) AS outline FROM raw_farmland "
        f"WHERE COALESCE(feature_class, '') IN ({names(asked.farmland_classes)})",
    )


def answer(own: Any, *, ways: Ways = _WAYS) -> pd.DataFrame:
    """All pairs of all rules."""
    for name, query in _joins(_threads(own), ways):
        library = "tg" if name in ways.tg else "geos"
        own.sql(f"SET sedona.spatial_join.spatial_library = '{library}'").execute()
        keep(own, name, query)
    found: pd.DataFrame = pa.table(own.sql(pairs(questions()))).to_pandas()
    return found


def _threads(own: Any) -> int:
    shown = pa.table(own.sql("SHOW datafusion.execution.target_partitions"))
    return int(shown["value"][0].as_py())


def _joins(threads: int, ways: Ways) -> Iterator[tuple[str, str]]:
    for areas in ("licences", "zones", "parks"):
        yield f"in_{areas}", _sites_in(areas, ways)
    yield (
        "on_fields",
        "SELECT s.id AS sid, f.id AS oid, "
        "CASE WHEN ST_Distance(s.g, ST_Boundary(f.g)) <= s.err THEN 1 ELSE 0 END AS near "
        "FROM sites s JOIN fields f ON ST_DWithin(s.g, f.g, s.err)",
    )
    yield "beside", beside("ST_Union_Agg")
    yield "water_near", _near_water(ways)
    yield from ways.fields.items()
    yield "cut_field", _by_thread(_CUT_FIELD, threads)
    yield "licence_field", _licence_field()
    yield "cut_park", _cut("parks", "", threads)
    yield "licence_park", _wide("cut_park")
    yield "cut_licence", _cut("licences", "AND a.id < b.id", threads)
    yield "licence_licence", _wide("cut_licence")


def _sites_in(areas: str, ways: Ways) -> str:
    # the last condition is a difference, or the join would be by it
    return f"""
        SELECT sid, oid, max(near) AS near FROM (
          SELECT s.id AS sid, a.id AS oid, 0 AS near
            FROM sites s JOIN {areas} a ON ST_Intersects(a.g, s.g)
          UNION ALL
          SELECT s.id AS sid, e.id AS oid, 1 AS near
            FROM sites s JOIN {areas}_edges e
            ON ST_DWithin(s.g, {ways.outline}, s.err + {ways.slack_m})
            WHERE ST_Distance(s.g, e.g) - s.err <= 0
        ) AS met GROUP BY sid, oid"""


def _near_water(ways: Ways) -> str:
    """Distance of each water in reach; negative inside a lake, far so deep inside."""
    return f"""
        SELECT sid, oid, w.class, s.err, CASE WHEN inside = 1 THEN -d ELSE d END - w.half AS d
        FROM (
          SELECT sid, oid, max(inside) AS inside, min(d) AS d FROM (
            SELECT s.id AS sid, e.id AS oid, 0 AS inside, ST_Distance(s.g, e.g) AS d
              FROM sites s JOIN waters_edges e
              ON ST_DWithin(s.g, {ways.outline}, s.reach + {ways.slack_m})
            UNION ALL
            SELECT s.id AS sid, w.id AS oid, 1 AS inside, 1e9 AS d
              FROM sites s JOIN (SELECT * FROM waters WHERE ST_Dimension(g) = 2) w
              ON ST_Intersects(w.g, s.g)
          ) AS met GROUP BY sid, oid
        ) AS nearest JOIN waters w ON w.id = oid JOIN sites s ON s.id = sid"""


def _licence_field() -> str:
    return f"""
        SELECT lid, oid, area FROM (
          SELECT m.lid, m.oid, f.area, f.outline
          FROM met m LEFT ANTI JOIN crossed c ON c.lid = m.lid AND c.oid = m.oid
          JOIN fields f ON f.id = m.oid
          UNION ALL
          SELECT lid, oid, area, outline FROM cut_field
        ) AS shared WHERE {wide("area", "outline")}"""


_CUT_FIELD = """
    SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
      SELECT lid, oid, ST_Intersection(l.g, f.g) AS g
      FROM (SELECT * FROM crossed WHERE ascii(right(oid, 1)) % {threads} = {nth}) AS c
      JOIN licences l ON l.id = lid JOIN fields f ON f.id = oid) AS shared"""


def _cut(right: str, once: str, threads: int) -> str:
    """What pairs share."""
    shared = f"""
        SELECT lid, oid, ST_Area(g) AS area, ST_Perimeter(g) AS outline FROM (
          SELECT a.id AS lid, b.id AS oid, ST_Intersection(a.g, b.g) AS g
          FROM (SELECT * FROM licences WHERE ascii(right(id, 1)) % {{threads}} = {{nth}}) AS a
          JOIN {right} b ON ST_Intersects(a.g, b.g) {once}) AS shared"""
    return _by_thread(shared, threads)


def _by_thread(query: str, threads: int) -> str:
    """A branch a thread, as a table this short would be one partition."""
    return " UNION ALL ".join(query.format(threads=threads, nth=nth) for nth in range(threads))


def _wide(cut: str) -> str:
    # of a table: a filter on a query would have it intersect once for each question
    return f"SELECT lid, oid, area FROM {cut} WHERE {wide('area', 'outline')}"
