"""Shapes made valid, with areas that can be checked in the head."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import validity

SQUARE = shapely.box(0, 0, 0.01, 0.01)
BOW_TIE = shapely.Polygon([(0, 0), (0.01, 0.01), (0.01, 0), (0, 0.01), (0, 0)])


def as_array(*shapes: object) -> np.ndarray:
    return np.array([*shapes, None], dtype=object)[:-1]


def test_a_square_of_a_hundredth_degree_has_123_hectares() -> None:
    assert validity.geodesic_area_ha(as_array(SQUARE))[0] == pytest.approx(123.09, abs=0.02)


def test_a_bow_tie_has_no_area_as_drawn_and_half_the_square_once_repaired() -> None:
    repairs = validity.repair(as_array(BOW_TIE))
    assert repairs.was_invalid.tolist() == [True]
    assert repairs.area_before_ha[0] == pytest.approx(0, abs=0.01)
    assert repairs.area_after_ha[0] == pytest.approx(123.09 / 2, abs=0.05)
    assert repairs.geometries[0].geom_type == "MultiPolygon"
    assert "Self-intersection" in repairs.reasons[0]


def test_ground_wound_over_twice_is_kept_once_and_not_cut_out() -> None:
    loop = shapely.Polygon([(0, 0), (4, 0), (4, 3), (1, 3), (1, 1), (2, 1), (2, 2), (0, 2), (0, 0)])
    assert not loop.is_valid
    repaired = validity.repair(as_array(loop)).geometries[0]
    assert repaired.contains(shapely.Point(1.5, 1.5))


def test_valid_rows_stay_the_very_same_and_have_no_areas() -> None:
    repairs = validity.repair(as_array(SQUARE, None, shapely.Point(1, 2)))
    assert repairs.geometries[0] is SQUARE
    assert repairs.geometries[1] is None
    assert not repairs.was_invalid.any()
    assert np.isnan(repairs.area_before_ha).all()


def test_a_repair_never_turns_an_area_into_lines() -> None:
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (2, 1), (1, 1), (0, 1), (0, 0)])
    fixed = validity.repair(as_array(spike)).geometries[0]
    assert fixed.geom_type == "Polygon"
    assert fixed.equals(shapely.box(0, 0, 1, 1))


def test_an_area_without_area_is_emptied_and_said_so() -> None:
    flat = shapely.Polygon([(0, 0), (1, 0), (0, 0), (0, 0)])
    repairs = validity.repair(as_array(flat, SQUARE))
    assert repairs.emptied.tolist() == [True, False]
    assert repairs.geometries[0] is None


def test_lines_that_cross_at_a_flat_angle_are_valid_after_one_repair() -> None:
    # GEOS returned an invalid shape for this outline; found by the property below.
    corners = [(0, 0), (13, 14), (0, 19), (10, 17), (18, 9), (7, 20)]
    shape = shapely.Polygon([(x / 1000, y / 1000) for x, y in corners])
    repairs = validity.repair(as_array(shape))
    assert repairs.geometries[0].is_valid
    assert not repairs.emptied[0]
    assert repairs.area_after_ha[0] > 0.5 * repairs.area_before_ha[0]


def test_no_rows_give_no_rows() -> None:
    repairs = validity.repair(np.empty(0, dtype=object))
    assert len(repairs.geometries) == len(repairs.reasons) == 0


def test_holes_are_taken_off_areas() -> None:
    with_hole = SQUARE.difference(shapely.box(0.002, 0.002, 0.007, 0.007))
    whole, holed = validity.geodesic_area_ha(as_array(SQUARE, with_hole))
    assert holed == pytest.approx(whole * 0.75, rel=1e-3)


def test_only_the_parts_of_one_family_are_kept() -> None:
    mixed = shapely.GeometryCollection([shapely.Point(5, 5), SQUARE, shapely.GeometryCollection(
        [shapely.LineString([(0, 0), (1, 1)])])])  # fmt: skip
    assert validity.only_family(mixed, "polygon").equals(SQUARE)
    assert validity.only_family(mixed, "line").geom_type == "LineString"
    assert validity.only_family(mixed, None).equals(SQUARE)
    assert validity.only_family(shapely.GeometryCollection(), "point") is None
    assert validity.only_family(SQUARE, "line") is None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=4, max_size=9, unique=True)
)
def test_whatever_the_outline_the_repair_is_valid_or_gone(corners: list[tuple[int, int]]) -> None:
    shape = shapely.Polygon([(x / 1000, y / 1000) for x, y in corners])
    repairs = validity.repair(as_array(shape))
    result = repairs.geometries[0]
    assert (result is None) == bool(repairs.emptied[0])
    if result is not None:
        assert result.is_valid
        assert not result.is_empty
        assert result.geom_type in ("Polygon", "MultiPolygon")
        assert result.within(shape.envelope.buffer(1e-9))
