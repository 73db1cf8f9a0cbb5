"""Land cover by district, licence and site: the table, its JSON, its CSV, the command line."""

import datetime as dt
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from dashboard import workflows
from dashboard.cli import app
from geo.grid import moved_shapes
from layers.store import Store
from tests.dashboard.test_views import opened, run, said
from tests.layers.raster_samples import NEAR_TARKWA, add_raster
from tests.layers.samples import add

CLASSES = {1: "cropland", 2: "forest"}
WEST, NORTH = NEAR_TARKWA


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    """A box in metres from the raster's north-west corner, y running south, in degrees."""
    shape = shapely.box(WEST + x0, NORTH - y1, WEST + x1, NORTH - y0)
    moved = moved_shapes(np.array([shape]), source="EPSG:32630", target="EPSG:4326")
    return moved[0]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A raster of 4 by 4 pixels of a hectare: two columns cropland, one forest, one nodata."""
    store = workflows.open_home(tmp_path / "home")
    values = np.array([[1, 1, 2, 0]] * 4, dtype="uint8")
    add_raster(
        store,
        tmp_path,
        values,
        classes=CLASSES,
        data_date=dt.date(2020, 5, 1),
        source_note="a test",
    )
    districts = [
        {"feature_id": "d2", "name": "=East", "geometry": box(200, 0, 600, 400)},
        {"feature_id": "d1", "name": "West", "geometry": box(0, 0, 200, 400)},
        {"feature_id": "d3", "name": None, "geometry": box(5000, 0, 5100, 100)},
    ]
    add(store, districts, kind="districts", name="Districts", region_id="tarkwa")
    return store


def test_each_district_has_its_hectares_by_class(store: Store) -> None:
    told = workflows.land_cover(store, "tarkwa")
    table = told.table.set_index("zone_id")
    assert list(table.index) == ["d1", "d2", "d3"]
    assert table.loc["d1", "cropland_ha"] == pytest.approx(8, rel=1e-3)
    assert table.loc["d2", "forest_ha"] == pytest.approx(4, rel=1e-3)
    assert table.loc["d2", "forest_pct"] == pytest.approx(25, abs=0.1)
    assert table.loc["d2", "no_data_ha"] == pytest.approx(4, rel=1e-3)
    assert table.loc["d2", "outside_ha"] == pytest.approx(8, rel=1e-3)
    assert table.loc["d3", ["cropland_ha", "forest_ha"]].isna().all()


def test_the_table_says_the_rasters_date_source_and_what_it_cannot_tell(store: Store) -> None:
    told = workflows.land_cover(store, "tarkwa")
    assert (told.raster_date, told.source) == ("2020-05-01", "a test")
    assert "This raster tells no tree crops: they may hide in forest." in told.caveats
    assert not told.demonstration


def test_no_data_is_null_in_json_and_an_empty_cell_in_csv(store: Store) -> None:
    told = workflows.land_cover(store, "tarkwa")
    rows = {row["zone_id"]: row for row in told.as_json()["rows"]}
    assert rows["d3"]["classes_ha"] == {"cropland": None, "forest": None}
    assert rows["d1"]["classes_ha"]["forest"] == 0
    frame = pd.read_csv(io.BytesIO(workflows.export_land_cover(told)))
    assert frame["cropland_ha"].isna().tolist() == [False, False, True]
    assert frame["name"].tolist()[1] == "'=East"
    assert set(frame["raster_date"]) == {"2020-05-01"}


def test_sites_that_are_bare_points_are_counted_not_measured(store: Store) -> None:
    place = box(50, 50, 150, 150).centroid
    sites = [
        {"feature_id": "s1", "geometry": place, "radius_m": 20.0},
        {"feature_id": "s2", "geometry": place},
    ]
    add(store, sites, kind="mine_sites", name="Sites", region_id="tarkwa")
    told = workflows.land_cover(store, "tarkwa", by="sites")
    assert told.without_ground == 1
    assert told.table["cropland_ha"][0] == pytest.approx(np.pi * 400 / 10_000, rel=1e-3)
    assert np.isnan(told.table["zone_ha"][1])


def test_several_rasters_are_asked_about_and_none_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(workflows.WorkflowError, match="no layer of licences"):
        workflows.land_cover(store, "tarkwa", by="licences")
    ones = np.ones((2, 2), dtype="uint8")
    add_raster(store, tmp_path, ones, classes={1: "water"}, name="Second")
    with pytest.raises(workflows.WorkflowError, match="several layers of land cover"):
        workflows.land_cover(store, "tarkwa")
    second = workflows.land_cover(store, "tarkwa", raster="tarkwa.landcover.second")
    assert second.classes == ("water",)


def test_the_command_prints_json_and_writes_csv(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    out = tmp_path / "cover.csv"
    call = ["landcover", "--region", "tarkwa", "--out", str(out), "--json"]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert [row["zone_id"] for row in record["rows"]] == ["d1", "d2", "d3"]
    assert out.read_bytes().startswith(b"\xef\xbb\xbfzone_id,name")
    told = CliRunner().invoke(app, ["landcover", "--region", "tarkwa"]).stdout
    assert "cropland 8.00 ha" in told
    assert "land cover: no data" in told


def test_a_wrong_word_is_wrong_usage_and_a_missing_layer_is_refused(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    runner = CliRunner()
    assert runner.invoke(app, ["landcover", "--region", "tarkwa", "--by", "rivers"]).exit_code == 2
    done = runner.invoke(app, ["landcover", "--region", "tarkwa", "--by", "licences"])
    assert isinstance(done.exception, workflows.WorkflowError)


def test_the_overview_shows_the_table_once_asked_by_what(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    page = opened("overview")
    assert "Land cover" in [one.value for one in page.header]
    choice = next(one for one in page.radio if one.key == "overview.cover_by")
    choice.set_value("districts")
    run(page)
    table = next(one.value for one in page.dataframe if "Cropland (ha)" in one.value)
    assert table["District"].tolist() == ["West", "=East", "d3"]
    assert table["Cropland (ha)"].tolist()[0] == pytest.approx(8, abs=0.01)
    assert np.isnan(table["Forest (ha)"].tolist()[2])
    assert "hide in forest" in said(page)
