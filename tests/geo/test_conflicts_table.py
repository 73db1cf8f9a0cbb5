"""What the table of conflicts promises: CRS, classes, holders, order, ids, empty input."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, Polygon

from geo.conflicts import COLUMNS, find_conflicts
from geo.errors import CrsError, GeoError
from geo.holders import holder_names, holders_differ
from geo.measure import to_measuring_crs
from tests.geo.conflict_layers import CRS, find, layer, rule, square

BIG = square(0, 0, 1_000)
INSIDE = Point(500, 500)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("EPSG:4326", "EPSG:4326, measured in degrees"),
        ("EPSG:3857", "Web Mercator"),
        ("EPSG:2136", "Gold Coast foot"),
        ("EPSG:2264", "US survey foot"),
        (None, "has no CRS"),
        ("EPSG:32631", "EPSG:32631, but is to be measured in EPSG:32630"),
    ],
)
def test_a_layer_that_cannot_be_measured_is_refused(crs, words):
    layers = [layer("mine_sites", [INSIDE], crs=crs), layer("licences", [BIG])]
    with pytest.raises(CrsError, match=words):
        find(layers, rule("overlap"))


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:2136"])
def test_a_measuring_crs_unfit_for_measuring_is_refused(crs):
    layers = [layer("mine_sites", [INSIDE], crs=crs)]
    with pytest.raises(CrsError, match="is in"):
        find_conflicts(layers, [rule("overlap")], measuring_crs=crs)


def test_the_layer_is_named_when_it_is_refused():
    with pytest.raises(CrsError, match=r"Layer 'test\.mine_sites\.a' is in EPSG:4326"):
        find([layer("mine_sites", [INSIDE], crs="EPSG:4326")], rule("overlap"))


def test_an_id_that_comes_twice_is_refused():
    layers = [layer("mine_sites", [INSIDE, INSIDE], feature_id=["a", "a"])]
    with pytest.raises(GeoError, match="feature_id 'a' twice"):
        find(layers, rule("overlap"))


def test_an_id_that_is_missing_is_refused():
    with pytest.raises(GeoError, match="1 features without a feature_id"):
        find([layer("mine_sites", [INSIDE], feature_id=[None])], rule("overlap"))


def test_a_layer_given_twice_is_refused():
    with pytest.raises(GeoError, match="given twice"):
        find([layer("mine_sites", [INSIDE])] * 2, rule("overlap"))


def test_a_bow_tie_is_refused_rather_than_measured_as_nothing():
    bow_tie = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    with pytest.raises(GeoError, match=r"1 invalid geometries, 'f0' the first \(Self-inter"):
        find([layer("licences", [bow_tie])], rule("overlap"))


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [layer("mine_sites", []), layer("licences", [])],
        [layer("mine_sites", [INSIDE]), layer("licences", [])],
        [layer("mine_sites", []), layer("licences", [BIG])],
    ],
)
@pytest.mark.parametrize("relation", ["overlap", "outside_all", "other_holder", "self_overlap"])
def test_nothing_in_gives_an_empty_table_with_all_columns(layers, relation):
    rows = find(layers, rule(relation))
    assert rows.empty
    assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == COLUMNS


def test_a_full_table_has_the_same_types():
    rows = find([layer("mine_sites", [INSIDE]), layer("licences", [BIG])], rule("overlap"))
    assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == COLUMNS


def test_a_checklist_is_never_measured():
    layers = [layer("mine_sites", [INSIDE]), layer("licences", [BIG])]
    assert find(layers, rule("checklist", object_kind=None)).empty


def test_rows_stand_by_rule_then_layer_then_feature():
    layers = [
        layer("licences", [BIG], name="z"),
        layer("licences", [BIG], name="b"),
        layer("mine_sites", [INSIDE, INSIDE, INSIDE], feature_id=["10", "9", "1"]),
    ]
    rows = find(layers, rule("overlap", rule_id="second"), rule("overlap", rule_id="first"))
    assert rows["rule_id"].tolist() == ["second"] * 6 + ["first"] * 6
    assert rows["object_layer"].tolist()[:6] == ["test.licences.b"] * 3 + ["test.licences.z"] * 3
    assert rows["subject_id"].tolist()[:3] == ["1", "10", "9"]


def test_a_conflict_keeps_its_id_when_shapes_and_neighbours_change():
    licences = layer("licences", [BIG], feature_id=["L"])
    first = find([layer("mine_sites", [INSIDE], feature_id=["s"]), licences], rule("overlap"))
    more = layer("mine_sites", [Point(3, 3), Point(400, 400)], feature_id=["a", "s"])
    later = find([more, licences], rule("overlap"))
    assert later.set_index("subject_id").loc["s", "conflict_id"] == first["conflict_id"][0]
    assert later["conflict_id"].is_unique
    assert later["conflict_id"].str.fullmatch("[0-9a-f]{16}").all()


def test_the_id_of_a_conflict_is_what_it_has_always_been():
    # cases hang on these ids: they must never change
    layers = [
        layer("mine_sites", [INSIDE], feature_id=["s"]),
        layer("licences", [BIG], feature_id=["L"]),
    ]
    assert find(layers, rule("overlap"))["conflict_id"].tolist() == ["a066800d29ebb9d4"]


def test_an_id_with_a_separator_in_it_cannot_be_taken_for_another():
    layers = [
        layer("mine_sites", [INSIDE, INSIDE], feature_id=["a", "a b"]),
        layer("licences", [BIG, BIG], feature_id=["c", "b c"]),
    ]
    assert find(layers, rule("overlap"))["conflict_id"].is_unique


def test_input_is_left_as_it_was():
    sites = layer("mine_sites", [INSIDE, INSIDE], feature_id=["b", "a"])
    before = sites.features.copy()
    find([sites, layer("licences", [BIG])], rule("overlap"))
    pd.testing.assert_frame_equal(pd.DataFrame(sites.features), pd.DataFrame(before))


def test_progress_ends_with_all_tasks_done():
    told = []
    layers = [layer("mine_sites", [INSIDE]), layer("licences", [BIG])]
    find(layers, rule("overlap"), progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0


def test_only_subjects_of_the_rules_classes_count():
    licences = layer(
        "licences",
        [BIG, BIG, BIG],
        feature_class=["small_scale", "mining_lease", None],
    )
    limit = rule(
        "area_limit",
        subject_kinds=("licences",),
        subject_classes=("small_scale",),
        object_kind=None,
        max_area_ha=1.0,
    )
    assert find([licences], limit)["subject_id"].tolist() == ["f0"]


def test_a_missing_class_column_is_a_null_class():
    layers = [layer("mine_sites", [INSIDE]), layer("farmland", [BIG])]
    known = {"object_kind": "farmland"}
    assert len(find(layers, rule("overlap", object_classes=("cropland", ""), **known))) == 1
    assert find(layers, rule("overlap", object_classes=("cropland",), **known)).empty


@pytest.mark.parametrize(
    ("own", "other", "differs"),
    [
        ("Gold Fields Ghana Ltd", "AngloGold", True),
        ("Gold Fields Ghana Ltd.", "GOLDFIELDS GHANA LIMITED", False),
        ("Société Minière de Kilo S.A.R.L.", "societe miniere de kilo", False),
        ("SOKIMO (100%)", "Sokimo", False),
        ("A Mining (70%); B Mining (30%)", "B mining", False),
        ("A Mining (70%); B Mining (30%)", "C Mining", True),
        ("Company Ltd", "Company Ltd", False),
        ("Золото", "Медь", True),
        (None, "Sokimo", False),
        ("Sokimo", None, False),
        ("unknown", "Sokimo", False),
        ("  ", "Sokimo", False),
        (np.nan, None, False),
    ],
)
def test_holders_differ_only_when_both_are_stated_and_no_spelling_agrees(own, other, differs):
    layers = [layer("mine_sites", [INSIDE], holder=[own]), layer("licences", [BIG], holder=[other])]
    assert len(find(layers, rule("other_holder"))) == differs


def test_a_legal_form_alone_is_still_a_name():
    assert holder_names("Limited") == {"limited"}
    assert not holders_differ(np.empty(0, object), np.empty(0, object)).any()


def test_neighbours_that_share_an_edge_still_do_after_the_move_to_the_measuring_crs():
    # the edge of 1 degree bows by metres, and only the left side has a corner in its middle
    left = Polygon([(29, 1), (29.5, 1), (30, 1), (30, 2), (29, 2)])
    right = Polygon([(29, 1), (29, 0.5), (30, 0.5), (30, 1)])
    frame = gpd.GeoDataFrame({"feature_id": ["l", "r"]}, geometry=[left, right], crs="EPSG:4326")
    metric = "+proj=laea +lat_0=2 +lon_0=29.4 +datum=WGS84 +units=m +no_defs"
    plain = frame.to_crs(metric)
    assert plain.geometry.iloc[0].intersection(plain.geometry.iloc[1]).area > 1_000
    moved = to_measuring_crs(frame, measuring_crs=metric)
    both = [
        layer("licences", moved.geometry, crs=metric, feature_id=["l", "r"]),
    ]
    own = rule("self_overlap", subject_kinds=("licences",))
    assert find_conflicts(both, [own], measuring_crs=metric).empty
    assert moved.area.sum() == pytest.approx(plain.area.sum(), rel=1e-3)


def test_short_edges_points_and_lines_move_as_they_are():
    shapes = [Point(29, 1), Point(29, 1).buffer(0.0001), Polygon(), None]
    frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))
    moved = to_measuring_crs(frame, measuring_crs="EPSG:32635")
    assert moved.geometry.geom_equals(frame.to_crs("EPSG:32635").geometry).tolist()[:2] == [
        True,
        True,
    ]
    with pytest.raises(CrsError, match="no CRS"):
        to_measuring_crs(frame.set_crs(None, allow_override=True), measuring_crs=CRS)
    with pytest.raises(CrsError, match="degrees"):
        to_measuring_crs(frame, measuring_crs="EPSG:4326")
