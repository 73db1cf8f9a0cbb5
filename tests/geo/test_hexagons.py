"""Hexagons: true size, one cell for each place, and cells across the antimeridian."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import GeoError
from geo.hexagons import (
    cell_area_km2,
    cell_middles,
    cell_outlines,
    cells_in_areas,
    cells_of,
    cells_within,
)
from geo.validity import geodesic_area_ha

TARKWA = (-1.9934, 5.3010)


def one(longitude: float, latitude: float, *, resolution: int = 8) -> str:
    return str(cells_of(np.array([longitude]), np.array([latitude]), resolution=resolution)[0])


@pytest.mark.parametrize(
    ("place", "resolution", "km2"),
    # H3's tables: 0.737 and 5.161 km² on average over the globe, 0.6 to 1.0 times that by place
    [(TARKWA, 8, 0.525), (TARKWA, 7, 3.66), ((29.4, 2.0), 8, 0.796)],
)
def test_a_cell_has_its_own_true_size(
    place: tuple[float, float], resolution: int, km2: float
) -> None:
    cell = one(*place, resolution=resolution)
    assert cell_area_km2([cell])[0] == pytest.approx(km2, rel=0.01)
    middle = cell_middles([cell])[0]
    assert abs(middle - place).max() < {8: 0.006, 7: 0.016}[resolution]


def test_the_cells_of_a_box_cover_it_once() -> None:
    bounds = (-2.35, 4.95, -1.70, 5.75)
    cells = cells_in_areas(np.array([shapely.box(*bounds)]), resolution=8)
    assert len(cells) == len(set(cells)) == cells_within(bounds, resolution=8)
    box_km2 = geodesic_area_ha(np.array([shapely.box(*bounds)]))[0] / 100
    assert cell_area_km2(cells).sum() == pytest.approx(box_km2, rel=0.01)
    ground = shapely.union_all(cell_outlines(cells[:200]))
    assert ground.area == pytest.approx(shapely.area(cell_outlines(cells[:200])).sum(), rel=1e-6)


def test_a_hole_in_an_area_has_no_cells() -> None:
    outer, hole = shapely.box(-2, 5, -1.9, 5.1), shapely.box(-1.98, 5.02, -1.92, 5.08)
    cells = cells_in_areas(np.array([outer.difference(hole)]), resolution=8)
    middles = shapely.points(cell_middles(cells))
    assert not shapely.contains_properly(hole, middles).any()
    assert len(cells) < cells_within((-2, 5, -1.9, 5.1), resolution=8)
    assert cells_in_areas(np.zeros(0, dtype=object), resolution=8) == []


def test_a_cell_across_the_antimeridian_is_drawn_whole() -> None:
    cell = one(180.0, 0.0)
    outline = cell_outlines([cell])[0]
    west, _, east, _ = outline.bounds
    assert outline.is_valid
    assert east - west < 0.02
    assert west < 180 < east
    assert cell_area_km2([cell])[0] == pytest.approx(0.7, rel=0.4)


def test_a_place_that_is_not_known_has_no_cell() -> None:
    found = cells_of(np.array([np.nan, -2.0]), np.array([5.0, 5.3]), resolution=8)
    assert found[0] is None
    assert isinstance(found[1], str)


def test_other_resolutions_are_refused() -> None:
    with pytest.raises(GeoError, match=r"resolution 9 here\. Use 8 or 7"):
        cells_of(np.zeros(1), np.zeros(1), resolution=9)


@settings(max_examples=50, deadline=None)
@given(longitude=st.floats(-179, 179), latitude=st.floats(-60, 60))
def test_the_outline_of_a_cell_holds_every_place_in_it(longitude: float, latitude: float) -> None:
    outline = cell_outlines([one(longitude, latitude)])[0]
    # edges are straight in degrees here and great circles in H3: centimetres apart
    assert outline.buffer(1e-5).intersects(shapely.Point(longitude, latitude))
