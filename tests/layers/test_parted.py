"""A run in parts is the run in memory, bit for bit; an update is a full run, bit for bit."""

from dataclasses import replace
from pathlib import Path

import fsspec
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from bench.landscape import CRS
from geo import parts
from geo.comparisons import comparisons
from geo.conflicts import LayerFrame, find_conflicts
from geo.parts import find_in_parts, on_threads
from geo.updates import update_conflicts
from layers.parted import PartFile, change_of, write_parts
from tests.geo.conflict_layers import layer, rule, square
from tests.layers.parted_world import altered, country, frames, rules, work, written

RUN = on_threads(2)


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small parts, so that borders are everywhere."""
    monkeypatch.setattr(parts, "PART_FEATURES", 40)
    monkeypatch.setattr(parts, "PART_VERTICES", 4_000)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_cut_into_parts_gives_the_table_of_a_run_in_memory(
    tmp_path: Path, small_parts: None, seed: int
) -> None:
    layers = country(seed=seed)
    expected = find_conflicts(frames(layers), rules(), measuring_crs=CRS)
    files = written(layers, tmp_path)
    assert len(files["t.farmland"].parts) > 30
    found = find_in_parts(files, work(layers), run=RUN)
    assert {"outside_all", "self_overlap", "within_distance"} <= set(found["relation"])
    same(found, expected)


def test_a_lone_site_far_from_every_licence_still_finds_the_nearest(tmp_path: Path) -> None:
    layers = country()
    sites = layers["mine_sites"]
    sites.loc[0, "geometry"] = shapely.Point(900_000, 1_400_000)
    layers["mine_sites"] = sites
    same(
        find_in_parts(written(layers, tmp_path), work(layers), run=RUN),
        find_conflicts(frames(layers), rules(), measuring_crs=CRS),
    )


@pytest.mark.parametrize(
    "kind", ["mine_sites", "licences", "farmland", "water", "protected_areas", "artisanal_zones"]
)
def test_an_update_after_a_layer_changed_is_a_full_run(
    tmp_path: Path, small_parts: None, kind: str
) -> None:
    layers = country(seed=11)
    files = written(layers, tmp_path / "old")
    before = find_in_parts(files, work(layers), run=RUN)
    layers[kind] = altered(layers[kind], seed=5)
    now = written(layers, tmp_path / "new")
    change = change_of(files[f"t.{kind}"], now[f"t.{kind}"])
    assert len(change.gone)
    assert len(change.come)
    updated = update_conflicts(before, now, work(layers), {f"t.{kind}": change}, run=RUN)
    expected = find_in_parts(now, work(layers), run=RUN)
    assert not expected.equals(before)
    same(updated, expected)


def test_an_update_after_several_layers_changed_is_a_full_run(tmp_path: Path) -> None:
    layers = country(seed=12)
    files = written(layers, tmp_path / "old")
    before = find_in_parts(files, work(layers), run=RUN)
    for kind in ("mine_sites", "licences", "water"):
        layers[kind] = altered(layers[kind], seed=6)
    now = written(layers, tmp_path / "new")
    changes = {name: change_of(files[name], now[name]) for name in files}
    assert changes["t.farmland"].is_empty
    same(
        update_conflicts(before, now, work(layers), changes, run=RUN),
        find_in_parts(now, work(layers), run=RUN),
    )


@pytest.mark.parametrize("back", [False, True])
def test_the_first_and_the_last_licence_of_a_country_change_what_is_asked_at_all(
    tmp_path: Path, back: bool
) -> None:
    some, none = country(seed=9), country(seed=9)
    none["licences"] = none["licences"].iloc[:0]
    old, new = (some, none) if back else (none, some)
    files, now = written(old, tmp_path / "old"), written(new, tmp_path / "new")
    changes = {name: change_of(files[name], now[name]) for name in files}
    same(
        update_conflicts(
            find_in_parts(files, work(old), run=RUN), now, work(new), changes, run=RUN
        ),
        find_in_parts(now, work(new), run=RUN),
    )


@pytest.mark.parametrize("order", [1, -1])
def test_rules_that_look_at_different_waters_each_see_as_far_as_they_must(
    tmp_path: Path, order: int
) -> None:
    layers = [
        layer("mine_sites", [shapely.Point(0, 0)]),
        layer(
            "water",
            [square(150, 0, 10), square(20, 0, 1)],
            feature_class=["lake", "stream"],
        ),
    ]
    wide = rule(
        "within_distance",
        rule_id="wide",
        object_kind="water",
        object_classes=("lake",),
        outer_m=200.0,
    )
    narrow = replace(wide, rule_id="narrow", object_classes=("stream",), outer_m=30.0)
    asked = [wide, narrow][::order]
    files = {}
    for one in layers:
        path = tmp_path / f"{one.layer_id}.parquet"
        path.write_bytes(write_parts(one, measuring_crs=CRS))
        files[one.layer_id] = PartFile(str(path))
    found = find_in_parts(files, comparisons(layers, asked), run=RUN)
    assert sorted(found["rule_id"]) == ["narrow", "wide"]
    same(found, find_conflicts(layers, asked, measuring_crs=CRS))


def test_a_feature_is_the_same_only_where_geometry_and_attributes_are(tmp_path: Path) -> None:
    def file(name: str, **columns: object) -> PartFile:
        told = {"feature_id": ["a", "b", "c"], "holder": ["X", None, "Z"]} | columns
        shapes = told.pop("geometry", shapely.points([[0, 0], [1, 1], [2, 2]]))
        frame = gpd.GeoDataFrame(told, geometry=shapes, crs=CRS)
        made = LayerFrame(layer_id="t.mine_sites", kind="mine_sites", features=frame)
        (tmp_path / name).write_bytes(write_parts(made, measuring_crs=CRS))
        return PartFile(str(tmp_path / name))

    old = file("old.parquet")
    assert change_of(old, file("same.parquet")).is_empty
    renamed = change_of(old, file("renamed.parquet", holder=["X", "Y", "Z"]))
    assert (renamed.gone.tolist(), renamed.come.tolist()) == ([1], [1])
    moved = file("moved.parquet", geometry=shapely.points([[0, 0], [1, 1], [2, 2 + 1e-9]]))
    assert change_of(old, moved).come.tolist() == [2]
    vaguer = file("vaguer.parquet", position_sd_m=[0.0, 5.0, 0.0])
    assert change_of(old, vaguer).come.tolist() == [1]
    other = change_of(old, file("other.parquet", feature_id=["a", "bb", "c"]))
    assert (other.gone.tolist(), other.come.tolist()) == ([1], [1])


def test_an_empty_layer_has_no_parts_and_no_conflicts(tmp_path: Path) -> None:
    layers = country()
    layers["mine_sites"] = layers["mine_sites"].iloc[:0]
    files = written(layers, tmp_path)
    assert files["t.mine_sites"].parts == ()
    assert not len(files["t.mine_sites"].near(np.array([[-1e9, -1e9, 1e9, 1e9]])))
    same(
        find_in_parts(files, work(layers), run=RUN),
        find_conflicts(frames(layers), rules(), measuring_crs=CRS),
    )


def test_a_file_of_parts_is_geoparquet_that_others_read(tmp_path: Path) -> None:
    layers = country()
    file = written(layers, tmp_path)["t.licences"]
    read = gpd.read_parquet(file.url)
    assert read.crs.equals(CRS)
    assert len(read) == len(layers["licences"])
    groups = pq.ParquetFile(file.url).metadata.num_row_groups
    assert groups == len(file.parts)
    assert np.sort(read["place"]).tolist() == list(range(len(read)))


@pytest.mark.parametrize(
    ("gap_m", "radius_m", "sd_m"), [(195.0, 0.0, 0.0), (215.0, 20.0, 0.0), (240.0, 0.0, 40.0)]
)
def test_an_object_beyond_the_part_but_within_the_line_is_read(
    tmp_path: Path, gap_m: float, radius_m: float, sd_m: float
) -> None:
    layers = country(mines=200)
    lake = gpd.GeoDataFrame({"feature_id": ["w"]}, geometry=[shapely.box(0, 0, 50, 50)], crs=CRS)
    site = gpd.GeoDataFrame(
        {"feature_id": ["s"], "radius_m": [radius_m], "position_sd_m": [sd_m]},
        geometry=[shapely.Point(50 + gap_m, 25)],
        crs=CRS,
    )
    layers |= {"water": lake, "mine_sites": site}
    found = find_in_parts(written(layers, tmp_path), work(layers), run=RUN)
    assert "GH-DIR-200" in set(found["rule_id"])
    same(found, find_conflicts(frames(layers), rules(), measuring_crs=CRS))


def test_files_in_object_storage_are_read_as_those_in_a_folder(tmp_path: Path) -> None:
    layers = country(seed=4)
    bucket = fsspec.filesystem("memory")
    files = {}
    for one in frames(layers):
        url = f"/bucket/{one.layer_id}.parquet"
        bucket.pipe(url, write_parts(one, measuring_crs=CRS))
        files[one.layer_id] = PartFile(f"memory:/{url}")
    same(
        find_in_parts(files, work(layers), run=RUN),
        find_in_parts(written(layers, tmp_path), work(layers), run=RUN),
    )
