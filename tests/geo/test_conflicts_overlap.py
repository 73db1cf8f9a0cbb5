"""Overlaps whose answer can be done in the head."""

import numpy as np
import pytest
import shapely
from shapely import Point

from tests.geo.conflict_layers import find, layer, rule, square

HECTARE = square(0, 0, 100)
BIG = square(0, 0, 1_000)


def licence_pairs(*shapes, **columns):
    return find(
        [layer("licences", shapes, **columns)],
        rule("self_overlap", subject_kinds=("licences",)),
    )


def site_rows(site, *licences, relation="overlap", sd=0.0, radius=None, **known):
    columns = {"position_sd_m": [sd]} | ({} if radius is None else {"radius_m": [radius]})
    return find(
        [layer("mine_sites", [site], **columns), layer("licences", licences)],
        rule(relation, **known),
    )


def only(rows):
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_hundred_metres_square_shared_is_one_hectare():
    row = only(site_rows(square(50, 50, 100), square(50, 50, 200)))
    assert row.area_ha == pytest.approx(1.0, rel=1e-12)
    assert row.share == pytest.approx(1.0)
    assert row.distance_m == 0


def test_a_quarter_shared_is_a_quarter_of_the_subject():
    row = only(site_rows(HECTARE, square(50, 50, 100)))
    assert row.area_ha == pytest.approx(0.25)
    assert row.share == pytest.approx(0.25)


def test_a_licence_inside_a_small_subject_shares_its_own_area():
    row = only(site_rows(square(0, 0, 200), square(50, 50, 100)))
    assert row.area_ha == pytest.approx(1.0)
    assert row.share == pytest.approx(0.25)


def test_a_hole_is_not_shared_ground():
    ring = shapely.Polygon(BIG.exterior, [square(400, 400, 200).exterior.coords])
    assert site_rows(square(450, 450, 100), ring).empty
    row = only(site_rows(square(350, 450, 100), ring))
    assert row.area_ha == pytest.approx(0.5)


def test_every_part_of_a_multipolygon_counts():
    two = shapely.MultiPolygon([square(0, 0, 100), square(500, 0, 100)])
    row = only(site_rows(shapely.box(50, 0, 550, 100), two))
    assert row.area_ha == pytest.approx(1.0)


def test_touching_edges_are_not_a_conflict():
    assert site_rows(HECTARE, square(100, 0, 100)).empty
    assert licence_pairs(HECTARE, square(100, 0, 100)).empty


def test_touching_corners_are_not_a_conflict():
    assert site_rows(HECTARE, square(100, 100, 100)).empty


def test_a_strip_thinner_than_rounding_is_touching():
    assert licence_pairs(HECTARE, square(99.9995, 0, 100)).empty
    assert len(licence_pairs(HECTARE, square(99.99, 0, 100))) == 1


def test_an_outline_with_thousands_of_vertices_gives_the_same_area():
    ragged = shapely.segmentize(BIG, 1.0)
    assert shapely.get_num_coordinates(ragged) > 4_000
    row = only(site_rows(square(950, 950, 100), ragged))
    assert row.area_ha == pytest.approx(0.25, rel=1e-9)
    assert only(site_rows(square(10, 10, 100), ragged)).area_ha == pytest.approx(1.0)


def test_a_bare_point_has_no_area():
    row = only(site_rows(Point(500, 500), BIG))
    assert row.verdict == "inside"
    assert np.isnan(row.area_ha)
    assert np.isnan(row.share)
    assert row.distance_m == 0


def test_a_point_with_a_radius_covers_its_circle():
    row = only(site_rows(Point(500, 500), BIG, radius=50.0))
    assert row.area_ha == pytest.approx(np.pi * 50**2 / 10_000, rel=1e-9)
    assert row.share == pytest.approx(1.0)


def test_a_circle_half_in_has_half_its_area_in():
    row = only(site_rows(Point(0, 500), BIG, radius=50.0))
    assert row.area_ha == pytest.approx(np.pi * 50**2 / 20_000, rel=1e-9)
    assert row.share == pytest.approx(0.5)


@pytest.mark.parametrize("radius", [None, 0.0, -5.0, np.nan])
def test_a_radius_that_is_not_known_leaves_a_bare_point(radius):
    assert np.isnan(only(site_rows(Point(500, 500), BIG, radius=radius)).area_ha)


