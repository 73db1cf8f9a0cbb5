"""Outlines in chunks: who is inside, how far the edge is, which chunks a box meets."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.outline import CHUNK_SEGMENTS, Outline


def ragged(seed: int, vertices: int, radius: float = 100.0) -> shapely.Polygon:
    """A star-shaped area with many vertices around the origin."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    r = radius * (1 + 0.5 * np.sin(3 * angle + seed) + rng.normal(0, 0.02, vertices))
    return shapely.Polygon(np.column_stack([r * np.cos(angle), r * np.sin(angle)]))


RING = shapely.MultiPolygon(
    [shapely.box(0, 0, 10, 10) - shapely.box(2, 2, 4, 4), shapely.box(20, 0, 30, 5)]
)


def holds(area: shapely.Geometry, *points: tuple[float, float]) -> list[bool]:
    outline = Outline(np.array([None, area], dtype=object))
    return outline.holds(np.array(points), np.ones(len(points), dtype="int64")).tolist()


def test_a_point_in_a_hole_or_between_two_parts_is_not_inside():
    assert holds(RING, (1, 1), (3, 3), (5, 5), (15, 2), (25, 2), (25, 7)) == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_a_point_level_with_a_corner_is_counted_once():
    diamond = shapely.Polygon([(0, -10), (10, 0), (0, 10), (-10, 0)])
    assert holds(diamond, (-20, 0), (-5, 0), (5, 0), (20, 0)) == [False, True, True, False]


def test_missing_and_empty_geometries_have_no_chunks():
    outline = Outline(np.array([None, shapely.Polygon(), shapely.Point(1, 2)], dtype=object))
    assert outline.owner.tolist() == [2]
    assert outline.rings.tolist() == [0, 0, 1]
    assert outline.distance(np.array([[4.0, 6.0]]), np.array([0])) == pytest.approx([5.0])


def test_a_long_line_is_cut_where_its_chunks_are_full_and_no_segment_is_lost():
    line = shapely.LineString([(x, 0) for x in range(2 * CHUNK_SEGMENTS + 4)])
    outline = Outline(np.array([line]))
    assert len(outline) == 3
    lengths = shapely.length(outline.lines(np.arange(3))).tolist()
    assert lengths == [CHUNK_SEGMENTS, CHUNK_SEGMENTS, 3]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 400))
def test_inside_and_distance_agree_with_geos(seed: int, vertices: int):
    areas = np.array([ragged(seed, vertices), shapely.box(-50, -20, 40, 60)])
    outline = Outline(areas)
    xy = np.random.default_rng(seed).uniform(-160, 160, (200, 2))
    owner = np.arange(200) % 2
    assert (outline.holds(xy, owner) == shapely.contains_xy(areas[owner], *xy.T)).all()
    chunk = np.arange(200) % len(outline)
    far = shapely.distance(shapely.points(xy), outline.lines(chunk))
    assert outline.distance(xy, chunk) == pytest.approx(far, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_an_answer_does_not_depend_on_what_else_is_asked(seed: int):
    areas = np.array([ragged(seed, 300), shapely.transform(ragged(seed + 1, 90), lambda c: c + 70)])
    outline = Outline(areas)
    xy = np.random.default_rng(seed).uniform(-160, 160, (60, 2))
    owner = np.arange(60) % 2
    together = outline.holds(xy, owner)
    alone = [outline.holds(xy[[n]], owner[[n]])[0] for n in range(60)]
    assert together.tolist() == alone
