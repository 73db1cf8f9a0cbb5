"""Counts of units by area, round and practice: the arrays behind every adoption table.

Units are first counted by *class* (a district, a set of operations, who leads) and then added up to
areas, because a site with two operations is in two areas of that table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from geo.adoption.frames import LED_BY, NOT_RECORDED, SELECTIONS, STATES
from geo.adoption.places import NO_DAY
from geo.adoption.practice import Practice
from geo.adoption.units import Units, excluded
from geo.measure import Array

By = Literal["region", "district", "operation", "sex"]
BYS: tuple[By, ...] = ("region", "district", "operation", "sex")

_LATE = int(np.iinfo("int32").max)
_KNOWN_STATES = len(STATES) - 1  # without "unknown"
_NOT_APPLICABLE = _KNOWN_STATES - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """The areas of a table and what is in them.

    `table` has `area_id` and `area`. `members` is (classes, areas), 1 where a class is in an area.
    `of_units` is each unit's class, `of_known` that of each known site; None where known sites
    cannot be told apart in this way.
    """

    table: pd.DataFrame
    members: Array
    of_units: Array
    of_known: Array | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """Counts by (area, round, practice), unless another shape is given.

    `states`: (…, 5), sites by known state. `selections`: (…, 4), applicable sites by how they were
    chosen. `population`: sites where the practice may apply, NaN = not known; `listed` those of
    them that are known sites with a known, applicable state. `people`: women and men at the
    applicable sites, NaN where one of them has no number. `first`, `last`: days since 1970.
    `visited`, `women`, `men`, `people_sites`, `area_only`, `first_visit`, `last_visit`: (area,
    round). `known_sites`: (area,), NaN = not known.
    """

    states: Array
    selections: Array
    contradicted: Array
    seen_used: Array
    records: Array
    used_records: Array
    applicable_records: Array
    population: Array
    listed: Array
    people: Array
    first: Array
    last: Array
    intensity_n: Array
    intensity_median: Array
    visited: Array
    women: Array
    men: Array
    people_sites: Array
    everybody: Array
    area_only: Array
    first_visit: Array
    last_visit: Array
    known_sites: Array


def areas_of(units: Units, by: By, *, region_name: str) -> Areas:
    """The areas of a table by region, district, operation or sex (who leads the site)."""
    if by == "region":
        return Areas(
            table=pd.DataFrame({"area_id": [None], "area": [region_name]}),
            members=np.ones((1, 1), dtype="int64"),
            of_units=np.zeros(len(units.round), dtype="int64"),
            of_known=np.zeros(len(units.known_district), dtype="int64"),
        )
    if by == "district":
        table = units.districts
        # a site's district may be another than one of its visits said
        met = np.isin(np.arange(len(table)), np.append(units.district, units.known_district))
        return Areas(
            table=table[met].reset_index(drop=True),
            members=np.eye(len(table), dtype="int64")[:, met],
            of_units=units.district.astype("int64"),
            of_known=units.known_district.astype("int64"),
        )
    if by == "operation":
        groups = sorted({group for one in units.operation_sets for group in one})
        names = [*groups, NOT_RECORDED]
        members = np.array(
            [[name in (one or (NOT_RECORDED,)) for name in names] for one in units.operation_sets]
        ).astype("int64")
        met = members[np.unique(np.append(units.operations, units.known_operations))].any(axis=0)
        return Areas(
            table=pd.DataFrame({"area_id": names, "area": names})[met].reset_index(drop=True),
            members=members[:, met],
            of_units=units.operations.astype("int64"),
            of_known=units.known_operations.astype("int64"),
        )
    names = [*LED_BY, NOT_RECORDED]
    said = {"woman": "led by a woman", "man": "led by a man", "mixed": "led by women and men"}
    met = np.isin(np.arange(len(names)), units.led_by)
    return Areas(
        table=pd.DataFrame({"area_id": names, "area": [said.get(one, one) for one in names]})[
            met
        ].reset_index(drop=True),
        members=np.eye(len(names), dtype="int64")[:, met],
        of_units=units.led_by.astype("int64"),
        of_known=None,
    )


def count(units: Units, areas: Areas, practices: Sequence[Practice]) -> Counts:
    """All counts of a table."""
    return _Counting(units, areas, practices).all()


class _Counting:
    """Holds what every count needs: the cell of each unit and of each pair."""

    def __init__(self, units: Units, areas: Areas, practices: Sequence[Practice]) -> None:
        self.units, self.areas, self.pairs = units, areas, units.pairs
        self.classes, self.rounds = len(areas.members), len(units.rounds)
        self.practices = len(practices)
        self.unit_cell = areas.of_units * self.rounds + units.round
        self.cell = self.unit_cell[self.pairs.unit] * self.practices + self.pairs.practice
        self.excluded = excluded(practices, units.operation_sets)
        self.is_listed = (units.listed > 0)[self.pairs.unit]

    def all(self) -> Counts:
        """Everything, area by area."""
        units, pairs = self.units, self.pairs
        applicable = np.flatnonzero(pairs.state < _NOT_APPLICABLE)
        states = self._by_pair(self.cell * _KNOWN_STATES + pairs.state, _KNOWN_STATES)
        # sites whose operations cannot have a practice: it does not apply, recorded or not
        visited_sets = self._sets(self.unit_cell, units.operations, self.rounds)
        contradicted = self._sum(self.cell, pairs.is_contradicted)
        states[..., _NOT_APPLICABLE] += visited_sets @ self.excluded.astype("int64") - contradicted
        people = units.women + units.men
        population, listed = self._population(applicable)
        first, last = self._days(self.cell[applicable], pairs.day[applicable], self.practices)
        first_visit, last_visit = self._days(self.unit_cell, units.day, 1)
        n, median = self._intensity(applicable)
        chosen = self.cell[applicable] * len(SELECTIONS) + pairs.selection[applicable]
        counted = np.where(np.isnan(units.women), 0, 1) + np.where(np.isnan(units.men), 0, 1)
        return Counts(
            states=states,
            selections=self._by_pair(chosen, len(SELECTIONS)),
            contradicted=contradicted,
            seen_used=self._sum(self.cell, pairs.is_seen & (pairs.state == 0)),
            records=self._sum(self.cell, pairs.records),
            used_records=self._sum(self.cell, pairs.used_records * ~pairs.is_contradicted),
            applicable_records=self._sum(
                self.cell, pairs.applicable_records * ~pairs.is_contradicted
            ),
            population=population,
            listed=listed,
            people=self._sum(self.cell[applicable], people[pairs.unit[applicable]]),
            first=first,
            last=last,
            intensity_n=n,
            intensity_median=median,
            visited=self._of_units(np.ones(len(self.unit_cell))).astype("int64"),
            women=self._people(units.women),
            men=self._people(units.men),
            people_sites=self._of_units(counted > 0).astype("int64"),
            everybody=self._of_units(people),
            area_only=self._of_units(units.is_area_only).astype("int64"),
            first_visit=first_visit[..., 0],
            last_visit=last_visit[..., 0],
            known_sites=self._known_sites(),
        )

    # -- adding up ----------------------------------------------------------------------------

    def _to_areas(self, by_class: Array) -> Array:
        """(classes, …) to (areas, …). NaN of a class goes only to the areas it is in."""
        members = self.areas.members
        if len(members) == members.shape[1] and (members == np.eye(len(members))).all():
            return by_class
        if by_class.dtype.kind == "f":
            return self._each_area(by_class, lambda classes: classes.sum(axis=0))
        return np.tensordot(members.T, by_class, axes=1)

    def _each_area(self, by_class: Array, together: Callable[[Array], Array]) -> Array:
        """What becomes of the classes of each area together: (areas, …)."""
        members = self.areas.members
        areas = [together(by_class[members[:, at] > 0]) for at in range(members.shape[1])]
        return np.array(areas, dtype=by_class.dtype).reshape(len(areas), *by_class.shape[1:])

    def _by_pair(self, key: Array, kinds: int) -> Array:
        shape = (self.classes, self.rounds, self.practices, kinds)
        return self._to_areas(np.bincount(key, minlength=int(np.prod(shape))).reshape(shape))

    def _sum(self, cell: Array, values: Array) -> Array:
        """Sums of pairs by (area, round, practice); whole numbers stay whole, NaN stays NaN."""
        shape = (self.classes, self.rounds, self.practices)
        sums = np.bincount(cell, weights=values, minlength=int(np.prod(shape))).reshape(shape)
        return self._to_areas(sums if values.dtype.kind == "f" else sums.astype("int64"))

    def _of_units(self, values: Array) -> Array:
        shape = (self.classes, self.rounds)
        sums = np.bincount(self.unit_cell, weights=values, minlength=int(np.prod(shape)))
        return self._to_areas(sums.reshape(shape))

    def _people(self, people: Array) -> Array:
        """People at the sites where they were counted, NaN where they nowhere were."""
        there = ~np.isnan(people)
        sums = self._of_units(np.where(there, people, 0.0))
        return np.where(self._of_units(there.astype("float64")) > 0, sums, np.nan)

    def _days(self, cell: Array, day: Array, wide: int) -> tuple[Array, Array]:
        """First and last known day by (area, round, `wide`); `NO_DAY` where none is known."""
        shape = (self.classes, self.rounds, wide)
        first = np.full(int(np.prod(shape)), _LATE, dtype="int64")
        last = np.full(int(np.prod(shape)), NO_DAY, dtype="int64")
        dated = day != NO_DAY
        np.minimum.at(first, cell[dated], day[dated])
        np.maximum.at(last, cell[dated], day[dated])
        first, last = first.reshape(shape), last.reshape(shape)
        first = self._each_area(first, lambda classes: classes.min(axis=0))
        last = self._each_area(last, lambda classes: classes.max(axis=0))
        return np.where(first == _LATE, NO_DAY, first), last

    def _intensity(self, applicable: Array) -> tuple[Array, Array]:
        """How many applicable sites have an intensity, and its median, NaN = none."""
        shape = (self.areas.members.shape[1], self.rounds, self.practices)
        number, middle = np.zeros(shape, dtype="int64"), np.full(shape, np.nan)
        with_one = applicable[~np.isnan(self.pairs.intensity[applicable])]
        wide = self.rounds * self.practices
        one_class, rest = np.divmod(self.cell[with_one], wide)
        for area in range(shape[0]):
            inside = self.areas.members[one_class, area] > 0
            values = pd.Series(self.pairs.intensity[with_one[inside]]).groupby(rest[inside])
            at = np.unravel_index(values.size().index.to_numpy(dtype="int64"), shape[1:])
            number[area][at], middle[area][at] = values.size(), values.median()
        return number, middle

    # -- how many sites there are ----------------------------------------------------------------

    def _known_sites(self) -> Array:
        if self.areas.of_known is None:
            return np.full(self.areas.members.shape[1], np.nan)
        known = np.bincount(self.areas.of_known, minlength=self.classes).astype("int64")
        return self._to_areas(known).astype("float64")

    def _population(self, applicable: Array) -> tuple[Array, Array]:
        """Sites where a practice may apply, as far as anybody knows, and those listed and answered.

        That is: listed sites, but not those whose operations cannot have it or where it was seen
        not to apply; and sites that were found to have or lack it without being on the list. A
        listed site that was visited is where, and does what, the visit says. NaN where there is no
        list. Visits with an unknown state move neither.
        """
        units, pairs = self.units, self.pairs
        listed = self._sum(self.cell[applicable], self.is_listed[applicable])
        if self.areas.of_known is None or not units.known_listed.any():
            return np.full(listed.shape, np.nan), listed
        may = (~self.excluded).astype("int64")
        on_list = units.listed > 0
        row = units.listed[on_list] - 1
        whole = self._sets(
            self.areas.of_known[units.known_listed], units.known_operations[units.known_listed], 1
        )
        # out of the list go those that were visited, and come back as they were seen
        gone = self._sets(
            self.areas.of_known[row] * self.rounds + units.round[on_list],
            units.known_operations[row],
            self.rounds,
        )
        back = self._sets(self.unit_cell[on_list], units.operations[on_list], self.rounds)
        is_applicable = pairs.state < _NOT_APPLICABLE
        moved = np.where(
            self.is_listed, -1 * ~(is_applicable | pairs.is_contradicted), is_applicable
        )
        population = (whole - gone + back) @ may + self._sum(self.cell, moved.astype("int64"))
        there = whole.sum(axis=-1)[..., None] > 0
        return np.where(there, population, np.nan), listed

    def _sets(self, cell: Array, operations: Array, wide: int) -> Array:
        """How many have each set of operations, by (area, `wide`, set)."""
        sets = len(self.units.operation_sets)
        shape = (self.classes, wide, sets)
        found = np.bincount(cell * sets + operations, minlength=int(np.prod(shape)))
        return self._to_areas(found.reshape(shape))