@pytest.mark.parametrize("vertices", [5, 500])
@pytest.mark.parametrize(
    ("x", "verdict", "distance"),
    [
        (500.0, "inside", 0.0),
        (16.5, "inside", 0.0),
        (16.3, "too_close", 0.0),
        (0.0, "too_close", 0.0),
        (-5.0, "too_close", 5.0),
        (-16.3, "too_close", 16.3),
        (-16.5, None, None),
    ],
)
def test_a_point_is_decided_at_1_64_standard_errors(x, verdict, distance, vertices):
    licence = shapely.segmentize(BIG, 4_000 / vertices)
    rows = site_rows(Point(x, 500), licence, sd=10.0)
    if verdict is None:
        assert rows.empty
        return
    row = only(rows)
    assert row.verdict == verdict
    assert row.distance_m == pytest.approx(distance)
    assert row.sd_m == 10


def test_exactly_1_64_standard_errors_is_too_close():
    assert only(site_rows(Point(41, 500), BIG, sd=25.0)).verdict == "too_close"
    assert only(site_rows(Point(-41, 500), BIG, sd=25.0)).verdict == "too_close"


def test_a_point_on_the_boundary_is_too_close_even_when_it_is_exact():
    assert only(site_rows(Point(0, 500), BIG)).verdict == "too_close"
    assert only(site_rows(Point(0.001, 500), BIG)).verdict == "inside"
    assert site_rows(Point(-0.001, 500), BIG).empty


def test_errors_of_both_sides_add_up_in_squares():
    layers = [
        layer("mine_sites", [Point(9, 500), Point(8, 500)], position_sd_m=[3.0, 3.0]),
        layer("licences", [BIG], position_sd_m=[4.0]),
    ]
    rows = find(layers, rule("overlap"))
    assert rows["sd_m"].tolist() == [5.0, 5.0]
    assert rows["verdict"].tolist() == ["inside", "too_close"]


def test_one_uncertain_licence_does_not_make_its_neighbours_uncertain():
    layers = [
        layer("mine_sites", [Point(990, 500)], position_sd_m=[1.0]),
        layer("licences", [BIG, square(1_100, 0, 500)], position_sd_m=[0.0, 100.0]),
    ]
    rows = find(layers, rule("overlap"))
    assert rows["verdict"].tolist() == ["inside", "too_close"]
    assert rows["distance_m"].tolist() == [0.0, pytest.approx(110.0)]


def test_areas_are_decided_by_the_mean_width_they_share():
    # 2 * 100 * w / (200 + 2 w): 19.6 m wide gives a mean width of 16.4 m
    wide = only(site_rows(square(-75, 0, 100), BIG, sd=10.0))
    narrow = only(site_rows(square(-85, 0, 100), BIG, sd=10.0))
    assert (wide.verdict, narrow.verdict) == ("inside", "too_close")
    assert wide.area_ha == pytest.approx(0.25)


def test_a_small_pit_deep_inside_is_inside():
    deep = only(site_rows(Point(500, 500), BIG, radius=5.0, sd=10.0))
    edge = only(site_rows(Point(8, 500), BIG, radius=5.0, sd=10.0))
    assert (deep.verdict, edge.verdict) == ("inside", "too_close")


def test_a_small_licence_deep_inside_a_subject_is_inside():
    row = only(site_rows(BIG, square(500, 500, 10), sd=10.0))
    assert row.verdict == "inside"
    assert row.area_ha == pytest.approx(0.01)


def test_an_uncertain_area_beside_a_licence_is_too_close_with_no_shared_ground():
    row = only(site_rows(square(-110, 0, 100), BIG, sd=10.0))
    assert row.verdict == "too_close"
    assert row.distance_m == pytest.approx(10)
    assert row.area_ha == 0
    assert site_rows(square(-117, 0, 100), BIG, sd=10.0).empty


def test_lines_are_neither_subjects_nor_objects_of_an_overlap():
    line = shapely.LineString([(0, 0), (1_000, 1_000)])
    assert site_rows(line, BIG).empty
    assert site_rows(Point(500, 500), line, sd=10.0).empty


def test_features_without_a_geometry_take_no_part():
    layers = [
        layer("mine_sites", [None, shapely.Polygon(), Point(500, 500)]),
        layer("licences", [None, BIG]),
    ]
    rows = find(layers, rule("overlap"))
    assert rows["subject_id"].tolist() == ["f2"]
    assert rows["object_id"].tolist() == ["f1"]


def test_heights_do_not_matter():
    assert len(site_rows(Point(500, 500, 99), shapely.force_3d(BIG, 5.0))) == 1


