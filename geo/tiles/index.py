"""Which features may meet a tile: boxes of blocks first, then of the features in them."""

from dataclasses import dataclass

import numpy as np

from geo.tiles.grid import DEEPEST, WORLD
from geo.tiles.ragged import Array

BLOCK = 64
"""Features a block; they stand in the order of `order_of`, so a block lies together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """Boxes of features (n, 4) and of blocks of them, grid units; the first zoom of each."""

    box: Array
    drawn_from: Array
    block_box: Array
    block_from: Array

    @classmethod
    def of(cls, box: Array, drawn_from: Array) -> "Index":
        """The index of features in the order of `order_of`."""
        starts = np.arange(0, len(box), BLOCK)
        if not len(starts):
            return cls(box=box, drawn_from=drawn_from, block_box=box, block_from=drawn_from)
        low = np.minimum.reduceat(box[:, :2], starts, axis=0)
        high = np.maximum.reduceat(box[:, 2:], starts, axis=0)
        return cls(
            box=box,
            drawn_from=drawn_from,
            block_box=np.column_stack([low, high]),
            block_from=np.minimum.reduceat(drawn_from, starts),
        )

    def meeting(self, box: Array, zoom: int) -> Array:
        """The features drawn at a zoom whose boxes meet one (grid units), in their order."""
        blocks = np.flatnonzero((self.block_from <= zoom) & _meets(self.block_box, box))
        rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        rows = rows[rows < len(self.box)]
        seen = (self.drawn_from[rows] <= zoom) & _meets(self.box[rows], box)
        found: Array = rows[seen]
        return found


def _meets(boxes: Array, box: Array) -> Array:
    meets: Array = (
        (boxes[:, 0] <= box[2])
        & (boxes[:, 2] >= box[0])
        & (boxes[:, 1] <= box[3])
        & (boxes[:, 3] >= box[1])
    )
    return meets


def order_of(box: Array, drawn_from: Array) -> Array:
    """An order in which features that are drawn from the same zoom on and lie together are near.

    Along a Morton curve through the middles of their boxes (grid units).
    """
    middle = np.clip((box[:, :2] + box[:, 2:]) // 2, 0, WORLD - 1).astype("uint64")
    code = _spread(middle[:, 0]) | _spread(middle[:, 1]) << np.uint64(1)
    order: Array = np.lexsort((code, np.minimum(drawn_from, DEEPEST + 1)))
    return order


def _spread(values: Array) -> Array:
    """The bits of each value with a zero between every two."""
    spread = values.astype("uint64")
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | spread << np.uint64(shift)) & np.uint64(mask)
    return spread
