"""Conflicts with raster classes: worked out in the head, properties, then the vector engine."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.conflicts import COLUMNS, LayerFrame, find_conflicts
from geo.cover_measure import _Flat
from geo.errors import CrsError, GeoError
from geo.landcover import (
    CoverResult,
    RasterLayer,
    assess_cover,
    find_cover_conflicts,
    union_hectares,
)
from geo.rules import Rule
from tests.geo.conflict_layers import CRS, layer, rule
from tests.geo.rasters import NORTH, PIXEL, WEST, raster

TABLE = {1: "cropland", 2: "water", 3: "forest", 4: "tree_crops", 5: "wetland"}
COUNTS_AS = {
    "cropland": "farmland/cropland",
    "tree_crops": "farmland/tree_crops",
    "water": "water",
    "wetland": "water/wetland",
}
ON_FARMLAND = rule("overlap", object_kind="farmland", object_classes=("cropland", "tree_crops", ""))
LICENCE_ON_FARMLAND = rule("overlap", object_kind="farmland", subject_kinds=("licences",))
NEAR_WATER = rule("within_distance", object_kind="water", outer_m=60.0, inner_m=30.0)

# a field of 10 by 10 pixels in the middle of 30 by 30 pixels of forest
FIELD = np.full((30, 30), 3)
FIELD[10:20, 10:20] = 1


def at(x: float, y: float) -> tuple[float, float]:
    """Metres from the raster's north-west corner, y running south."""
    return WEST + x, NORTH - y


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    return shapely.box(WEST + x0, NORTH - y1, WEST + x1, NORTH - y0)


def assess(
    values: Any,
    subjects: Sequence[LayerFrame],
    *rules: Rule,
    sd_m: float | None = 0.0,
    table: Any = None,
    counts_as: Any = None,
) -> CoverResult:
    with raster(values) as dataset:
        one = RasterLayer(
            layer_id="test.landcover.a",
            dataset=dataset,
            classes=table or TABLE,
            counts_as=counts_as or COUNTS_AS,
            position_sd_m=sd_m,
        )
        return assess_cover(subjects, [one], rules, measuring_crs=CRS)


def sites(shapes: Any, **columns: Any) -> LayerFrame:
    return layer("mine_sites", shapes, **columns)


def points(*places: tuple[float, float], **columns: Any) -> LayerFrame:
    return sites([shapely.Point(at(*place)) for place in places], **columns)


def verdicts(found: CoverResult) -> dict[str, str]:
    rows = found.conflicts
    return dict(zip(rows["subject_id"], rows["verdict"], strict=True))


# --- overlap: points --------------------------------------------------------------------------


def test_a_point_on_a_field_is_inside_and_one_in_the_forest_is_no_row() -> None:
    found = assess(FIELD, [points((150, 150), (50, 50))], ON_FARMLAND)
    row = found.conflicts.iloc[0]
    assert verdicts(found) == {"f0": "inside"}
    assert (row["object_layer"], row["object_id"]) == ("test.landcover.a", "cropland")
    assert (row["object_kind"], row["distance_m"]) == ("landcover", 0)
    assert np.isnan(row["area_ha"])


def test_a_point_whose_error_reaches_over_the_edge_is_too_close_on_either_side() -> None:
    # 1.64 s = 16.4 m; the field's west edge is at 100 m
    places = points((80, 150), (90, 150), (110, 150), (120, 150), position_sd_m=[10.0] * 4)
    found = assess(FIELD, [places], ON_FARMLAND)
    assert verdicts(found) == {"f1": "too_close", "f2": "too_close", "f3": "inside"}
    assert found.conflicts["distance_m"].tolist() == pytest.approx([10, 0, 0], abs=0.01)


def test_the_corner_of_a_pixel_is_measured_by_its_true_distance() -> None:
    found = assess(FIELD, [points((97, 96), position_sd_m=[4.0])], ON_FARMLAND)
    assert found.conflicts["distance_m"].tolist() == pytest.approx([5], abs=0.005)


def test_the_standard_error_of_a_pixel_edge_is_its_side_over_root_twelve_unless_stated() -> None:
    found = assess(FIELD, [points((150, 150), position_sd_m=[4.0])], ON_FARMLAND, sd_m=None)
    assert found.conflicts["sd_m"][0] == pytest.approx(np.hypot(4, 10 / np.sqrt(12)), rel=1e-3)