def test_licences_of_one_layer_meet_once_a_pair():
    rows = licence_pairs(
        HECTARE, square(50, 0, 100), square(50, 50, 100), feature_id=["c", "a", "b"]
    )
    pairs = list(zip(rows["subject_id"], rows["object_id"], strict=True))
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]
    assert rows["area_ha"].tolist() == pytest.approx([0.5, 0.5, 0.25])


def test_the_same_licence_twice_overlaps_itself_whole():
    row = only(licence_pairs(HECTARE, HECTARE))
    assert row.area_ha == pytest.approx(1.0)
    assert row.share == pytest.approx(1.0)


def test_two_vintages_of_a_cadastre_are_not_compared_with_each_other():
    layers = [layer("licences", [BIG], name=name) for name in ("2016", "2020")]
    assert find(layers, rule("self_overlap", subject_kinds=("licences",))).empty


def test_neighbours_of_one_layer_share_its_error_and_do_not_conflict():
    assert licence_pairs(HECTARE, square(100, 0, 100), position_sd_m=[25.0, 25.0]).empty


def test_a_site_outside_every_licence_says_how_far_the_nearest_is():
    row = only(site_rows(Point(-300, 500), BIG, square(-900, 0, 100), relation="outside_all"))
    assert row.verdict == "inside"
    assert row.distance_m == pytest.approx(300)
    assert row[["object_kind", "object_layer", "object_id"]].isna().all()


@pytest.mark.parametrize(
    ("x", "verdict"),
    [(500, None), (17, None), (16, "too_close"), (-16, "too_close"), (-17, "inside")],
)
def test_outside_every_licence_is_decided_at_1_64_standard_errors(x, verdict):
    rows = site_rows(Point(x, 500), BIG, relation="outside_all", sd=10.0)
    assert rows["verdict"].tolist() == ([] if verdict is None else [verdict])


def test_outside_means_outside_the_licences_of_all_layers():
    layers = [
        layer("mine_sites", [Point(50, 50), Point(550, 50), Point(5_000, 50)]),
        layer("licences", [HECTARE], name="2016"),
        layer("licences", [square(500, 0, 100)], name="2020"),
    ]
    rows = find(layers, rule("outside_all"))
    assert rows["subject_id"].tolist() == ["f2"]


def test_a_site_on_the_line_between_two_licences_is_not_outside_both():
    pair = (BIG, square(1_000, 0, 1_000))
    assert len(site_rows(Point(1_000, 500), *pair, sd=10.0)) == 2
    assert site_rows(Point(1_000, 500), *pair, sd=10.0, relation="outside_all").empty
    corner = site_rows(Point(1_000, 5), *pair, sd=10.0, relation="outside_all")
    assert corner["verdict"].tolist() == ["too_close"]


def test_an_area_partly_in_a_licence_is_not_outside():
    assert site_rows(square(-50, 0, 100), BIG, relation="outside_all").empty
    row = only(site_rows(square(-100, 0, 100), BIG, relation="outside_all"))
    assert (row.verdict, row.distance_m) == ("inside", 0)


def test_without_any_licence_nothing_is_outside():
    layers = [layer("mine_sites", [Point(0, 0)]), layer("licences", [])]
    assert find(layers, rule("outside_all")).empty
    assert find(layers[:1], rule("outside_all")).empty


def test_a_licence_above_the_limit_is_told_with_its_own_area():
    limit = rule("area_limit", subject_kinds=("licences",), object_kind=None, max_area_ha=1.0)
    rows = find([layer("licences", [HECTARE, square(0, 0, 100.1), square(0, 0, 99)])], limit)
    assert rows["subject_id"].tolist() == ["f1"]
    assert rows["verdict"].tolist() == ["inside"]
    assert rows["area_ha"].tolist() == pytest.approx([1.002001])


def test_twelve_cadastral_units_are_within_the_limit_written_as_10_198_ha():
    side = (25.2 * 4046.8564224) ** 0.5
    limit = rule("area_limit", subject_kinds=("licences",), object_kind=None, max_area_ha=10.198)
    assert find([layer("licences", [square(0, 0, side)])], limit).empty


def test_an_uncertain_outline_makes_an_area_near_the_limit_too_close():
    limit = rule("area_limit", subject_kinds=("licences",), object_kind=None, max_area_ha=1.0)
    shapes = [square(0, 0, 95), square(0, 0, 110), square(0, 0, 200)]
    rows = find([layer("licences", shapes, position_sd_m=[5.0] * 3)], limit)
    assert rows["verdict"].tolist() == ["too_close", "too_close", "inside"]
