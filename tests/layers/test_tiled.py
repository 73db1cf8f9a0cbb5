"""A layer version ready for tiles: every feature of it at every zoom, read by GDAL."""

import datetime as dt
import io
import multiprocessing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bench.landscape import Size, landscape
from geo.tiles.grid import DEEPEST
from layers import tiled
from layers.arrays import Arrays, pack
from layers.store import open_store
from layers.tiled import TiledLayer, make_tiled, open_tiled, write_tiled
from tests.geo.tile_reading import decoded, pixel_m, tiles_over
from tests.layers.samples import add, square

HOSTILE = '</script><script>parent.pwned=1</script>{{x}} `"\u2028'


@pytest.fixture(scope="module")
def country() -> dict[str, gpd.GeoDataFrame]:
    made = landscape(Size(mines=200, fields=2_000), seed=3)
    frames = {kind: frame.to_crs(4326) for kind, frame in made.items()}
    sites = frames["mine_sites"]
    radius = np.where(np.arange(len(sites)) % 3 == 0, 700.0, np.nan)
    frames["mine_sites"] = sites.assign(radius_m=radius)
    return frames


def whole_zoom(layer: TiledLayer, zoom: int) -> tuple[set[int], int, int]:
    """Ids drawn anywhere at a zoom, the sum of all counts, and of how many cells."""
    drawn: set[int] = set()
    counted = cells = 0
    for tile in tiles_over(layer.about["bounds"], zoom):
        found = decoded(layer.tile(*tile), tile)
        if "features" in found:
            drawn |= set(found["features"]["mvt_id"].astype(int))
        if "cells" in found:
            counted += int(found["cells"]["count"].sum())
            cells += len(found["cells"])
    return drawn, counted, cells


@pytest.mark.parametrize("kind", ["farmland", "mine_sites", "water", "licences"])
@pytest.mark.parametrize("zoom", [0, 6, 9, 10, 11, 12])
def test_the_tiles_of_a_zoom_hold_every_feature_once_drawn_or_counted(
    country: dict[str, gpd.GeoDataFrame], kind: str, zoom: int
) -> None:
    frame = country[kind]
    layer = TiledLayer(write_tiled(frame, named=False))
    drawn, counted, cells = whole_zoom(layer, zoom)
    assert len(drawn) + counted == len(frame)
    told = layer.about["zooms"][zoom]
    assert (told["drawn"], told["merged"], told["cells"]) == (len(drawn), counted, cells)


def test_at_the_deepest_zoom_every_field_is_drawn_where_it_lies(
    country: dict[str, gpd.GeoDataFrame],
) -> None:
    frame = country["farmland"].iloc[:120]
    layer = TiledLayer(write_tiled(frame, named=False))
    metric = frame.to_crs(3857).geometry
    seen: set[int] = set()
    for shape in frame.geometry:
        (tile, *_) = tiles_over(shape.representative_point().bounds, DEEPEST)
        found = decoded(layer.tile(*tile), tile)["features"]
        for row, drawn in zip(found["mvt_id"].astype(int), found.geometry, strict=True):
            inside = drawn.difference(metric.iloc[row].buffer(pixel_m(DEEPEST)))
            assert inside.is_empty
            seen.add(row)
    assert seen == set(range(len(frame)))


def test_attributes_are_those_of_the_row_and_absent_ones_stay_absent() -> None:
    frame = gpd.GeoDataFrame(
        {
            "feature_class": ["town", None, HOSTILE],
            "name": [HOSTILE, "Bunia", None],
            "radius_m": [np.nan, 120.004, np.nan],
        },
        # the last lies first along the curve, so rows and places differ
        geometry=[shapely.Point(30.002, 1), shapely.Point(30.001, 1), shapely.Point(30, 1)],
        crs=4326,
    )
    layer = TiledLayer(write_tiled(frame, named=True))
    (tile, *_) = tiles_over((30, 1, 30, 1), DEEPEST)
    found = decoded(layer.tile(*tile), tile)["features"].sort_values("mvt_id")
    assert found["mvt_id"].tolist() == [0, 1, 2]
    assert found["c"].iloc[[0, 2]].tolist() == ["town", HOSTILE]
    assert found["n"].iloc[:2].tolist() == [HOSTILE, "Bunia"]
    assert found["r"].iloc[1] == 120.0
    assert found[["c", "n", "r"]].isna().to_numpy().tolist() == [
        [False, False, True],
        [True, False, False],
        [False, True, True],
    ]
    plain = TiledLayer(write_tiled(frame, named=False))
    assert "n" not in decoded(plain.tile(*tile), tile)["features"]
    assert set(plain.about["attributes"]) == {"c", "r"}


