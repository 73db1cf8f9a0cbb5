"""Shared ground from crossings of outlines: in the head, against GEOS, and to the bit."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crossings import Meetings, shared_by_crossing
from geo.measure import Side
from geo.outline import Array, Outline, running_sums
from geo.overlay import Right, areal, shared_ground
from tests.geo.test_overlay import areas, side

FAR = np.array([612_345.678, 5_987_654.321])


def every_meeting(one: Outline, other: Outline, pairs: tuple[Array, Array]) -> Meetings:
    """All chunks of each pair, whether or not their boxes meet: that must not matter."""
    found = [
        (nth, a, b)
        for nth, (left, right) in enumerate(zip(*pairs, strict=True))
        for a in range(one.chunks_from[left], one.chunks_to[left])
        for b in range(other.chunks_from[right], other.chunks_to[right])
    ]
    pair, first, second = np.array(found, dtype="int64").reshape(-1, 3).T
    return Meetings(pair=pair, one=first, other=second)


def shared(one: shapely.Geometry, other: shapely.Geometry) -> tuple[float, float, bool]:
    outlines = Outline(np.array([one])), Outline(np.array([other]))
    pairs = np.zeros(1, dtype="int64"), np.zeros(1, dtype="int64")
    area, length, decided = shared_by_crossing(*outlines, pairs, every_meeting(*outlines, pairs))
    return float(area[0]), float(length[0]), bool(decided[0])


def turned(shape: shapely.Polygon) -> shapely.Polygon:
    return shapely.Polygon(shape.exterior.coords[::-1], [r.coords[::-1] for r in shape.interiors])


SQUARE = shapely.box(0, 0, 100, 100)


@pytest.mark.parametrize("turn_one", [False, True])
@pytest.mark.parametrize("turn_other", [False, True])
@pytest.mark.parametrize(
    ("other", "area", "length"),
    [
        (shapely.box(60, 70, 200, 200), 40 * 30, 2 * (40 + 30)),
        (shapely.box(-50, 40, 150, 60), 100 * 20, 2 * (100 + 20)),
        (shapely.box(20, 20, 50, 60), 30 * 40, 2 * (30 + 40)),
        (shapely.box(-50, -50, 150, 150), 100 * 100, 400),
        (shapely.box(101, 0, 150, 50), 0, 0),
        # two fingers of a comb reach in
        (
            shapely.Polygon(
                [(150, 10), (90, 10), (90, 20), (140, 20), (140, 50), (70, 50), (70, 55), (150, 55)]
            ),
            10 * 10 + 30 * 5,
            2 * (10 + 10) + 2 * (30 + 5),
        ),
        # a hole that reaches out of the square, and one within it
        (
            shapely.Polygon(
                shapely.box(-50, -50, 150, 150).exterior.coords,
                [shapely.box(80, 80, 120, 120).exterior.coords],
            ),
            100 * 100 - 20 * 20,
            400,
        ),
        (
            shapely.Polygon(
                shapely.box(-50, -50, 150, 150).exterior.coords,
                [shapely.box(40, 40, 50, 50).exterior.coords],
            ),
            100 * 100 - 10 * 10,
            400 + 40,
        ),
    ],
)
def test_what_two_areas_share_as_done_in_the_head(other, area, length, turn_one, turn_other):
    one = turned(SQUARE) if turn_one else SQUARE
    other = turned(other) if turn_other else other
    for first, second in ((one, other), (other, one)):
        assert shared(first, second) == (pytest.approx(area), pytest.approx(length), True)


def test_two_parts_of_one_area_are_added():
    both = shapely.MultiPolygon([shapely.box(-10, 10, 10, 20), shapely.box(90, 30, 130, 40)])
    assert shared(SQUARE, both) == (pytest.approx(200), pytest.approx(80), True)


@pytest.mark.parametrize(
    "other",
    [
        shapely.box(100, 0, 200, 100),  # an edge in common
        shapely.box(100, 100, 200, 200),  # a corner in common
        shapely.box(0, 0, 50, 50),  # two edges in part
        SQUARE,
        shapely.box(100 + 5e-8, 20, 200, 80),  # a gap that only rounding makes
        shapely.Polygon([(50, 100), (150, 100), (150, 200)]),  # a corner on an edge
    ],
)
def test_a_corner_on_the_others_outline_leaves_the_pair_undecided(other):
    assert not shared(SQUARE, other)[2]


def test_a_gap_that_can_be_measured_is_decided():
    assert shared(SQUARE, shapely.box(100.000_01, 20, 200, 80)) == (0, 0, True)
    area, _, decided = shared(SQUARE, shapely.box(99.999_99, 20, 200, 80))
    assert decided
    assert area == pytest.approx(60 * 1e-5, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_decided_pairs_are_what_geos_says_however_far_from_the_origin(seed: int):
    one, other = (shapely.transform(areas(seed + n, 8), lambda xy: xy + FAR) for n in (0, 3))
    outlines = Outline(one), Outline(other)
    pairs = np.divmod(np.arange(64), 8)
    area, length, decided = shared_by_crossing(*outlines, pairs, every_meeting(*outlines, pairs))
    common = areal(shapely.intersection(one[pairs[0]], other[pairs[1]]))
    assert decided.mean() > 0.9
    assert area[decided] == pytest.approx(shapely.area(common)[decided], rel=1e-8, abs=1e-5)
    assert length[decided] == pytest.approx(shapely.length(common)[decided], rel=1e-8, abs=1e-5)


def blocks_of_a_plan(rng: np.random.Generator, count: int) -> np.ndarray:
    """Areas on a plan of whole metres: corners on edges and edges in common everywhere."""
    shapes = []
    for _ in range(count):
        x, y = rng.integers(0, 12, 2) * 10
        size = rng.integers(1, 6, 4) * 10
        parts = shapely.box(x, y, x + size[0], y + size[1]) | shapely.box(
            x, y, x + size[2], y + size[3]
        )
        shapes.append(shapely.segmentize(parts, float(rng.choice([0.5, 7, 100]))))
    return np.array(shapes, dtype=object)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_a_plan_full_of_common_corners_is_what_geos_says(seed: int):
    rng = np.random.default_rng(seed)
    left = side(blocks_of_a_plan(rng, 10), "left")
    right = Right(side(blocks_of_a_plan(rng, 10), "right"))
    at, on = right.boxes_meet(left.shape)
    found = shared_ground(left.ground, right, pairs=(at, on))
    common = areal(shapely.intersection(left.shape[at], right.side.geometry[on]))
    assert found.area_m2 == pytest.approx(shapely.area(common), rel=1e-9, abs=1e-6)
    assert found.outline_m == pytest.approx(shapely.length(common), rel=1e-9, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000))
def test_a_pair_gives_the_same_bits_alone_and_among_others(seed: int):
    rng = np.random.default_rng(seed)
    shapes, others = areas(seed, 12), areas(seed + 5, 12)
    left, right = side(shapes, "left"), Right(side(others, "right"))
    at, on = right.boxes_meet(left.shape)
    together = shared_ground(left.ground, right, pairs=(at, on))
    few = rng.permutation(len(at))[:6]
    for nth in few.tolist():
        own: Side = left.take(at[[nth]])
        alone = shared_ground(
            own.ground,
            Right(right.side.take(on[[nth]])),
            pairs=(np.zeros(1, dtype="int64"), np.zeros(1, dtype="int64")),
        )
        assert alone.area_m2[0] == together.area_m2[nth]
        assert alone.outline_m[0] == together.outline_m[nth]


@given(st.lists(st.integers(0, 70), max_size=12), st.integers(0, 1_000))
def test_running_sums_are_those_of_each_group_alone(counts: list[int], seed: int):
    values = np.random.default_rng(seed).normal(size=sum(counts))
    expected = (
        [np.cumsum(part) for part in np.split(values, np.cumsum(counts)[:-1])] if counts else []
    )
    found = running_sums(values, np.array(counts, dtype="int64"))
    assert found.tolist() == [value for part in expected for value in part]