def test_nodata_within_the_error_of_a_point_leaves_it_too_close() -> None:
    values = FIELD.copy()
    values[15, 16] = 0
    found = assess(values, [points((155, 155), position_sd_m=[10.0])], ON_FARMLAND)
    assert verdicts(found) == {"f0": "too_close"}


def test_the_edge_of_the_raster_ends_a_field() -> None:
    found = assess(
        np.ones((20, 20)), [points((10, 100), (20, 100), position_sd_m=[10.0] * 2)], ON_FARMLAND
    )
    assert verdicts(found) == {"f0": "too_close", "f1": "inside"}


# --- overlap: areas ---------------------------------------------------------------------------


def test_an_area_has_the_exact_hectares_of_the_class_and_its_share() -> None:
    found = assess(FIELD, [sites([box(75, 105, 125, 125)])], ON_FARMLAND).conflicts.iloc[0]
    assert found["verdict"] == "inside"
    assert found["area_ha"] == pytest.approx(0.05, rel=1e-3)
    assert found["share"] == pytest.approx(0.5, rel=1e-3)


def test_an_area_that_only_touches_a_class_is_no_conflict() -> None:
    assert assess(FIELD, [sites([box(50, 100, 100, 200)])], ON_FARMLAND).conflicts.empty


def test_an_area_that_only_its_error_brings_to_a_class_is_too_close_with_no_hectares() -> None:
    one = sites([box(50, 100, 90, 200)], position_sd_m=[10.0])
    found = assess(FIELD, [one], ON_FARMLAND).conflicts.iloc[0]
    assert (found["verdict"], found["area_ha"], found["share"]) == ("too_close", 0, 0)
    assert found["distance_m"] == pytest.approx(10, abs=0.01)


def test_an_area_that_holds_a_class_deeper_than_its_error_is_inside() -> None:
    shallow, deep = box(40, 100, 115, 200), box(40, 100, 120, 200)
    found = assess(FIELD, [sites([shallow, deep], position_sd_m=[10.0] * 2)], ON_FARMLAND)
    assert verdicts(found) == {"f0": "too_close", "f1": "inside"}


def test_a_small_pit_deep_in_a_field_is_inside_though_its_error_is_larger_than_itself() -> None:
    pit, edge = shapely.Point(at(150, 150)).buffer(5), shapely.Point(at(106, 150)).buffer(5)
    disc = shapely.Point(at(150, 150))
    subjects = sites([pit, edge, disc], position_sd_m=[10.0] * 3, radius_m=[None, None, 5.0])
    found = assess(FIELD, [subjects], ON_FARMLAND)
    assert verdicts(found) == {"f0": "inside", "f1": "too_close", "f2": "inside"}


def test_a_point_with_a_radius_counts_as_a_disc() -> None:
    one = points((100, 150), radius_m=[20.0])
    found = assess(FIELD, [one], ON_FARMLAND).conflicts.iloc[0]
    assert found["area_ha"] == pytest.approx(np.pi * 400 / 2 / 10_000, rel=2e-3)
    assert found["share"] == pytest.approx(0.5, rel=2e-3)


# --- within a distance ------------------------------------------------------------------------

LAKE = np.where(FIELD == 1, 2, 3)


def test_distances_have_an_inner_and_an_outer_line() -> None:
    subjects = points((80, 150), (60, 150), (39, 150))
    found = assess(LAKE, [subjects], NEAR_WATER).conflicts
    assert found["line"].tolist() == ["inner", "outer"]
    assert found["distance_m"].tolist() == pytest.approx([20, 40], abs=0.02)
    assert found["area_ha"].isna().all()


def test_the_error_makes_a_site_near_the_line_too_close() -> None:
    subjects = points((60, 150), (50, 150), (30, 150), (20, 150), position_sd_m=[10.0] * 4)
    found = assess(LAKE, [subjects], NEAR_WATER)
    # 40 m + 16.4 m < 60 m; 50 m; 70 m - 16.4 m; 80 m - 16.4 m > 60 m
    assert verdicts(found) == {"f0": "inside", "f1": "too_close", "f2": "too_close"}
    assert found.conflicts["line"].tolist()[0] == "outer"


def test_a_radius_is_taken_off_the_distance() -> None:
    found = assess(LAKE, [points((30, 150), radius_m=[25.0])], NEAR_WATER).conflicts
    assert found["distance_m"].tolist() == pytest.approx([45], abs=0.02)


def test_an_area_is_measured_from_its_edge() -> None:
    found = assess(LAKE, [sites([box(10, 140, 60, 160)])], NEAR_WATER).conflicts
    assert found["distance_m"].tolist() == pytest.approx([40], abs=0.02)


