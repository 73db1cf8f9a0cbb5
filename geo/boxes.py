"""Many boxes at once: which others may meet one of them."""

import numpy as np

from geo.outline import Array

_CELLS = 512


class BoxIndex:
    """Boxes (n, 4: minx, miny, maxx, maxy), to be asked which other boxes meet one of them.

    The answer is never wrongly no. It may be yes for a box that misses all by less than a 512th of
    their common extent.
    """

    def __init__(self, boxes: Array) -> None:
        self.boxes = boxes
        if len(boxes) < 2:
            return
        self.low = boxes[:, :2].min(axis=0)
        extent = np.maximum(boxes[:, 2:].max(axis=0) - self.low, 1e-9)
        self.scale = _CELLS / extent
        west, south, east, north = self._cells(boxes)
        marks = np.zeros((_CELLS + 2, _CELLS + 2), dtype="int64")
        for column, row, step in (
            (west, south, 1),
            (east + 1, south, -1),
            (west, north + 1, -1),
            (east + 1, north + 1, 1),
        ):
            np.add.at(marks, (row, column), step)
        covered = marks.cumsum(axis=0).cumsum(axis=1) > 0
        # the number of covered cells to the south-west of each corner
        self.sums = np.zeros((_CELLS + 3, _CELLS + 3), dtype="int64")
        self.sums[1:, 1:] = covered.cumsum(axis=0).cumsum(axis=1)

    def _cells(self, boxes: Array) -> Array:
        low = np.floor((boxes[:, :2] - self.low) * self.scale)
        high = np.floor((boxes[:, 2:] - self.low) * self.scale)
        cells: Array = np.concatenate([low, high], axis=1).clip(0, _CELLS).astype("int64").T
        return cells

    def meets(self, boxes: Array) -> Array:
        """Which boxes (m, 4) may meet one of these, a mask (m,)."""
        if not len(self.boxes):
            return np.zeros(len(boxes), dtype=bool)
        low, high = self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)
        near: Array = np.all((boxes[:, :2] <= high) & (boxes[:, 2:] >= low), axis=1)
        if len(self.boxes) > 1:
            west, south, east, north = self._cells(boxes[near])
            sums = self.sums
            near[near] = (
                sums[north + 1, east + 1]
                - sums[south, east + 1]
                - sums[north + 1, west]
                + sums[south, west]
            ) > 0
        return near

    def one_holds(self, box: Array) -> bool:
        """Whether a single box of these holds another one, edges included."""
        lower = np.all(self.boxes[:, :2] <= box[:2], axis=1)
        return bool(np.any(lower & np.all(self.boxes[:, 2:] >= box[2:], axis=1)))
