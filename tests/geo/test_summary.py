"""Sums over conflicts: pairs and the ground they lie on, what was not assessed."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from geo.conflicts import not_assessed, overlap_geometries, overlap_geometry, summarise
from geo.errors import GeoError
from geo.intersections import union_area_m2
from tests.geo.conflict_layers import find, layer, rule, square

BIG = square(0, 0, 1_000)
OVERLAP = rule("overlap", subject_kinds=("licences",), object_kind="farmland")
KEYS = [
    "rule",
    "subject",
    "object",
    "subject_layer",
    "object_layer",
    "pairs",
    "subjects",
    "objects",
    "area_ha",
    "union_ha",
    "verdicts",
    "not_assessed",
]


def only(layers, one):
    records = summarise(find(layers, one), layers, [one])
    assert len(records) == 1
    assert json.loads(json.dumps(records)) == records
    assert list(records[0]) == KEYS
    return records[0]


def test_ground_under_two_licences_counts_once_in_the_union():
    fields = layer("farmland", [square(0, 0, 100), square(500, 500, 100)])
    licences = layer("licences", [BIG, square(0, 0, 100), square(-50, 0, 100)])
    record = only([licences, fields], OVERLAP)
    assert (record["pairs"], record["subjects"], record["objects"]) == (4, 3, 2)
    assert record["area_ha"] == pytest.approx(1 + 1 + 0.5 + 1)
    assert record["union_ha"] == pytest.approx(2)
    assert record["verdicts"] == {"inside": 4, "too_close": 0}


def test_licences_of_one_layer_count_every_licence_that_overlaps():
    licences = layer("licences", [square(x, 0, 100) for x in (0, 50, 75, 900)])
    record = only([licences], rule("self_overlap", subject_kinds=("licences",)))
    assert (record["pairs"], record["subjects"], record["objects"]) == (3, 3, 3)
    assert record["area_ha"] == pytest.approx(0.5 + 0.25 + 0.75)
    assert record["union_ha"] == pytest.approx(1.0)
    assert record["subject"] == record["object"] == "licences"
    assert record["subject_layer"] == record["object_layer"]


def test_bare_points_have_no_area_rather_than_none_of_it():
    layers = [layer("mine_sites", [Point(500, 500)]), layer("licences", [BIG])]
    record = only(layers, rule("overlap"))
    assert record["pairs"] == 1
    assert record["area_ha"] is None
    assert record["union_ha"] is None


def test_a_comparison_without_a_pair_is_told_with_nothing():
    layers = [layer("mine_sites", [Point(-500, 500)]), layer("licences", [BIG])]
    record = only(layers, rule("overlap"))
    assert (record["pairs"], record["subjects"], record["objects"]) == (0, 0, 0)
    assert record["verdicts"] == {"inside": 0, "too_close": 0}
    assert record["area_ha"] is None


def test_every_pair_of_layers_has_its_own_record():
    layers = [
        layer("mine_sites", [Point(500, 500)]),
        layer("licences", [BIG], name="2016"),
        layer("licences", [BIG], name="2020"),
    ]
    rules = [rule("overlap"), rule("outside_all")]
    records = summarise(find(layers, *rules), layers, rules)
    assert [(r["rule"], r["object_layer"], r["pairs"]) for r in records] == [
        ("overlap", "test.licences.2016", 1),
        ("overlap", "test.licences.2020", 1),
        ("outside_all", None, 0),
    ]


def test_outside_has_subjects_and_no_objects():
    layers = [layer("mine_sites", [Point(-9, 5), Point(-99, 5)]), layer("licences", [BIG])]
    record = only(layers, rule("outside_all"))
    assert (record["pairs"], record["subjects"], record["objects"]) == (2, 2, 0)
    assert record["object"] == "licences"


def test_verdicts_add_up_to_pairs():
    layers = [
        layer("mine_sites", [Point(500, 500), Point(5, 500)], position_sd_m=[10.0, 10.0]),
        layer("licences", [BIG]),
    ]
    assert only(layers, rule("overlap"))["verdicts"] == {"inside": 1, "too_close": 1}


def test_a_class_nobody_explained_is_counted_not_left_out_in_silence():
    water = layer(
        "water",
        [LineString([(0, 0), (9, 9)])] * 4,
        feature_class=["stream", "lake", None, "unknown"],
    )
    layers = [layer("mine_sites", [Point(0, 0)]), water]
    one = rule("within_distance", object_kind="water", outer_m=9.0, object_classes=("stream",))
    assert only(layers, one)["not_assessed"] == {"water class unknown": 2}
    every = rule("within_distance", object_kind="water", outer_m=9.0)
    assert only(layers, every)["not_assessed"] == {}


def test_holders_that_are_not_stated_are_counted():
    layers = [
        layer("mine_sites", [Point(5, 5)] * 3, holder=["A", None, "unknown"]),
        layer("licences", [BIG, BIG], holder=["B", None]),
    ]
    record = only(layers, rule("other_holder"))
    assert record["pairs"] == 1
    assert record["not_assessed"] == {
        "mine sites holder not stated": 2,
        "licences holder not stated": 1,
    }


def test_features_without_a_geometry_and_lines_are_counted():
    line = LineString([(0, 0), (9, 9)])
    layers = [layer("mine_sites", [None, line, Point(5, 5)]), layer("licences", [BIG])]
    assert only(layers, rule("overlap"))["not_assessed"] == {
        "mine sites without a geometry": 1,
        "mine sites drawn as lines": 1,
    }


def test_a_rule_without_its_layers_is_told_and_has_no_record():
    sites = layer("mine_sites", [Point(0, 0)])
    rules = [
        rule("within_distance", object_kind="water", outer_m=9.0),
        rule("checklist", object_kind=None),
        rule("outside_all"),
        rule("overlap", rule_id="zones", subject_kinds=("roads", "settlements")),
    ]
    layers = [sites, layer("licences", [])]
    assert summarise(find(layers, *rules), layers, rules) == []
    assert not_assessed(layers, rules) == [
        {"rule": "within_distance", "reason": "no layer of kind 'water' is loaded"},
        {"rule": "checklist", "reason": "not a question of place"},
        {
            "rule": "outside_all",
            "reason": "no feature of kind 'licences' is loaded, so nothing can be outside",
        },
        {"rule": "zones", "reason": "no layer of kind 'roads' or 'settlements' is loaded"},
    ]


def test_outside_needs_an_object_of_the_rules_class():
    zones = layer("protected_areas", [BIG], feature_class=["national_park"])
    layers = [layer("mine_sites", [Point(-5, 5)]), zones]
    park, forest = (
        rule("outside_all", rule_id=c, object_kind="protected_areas", object_classes=(c,))
        for c in ("national_park", "forest_reserve")
    )
    assert [r["rule"] for r in not_assessed(layers, [park, forest])] == ["forest_reserve"]


def test_the_ground_two_areas_share_comes_as_polygons():
    common = overlap_geometry(square(0, 0, 100), square(50, 50, 100))
    assert common.equals(square(50, 50, 50))
    comb = shapely.union_all([square(0, 0, 100), shapely.box(100, 0, 200, 10)])
    mixed = overlap_geometry(comb, shapely.union_all([square(100, 0, 50), square(-50, 0, 60)]))
    assert mixed.geom_type == "MultiPolygon"
    assert mixed.area == pytest.approx(600 + 500)
    assert overlap_geometry(square(0, 0, 1), square(1, 0, 1)) is None


def test_the_ground_of_a_conflict_is_on_the_map():
    layers = [
        layer("mine_sites", [Point(500, 500), Point(100, 100)], radius_m=[50.0, np.nan]),
        layer("licences", [BIG]),
    ]
    found = find(layers, rule("overlap"))
    ground = overlap_geometries(found, layers)
    by_id = dict(zip(found["subject_id"], ground, strict=True))
    assert by_id["f0"].area == pytest.approx(np.pi * 2_500)
    assert by_id["f1"] is None
    assert len(overlap_geometries(found.iloc[:0], layers)) == 0


def test_a_conflict_of_other_layers_than_given_is_refused():
    layers = [layer("mine_sites", [square(5, 5, 5)]), layer("licences", [BIG])]
    found = find(layers, rule("overlap"))
    with pytest.raises(GeoError, match=r"Layer 'test\.licences\.a' of a conflict is not among"):
        overlap_geometries(found, layers[:1])
    other = layer("licences", [BIG], feature_id=["new"])
    with pytest.raises(GeoError, match="has no feature 'f0'"):
        overlap_geometries(found, [layers[0], other])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 25))
def test_the_union_of_pieces_is_that_of_one_big_union(seed, count):
    rng = np.random.default_rng(seed)
    x, y, w, h = rng.uniform((0, 0, 5, 5), (300, 300, 80, 80), (count, 4)).T
    pieces = np.atleast_1d(shapely.box(x, y, x + w, y + h))
    # neighbours that touch, and pieces that come twice
    pieces = np.concatenate([pieces, pieces[: count // 4], shapely.box(x + w, y, x + 2 * w, y + h)])
    assert union_area_m2(pieces) == pytest.approx(shapely.union_all(pieces).area, rel=1e-9)
