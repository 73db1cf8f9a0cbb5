"""The base map: small, in its place, and never sea where there is land."""

import json
from typing import Any

import brotli
import numpy as np
import pytest
import shapely

from dashboard import assets, basemap, gshhg, places
from layers.facts import region, regions

REGIONS = list(regions())
MOST_BYTES = 150_000
"""What a region's base map may weigh on the way, compressed."""


def unpacked(numbers: list[int], unit: float) -> np.ndarray:
    """A packed line as longitudes and latitudes."""
    return np.cumsum(np.asarray(numbers).reshape(-1, 2), axis=0) * unit


def document(region_id: str) -> dict[str, Any]:
    return json.loads(basemap.basemap_json(region_id))


def area_of(part: dict[str, Any], what: str) -> shapely.Geometry:
    """The polygons of a part as one shape."""
    shapes = [
        shapely.Polygon(rings[0], rings[1:])
        for rings in ([unpacked(ring, part["unit"]) for ring in polygon] for polygon in part[what])
    ]
    return shapely.union_all([shapely.make_valid(shape) for shape in shapes])


def test_a_packed_line_is_its_first_point_and_its_steps() -> None:
    line = shapely.LineString([(1.0, 2.0), (1.0004, 2.0), (1.5, 1.9)])
    assert basemap._packed(line, 0.001) == [1000, 2000, 500, -100]


@pytest.mark.parametrize("region_id", REGIONS)
def test_a_base_map_is_small_on_the_way(region_id: str) -> None:
    assert len(brotli.compress(basemap.basemap_json(region_id), quality=6)) < MOST_BYTES


@pytest.mark.parametrize("region_id", REGIONS)
def test_the_fine_part_stays_in_its_box_and_the_coarse_one_outside(region_id: str) -> None:
    told = document(region_id)
    box = shapely.box(*told["bounds"])
    near, far = area_of(told["near"], "land"), area_of(told["far"], "land")
    assert box.buffer(0.001).covers(near)
    assert shapely.intersection(far, box.buffer(-0.02)).area < 0.01
    assert shapely.area(shapely.union(near, far)) > 15_000, "most land of the earth is there"


@pytest.mark.parametrize(
    ("region_id", "longitude", "latitude", "is_land", "is_lake"),
    [
        ("tarkwa", -2.0, 5.3, True, False),
        ("tarkwa", -2.0, 3.5, False, False),  # Gulf of Guinea
        ("tarkwa", 0.1, 7.0, True, True),  # Lake Volta
        ("tarkwa", 25.0, 0.5, True, False),  # far: the Congo basin is no sea
        ("geita", 33.0, -1.1, True, True),  # Lake Victoria
        ("geita", 31.9, -3.0, True, False),
        ("betsiboka", 41.4, -17.5, False, False),  # Mozambique Channel
        ("ituri", 30.95, 1.7, True, True),  # Lake Albert
        ("ituri", -30.0, 0.0, False, False),  # far: the Atlantic
    ],
)
def test_land_and_water_are_where_they_are(
    region_id: str, longitude: float, latitude: float, is_land: bool, is_lake: bool
) -> None:
    told = document(region_id)
    point = shapely.Point(longitude, latitude)
    for what, expected in (("land", is_land), ("lakes", is_lake)):
        found = any(area_of(told[part], what).covers(point) for part in ("near", "far"))
        assert found is expected, what


def test_an_island_of_a_lake_is_land() -> None:
    ukerewe = shapely.Point(33.0, -2.05)
    lakes = gshhg.lakes((31.0, -4.0, 35.0, 0.0), smallest_km2=5)
    assert not shapely.union_all(lakes).covers(ukerewe)


def test_the_shore_of_a_lake_near_the_region_is_fine_and_in_one_piece() -> None:
    box = (30.0, -4.0, 36.0, 2.0)
    told = basemap._lakes(box, around=(31.8, -3.3, 33.0, -2.2))
    lake = max(told, key=shapely.area)
    coarse = max(gshhg.lakes(box, smallest_km2=5), key=shapely.area)
    assert shapely.get_num_coordinates(lake) > 2 * shapely.get_num_coordinates(coarse)
    assert shapely.area(lake) == pytest.approx(shapely.area(coarse), rel=0.02)
    # no lake is there twice, once in each resolution
    assert sum(shapely.area(one) for one in told) == pytest.approx(
        shapely.area(shapely.union_all(told)), rel=1e-6
    )