def test_a_detection_in_the_lake_is_inside_only_where_its_error_cannot_bring_it_out() -> None:
    # 1.64 s = 73.8 m is more than the line: 13.8 m deep it has to stand, the lake is 50 m deep
    subjects = points((150, 150), (105, 150), position_sd_m=[45.0] * 2)
    narrow = assess(LAKE, [subjects], rule("within_distance", object_kind="water", outer_m=60.0))
    assert verdicts(narrow) == {"f0": "inside", "f1": "too_close"}


# --- which rule means which class -------------------------------------------------------------


def test_a_class_that_counts_as_nothing_makes_no_conflict() -> None:
    assert assess(np.full((9, 9), 3), [points((45, 45))], ON_FARMLAND, NEAR_WATER).conflicts.empty


def test_a_rule_that_names_classes_leaves_out_a_class_of_unknown_class() -> None:
    wetland = rule("within_distance", object_kind="water", object_classes=("wetland",), outer_m=5.0)
    lake, marsh = np.full((9, 9), 2), np.full((9, 9), 5)
    site = points((45, 45))
    assert assess(lake, [site], wetland).conflicts.empty
    assert assess(marsh, [site], wetland).conflicts["object_id"].tolist() == ["wetland"]
    any_water = rule("within_distance", object_kind="water", outer_m=5.0)
    assert assess(lake, [site], any_water).conflicts["object_id"].tolist() == ["water"]


def test_each_class_is_a_row_of_its_own() -> None:
    values = np.full((10, 10), 1)
    values[:, 5:] = 4
    found = assess(values, [sites([box(20, 20, 80, 80)])], ON_FARMLAND).conflicts
    assert found["object_id"].tolist() == ["cropland", "tree_crops"]
    assert found["area_ha"].tolist() == pytest.approx([0.18, 0.18], rel=1e-3)


def test_a_rule_about_some_kinds_of_sites_leaves_out_the_others() -> None:
    subjects = points((150, 150), (150, 150), feature_class=["alluvial", None])
    some = rule("overlap", object_kind="farmland", subject_classes=("alluvial",))
    assert verdicts(assess(FIELD, [subjects], some)) == {"f0": "inside"}


def test_a_raster_without_tree_crops_says_so() -> None:
    told = assess(FIELD, [], ON_FARMLAND, table={1: "cropland", 3: "forest"}).caveats
    assert told == {
        "test.landcover.a": ["This raster tells no tree crops: they may hide in forest."]
    }
    assert assess(FIELD, [], ON_FARMLAND).caveats == {"test.landcover.a": []}


# --- ground nobody classified is not farmland-free ---------------------------------------------


def test_subjects_without_data_are_counted_as_not_assessed_not_as_free() -> None:
    values = FIELD.copy()
    values[:5, :] = 0
    subjects = points(
        (100, 20), (900, 900), (150, 150), (100, 45), (150, 250), position_sd_m=[4.0] * 5
    )
    record = assess(values, [subjects], ON_FARMLAND).summary[0]
    assert record["not_assessed"] == {
        "mine sites where the land cover has no data": 2,
        "mine sites beside ground without land-cover data": 1,
    }
    assert record["pairs"] == 1


def test_a_value_that_is_not_in_the_table_is_not_assessed_either() -> None:
    record = assess(np.full((9, 9), 9), [points((45, 45))], ON_FARMLAND).summary[0]
    assert record["not_assessed"] == {"mine sites where the land cover has no data": 1}


# --- totals -----------------------------------------------------------------------------------


def test_ground_under_two_licences_counts_once_in_the_union() -> None:
    both = layer(
        "licences", [box(100, 100, 160, 200), box(140, 100, 200, 200), box(100, 100, 160, 200)]
    )
    with raster(FIELD) as dataset:
        one = RasterLayer(
            layer_id="r", dataset=dataset, classes=TABLE, counts_as=COUNTS_AS, position_sd_m=0.0
        )
        found = assess_cover([both], [one], [LICENCE_ON_FARMLAND], measuring_crs=CRS)
        union = union_hectares(found.conflicts, [both], [one], measuring_crs=CRS)
    assert found.summary[0]["area_ha"] == pytest.approx(1.8, rel=1e-3)
    assert found.summary[0]["union_ha"] == pytest.approx(1.0, rel=1e-3)
    assert union["union_ha"].tolist() == pytest.approx([1.0], rel=1e-3)


