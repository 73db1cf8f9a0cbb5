"""From which zoom on a corner is drawn: an outline far out is made of some of its corners.

Douglas and Peucker's rule (1973, Cartographica 10/2), from the deepest zoom outwards: the corners
of a zoom are among those of the next deeper one, so a byte a corner is all a tile needs to know.
"""

import numpy as np
import shapely

from geo.tiles.grid import DEEPEST, PIXEL
from geo.tiles.ragged import Array, offsets_of, spans
from geo.tiles.shapes import AREA, LINE, Shapes

TOLERANCE = PIXEL * 3 // 8
"""Units of a tile by which one step may move an outline. All steps up to a zoom together stay
below twice that, three quarters of a pixel."""

BATCH = 100_000
"""Rings that are simplified together."""
FEW_CORNERS = 8
"""Outlines of fewer, fields mostly, hold no bay worth looking for."""


def first_zooms(shapes: Shapes, drawn_from: Array) -> Array:
    """The first zoom at which each corner is drawn, uint8; DEEPEST of those only drawn there.

    `drawn_from` (n,) is the first zoom at which a feature is drawn at all; further out its corners
    are not looked at. Each feature keeps corners enough to be seen from there on: the ends of a
    line, three corners of the largest outline of an area, all points.
    """
    first = np.full(len(shapes.xy), DEEPEST, dtype="uint8")
    form = shapes.form[shapes.feature_of_ring]
    from_zoom = np.minimum(drawn_from, DEEPEST)[shapes.feature_of_ring]
    counts = np.diff(shapes.corners)
    rings = np.flatnonzero((counts > np.where(form == AREA, 3, 2)) & (form >= LINE))
    # some at a time: each becomes an object of some hundred bytes while it is looked at
    for batch in np.split(rings, np.arange(BATCH, len(rings), BATCH)):
        _thin_out(shapes, batch, first, closed=form[batch] == AREA, from_zoom=from_zoom[batch])
    return _enough(shapes, first, from_zoom)


def _thin_out(
    shapes: Shapes, rings: Array, first: Array, *, closed: Array, from_zoom: Array
) -> None:
    """Note in `first` for some rings the zoom each of their corners is drawn from."""
    length = np.diff(shapes.corners)[rings]
    corner = spans(shapes.corners[:-1][rings], length)
    for zoom in range(DEEPEST - 1, -1, -1):
        wanted = from_zoom <= zoom
        corner = corner[np.repeat(wanted, length)]
        closed, from_zoom, length = closed[wanted], from_zoom[wanted], length[wanted]
        if not len(length):
            return
        tolerance = float(TOLERANCE << (DEEPEST - zoom))
        corner, length = _thinned(shapes.xy, corner, length, closed=closed, tolerance=tolerance)
        first[corner] = zoom


def _thinned(
    xy: Array, corner: Array, length: Array, *, closed: Array, tolerance: float
) -> tuple[Array, Array]:
    """The corners of each ring that stay, and how many of each."""
    long = length > 2
    stay = np.ones(len(corner), dtype=bool)
    begins = offsets_of(length)
    rings = np.flatnonzero(long)
    if not len(rings):
        return corner, length
    counts = length[rings] + closed[rings]
    position = spans(begins[:-1][rings], counts)
    # an outline ends where it began
    ends = np.cumsum(counts)[closed[rings]] - 1
    position[ends] = begins[:-1][rings][closed[rings]]
    which = np.repeat(np.arange(len(rings)), counts)
    places = np.column_stack([xy[corner[position]].astype("float64"), position.astype("float64")])
    lines = shapely.linestrings(places, indices=which)
    thin = shapely.simplify(lines, tolerance, preserve_topology=False)
    crossed = _crossing_itself(thin, closed[rings])
    if len(crossed):
        thin[crossed] = _thinned_apart(lines[crossed], tolerance)
    kept = shapely.get_coordinates(thin, include_z=True)[:, 2].astype("int64")
    stay[position] = False
    stay[kept] = True
    counted = np.bincount(np.repeat(np.arange(len(length)), length)[stay], minlength=len(length))
    return corner[stay], counted


