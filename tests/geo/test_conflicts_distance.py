"""Distances to water and fields, decided three ways."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Point

from tests.geo.conflict_layers import find, layer, rule, square

RIVER = LineString([(0, 0), (10_000, 0)])
LAKE = square(0, 0, 1_000)


def near(sites, water, *, inner=None, outer=100.0, sd=0.0, classes=(), site=None, **columns):
    layers = [
        layer("mine_sites", sites, position_sd_m=[sd] * len(sites), **(site or {})),
        layer("water", water, **columns),
    ]
    distance = rule(
        "within_distance", object_kind="water", object_classes=classes, inner_m=inner, outer_m=outer
    )
    return find(layers, distance)


def test_a_site_nearer_than_the_distance_is_inside():
    rows = near([Point(500, 99), Point(500, 101)], [RIVER])
    assert rows["subject_id"].tolist() == ["f0"]
    assert rows["distance_m"].tolist() == pytest.approx([99.0])
    assert rows["verdict"].tolist() == ["inside"]
    assert rows["line"].isna().all()


def test_exactly_at_the_distance_is_too_close_to_call():
    assert near([Point(500, 100)], [RIVER])["verdict"].tolist() == ["too_close"]


@pytest.mark.parametrize(
    ("d", "verdict"),
    [(83.5, "inside"), (83.7, "too_close"), (116.3, "too_close"), (116.5, None)],
)
def test_the_verdict_takes_1_64_standard_errors_on_both_sides(d, verdict):
    rows = near([Point(500, d)], [RIVER], sd=10.0)
    assert rows["verdict"].tolist() == ([] if verdict is None else [verdict])


def test_a_range_has_an_inner_and_an_outer_line():
    sites = [Point(500, y) for y in (5, 10, 30, 60, 61)]
    rows = near(sites, [RIVER], inner=10.0, outer=60.0)
    assert rows["verdict"].tolist() == ["inside", "inside", "inside", "too_close"]
    assert rows["line"].fillna("").tolist() == ["inner", "outer", "outer", ""]


def test_too_close_to_the_inner_line_is_inside_the_outer_one():
    rows = near([Point(500, 12)], [RIVER], inner=10.0, outer=60.0, sd=3.0)
    assert rows[["verdict", "line"]].to_numpy().tolist() == [["inside", "outer"]]


def test_half_the_width_of_a_river_is_taken_off():
    rows = near([Point(500, 120), Point(500, 130)], [RIVER], width_m=[50.0])
    assert rows["distance_m"].tolist() == pytest.approx([95.0])


def test_a_river_without_a_width_is_its_line():
    rows = near([Point(500, 120)], [RIVER, RIVER], width_m=[np.nan, 50.0])
    assert rows["object_id"].tolist() == ["f1"]


def test_the_width_of_a_lake_means_nothing():
    assert near([Point(-120, 500)], [LAKE], width_m=[50.0]).empty


def test_the_radius_of_a_site_is_taken_off():
    rows = near([Point(500, 130)], [RIVER], site={"radius_m": [40.0]})
    assert rows["distance_m"].tolist() == pytest.approx([90.0])


def test_a_site_drawn_as_an_area_is_measured_from_its_edge():
    rows = near([square(500, 90, 100)], [RIVER])
    assert rows["distance_m"].tolist() == pytest.approx([90.0])


def test_a_distance_never_falls_below_nothing():
    rows = near([Point(500, 5), square(500, -50, 100)], [RIVER], width_m=[50.0])
    assert rows["distance_m"].tolist() == [0.0, 0.0]


def test_a_site_in_the_middle_of_a_lake_is_inside_however_uncertain_it_is():
    sites = [Point(500, 500), Point(20, 500)]
    rows = near(sites, [LAKE], outer=100.0, sd=139.0)
    assert rows["verdict"].tolist() == ["inside", "too_close"]
    assert rows["distance_m"].tolist() == [0.0, 0.0]


def test_an_uncertain_area_mostly_in_a_lake_is_inside():
    sites = [square(-100, 300, 700), square(-690, 300, 700)]
    rows = near(sites, [LAKE], outer=100.0, sd=139.0)
    assert rows["verdict"].tolist() == ["inside", "too_close"]


def test_a_long_river_is_found_along_its_whole_course():
    bends = LineString([(x, 200 * np.sin(x / 300)) for x in range(0, 20_000, 10)])
    spots = [Point(x, 200 * np.sin(x / 300)) for x in range(5, 20_000, 1_000)]
    rows = near(spots, [bends], outer=1.0)
    assert len(rows) == len(spots)
    assert (rows["distance_m"] < 0.5).all()


def test_wells_and_springs_are_water_too():
    rows = near([Point(0, 0)], [Point(150, 0), Point(0, 90)], radius_m=[60.0, np.nan])
    assert rows["distance_m"].tolist() == [90.0, 90.0]


def test_a_field_within_the_distance_of_a_field_is_measured_edge_to_edge():
    rows = near([square(0, 0, 10)], [square(40, 0, 10)], outer=50.0)
    assert rows["distance_m"].tolist() == [30.0]


def test_a_feature_is_not_near_itself():
    sites = layer("mine_sites", [Point(0, 0), Point(50, 0)])
    rows = find([sites], rule("within_distance", object_kind="mine_sites", outer_m=100.0))
    assert rows[["subject_id", "object_id"]].to_numpy().tolist() == [["f0", "f1"], ["f1", "f0"]]


def test_only_water_of_the_rules_classes_counts():
    classes = ["major_river", "stream", None, "unknown"]
    rows = near([Point(500, 50)], [RIVER] * 4, classes=("stream",), feature_class=classes)
    assert rows["object_id"].tolist() == ["f1"]
    rows = near([Point(500, 50)], [RIVER] * 4, classes=("stream", ""), feature_class=classes)
    assert rows["object_id"].tolist() == ["f1", "f2"]


def test_rules_of_several_distances_give_each_its_own_rows():
    layers = [layer("mine_sites", [Point(0, 50), Point(0, 150)]), layer("water", [RIVER])]
    rules = [
        rule("within_distance", rule_id=f"R{b}", object_kind="water", outer_m=b)
        for b in (60.0, 200.0)
    ]
    together = find(layers, *rules)
    assert together["rule_id"].tolist() == ["R60.0", "R200.0", "R200.0"]
    apart = [find(layers, one) for one in rules]
    assert together["conflict_id"].tolist() == [i for rows in apart for i in rows["conflict_id"]]


def test_a_bend_of_one_river_counts_once():
    hairpin = shapely.LineString([(0, 0), (1_000, 0), (1_000, 20), (0, 20)])
    rows = near([Point(500, 12)], [shapely.segmentize(hairpin, 5)])
    assert rows["distance_m"].tolist() == [pytest.approx(8.0)]
