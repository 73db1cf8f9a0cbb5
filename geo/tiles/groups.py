"""What a cell counts, told apart by class and period, so that a filter reaches the counts too."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geo.tiles.cells import NO_SHARE, WHOLE, Cells, Members
from geo.tiles.ragged import Array

NONE = -1
"""The code of a feature without a class, and the period of one without a day."""
MOST_PERIODS = 60
"""More days than this are told by calendar years."""
EPOCH_YEAR = 1970


@dataclass(frozen=True, kw_only=True, eq=False)
class Periods:
    """The periods that days fall into, oldest first.

    `last` (p,) is the last day of each that anything was observed on, as days since 1970-01-01;
    `of` (n,) the period of each feature, NONE = no data. Each period is one day, or with `by_year`
    the days of one calendar year.
    """

    last: Array
    of: Array
    by_year: bool


def periods_of(days: Array) -> Periods:
    """The periods of features observed on these days since 1970-01-01 (n,), NaN = no data.

    Every day is a period of its own; more than MOST_PERIODS of them are put together by years.
    """
    of = np.full(len(days), NONE, dtype="int32")
    dated = np.flatnonzero(np.isfinite(days))
    told, at = np.unique(days[dated].astype("int64"), return_inverse=True)
    by_year = len(told) > MOST_PERIODS
    if by_year:
        year = told.astype("datetime64[D]").astype("datetime64[Y]").astype("int64") + EPOCH_YEAR
        _, first, number = np.unique(year, return_index=True, return_inverse=True)
        # days are sorted, so the last of a year stands before the first of the next
        told, at = told[np.append(first[1:], len(told)) - 1], number[at]
    of[dated] = at
    return Periods(last=told, of=of, by_year=by_year)


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """The features in cells by class and period; rows in the order of the cells.

    `cell` is the position of a cell in `Cells`, `class_code` and `period` are codes, NONE = no
    data, `count` is the number of features, `ground` the part of the cell's area they cover.
    """

    cell: Array
    class_code: Array
    period: Array
    count: Array
    ground: Array


@dataclass(frozen=True, kw_only=True)
class Passing:
    """What passes a filter: class codes (None = all), periods from the first to the last (both
    included, None = no limit), and whether features without a day do."""

    classes: frozenset[int] | None = None
    first: int | None = None
    last: int | None = None
    undated: bool = True


def group_cells(members: Members, codes: Array, of: Array) -> Groups:
    """The members of cells by class and period; `codes` and `of` (n,) are those of all features,
    NONE = no data."""
    periods = int(of.max(initial=NONE)) + 2
    group = (codes.astype("int64") + 1) * periods + of + 1
    groups = int(group.max(initial=0)) + 1
    made = []
    # zoom by zoom: the members of all zooms are many times the features
    for low, high in pairwise(members.begins.tolist()):
        key, inverse, count = np.unique(
            members.cell[low:high].astype("int64") * groups + group[members.feature[low:high]],
            return_inverse=True,
            return_counts=True,
        )
        covered = np.bincount(inverse, members.ground[low:high], minlength=len(key))
        made.append((key, count, covered))
    key, count, covered = (np.concatenate(columns) for columns in zip(*made, strict=True))
    told = key % groups
    return Groups(
        cell=(key // groups).astype("uint32"),
        class_code=(told // periods - 1).astype("int16"),
        period=(told % periods - 1).astype("int16"),
        count=count.astype("uint32"),
        ground=covered.astype("float32"),
    )


def one_group(cells: Cells, *, class_code: int) -> Groups:
    """The groups of cells whose features are all of one class and without a day."""
    many = len(cells.count)
    return Groups(
        cell=np.arange(many, dtype="uint32"),
        class_code=np.full(many, class_code, dtype="int16"),
        period=np.full(many, NONE, dtype="int16"),
        count=cells.count,
        ground=(cells.share / WHOLE).astype("float32"),
    )


def counted(groups: Groups, cells: Cells, which: Array, passing: Passing) -> tuple[Array, Array]:
    """What of the cells at `which` (neighbours, in order) passes: counts and shares, one each.

    A share is in hundredths as in `Cells`, NO_SHARE of a cell that holds no areas, 0 of one of
    which nothing passes.
    """
    if not len(which):
        return np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64")
    low, high = np.searchsorted(groups.cell, [which[0], which[-1] + 1])
    rows = slice(int(low), int(high))
    keep = _passes(groups.class_code[rows], groups.period[rows], passing)
    cell = groups.cell[rows][keep].astype("int64") - int(which[0])
    count = np.bincount(cell, groups.count[rows][keep], minlength=len(which)).astype("int64")
    covered = np.bincount(cell, groups.ground[rows][keep], minlength=len(which))
    share = np.where(count > 0, np.clip(np.rint(covered * WHOLE), 1, WHOLE), 0).astype("int64")
    return count, np.where(cells.share[which] == NO_SHARE, NO_SHARE, share)


def _passes(class_code: Array, period: Array, passing: Passing) -> Array:
    keep = np.ones(len(class_code), dtype=bool)
    if passing.classes is not None:
        keep &= np.isin(class_code, sorted(passing.classes))
    dated = period != NONE
    if passing.first is not None:
        keep &= ~dated | (period >= passing.first)
    if passing.last is not None:
        keep &= ~dated | (period <= passing.last)
    if not passing.undated:
        keep &= dated
    return keep
