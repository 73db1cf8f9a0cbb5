"""Shapes that real files hold and textbooks leave out; none may crash a run or count double."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.conflicts import LayerFrame, find_conflicts, summarise
from geo.measure import to_measuring_crs
from geo.rules import Rule
from geo.validity import geodesic_area_ha, repair
from tests.geo.conflict_layers import find, layer, rule, square

ON_FARMLAND = rule("overlap", subject_kinds=("licences",), object_kind="farmland")


def totals(layers: list[LayerFrame], of: Rule) -> tuple[float | None, float | None]:
    """Hectares of all pairs, and of the ground, counted once."""
    found = find(layers, of)
    [record] = summarise(found, layers, [of])
    return record["area_ha"], record["union_ha"]


def test_a_field_that_is_in_the_layer_twice_is_ground_once():
    fields = [square(0, 0, 100), square(0, 0, 100), square(50, 0, 100)]
    layers = [layer("licences", [square(-10, -10, 500)]), layer("farmland", fields)]
    assert totals(layers, ON_FARMLAND) == (pytest.approx(3.0), pytest.approx(1.5))


def test_licences_over_licences_over_one_field_are_ground_once():
    licences = [square(0, 0, 200), square(20, 20, 300), square(-50, 10, 400)]
    layers = [layer("licences", licences), layer("farmland", [square(50, 50, 100)])]
    assert totals(layers, ON_FARMLAND) == (pytest.approx(3.0), pytest.approx(1.0))


def test_a_sliver_between_neighbours_is_touching_and_a_real_strip_is_not():
    near = layer("licences", [square(0, 0, 100)])
    strip = layer("farmland", [square(100 - 0.0005, 0, 100)])
    assert find([near, strip], ON_FARMLAND).empty
    strip = layer("farmland", [square(99, 0, 100)])
    [area_ha] = find([near, strip], ON_FARMLAND)["area_ha"]
    assert area_ha == pytest.approx(0.01)


def test_edges_that_touch_along_a_heavy_outline_share_nothing():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    disc = shapely.Polygon(np.column_stack([100 * np.cos(angle), 100 * np.sin(angle)]))
    ring = shapely.box(-300, -300, 300, 300) - disc
    layers = [layer("licences", [ring]), layer("farmland", [disc])]
    assert find(layers, ON_FARMLAND).empty


def test_null_and_empty_geometries_take_no_part_and_are_counted():
    fields = [square(0, 0, 100), None, shapely.Polygon(), shapely.MultiPolygon()]
    layers = [layer("licences", [square(0, 0, 50)]), layer("farmland", fields)]
    found = find(layers, ON_FARMLAND)
    assert found["object_id"].tolist() == ["f0"]
    [record] = summarise(found, layers, [ON_FARMLAND])
    assert record["not_assessed"] == {"farmland without a geometry": 3}


def test_a_geometry_collection_takes_no_part_until_the_import_has_made_it_one_kind():
    mixed = shapely.GeometryCollection([square(0, 0, 100), shapely.LineString([(0, 0), (300, 0)])])
    layers = [layer("licences", [square(0, 0, 50)]), layer("farmland", [mixed, square(0, 0, 10)])]
    assert find(layers, ON_FARMLAND)["object_id"].tolist() == ["f1"]


def test_an_area_on_both_sides_of_the_antimeridian_keeps_its_size():
    """A region there has a measuring CRS centred on it; its halves meet again in it."""
    crs = "+proj=laea +lat_0=-17 +lon_0=180 +datum=WGS84 +units=m +no_defs"
    halves = shapely.MultiPolygon(
        [shapely.box(179.99, -17.01, 180, -17), shapely.box(-180, -17.01, -179.99, -17)]
    )
    whole = gpd.GeoDataFrame({"feature_id": ["a"]}, geometry=[halves], crs=4326)
    site = gpd.GeoDataFrame(
        {"feature_id": ["s", "t"]},
        geometry=shapely.points([[-179.995, -17.005], [179.97, -17.005]]),
        crs=4326,
    )
    whole = to_measuring_crs(whole, measuring_crs=crs)
    # the seam is an edge of both halves now, as a conflict run repairs it
    [joined] = repair(whole.geometry.to_numpy()).geometries
    layers = [
        LayerFrame(
            layer_id="t.licences", kind="licences", features=whole.assign(geometry=[joined])
        ),
        LayerFrame(
            layer_id="t.mine_sites",
            kind="mine_sites",
            features=to_measuring_crs(site, measuring_crs=crs),
        ),
    ]
    found = find_conflicts(layers, [rule("overlap"), rule("outside_all")], measuring_crs=crs)
    assert found[["relation", "subject_id"]].to_numpy().tolist() == [
        ["overlap", "s"],
        ["outside_all", "t"],
    ]
    assert joined.geom_type == "Polygon"
    assert joined.area / 10_000 == pytest.approx(geodesic_area_ha(np.array([halves]))[0], rel=1e-6)
    [distance_m] = found["distance_m"].tolist()[1:]
    assert distance_m == pytest.approx(2_129, abs=5)
