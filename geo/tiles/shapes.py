"""Points, lines and areas on the grid of web maps, as plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.tiles.grid import to_grid
from geo.tiles.ragged import Array, after, offsets_of, rows_of, spans

NOTHING, POINT, LINE, AREA = 0, 1, 2, 3
"""What a feature is, in the numbers of the Mapbox Vector Tile specification."""
BATCH = 100_000
"""Features that are put on the grid together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """The shapes of n features; a feature has rings, a ring has corners.

    `form` (n,) is POINT, LINE, AREA, or NOTHING for a feature without a place. `rings` (n+1,) says
    where the rings of each begin, `corners` (m+1,) where the corners of each ring, `xy` (k, 2) are
    the corners in whole units. A ring is all points of a feature, one of its lines, or an outline
    without its last corner, the inside to the right as the axes go; `is_hole` (m,) follows its
    outline.
    """

    form: Array
    rings: Array
    corners: Array
    xy: Array
    is_hole: Array

    def __len__(self) -> int:
        return len(self.form)

    @property
    def feature_of_ring(self) -> Array:
        """The feature each ring belongs to."""
        return rows_of(self.rings)

    @property
    def ring_of_corner(self) -> Array:
        """The ring each corner belongs to."""
        return rows_of(self.corners)

    @property
    def corner_offsets(self) -> Array:
        """Where the corners of each feature begin, (n+1,)."""
        begins: Array = self.corners[self.rings]
        return begins

    def take(self, rows: Array) -> "Shapes":
        """The features at these positions, in this order."""
        counts = np.diff(self.rings)[rows]
        ring = spans(self.rings[rows], counts)
        length = self.corners[ring + 1] - self.corners[ring]
        return Shapes(
            form=self.form[rows],
            rings=offsets_of(counts),
            corners=offsets_of(length),
            xy=self.xy[spans(self.corners[ring], length)],
            is_hole=self.is_hole[ring],
        )

    def only_corners(self, keep: Array, xy: Array | None = None) -> "Shapes":
        """The same with some corners only (mask), at other places where `xy` is given."""
        places = self.xy if xy is None else xy
        counts = np.bincount(self.ring_of_corner[keep], minlength=len(self.is_hole))
        return Shapes(
            form=self.form,
            rings=self.rings,
            corners=offsets_of(counts),
            xy=places[keep],
            is_hole=self.is_hole,
        )

    def only_rings(self, keep: Array) -> "Shapes":
        """The same with some rings only (mask)."""
        length = np.diff(self.corners)[keep]
        counts = np.bincount(self.feature_of_ring[keep], minlength=len(self))
        return Shapes(
            form=self.form,
            rings=offsets_of(counts),
            corners=offsets_of(length),
            xy=self.xy[spans(self.corners[:-1][keep], length)],
            is_hole=self.is_hole[keep],
        )

    @property
    def boxes(self) -> Array:
        """Least and greatest x and y of each feature (n, 4), int64; 0 of one without a place."""
        begins = self.corner_offsets
        filled = begins[1:] > begins[:-1]
        box = np.zeros((len(self), 4), dtype="int64")
        if filled.any():
            starts = begins[:-1][filled]
            box[filled, :2] = np.minimum.reduceat(self.xy, starts, axis=0)
            box[filled, 2:] = np.maximum.reduceat(self.xy, starts, axis=0)
        return box

    @property
    def areas(self) -> Array:
        """The ground each feature covers in square units, float64; 0 of points and lines."""
        doubled = ring_areas(self.xy, self.corners)
        feature = self.feature_of_ring
        ground = np.bincount(feature, doubled, minlength=len(self)) / 2
        covered: Array = np.where(self.form == AREA, np.maximum(ground, 0.0), 0.0)
        return covered


def shapes_of(geometry: Array) -> Shapes:
    """Geometries (EPSG:4326) on the grid; of mixed collections the parts of highest dimension."""
    # some at a time: the rings of each become objects while they are looked at
    batches = np.split(geometry, np.arange(BATCH, len(geometry), BATCH))
    return stacked([_shapes_of(batch) for batch in batches])


def stacked(parts: Sequence[Shapes]) -> Shapes:
    """The features of all parts, one part after another."""
    return Shapes(
        form=np.concatenate([one.form for one in parts]),
        rings=offsets_of(np.concatenate([np.diff(one.rings) for one in parts])),
        corners=offsets_of(np.concatenate([np.diff(one.corners) for one in parts])),
        xy=np.concatenate([one.xy for one in parts]),
        is_hole=np.concatenate([one.is_hole for one in parts]),
    )