def test_rivers_are_cut_to_the_box_and_the_ankobra_is_among_them() -> None:
    box = (-2.4, 4.9, -1.7, 5.8)
    rivers = gshhg.rivers(box)
    assert rivers
    assert shapely.box(*box).buffer(1e-9).covers(shapely.union_all(rivers))
    assert shapely.distance(shapely.union_all(rivers), shapely.Point(-2.13, 5.33)) < 0.05


def test_countries_are_named_once_and_inside_themselves() -> None:
    told = document("tarkwa")
    names = [row[0] for row in told["countries"]]
    assert len(names) == len(set(names))
    ghana = next(row for row in told["countries"] if row[0] == "Ghana")
    assert -3.3 < ghana[1] < 1.2
    assert 4.7 < ghana[2] < 11.2
    assert {"Brazil", "India"} <= set(names), "the world goes on beyond the neighbours"


def test_an_island_on_the_180th_meridian_is_no_band_around_the_earth() -> None:
    far = document("betsiboka")["far"]
    mid_atlantic = shapely.Point(0.0, -17.0)  # the latitude of Fiji, in the Atlantic
    assert not area_of(far, "land").covers(mid_atlantic)
    for line in [*far["coasts"], *far["borders"]]:
        assert np.ptp(unpacked(line, far["unit"])[:, 0]) < 180


def test_waters_are_named_in_the_water() -> None:
    for region_id, names in {
        "tarkwa": ["Lake Volta", "Lake Bosumtwi"],
        "geita": ["Lake Victoria", "Lake Tanganyika", "Lake Kivu", "Lake Rukwa", "Lake Eyasi"],
        "ituri": ["Lake Albert", "Lake Edward", "Lake Kyoga", "Lake Turkana"],
        "betsiboka": ["Lake Alaotra"],
    }.items():
        told = document(region_id)
        lakes = area_of(told["near"], "lakes")
        for name, longitude, latitude, _ in told["waters"]:
            if name in names:
                assert lakes.distance(shapely.Point(longitude, latitude)) < 0.05, name


def test_larger_towns_come_first_and_those_of_the_country_before_their_like() -> None:
    box = (20.0, -8.0, 40.0, 12.0)
    found = places.places_near(assets.PLACES, box, home="CD")
    zooms = [place.zoom for place in found]
    assert zooms == sorted(zooms)
    by_name = {place.name: place for place in found}
    assert by_name["Bunia"].zoom < by_name["Arua"].zoom
    assert by_name["Kampala"].capital
    assert by_name["Kampala"].zoom == 4.0
    mid_sized = [place for place in found if 100_000 <= place.population < 300_000]
    assert {place.zoom for place in mid_sized if place.country == "CD"} == {6.0}
    assert {place.zoom for place in mid_sized if place.country == "UG" and not place.capital} == {
        6.5
    }


def test_every_town_of_the_region_and_only_larger_ones_far_away() -> None:
    told = document("tarkwa")
    names = {row[0] for row in told["towns"]}
    assert {"Tarkwa", "Prestea", "Accra", "Abidjan"} <= names
    west, _, east, _ = region("tarkwa").bounds
    far = [row for row in told["towns"] if not (west - 1 <= row[1] <= east + 1)]
    everywhere = places.places_near(assets.PLACES, tuple(told["bounds"]), home="GH")
    small = {place.name for place in everywhere if place.population < basemap.FAR_PEOPLE}
    large = {place.name for place in everywhere if place.population >= basemap.FAR_PEOPLE}
    assert not {row[0] for row in far if not row[4]} & (small - large)


def test_sources_are_named() -> None:
    for source in ("Natural Earth", "GSHHG", "GeoNames", "CC BY"):
        assert source in document("geita")["attribution"]


def test_a_missing_package_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gshhg, "PACKAGE", "no-such-package")
    with pytest.raises(assets.AssetsError, match=r"'no-such-package'.*make setup"):
        assets.check()
