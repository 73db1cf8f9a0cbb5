"""Rows of unequal length in one array: where they begin, their members, their sums."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def offsets_of(counts: Array) -> Array:
    """Where each row begins, and at last where all end: one more than there are rows."""
    begins: Array = np.zeros(len(counts) + 1, dtype="int64")
    np.cumsum(counts, out=begins[1:])
    return begins


def spans(starts: Array, counts: Array) -> Array:
    """The positions of the members of rows that begin at `starts`, row after row."""
    counts = counts.astype("int64")
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    first = starts.astype("int64") - (ends - counts)
    positions: Array = np.repeat(first, counts) + np.arange(total)
    return positions


def rows_of(offsets: Array) -> Array:
    """The row each member belongs to."""
    rows: Array = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return rows


def sums(values: Array, offsets: Array) -> Array:
    """The sum of each row, 0 of an empty one; whole numbers stay exact."""
    running = np.zeros(len(values) + 1, dtype="int64")
    np.cumsum(values, out=running[1:])
    total: Array = running[offsets[1:]] - running[offsets[:-1]]
    return total


def after(offsets: Array) -> Array:
    """The position of the member after each one, within its row and round from last to first."""
    follow: Array = np.arange(1, int(offsets[-1]) + 1)
    filled = offsets[1:] > offsets[:-1]
    follow[offsets[1:][filled] - 1] = offsets[:-1][filled]
    return follow