# --- the table --------------------------------------------------------------------------------


def test_the_columns_and_types_are_those_of_the_conflict_engine() -> None:
    wanted = {name: str(pd.Series(dtype=dtype).dtype) for name, dtype in COLUMNS.items()}
    for subjects in (points((150, 150)), points((50, 50))):
        found = assess(FIELD, [subjects], ON_FARMLAND).conflicts
        assert {name: str(dtype) for name, dtype in found.dtypes.items()} == wanted


def test_ids_are_made_as_the_conflict_engine_makes_them() -> None:
    site = points((150, 150))
    field = layer("farmland", [box(0, 0, 300, 300)], feature_id=["cropland"])
    field = LayerFrame(layer_id="test.landcover.a", kind="farmland", features=field.features)
    ours = assess(FIELD, [site], ON_FARMLAND).conflicts
    theirs = find_conflicts([site, field], [ON_FARMLAND], measuring_crs=CRS)
    assert ours["conflict_id"].tolist() == theirs["conflict_id"].tolist()


def test_rows_stand_by_rule_then_layer_then_feature_then_class() -> None:
    values = np.full((10, 10), 1)
    values[:, 5:] = 4
    values[0, 0] = 2
    shapes = [box(20, 20, 80, 80), box(5, 5, 95, 95)]
    subjects = [sites(shapes, feature_id=["z", "a"], name="b"), sites(shapes, name="a")]
    found = assess(values, subjects, NEAR_WATER, ON_FARMLAND).conflicts
    keys = ["rule_id", "subject_layer", "subject_id", "object_id"]
    rows = found[keys].to_numpy().tolist()
    assert rows == sorted(rows, key=lambda row: (row[0] != "within_distance", *row[1:]))
    assert len(rows) == 4 + 8


def test_a_raster_given_twice_and_a_layer_in_degrees_are_refused() -> None:
    with raster(FIELD) as dataset:
        one = RasterLayer(layer_id="r", dataset=dataset, classes=TABLE, counts_as=COUNTS_AS)
        with pytest.raises(GeoError, match="'r' is given twice"):
            find_cover_conflicts([], [one, one], [ON_FARMLAND], measuring_crs=CRS)
        wrong = layer("mine_sites", [shapely.Point(-2, 5)], crs="EPSG:4326")
        with pytest.raises(CrsError, match="measured in degrees"):
            find_cover_conflicts([wrong], [one], [ON_FARMLAND], measuring_crs=CRS)


# --- properties -------------------------------------------------------------------------------

seeds = st.integers(0, 2**32 - 1)
RULES = (ON_FARMLAND, NEAR_WATER)


