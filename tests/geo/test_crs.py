"""Where coordinates are: oracles from DOMAIN facts on Ghana and Tanzania."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo import crs
from geo.errors import CrsError

GHANA = (-3.35, 4.40, 1.30, 11.25)
GHANA_CRS = (
    "EPSG:4326",
    "EPSG:4168",
    "EPSG:4250",
    "EPSG:2136",
    "EPSG:25000",
    "EPSG:32630",
    "EPSG:3857",
)
TANZANIA = (29.0, -12.6, 41.8, -0.9)
DRC = (12.0, -13.6, 31.55, 5.5)
TARKWA = (-1.9934, 5.3010)
GEOD = Geod(ellps="WGS84")


def metres_from_tarkwa(lon: float, lat: float) -> float:
    return float(GEOD.inv(*TARKWA, lon, lat)[2])


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("EPSG:2136", (538703, 229347)),
        ("EPSG:25000", (164200, 69900)),
        ("EPSG:32630", (611539, 586027)),
        ("EPSG:3857", (-221904, 590948)),
    ],
)
def test_the_tarkwa_point_is_where_it_is_in_every_grid_of_ghana(
    code: str, place: tuple[float, float]
) -> None:
    moved, _ = crs.to_wgs84(np.array([shapely.Point(place)]), code, area_of_interest=GHANA)
    # Published to whole feet and metres; the two Accra shifts of EPSG differ by some metres.
    assert metres_from_tarkwa(moved[0].x, moved[0].y) < 5


@pytest.mark.parametrize("code", ["EPSG:4168", "EPSG:4250"])
def test_war_office_degrees_read_as_wgs84_would_be_311_m_off(code: str) -> None:
    point = np.array([shapely.Point(-1.99, 5.30)])
    moved, shift = crs.to_wgs84(point, code, area_of_interest=GHANA)
    assert shift.largest_move_m == pytest.approx(311, abs=1)
    away = GEOD.inv(-1.99, 5.30, moved[0].x, moved[0].y)[2]
    assert away == pytest.approx(311, abs=1)
    assert shift.accuracy_m in (5.0, 25.0)


def test_arc_1960_in_tanzania_is_about_300_m_off() -> None:
    point = np.array([shapely.Point(33.0, -2.5)])
    _, shift = crs.to_wgs84(point, "EPSG:4210", area_of_interest=TANZANIA)
    assert shift.largest_move_m == pytest.approx(300, abs=20)
    assert shift.accuracy_m == 35


def test_the_shift_of_a_grid_counted_from_paris_is_that_of_its_datum_alone() -> None:
    # A meridian 2.3 degrees away is no datum shift: 350 km would be nonsense.
    _, shift = crs.to_wgs84(
        np.array([shapely.Point(459_932, 1_010_240)]),
        "EPSG:29702",
        area_of_interest=(42.9, -25.9, 50.8, -11.7),
    )
    assert 100 < shift.largest_move_m < 200


def test_wgs84_does_not_move() -> None:
    moved, shift = crs.to_wgs84(
        np.array([shapely.Point(1, 2, 99), None]), "EPSG:4326", area_of_interest=GHANA
    )
    assert (shift.largest_move_m, shift.accuracy_m) == (0, 0)
    assert moved[0].wkt == "POINT (1 2)"
    assert moved[1] is None


def test_to_wgs84_leaves_its_argument_alone() -> None:
    point = shapely.Point(611539, 586027)
    given_shapes = np.array([point])
    crs.to_wgs84(given_shapes, "EPSG:32630", area_of_interest=GHANA)
    assert given_shapes[0] is point
    assert point.x == 611539


def test_degrees_in_ghana_fit_three_systems_and_are_therefore_asked() -> None:
    found = crs.landing_candidates(np.array([TARKWA]), candidates=GHANA_CRS, country_bounds=GHANA)
    assert [each.crs for each in found] == ["EPSG:4326", "EPSG:4168", "EPSG:4250"]
    assert not any(each.swapped for each in found)


def test_degrees_in_the_drc_fit_one_system_and_no_grid_origin() -> None:
    found = crs.landing_candidates(
        np.array([[29.7, 0.9], [30.1, 1.2]]),
        candidates=("EPSG:4326", "EPSG:32635", "EPSG:32735", "EPSG:32636", "EPSG:3857"),
        country_bounds=DRC,
    )
    assert [each.crs for each in found] == ["EPSG:4326"]


def test_swapped_degrees_are_recognised_as_swapped() -> None:
    (found,) = crs.landing_candidates(
        np.array([[0.9, 29.7]]), candidates=("EPSG:4326", "EPSG:32635"), country_bounds=DRC
    )
    assert (found.crs, found.swapped) == ("EPSG:4326", True)


def test_one_place_in_twenty_outside_still_lands_and_two_do_not() -> None:
    places = np.array([[29.7, 0.9]] * 19 + [[6.67, -21.1]])
    assert crs.landing_candidates(places, candidates=["EPSG:4326"], country_bounds=DRC)
    places[0] = 6.67, -21.1
    assert not crs.landing_candidates(places, candidates=["EPSG:4326"], country_bounds=DRC)


def test_nothing_and_nan_land_nowhere() -> None:
    for places in (np.empty((0, 2)), np.array([[np.nan, 1.0]]), np.array([[np.inf, 1.0]])):
        assert crs.landing_candidates(places, candidates=["EPSG:4326"], country_bounds=DRC) == ()


def test_latitude_95_is_not_on_the_globe() -> None:
    moved = crs.points_to_wgs84(
        np.array([[29.7, 95.0], [400.0, 1.0], [29.7, 0.9]]), "EPSG:4326", area_of_interest=DRC
    )
    assert np.isinf(moved[:2]).all()
    assert moved[2] == pytest.approx([29.7, 0.9])


@settings(max_examples=30, deadline=None)
@given(lon=st.floats(-3, 1), lat=st.floats(5, 11))
def test_there_and_back_through_utm_is_the_same_place(lon: float, lat: float) -> None:
    from pyproj import Transformer

    there = Transformer.from_crs("EPSG:4326", "EPSG:32630", always_xy=True).transform(lon, lat)
    back = crs.points_to_wgs84(np.array([there]), "EPSG:32630", area_of_interest=GHANA)
    assert back[0] == pytest.approx([lon, lat], abs=1e-7)


@pytest.mark.parametrize("text", ["EPSG:999999", "nonsense", "", "EPSG:5703"])
def test_an_unknown_or_unfit_system_is_refused(text: str) -> None:
    with pytest.raises(CrsError, match="EPSG"):
        crs.known_crs(text)


def test_a_measuring_crs_in_degrees_is_refused() -> None:
    with pytest.raises(CrsError, match="measured in degrees"):
        crs.require_measuring_crs("EPSG:4326", bounds=(-2.35, 4.95, -1.7, 5.75))


def test_a_measuring_crs_in_gold_coast_feet_is_refused() -> None:
    with pytest.raises(CrsError, match="Gold Coast foot, not metres"):
        crs.require_measuring_crs("EPSG:2136", bounds=(-2.35, 4.95, -1.7, 5.75))


def test_web_mercator_is_refused_because_its_areas_are_too_large() -> None:
    with pytest.raises(CrsError, match=r"off by up to 1.7 %"):
        crs.require_measuring_crs("EPSG:3857", bounds=(-2.35, 4.95, -1.7, 5.75))


@pytest.mark.parametrize(("latitude", "factor"), [(6, 1.018), (30, 1.34), (50, 2.42)])
def test_web_mercator_inflates_areas_as_published(latitude: float, factor: float) -> None:
    error = crs.area_distortion("EPSG:3857", (0, latitude - 0.01, 0.02, latitude + 0.01))
    assert error == pytest.approx(factor - 1, abs=0.01)


def test_every_region_is_measured_within_its_tolerance() -> None:
    from layers.facts import regions

    for region in regions().values():
        crs.require_measuring_crs(region.measuring_crs, bounds=region.bounds)


def test_utm_beyond_its_zone_is_refused_for_ituri() -> None:
    with pytest.raises(CrsError, match="Choose the UTM zone"):
        crs.require_measuring_crs("EPSG:32635", bounds=(27.4, 0.4, 31.4, 3.75))
