"""Which numbers are kept back so that nobody can be picked out, alone or by taking away others.

A cell is suppressed where fewer than a handful of people work at its sites. If it were the only one
kept back in a line that adds up (all districts of a region, all rounds of a district), the total
would give it away; so others of the line are kept back with it until they hold people enough.
"""

import numpy as np

from geo.measure import Array


def primary(people: Array, applicable: Array, *, least_people: int) -> Array:
    """Cells with sites that count, all of whose people are known and fewer than `least_people`."""
    return (applicable > 0) & (people < least_people)


def complementary(
    suppressed: Array, people: Array, applicable: Array, *, least_people: int, axes: tuple[int, ...]
) -> Array:
    """`suppressed` and what must be kept back with it along each of the `axes`.

    In each line with a suppressed cell, the cells with the fewest applicable sites follow, until
    two cells at least are kept back and hold at least `least_people` people together (a cell whose
    people are not known is taken to hold enough). A line in which nothing else can be kept back
    stays as it is.
    """
    result = suppressed.copy()
    before = -1
    # what is kept back along one axis can leave a single cell along the other
    while before != int(result.sum()):
        before = int(result.sum())
        for axis in axes:
            _along(
                np.moveaxis(result, axis, -1),
                np.moveaxis(people, axis, -1),
                np.moveaxis(applicable, axis, -1),
                least_people,
            )
    return result


def _along(result: Array, people: Array, applicable: Array, least_people: int) -> None:
    """Adds to `result`, in place, along its last axis."""
    open_cells = (applicable > 0) & ~result
    for line in zip(*np.nonzero(result.any(axis=-1) & open_cells.any(axis=-1)), strict=True):
        held = np.nansum(np.where(result[line], people[line], 0))
        if np.isnan(people[line][result[line]]).any():
            held = np.inf
        candidates = np.flatnonzero(open_cells[line])
        for cell in candidates[np.argsort(applicable[line][candidates], kind="stable")]:
            if held >= least_people and int(result[line].sum()) > 1:
                break
            result[line][cell] = True
            held = np.inf if np.isnan(people[line][cell]) else held + people[line][cell]
