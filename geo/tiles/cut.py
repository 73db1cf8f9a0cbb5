"""One tile: the features and cells that meet it, in its own units."""

from dataclasses import replace

import numpy as np

from geo.tiles.cells import NO_SHARE, WHOLE, Cells
from geo.tiles.clip import clip, tidy
from geo.tiles.grid import BUFFER, DEEPEST, EXTENT
from geo.tiles.mvt import Attribute, TileLayer
from geo.tiles.ragged import Array, offsets_of, rows_of, spans
from geo.tiles.shapes import AREA, LINE, POINT, Shapes, stacked


def cut(
    shapes: Shapes, corner_from: Array, rows: Array, *, zoom: int, column: int, row: int
) -> tuple[Shapes, Array]:
    """The features at `rows` as a tile draws them, and which of `rows` are in it.

    Coordinates are units of the tile, from -BUFFER to EXTENT + BUFFER, but for points: a point may
    lie outside, its disc reaching in. `corner_from` (k,) is the first zoom of each corner.
    """
    some = _at_zoom(shapes, corner_from, rows, zoom)
    origin = np.array([column, row], dtype="int64") * EXTENT
    moved = replace(some, xy=(some.xy - origin).astype("int32"))
    whole = _never_nothing(moved, tidy(moved))
    drawn = clip(whole, low=-BUFFER, high=EXTENT + BUFFER)
    if drawn is not whole:
        drawn = tidy(drawn)
    there = np.flatnonzero(np.diff(drawn.rings) > 0)
    return drawn.take(there), rows[there]


def _at_zoom(shapes: Shapes, corner_from: Array, rows: Array, zoom: int) -> Shapes:
    """Features with the corners of a zoom, in units of its tiles counted from the north-west."""
    counts = shapes.rings[rows + 1] - shapes.rings[rows]
    ring = spans(shapes.rings[rows], counts)
    begin = shapes.corners[ring]
    length = shapes.corners[ring + 1] - begin
    corner = spans(begin, length)
    offsets = offsets_of(length)
    if zoom < DEEPEST:
        keep = corner_from[corner] <= zoom
        owner = rows_of(offsets)[keep]
        corner, offsets = corner[keep], offsets_of(np.bincount(owner, minlength=len(ring)))
    shift = DEEPEST - zoom
    half = (1 << shift) >> 1
    return Shapes(
        form=shapes.form[rows],
        rings=offsets_of(counts),
        corners=offsets,
        xy=(shapes.xy[corner].astype("int64") + half) >> shift,
        is_hole=shapes.is_hole[ring],
    )


def _never_nothing(before: Shapes, drawn: Shapes) -> Shapes:
    """What is thinner or shorter than a unit of the tile is drawn a unit wide, not left out."""
    gone = np.flatnonzero((np.diff(drawn.rings) == 0) & (np.diff(before.corner_offsets) > 0))
    if not len(gone):
        return drawn
    traces = [_trace(before, int(one)) for one in gone]
    extra = Shapes(
        form=before.form[gone],
        rings=np.arange(len(gone) + 1),
        corners=offsets_of(np.array([len(one) for one in traces])),
        xy=np.concatenate(traces).astype("int32"),
        is_hole=np.zeros(len(gone), dtype=bool),
    )
    order = np.arange(len(drawn))
    order[gone] = len(drawn) + np.arange(len(gone))
    return stacked([drawn, extra]).take(order)


def _trace(shapes: Shapes, feature: int) -> Array:
    """What is drawn of a feature that has no extent: along its widest ring, a unit wide."""
    rings = range(int(shapes.rings[feature]), int(shapes.rings[feature + 1]))
    every = [shapes.xy[shapes.corners[ring] : shapes.corners[ring + 1]] for ring in rings]
    xy = max((one for one in every if len(one)), key=lambda one: int(np.ptp(one, axis=0).max()))
    a = xy[0]
    if shapes.form[feature] == LINE:
        return np.stack([a, a + np.array([1, 0])])
    b = xy[int(((xy - a).astype("int64") ** 2).sum(axis=1).argmax())]
    across, down = b - a
    if abs(across) >= abs(down):
        b = b if across else a + np.array([1, 0])
        step = np.array([0, 1 if across >= 0 else -1])
    else:
        step = np.array([-1 if down >= 0 else 1, 0])
    return np.stack([a, b, b + step])


def cells_layer(cells: Cells, which: Array, zoom: int) -> TileLayer:
    """The cells at these positions as the layer `cells` of a tile."""
    is_point = cells.is_point[which]
    corner = cells.xy[which].astype("int32")
    counts = np.where(is_point, 1, 4)
    side = int(cells.side[zoom])
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype="int32")
    offsets = offsets_of(counts)
    cell = rows_of(offsets)
    xy = corner[cell] + square[np.arange(len(cell)) - offsets[cell]]
    shapes = Shapes(
        form=np.where(is_point, POINT, AREA).astype("uint8"),
        rings=np.arange(len(which) + 1),
        corners=offsets,
        xy=xy,
        is_hole=np.zeros(len(which), dtype=bool),
    )
    values, code = np.unique(cells.count[which], return_inverse=True)
    share = cells.share[which]
    told, share_code = np.unique(share, return_inverse=True)
    return TileLayer(
        name="cells",
        shapes=shapes,
        attributes={
            "count": Attribute(codes=code, values=[int(one) for one in values]),
            "share": Attribute(
                codes=np.where(share == NO_SHARE, -1, share_code),
                values=[int(one) / WHOLE for one in told],
            ),
        },
    )