def _thinned_apart(lines: Array, tolerance: float) -> Array:
    """The same closed lines simplified so that they do not cross themselves."""
    places, which = shapely.get_coordinates(lines, include_z=True, return_index=True)
    areas = shapely.polygons(shapely.linearrings(places, indices=which))
    apart: Array = shapely.simplify(areas, tolerance, preserve_topology=True)
    return apart


def _crossing_itself(lines: Array, closed: Array) -> Array:
    """The outlines that simplifying made cross themselves: a bay with a narrow mouth would show as
    land. An outline that fell together is no such one."""
    able = np.flatnonzero(closed & (shapely.get_num_coordinates(lines) > FEW_CORNERS))
    crossed: Array = able[~shapely.is_simple(lines[able])]
    return crossed


def _enough(shapes: Shapes, first: Array, from_zoom: Array) -> Array:
    """The ends of lines and three corners of each feature's largest outline are always drawn."""
    counts = np.diff(shapes.corners)
    feature = shapes.feature_of_ring
    form = shapes.form[feature]
    begin, end = shapes.corners[:-1], shapes.corners[1:] - 1
    lines = np.flatnonzero((form == LINE) & (counts > 0))
    for edge in (begin[lines], end[lines]):
        first[edge] = np.minimum(first[edge], from_zoom[lines])
    points = (form < LINE) & (counts > 0)
    spots = spans(begin[points], counts[points])
    first[spots] = 0
    rings = _largest_outlines(shapes)
    corners = _triangle(shapes, rings)
    zoom = np.repeat(from_zoom[rings], 3)
    first[corners.ravel()] = np.minimum(first[corners.ravel()], zoom)
    return first


def _largest_outlines(shapes: Shapes) -> Array:
    """Of each area the outline that reaches widest."""
    counts = np.diff(shapes.corners)
    feature = shapes.feature_of_ring
    rings = np.flatnonzero((shapes.form[feature] == AREA) & ~shapes.is_hole & (counts > 0))
    if not len(rings):
        return rings
    alone = shapes.only_rings(np.isin(np.arange(len(counts)), rings))
    starts = alone.corners[:-1]
    low = np.minimum.reduceat(alone.xy, starts, axis=0).astype("int64")
    high = np.maximum.reduceat(alone.xy, starts, axis=0)
    reach = (high - low).max(axis=1)
    order = np.lexsort((-reach, feature[rings]))
    ranked = rings[order]
    leads = np.ones(len(ranked), dtype=bool)
    leads[1:] = feature[ranked[1:]] != feature[ranked[:-1]]
    largest: Array = ranked[leads]
    return largest


def _triangle(shapes: Shapes, rings: Array) -> Array:
    """Three corners of each ring (r, 3): the first, the farthest from it, and from both."""
    begin = shapes.corners[:-1][rings]
    counts = np.diff(shapes.corners)[rings]
    position = spans(begin, counts)
    row = np.repeat(np.arange(len(rings)), counts)
    offsets = offsets_of(counts)
    xy = shapes.xy[position].astype("float64")
    way = xy - shapes.xy[begin][row]
    far = _greatest((way**2).sum(axis=1), offsets)
    chord = way[far][row]
    beside = np.abs(chord[:, 0] * way[:, 1] - chord[:, 1] * way[:, 0])
    aside = _greatest(beside, offsets)
    return np.column_stack([begin, position[far], position[aside]])


def _greatest(values: Array, offsets: Array) -> Array:
    """The position of the first greatest value of each row; no row is empty."""
    most = np.maximum.reduceat(values, offsets[:-1]) if len(values) else values
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    at = np.flatnonzero(values == most[row]) if len(values) else np.zeros(0, dtype="int64")
    _, lead = np.unique(row[at], return_index=True)
    positions: Array = at[lead]
    return positions


def drawn_corners(shapes: Shapes, first: Array, zoom: int) -> Array:
    """How many corners of each feature are drawn at a zoom."""
    running = offsets_of((first <= zoom).astype("int64"))
    begins = shapes.corner_offsets
    counts: Array = running[begins[1:]] - running[begins[:-1]]
    return counts