# --- days and filters ---------------------------------------------------------------------------


def whole_count(layer: TiledLayer, zoom: int, **chosen: object) -> int:
    """What all cells of a zoom count of the features that pass a filter."""
    tiles = tiles_over(layer.about["bounds"], zoom)
    return sum(sum(layer.counted(*tile, **chosen)["count"]) for tile in tiles)


@pytest.fixture(scope="module")
def dated_fields(country: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Fields of five classes and of none, on seven days and on none."""
    frame = country["farmland"].iloc[:900].copy()
    rng = np.random.default_rng(5)
    days = np.array([dt.date(1968 + 7 * n, 3, 1) for n in range(7)] + [None], dtype=object)
    names = np.array([*frame["feature_class"].unique(), None], dtype=object)
    return frame.assign(
        observed_on=rng.choice(days, len(frame)), feature_class=rng.choice(names, len(frame))
    )


@pytest.mark.parametrize("zoom", [5, 9, 10])
def test_cells_under_a_filter_count_what_passes_it_and_is_not_drawn(
    dated_fields: gpd.GeoDataFrame, zoom: int
) -> None:
    frame = dated_fields.reset_index(drop=True)
    layer = TiledLayer(write_tiled(frame, named=False))
    drawn, _, cells = whole_zoom(layer, zoom)
    assert cells > 0
    rest = frame.drop(index=sorted(drawn))
    name, day = frame["feature_class"].dropna().iloc[0], dt.date(1989, 3, 1)
    is_dated = rest["observed_on"].notna()
    earlier = is_dated & (rest["observed_on"].fillna(day) <= day)
    of_class = rest["feature_class"] == name
    expected = [
        ({}, np.ones(len(rest), dtype=bool)),
        ({"classes": [name]}, of_class),
        ({"classes": [None]}, rest["feature_class"].isna()),
        ({"without": [name, None]}, ~of_class & rest["feature_class"].notna()),
        ({"until": day, "dated": True}, earlier),
        ({"until": day}, earlier | ~is_dated),
        ({"until": day - dt.timedelta(1), "dated": True}, earlier & (rest["observed_on"] != day)),
        ({"since": day, "until": day, "dated": True}, rest["observed_on"] == day),
        ({"until": dt.date(1950, 1, 1)}, ~is_dated),
        ({"classes": [name], "until": day, "dated": True}, earlier & of_class),
        ({"classes": []}, of_class & False),
    ]
    for chosen, rows in expected:
        assert whole_count(layer, zoom, **chosen) == rows.sum(), chosen


def classes_of(layer: TiledLayer) -> list[str]:
    return list(layer.about["attributes"]["c"])


def test_cells_without_a_filter_are_those_of_the_tile_one_by_one(
    dated_fields: gpd.GeoDataFrame,
) -> None:
    layer = TiledLayer(write_tiled(dated_fields, named=False))
    undated = TiledLayer(write_tiled(dated_fields[["geometry"]], named=False))
    for tile in tiles_over(layer.about["bounds"], 9):
        body = layer.tile(*tile)
        if not body:
            continue
        told = decoded(body, tile)["cells"]
        for one in (layer, undated):
            counts = one.counted(*tile)
            assert counts["count"] == told["count"].tolist()
            assert counts["share"] == [round(100 * share) for share in told["share"]]
        parts = [layer.counted(*tile, classes=[name]) for name in [*classes_of(layer), None]]
        sums = np.sum([part["count"] for part in parts], axis=0)
        assert sums.tolist() == told["count"].tolist()


def test_days_are_in_a_tile_only_where_they_are_asked_for() -> None:
    frame = gpd.GeoDataFrame(
        {"observed_on": [dt.date(1970, 1, 3), None, dt.date(1969, 12, 30)]},
        geometry=[shapely.Point(30.002, 1), shapely.Point(30.001, 1), shapely.Point(30, 1)],
        crs=4326,
    )
    layer = TiledLayer(write_tiled(frame, named=False))
    (tile, *_) = tiles_over((30, 1, 30, 1), DEEPEST)
    plain = layer.tile(*tile)
    found = decoded(layer.tile(*tile, days=True), tile)["features"].sort_values("mvt_id")
    assert found["d"].isna().tolist() == [False, True, False]
    assert found["d"].dropna().tolist() == [2, -2]
    assert "d" not in decoded(plain, tile)["features"]
    without = TiledLayer(write_tiled(frame[["geometry"]], named=False))
    assert without.tile(*tile) == without.tile(*tile, days=True) == plain
    assert without.about["days"] is None
    assert layer.about["days"] == {
        "stops": ["1969-12-30", "1970-01-03"],
        "features": [1, 1],
        "undated": 1,
        "by_year": False,
    }


def test_more_days_than_a_slider_can_show_are_told_by_the_last_of_each_year() -> None:
    days = [dt.date(2019, 12, 1) + dt.timedelta(n) for n in range(90)]
    frame = gpd.GeoDataFrame(
        {"observed_on": days}, geometry=shapely.points(30 + np.arange(90) / 1e4, 1), crs=4326
    )
    layer = TiledLayer(write_tiled(frame, named=False))
    assert layer.about["days"] == {
        "stops": ["2019-12-31", "2020-02-28"],
        "features": [31, 59],
        "undated": 0,
        "by_year": True,
    }
    (tile, *_) = tiles_over((30, 1, 30, 1), 5)
    # a day within a year is not told apart from its end
    assert layer.counted(*tile, until=dt.date(2020, 2, 27))["count"] == [31]
    assert layer.counted(*tile, until=dt.date(2020, 2, 28))["count"] == [90]


# --- odd places ---------------------------------------------------------------------------------


def test_a_disc_is_in_every_tile_it_reaches_into() -> None:
    frame = gpd.GeoDataFrame({"radius_m": [5_000.0]}, geometry=[shapely.Point(30.0, 1.0)], crs=4326)
    layer = TiledLayer(write_tiled(frame, named=False))
    disc = frame.to_crs(32636).buffer(5_000).to_crs(4326).iloc[0]
    for tile in tiles_over(disc.bounds, 12):
        assert decoded(layer.tile(*tile), tile)["features"]["r"].tolist() == [5_000.0]


def test_a_layer_without_features_has_empty_tiles() -> None:
    empty = gpd.GeoDataFrame({"feature_class": []}, geometry=[], crs=4326)
    layer = TiledLayer(write_tiled(empty, named=True))
    assert layer.tile(0, 0, 0) == b""
    assert layer.tile(14, 9_000, 8_000) == b""
    assert layer.about["bounds"] is None
    assert layer.about["features"] == 0


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),  # a bow tie
        shapely.Polygon([(0, 0), (1, 0), (1, 0), (1, 1), (0, 0), (1, 1)]),
        shapely.LineString([(3, 3), (3, 3)]),
        shapely.LineString([(0, 0), (1, 0), (0, 0)]),
        shapely.Point(180, 90),
        shapely.box(-180, -90, 180, 90),
        shapely.MultiPolygon([square(0, 0, size=1e-9), square(5, 5, size=1e-9)]),
        shapely.MultiLineString([[(i, 0), (i + 1e-9, 0)] for i in range(20)]),
    ],
)
def test_no_shape_can_fail_a_tile_or_get_lost(shape: shapely.Geometry) -> None:
    layer = TiledLayer(write_tiled(gpd.GeoDataFrame(geometry=[shape], crs=4326), named=False))
    for zoom in (0, 3):
        drawn, counted, _ = whole_zoom(layer, zoom)
        assert len(drawn) + counted == 1
    for tile in list(tiles_over(shape.representative_point().bounds, DEEPEST))[:1]:
        decoded(layer.tile(*tile), tile)


# --- the file -------------------------------------------------------------------------------------


@given(
    st.dictionaries(
        st.text("abc_", min_size=1, max_size=8),
        st.sampled_from(["u1", "<i4", "<f8", "?", "<i8"]).flatmap(
            lambda kind: st.lists(st.integers(0, 1), max_size=9).map(
                lambda values: np.array(values, dtype=kind)
            )
        ),
        max_size=5,
    )
)
def test_arrays_come_back_from_their_file_as_they_were(arrays: dict[str, np.ndarray]) -> None:
    found = Arrays(pack(arrays, about={"n": "é"}))
    assert found.about == {"n": "é"}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tolist() == array.tolist()


def test_a_file_of_another_sort_is_refused() -> None:
    with pytest.raises(ValueError, match="no file of arrays"):
        Arrays(b"PAR1" + bytes(64))


def test_a_mapped_file_gives_the_tiles_of_its_bytes(
    tmp_path: Path, country: dict[str, gpd.GeoDataFrame]
) -> None:
    content = write_tiled(country["water"], named=False)
    path = tmp_path / "w.arrays"
    path.write_bytes(content)
    mapped, held = TiledLayer(path), TiledLayer(content)
    for tile in tiles_over(held.about["bounds"], 9):
        assert mapped.tile(*tile) == held.tile(*tile)


def test_the_same_features_always_make_the_same_file(
    country: dict[str, gpd.GeoDataFrame],
) -> None:
    frame = country["licences"]
    assert write_tiled(frame, named=False) == write_tiled(frame.copy(), named=False)


def _make(home: str, version_id: str, tally: str) -> None:
    made = tiled.write_tiled

    def counted(features: gpd.GeoDataFrame, *, named: bool) -> bytes:
        with Path(tally).open("a") as file:
            file.write("made\n")
        return made(features, named=named)

    tiled.write_tiled = counted
    make_tiled(open_store(home), version_id, name="tiles/x.arrays", named=False)


def test_two_processes_that_want_the_same_file_make_it_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    rows = [{"feature_id": f"f{n}", "geometry": square(30, n, size=0.1)} for n in range(20)]
    version = add(store, rows, region_id="ituri", kind="farmland", name="Fields")
    tally = tmp_path / "tally"
    start = multiprocessing.get_context("spawn")
    order = (str(tmp_path / "home"), version.version_id, str(tally))
    workers = [start.Process(target=_make, args=order) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert tally.read_text() == "made\n"
    layer = open_tiled(store, "tiles/x.arrays")
    assert layer is not None
    assert layer.about["features"] == 20
    assert open_tiled(store, "tiles/y.arrays") is None


def test_the_worker_makes_what_standard_input_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "home")
    rows = [{"feature_id": "a", "name": "Bunia", "geometry": shapely.Point(30.2, 1.6)}]
    version = add(store, rows, region_id="ituri", kind="settlements", name="Towns")
    order = {
        "store": store.location,
        "version_id": version.version_id,
        "name": "tiles/t.arrays",
        "named": True,
    }
    monkeypatch.setattr("sys.stdin", io.StringIO(pd.Series(order).to_json()))
    monkeypatch.setattr("os.nice", lambda step: step)
    tiled.main()
    layer = open_tiled(store, "tiles/t.arrays")
    assert layer is not None
    assert layer.about["attributes"] == {"c": [], "n": "text"}
    (tile, *_) = tiles_over((30.2, 1.6, 30.2, 1.6), DEEPEST)
    assert decoded(layer.tile(*tile), tile)["features"]["n"].tolist() == ["Bunia"]


def test_a_layer_with_very_many_names_is_read_back() -> None:
    names = [f"A town with a rather long name, number {number}" for number in range(40_000)]
    places = shapely.points(30 + np.arange(40_000) % 200 / 100, 1 + np.arange(40_000) // 200 / 100)
    frame = gpd.GeoDataFrame({"name": names}, geometry=places, crs=4326)
    layer = TiledLayer(write_tiled(frame, named=True))
    (tile, *_) = tiles_over((30, 1, 30, 1), DEEPEST)
    found = decoded(layer.tile(*tile), tile)["features"]
    assert found["n"].tolist() == [names[row] for row in found["mvt_id"]]
    assert 0 in found["mvt_id"].tolist()
