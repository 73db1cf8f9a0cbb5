"""The questions in the SQL that PostGIS, DuckDB and SedonaDB share; each engine adds its joins.

Every engine prepares tables of the same names: `sites` (id, g, err, reach, holder), `fields` (id, g,
area, outline; only the classes that count), `licences`, `zones`, `parks`, `waters` (id, g, class,
...), and of each of these four the pieces `_tiles` (areas) and `_edges` (outlines, lines).
Metres and square metres.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bench.questions import SLIVER_WIDTH_M, questions

Statement = Callable[[str, str], str]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Where the engines differ: how a join is written so that their index serves it."""

    near_edge: str = "ST_DWithin(s.g, e.g, s.err)"
    near_field: str = "ST_DWithin(s.g, f.g, s.err)"
    near_water: str = "ST_DWithin(s.g, e.g, s.reach)"
    union_agg: str = "ST_Union"


def names(classes: Iterable[str]) -> str:
    """Class names as an SQL list."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in classes)


def answers_sql(table: Statement, dialect: Dialect | None = None) -> Iterator[str]:
    """Statements that end in a table `pairs` with the columns of `bench.pairs`.

    `table(name, query)` writes the statement that keeps a query's rows under a name.
    """
    way = dialect or Dialect()
    for areas in ("licences", "zones", "parks"):
        yield table(f"in_{areas}", _sites_in(areas, way))
    yield table("on_fields", _sites_on_fields(way))
    yield table("beside", _covered_together(way))
    yield table("water_edge", _water_edge(way))
    yield table("water_near", _water_near())
    yield table("licence_field", _summed("licences_tiles", "fields"))
    yield table("licence_park", _summed("licences_tiles", "parks_tiles"))
    yield table("licence_licence", _summed("licences_tiles", "licences_tiles", once=True))
    yield table("pairs", " UNION ALL ".join(_rules()))


def _sites_in(areas: str, way: Dialect) -> str:
    return f"""
        SELECT sid, oid, max(near) AS near FROM (
          SELECT s.id AS sid, t.id AS oid, 0 AS near
            FROM sites s JOIN {areas}_tiles t ON ST_Intersects(s.g, t.g)
          UNION ALL
          SELECT s.id AS sid, e.id AS oid, 1 AS near
            FROM sites s JOIN {areas}_edges e ON {way.near_edge}
        ) AS met GROUP BY sid, oid"""


def _sites_on_fields(way: Dialect) -> str:
    return f"""
        SELECT s.id AS sid, f.id AS oid,
               CASE WHEN ST_Distance(s.g, ST_Boundary(f.g)) <= s.err THEN 1 ELSE 0 END AS near
        FROM sites s JOIN fields f ON {way.near_field}"""


def _covered_together(way: Dialect) -> str:
    """Sites near the edges of several licences, yet deep in all of them taken together."""
    return f"""
        SELECT sid FROM (
          SELECT p.sid, min(s.err) AS err, ST_Union_of AS u FROM (
            SELECT sid, {way.union_agg}(l.g) AS ST_Union_of
            FROM in_licences i JOIN licences l ON l.id = i.oid
            WHERE sid IN (SELECT sid FROM in_licences GROUP BY sid
                          HAVING min(near) = 1 AND count(*) > 1)
            GROUP BY sid) AS p JOIN sites s ON s.id = p.sid GROUP BY p.sid, ST_Union_of
        ) AS q JOIN sites ON sites.id = q.sid
        WHERE ST_Intersects(u, sites.g) AND ST_Distance(ST_Boundary(u), sites.g) > q.err"""


def _water_edge(way: Dialect) -> str:
    return f"""
        SELECT s.id AS sid, e.id AS oid, min(ST_Distance(s.g, e.g)) AS d
        FROM sites s JOIN waters_edges e ON {way.near_water} GROUP BY s.id, e.id"""


def _water_near() -> str:
    """Signed distance from the bank, only where a line of some rule is in reach."""
    return """
        SELECT sid, oid, w.class AS class, s.err AS err,
               CASE WHEN inside = 1 THEN -d ELSE d END - w.half AS d
        FROM (
          SELECT sid, oid, max(inside) AS inside, min(d) AS d FROM (
            SELECT sid, oid, 0 AS inside, d FROM water_edge
            UNION ALL
            SELECT s.id AS sid, t.id AS oid, 1 AS inside, 1e9 AS d
              FROM sites s JOIN waters_tiles t ON ST_Intersects(s.g, t.g)
          ) AS met GROUP BY sid, oid
        ) AS m JOIN waters w ON w.id = m.oid JOIN sites s ON s.id = m.sid"""


def _summed(left: str, right: str, *, once: bool = False) -> str:
    """Square metres that areas share, summed over pieces; slivers left out.

    Pieces have more outline than the whole, so what is wide enough in pieces is so as a whole.
    """
    if right == "fields":
        area = "CASE WHEN ST_Covers(a.g, b.g) THEN b.area ELSE ST_Area(ST_Intersection(a.g, b.g)) END"
    else:
        area = "ST_Area(ST_Intersection(a.g, b.g))"
    return f"""
        SELECT lid, oid, sum(area) AS area FROM (
          SELECT a.id AS lid, b.id AS oid, {area} AS area
          FROM {left} a JOIN {right} b ON ST_Intersects(a.g, b.g) {"WHERE a.id < b.id" if once else ""}
        ) AS p WHERE area > 0 GROUP BY lid, oid"""


def _row(rule: str, *, subject: str, obj: str, rest: str, line: str = "NULL", area: str = "NULL",
         near: str = "near = 1") -> str:
    verdict = f"CASE WHEN {near} THEN 'too_close' ELSE 'inside' END"
    return (
        f"SELECT '{rule}' AS rule_id, {subject} AS subject_id, CAST({obj} AS varchar) AS object_id, "
        f"{verdict} AS verdict, CAST({line} AS varchar) AS line, CAST({area} AS double precision) "
        f"AS area_ha {rest}"
    )


def _rules() -> Iterator[str]:
    asked = questions()
    met = {"subject": "sid", "obj": "oid"}
    yield _row("site-in-licence", **met, rest="FROM in_licences")
    yield _row("site-in-artisanal-zone", **met, rest="FROM in_zones")
    yield _row("site-on-farmland", **met, rest="FROM on_fields")
    yield _row("site-in-protected-area", **met, rest="FROM in_parks")
    reserves = f"p.class IN ({names(asked.reserve_classes)})"
    yield _row("GH-FOR-3", **met, rest=f"FROM in_parks JOIN parks p ON p.id = oid WHERE {reserves}")
    yield _row(
        "site-in-other-holders-licence",
        **met,
        rest="FROM in_licences JOIN sites s ON s.id = sid JOIN licences l ON l.id = oid "
        "WHERE s.holder <> l.holder",
    )
    yield _row(
        "site-outside-licences",
        subject="sites.id",
        obj="NULL",
        near="i.sid IS NOT NULL",
        rest="FROM sites LEFT JOIN (SELECT sid, min(near) AS near FROM in_licences GROUP BY sid) AS i "
        "ON i.sid = sites.id LEFT JOIN beside ON beside.sid = sites.id "
        "WHERE (i.sid IS NULL OR i.near = 1) AND beside.sid IS NULL",
    )
    for rule in asked.water:
        line = "NULL"
        if rule.inner_m is not None:
            line = (
                f"CASE WHEN d + err < {rule.inner_m} THEN 'inner' "
                f"WHEN d + err < {rule.outer_m} THEN 'outer' END"
            )
        named = f" AND class = '{rule.water_class}'" if rule.water_class else ""
        yield _row(
            rule.rule_id,
            **met,
            line=line,
            near=f"d + err >= {rule.outer_m}",
            rest=f"FROM water_near WHERE d - err <= {rule.outer_m}{named}",
        )
    overlap = {"subject": "lid", "obj": "oid", "near": "FALSE", "area": "area / 10000"}
    yield _row("licence-on-farmland", **overlap, rest="FROM licence_field")
    yield _row("licence-in-protected-area", **overlap, rest="FROM licence_park")
    yield _row("licence-on-licence", **overlap, rest="FROM licence_licence")
    yield _row(
        "GH-FOR-3", **overlap, rest=f"FROM licence_park JOIN parks p ON p.id = oid WHERE {reserves}"
    )
    yield _row(
        "GH-SSM-1",
        subject="id",
        obj="NULL",
        near="FALSE",
        area="ST_Area(g) / 10000",
        rest=f"FROM licences WHERE class IN ({names(asked.small_classes)}) "
        f"AND ST_Area(g) > {asked.max_area_m2}",
    )