def _shapes_of(geometry: Array) -> Shapes:
    form = np.where(shapely.is_empty(geometry), 0, shapely.get_dimensions(geometry) + 1)
    form = np.maximum(form, NOTHING).astype("uint8")
    lines, owner, is_hole = _rings(geometry, form)
    degrees, ring = shapely.get_coordinates(lines, return_index=True)
    xy = to_grid(degrees)
    corners = offsets_of(np.bincount(ring, minlength=len(lines)))
    keep = distinct(xy, corners, closed=form[owner] == AREA)
    shapes = Shapes(
        form=form,
        rings=offsets_of(np.bincount(owner, minlength=len(form))),
        corners=offsets_of(np.bincount(ring[keep], minlength=len(lines))),
        xy=xy[keep],
        is_hole=is_hole,
    )
    return oriented(shapes)


def _rings(geometry: Array, form: Array) -> tuple[Array, Array, Array]:
    """Rings, lines and whole points in the order of features; the feature of each; the holes."""
    placed = np.flatnonzero(form)
    parts, at = shapely.get_parts(geometry[placed], return_index=True)
    parts, again = shapely.get_parts(parts, return_index=True)  # a collection may hold multi parts
    owner = placed[at[again]]
    same = (shapely.get_dimensions(parts) + 1 == form[owner]) & ~shapely.is_empty(parts)
    area, line = same & (form[owner] == AREA), same & (form[owner] == LINE)
    point = same & (form[owner] == POINT)
    rings, of_ring = shapely.get_rings(parts[area], return_index=True)
    is_hole = np.zeros(len(rings) + int(line.sum()), dtype=bool)
    is_hole[1 : len(rings)] = np.diff(of_ring) == 0
    spots, whose = _gathered(parts[point], owner[point])
    lines = np.concatenate([rings, parts[line], spots])
    owners = np.concatenate([owner[area][of_ring], owner[line], whose])
    holes = np.concatenate([is_hole, np.zeros(len(spots), dtype=bool)])
    order = np.argsort(owners, kind="stable")
    return lines[order], owners[order], holes[order]


def _gathered(points: Array, owner: Array) -> tuple[Array, Array]:
    """The points of each feature as one multi point, since a tile holds them as one ring."""
    if not len(points):
        return points, owner
    once, index = np.unique(owner, return_inverse=True)
    if len(once) == len(points):
        return points, owner
    return shapely.multipoints(points, indices=index), once


def distinct(xy: Array, corners: Array, *, closed: Array) -> Array:
    """Which corners differ from the one before; of a closed ring the last may not be the first.

    `closed` (m,) tells the rings that are outlines.
    """
    ring = rows_of(corners)
    keep = np.ones(len(xy), dtype=bool)
    keep[1:] = (xy[1:] != xy[:-1]).any(axis=1) | (ring[1:] != ring[:-1])
    kept = np.flatnonzero(keep)
    last = kept[np.append(ring[kept][1:] != ring[kept][:-1], True)] if len(kept) else kept
    lead = corners[:-1][ring[last]]
    again = closed[ring[last]] & (last > lead) & (xy[last] == xy[lead]).all(axis=1)
    keep[last[again]] = False
    return keep


def oriented(shapes: Shapes) -> Shapes:
    """The same with outlines and holes turned as tiles want them."""
    doubled = ring_areas(shapes.xy, shapes.corners)
    closed = shapes.form[shapes.feature_of_ring] == AREA
    wrong = closed & np.where(shapes.is_hole, doubled > 0, doubled < 0)
    if not wrong.any():
        return shapes
    ring = shapes.ring_of_corner
    position = np.arange(len(shapes.xy))
    mirrored = shapes.corners[:-1][ring] + shapes.corners[1:][ring] - 1 - position
    xy = shapes.xy[np.where(wrong[ring], mirrored, position)]
    return Shapes(
        form=shapes.form,
        rings=shapes.rings,
        corners=shapes.corners,
        xy=xy,
        is_hole=shapes.is_hole,
    )


def ring_areas(xy: Array, corners: Array) -> Array:
    """Twice the area of each ring, float64; above 0 where the corners go round to the right."""
    ring = rows_of(corners)
    if not len(ring):
        return np.zeros(len(corners) - 1)
    # from the first corner, so that the products are exact
    from_first = xy.astype("float64") - xy[corners[:-1][ring]]
    to = from_first[after(corners)]
    cross = from_first[:, 0] * to[:, 1] - to[:, 0] * from_first[:, 1]
    doubled: Array = np.bincount(ring, cross, minlength=len(corners) - 1)
    return doubled
