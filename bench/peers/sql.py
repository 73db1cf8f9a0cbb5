"""The part of the questions that PostGIS, DuckDB and SedonaDB write alike: from pairs to rules.

Each engine makes the tables of pairs by its own joins, which is where the time goes:
`in_licences`, `in_zones`, `in_parks`, `on_fields` (sid, oid, near: 1 where the edge lies within the
site's error), `water_near` (sid, oid, class, err, d: signed metres from the bank) and
`licence_field`, `licence_park`, `licence_licence` (lid, oid, area: square metres, no slivers). They
stand on `sites` (id, g, err, reach, holder), `licences` (id, g, class, holder) and `parks` (id, g,
class).
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bench.questions import SLIVER_WIDTH_M, Questions

HOLDER = "lower(regexp_replace(holder, ' (Ltd|Limited)$', ''))"
"""Two spellings of a company are one."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How a variant of DuckDB or SedonaDB joins; the rest of its SQL is the same.

    `fields` are queries by the table they make, (lid, oid) each; among them `met`, the fields a
    licence meets, and `crossed`, those to be intersected with it. Sites near an outline `e` are
    first looked for at `outline`, by `slack_m` wider. `tg`: tables SedonaDB joins by that library.
    """

    fields: Mapping[str, str]
    outline: str = "e.g"
    slack_m: float = 0.0
    tg: Container[str] = ()


def names(classes: Iterable[str]) -> str:
    """Class names as an SQL list."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in classes)


def wide(area: str, outline: str) -> str:
    """The condition that shared ground is wider than rounding."""
    return f"{area} > 0 AND 2 * {area} > {SLIVER_WIDTH_M} * {outline}"


def beside(union: str) -> str:
    """Sites near the edges of several licences, yet deep in all of them taken together.

    `union` is the engine's aggregate that unites shapes; the sites are few.
    """
    return f"""
        SELECT u.sid FROM (
          SELECT i.sid AS sid, {union}(l.g) AS g
          FROM in_licences i JOIN licences l ON l.id = i.oid
          WHERE i.sid IN (SELECT sid FROM in_licences
                          GROUP BY sid HAVING min(near) = 1 AND count(*) > 1)
          GROUP BY i.sid
        ) AS u JOIN sites s ON s.id = u.sid
        WHERE ST_Intersects(u.g, s.g) AND ST_Distance(ST_Boundary(u.g), s.g) > s.err"""


def pairs(asked: Questions) -> str:
    """One query with all pairs of all rules, in the columns of `bench.pairs`."""
    every = [*_sites(asked), *_water(asked), *_licences(asked)]
    return " UNION ALL ".join(every)


def _row(rule: str, rest: str, **given: str) -> str:
    """The SELECT of one rule; what is not given reads as for a site in an area."""
    subject, object_ = given.get("subject", "sid"), given.get("object_", "oid")
    near, line = given.get("near", "near = 1"), given.get("line", "NULL")
    return f"""
        SELECT '{rule}' AS rule_id, {subject} AS subject_id,
               CAST({object_} AS varchar) AS object_id,
               CASE WHEN {near} THEN 'too_close' ELSE 'inside' END AS verdict,
               CAST({line} AS varchar) AS line,
               CAST({given.get("area", "NULL")} AS double precision) / 10000 AS area_ha {rest}"""


def _reserve(asked: Questions) -> str:
    return f"JOIN parks p ON p.id = oid WHERE p.class IN ({names(asked.reserve_classes)})"


def _sites(asked: Questions) -> Iterator[str]:
    yield _row("site-in-licence", "FROM in_licences")
    yield _row("site-in-artisanal-zone", "FROM in_zones")
    yield _row("site-on-farmland", "FROM on_fields")
    yield _row("site-in-protected-area", "FROM in_parks")
    yield _row("GH-FOR-3", f"FROM in_parks {_reserve(asked)}")
    yield _row(
        "site-in-other-holders-licence",
        "FROM in_licences JOIN sites s ON s.id = sid JOIN licences l ON l.id = oid "
        "WHERE s.holder <> l.holder",
    )
    yield _row(
        "site-outside-licences",
        "FROM sites LEFT JOIN (SELECT sid, min(near) AS near FROM in_licences GROUP BY sid) AS i "
        "ON i.sid = sites.id LEFT JOIN beside ON beside.sid = sites.id "
        "WHERE (i.sid IS NULL OR i.near = 1) AND beside.sid IS NULL",
        subject="sites.id",
        object_="NULL",
        near="i.sid IS NOT NULL",
    )


def _water(asked: Questions) -> Iterator[str]:
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
            f"FROM water_near WHERE d - err <= {rule.outer_m}{named}",
            line=line,
            near=f"d + err >= {rule.outer_m}",
        )


def _licences(asked: Questions) -> Iterator[str]:
    sure = {"subject": "lid", "near": "1 = 0", "area": "area"}
    yield _row("licence-on-farmland", "FROM licence_field", **sure)
    yield _row("licence-in-protected-area", "FROM licence_park", **sure)
    yield _row("licence-on-licence", "FROM licence_licence", **sure)
    yield _row("GH-FOR-3", f"FROM licence_park {_reserve(asked)}", **sure)
    yield _row(
        "GH-SSM-1",
        f"FROM licences WHERE class IN ({names(asked.small_classes)}) "
        f"AND ST_Area(g) > {asked.max_area_m2}",
        subject="id",
        object_="NULL",
        near="1 = 0",
        area="ST_Area(g)",
    )
