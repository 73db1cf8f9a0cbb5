"""Signs of places that would lie on one another, gathered: the best of them stands for all.

At a zoom the best place is taken first, then each next best that lies REACH_PIXELS or more from
all taken; every other belongs to the best one near it. Zooms are gathered from the deepest
outwards, so a cluster holds whole clusters of the next zoom in.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from geo.tiles.grid import DEEPEST, EXTENT, PIXEL, to_grid
from geo.tiles.ragged import Array

REACH_PIXELS = 24
CLOSEST = 18
"""The deepest zoom of these tiles: signs do not grow, so looking closer parts them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """The signs of one zoom in the order of their tiles.

    `place` (s,) is the position of the best of each in the table that was gathered, `count` how
    many it stands for, itself among them. `tile` is row << 32 | column of the tile it lies in, `xy`
    (s, 2) where in it, in tile units.
    """

    place: Array
    count: Array
    tile: Array
    xy: Array
    sign_of: Array

    def of_tile(self, column: int, row: int) -> Array:
        """The positions of the signs of a tile."""
        key = row << 32 | column
        first = np.searchsorted(self.tile, key, side="left")
        return np.arange(first, np.searchsorted(self.tile, key, side="right"))


def gather(degrees: Array, order: Array) -> list[Gathered]:
    """The signs of zooms 0 to CLOSEST for places (n, 2; EPSG:4326).

    `order` lists their positions, the best first. `sign_of` (n,) of a zoom is the position, in
    its own lists, of the sign each place belongs to.
    """
    spot = to_grid(degrees).astype("float64") if len(degrees) else np.zeros((0, 2))
    rank = np.empty(len(order), dtype="int64")
    rank[order] = np.arange(len(order))
    spot = spot[order]
    # by rank: which rank stands for it; those at the very same place are one from the start
    _, lead, same = np.unique(spot, axis=0, return_index=True, return_inverse=True)
    best = lead[same.ravel()]
    made = []
    for zoom in range(CLOSEST, -1, -1):
        leads = np.unique(best)
        reach = REACH_PIXELS * PIXEL * 2.0 ** (DEEPEST - zoom)
        best = leads[_leader(spot[leads], reach)][np.searchsorted(leads, best)]
        made.append(_signs(best, spot, order, rank, zoom))
    return made[::-1]


def _leader(spot: Array, reach: float) -> Array:
    """For places in falling order the position of the one that stands for each."""
    leader = np.arange(len(spot))
    if len(spot) < 2:
        return leader
    pairs = cKDTree(spot).query_pairs(np.nextafter(reach, 0), output_type="ndarray")
    if not len(pairs):
        return leader
    better, worse = pairs.min(axis=1), pairs.max(axis=1)
    open_ = np.ones(len(spot), dtype=bool)
    while len(better):
        # who has no better one beside it that is still open stands for its neighbours
        waits = np.zeros(len(spot), dtype=bool)
        waits[worse] = True
        taken = open_ & ~waits
        joins = taken[better]
        np.minimum.at(leader, worse[joins], better[joins])
        open_ &= waits
        open_[worse[joins]] = False
        still = open_[better] & open_[worse]
        better, worse = better[still], worse[still]
    return leader


def _signs(best: Array, spot: Array, order: Array, rank: Array, zoom: int) -> Gathered:
    leads, sign, count = np.unique(best, return_inverse=True, return_counts=True)
    scale = 2.0 ** (zoom - DEEPEST)
    at = np.minimum((spot[leads] * scale).astype("int64"), (EXTENT << zoom) - 1)
    tile = at // EXTENT
    key = tile[:, 1] << 32 | tile[:, 0]
    by_tile = np.argsort(key, kind="stable")
    moved = np.empty_like(by_tile)
    moved[by_tile] = np.arange(len(by_tile))
    return Gathered(
        place=order[leads][by_tile],
        count=count[by_tile],
        tile=key[by_tile],
        xy=(at - tile * EXTENT)[by_tile].astype("int32"),
        sign_of=moved[sign][rank],
    )