def landscape(seed: int) -> tuple[Any, LayerFrame]:
    """A blocky raster, and sites as points, discs and stars with errors of many sizes."""
    rng = np.random.default_rng(seed)
    values = np.kron(rng.integers(0, 6, (6, 6)), np.ones((4, 4), dtype=int))
    shapes, radius = [], []
    for n, (x, y) in enumerate(rng.uniform(-10, 250, (9, 2))):
        shapes.append(shapely.Point(at(x, y)))
        radius.append(rng.uniform(2, 40) if n % 3 == 1 else np.nan)
        if n % 3 == 2:
            angle = np.sort(rng.uniform(0, 2 * np.pi, 8))
            far = rng.uniform(4, 70, 8)
            star = shapely.Polygon(
                np.column_stack([x + far * np.cos(angle), y + far * np.sin(angle)]) * (1, -1)
                + (WEST, NORTH)
            )
            shapes[-1] = star if star.is_valid else star.convex_hull
    sd_m = rng.choice([0.0, 3.0, 12.0, 40.0], 9)
    return values, sites(shapes, radius_m=radius, position_sd_m=sd_m)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_a_subject_has_the_same_rows_to_the_bit_whatever_other_subjects_are_given(
    seed: int,
) -> None:
    values, every = landscape(seed)
    together = assess(values, [every], *RULES, sd_m=None).conflicts
    for part in (every.features.iloc[[4]], every.features.iloc[[2, 8, 5]]):
        some = LayerFrame(layer_id=every.layer_id, kind=every.kind, features=part)
        alone = assess(values, [some], *RULES, sd_m=None).conflicts
        wanted = together[together["subject_id"].isin(part["feature_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, wanted, check_exact=True)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_verdicts_are_those_of_the_vector_engine_on_one_object_a_class(seed: int) -> None:
    """With the class's pixels as one multipolygon, the two engines must agree.

    Areas that cross an edge may differ within their error: mean width there, depth here.
    """
    values, every = landscape(seed)
    values = np.where(values == 0, 3, values)
    ours = assess(values, [every], *RULES).conflicts
    row, column = (part.ravel() for part in np.indices(values.shape))
    x, y = WEST + column * PIXEL, NORTH - row * PIXEL
    squares = shapely.box(x, y - PIXEL, x + PIXEL, y)
    objects = []
    for value, kind, name in (
        (1, "farmland", "cropland"),
        (4, "farmland", "tree_crops"),
        (2, "water", "water"),
        (5, "water", "wetland"),
    ):
        ground = shapely.union_all(squares[values.ravel() == value])
        known = {"feature_id": [name], "feature_class": [name]}
        if not ground.is_empty:
            objects.append(layer(kind, [ground], name=name, **known))
    theirs = find_conflicts([every, *objects], RULES, measuring_crs=CRS)
    keys = ["rule_id", "subject_id", "object_id"]
    both = ours.merge(theirs, on=keys, how="outer", suffixes=("", "_v"), indicator=True)
    # the raster's edge ends a class here, an object goes no further there: sites at the rim differ
    rim = box(45, 45, 195, 195)
    inner = every.features.loc[every.features.geometry.within(rim), "feature_id"]
    both = both[both["subject_id"].isin(inner)]
    assert (both["_merge"] == "both").all(), both
    areas = both["area_ha"].notna()
    assert both["area_ha"][areas].to_numpy() == pytest.approx(
        both["area_ha_v"][areas].to_numpy(), rel=2e-3, abs=1e-6
    )
    assert both["distance_m"].to_numpy() == pytest.approx(both["distance_m_v"].to_numpy(), abs=0.06)
    crossing = both["area_ha"].gt(0) | both["distance_m"].eq(0)
    same = both["verdict"] == both["verdict_v"]
    assert same[~crossing].all(), both[~crossing & ~same]
    lines = both["line"].fillna("") == both["line_v"].fillna("")
    assert lines[~crossing].all()


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_a_wider_line_never_finds_less(seed: int) -> None:
    values, every = landscape(seed)
    known = {"object_kind": "water", "rule_id": "w"}
    narrow, wide = (
        assess(values, [every], rule("within_distance", outer_m=b, **known)).conflicts
        for b in (20.0, 45.0)
    )
    pairs = [set(zip(f["subject_id"], f["object_id"], strict=True)) for f in (narrow, wide)]
    assert pairs[0] <= pairs[1]
    sure = [set(f.loc[f["verdict"] == "inside", "conflict_id"]) for f in (narrow, wide)]
    assert sure[0] <= sure[1]


@pytest.mark.parametrize(
    ("crs", "pixel"), [(CRS, 10.0), ("EPSG:4326", (0.0001, 0.00007)), ("EPSG:4168", 0.0001)]
)
def test_pixels_left_out_beforehand_are_never_the_nearest(
    crs: str, pixel: float | tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way to each class is the same, bit for bit, as when every pixel around is measured."""
    rng = np.random.default_rng(11)
    values = rng.choice([0, 1, 2, 3, 4, 5], (90, 90), p=[0.1, 0.02, 0.02, 0.82, 0.02, 0.02])
    west, north = (WEST, NORTH) if crs == CRS else (-2.1, 5.3)
    places = rng.uniform(0.05, 0.95, (40, 2))
    with raster(values, crs=crs, west=west, north=north, pixel=pixel) as dataset:
        left, bottom, right, top = dataset.bounds
        xy = places * (right - left, top - bottom) + (left, bottom)
        move = pyproj.Transformer.from_crs(crs, CRS, always_xy=True).transform
        spots = sites(
            shapely.points(np.column_stack(move(*xy.T))), radius_m=rng.choice([0, 25], 40)
        )
        one = RasterLayer(
            layer_id="test.landcover.a", dataset=dataset, classes=TABLE, counts_as=COUNTS_AS
        )
        few = find_cover_conflicts([spots], [one], [NEAR_WATER, ON_FARMLAND], measuring_crs=CRS)
        monkeypatch.setattr(
            _Flat, "may_be_nearest", lambda self, cells, codes: np.ones(len(cells.zone), dtype=bool)
        )
        every = find_cover_conflicts([spots], [one], [NEAR_WATER, ON_FARMLAND], measuring_crs=CRS)
    assert len(every) > 20
    pd.testing.assert_frame_equal(few, every, check_exact=True)
