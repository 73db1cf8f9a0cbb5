"""Shared ground and nearness against GEOS asked pair by pair, for areas of every build."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.intersections import areal
from geo.measure import LayerFrame, Side, prepare_side
from geo.nearby import Right
from geo.overlay import shared_ground

CRS = "EPSG:32630"


def blob(rng: np.random.Generator, *, radius: float, vertices: int) -> shapely.Polygon:
    x, y = rng.uniform(0, 1_000, 2)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    wave = sum(rng.uniform(0, 0.3) * np.sin(k * angle + rng.uniform(0, 6)) for k in (2, 3, 5))
    r = radius * (1 + wave)
    return shapely.Polygon(np.column_stack([x + r * np.cos(angle), y + r * np.sin(angle)]))


def areas(seed: int, count: int) -> np.ndarray:
    """Light and heavy areas, some with a hole, some of two parts, small ones inside large ones."""
    rng = np.random.default_rng(seed)
    shapes = []
    for n in range(count):
        radius = float(rng.choice([8, 60, 300]))
        shape = blob(rng, radius=radius, vertices=int(rng.choice([5, 40, 90, 400])))
        if n % 3 == 0:
            hole = shapely.transform(shape, lambda c: c.mean(axis=0) + 0.4 * (c - c.mean(axis=0)))
            shape = shape - hole
        if n % 4 == 0:
            shape = shape | blob(rng, radius=radius, vertices=100)
        shapes.append(shape)
    return np.array(shapes, dtype=object)


def side(shapes: np.ndarray, name: str) -> Side:
    ids = [f"{name}{n:03d}" for n in range(len(shapes))]
    frame = gpd.GeoDataFrame({"feature_id": ids}, geometry=shapes, crs=CRS)
    layer = LayerFrame(layer_id=f"t.{name}", kind="licences", features=frame)
    return prepare_side(layer, measuring_crs=CRS)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_shared_ground_is_what_geos_says_pair_by_pair(seed: int):
    left, right = side(areas(seed, 14), "left"), Right(side(areas(seed + 7, 14), "right"))
    at, on = right.boxes_meet(left.shape)
    shared = shared_ground(left.ground, right, pairs=(at, on))
    common = areal(shapely.intersection(left.shape[at], right.side.geometry[on]))
    assert shared.area_m2 == pytest.approx(shapely.area(common), rel=1e-9, abs=1e-6)
    assert shared.outline_m == pytest.approx(shapely.length(common), rel=1e-9, abs=1e-6)
    whole = shapely.area(left.shape[at])
    assert (shared.left_within == (shapely.area(common) >= whole * (1 - 1e-9))).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_near_finds_the_pairs_and_distances_that_geos_finds(seed: int, as_points: bool):
    rng = np.random.default_rng(seed)
    shapes = areas(seed, 12)
    left = shapely.points(rng.uniform(-200, 1_200, (40, 2))) if as_points else areas(seed + 3, 9)
    reach_m = rng.uniform(1, 80, len(left))
    pairs = Right(side(shapes, "right")).near(left, reach_m=reach_m)
    found = {
        (int(a), int(b)): (bool(i), float(e))
        for a, b, i, e in zip(pairs.left, pairs.right, pairs.inside, pairs.edge_m, strict=True)
    }
    for a, own in enumerate(left):
        for b, shape in enumerate(shapes):
            touches = own.intersects(shape)
            edge_m = own.distance(shape.boundary)
            assert ((a, b) in found) == (touches or edge_m <= reach_m[a])
            if (a, b) in found:
                inside, told_m = found[a, b]
                assert inside == touches
                if np.isfinite(told_m) and not (touches and not as_points):
                    assert told_m == pytest.approx(edge_m, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_nearest_is_the_smallest_of_all_distances(seed: int):
    rng = np.random.default_rng(seed)
    shapes = areas(seed, 10)
    points = shapely.points(rng.uniform(-2_000, 3_000, (30, 2)))
    discs = shapely.buffer(shapely.points(rng.uniform(-2_000, 3_000, (10, 2))), 25)
    for left in (points, discs):
        apart = left[~np.array([shapely.intersects(one, shapes).any() for one in left])]
        far, who = Right(side(shapes, "right")).nearest(apart)
        every = np.array([shapely.distance(one, shapes) for one in apart]).reshape(-1, len(shapes))
        assert far == pytest.approx(every.min(axis=1), abs=1e-6)
        assert every[np.arange(len(apart)), who] == pytest.approx(far, abs=1e-6)
