"""Files people take away: the same bytes each time, with styles and notes, nothing that runs."""

import csv
import datetime as dt
import io
import json
import sqlite3
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from layers.export import FORMATS, ExportError, Sheet, categorised_qml, exported, plain_qml

NOTES = (("Read this first", "An overlap is not illegality."), ("Rules as of", "2021-06-30"))


def sheet(frame: gpd.GeoDataFrame | None = None) -> Sheet:
    """Three rows: an area, a point, and a row without a place."""
    if frame is None:
        frame = gpd.GeoDataFrame(
            {
                "name": ["=1+1", "Étang", None],
                "area_ha": [1.5, np.nan, 2.0],
                "sure": [True, False, True],
                "verdict": ["inside", "too_close", "inside"],
            },
            geometry=[shapely.box(-2, 5, -1, 6), shapely.Point(-2.123456789, 5.5), None],
            crs=4326,
        )
    return Sheet(
        frame=frame,
        name="conflicts",
        notes=NOTES,
        written_on=dt.date(2021, 6, 30),
        areas_qml=plain_qml("#b91c1c", form="fill"),
        points_qml=plain_qml("#b91c1c", form="marker"),
    )


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_sheet_gives_the_same_bytes(ending: str) -> None:
    assert exported(sheet(), format=ending) == exported(sheet(), format=ending)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_sheet_without_rows_is_a_file_that_opens(ending: str, tmp_path: Path) -> None:
    full = sheet()
    content = exported(sheet(full.frame.iloc[:0]), format=ending)
    path = tmp_path / f"empty.{ending}"
    path.write_bytes(content)
    if ending == "parquet":
        assert gpd.read_parquet(path).empty
    elif ending == "csv":
        assert rows_of(content) == []
    elif ending == "geojson":
        assert json.loads(content)["features"] == []
    else:
        assert "notes" in pyogrio.list_layers(path)[:, 0]


def test_an_unknown_format_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ExportError, match="gpkg, geojson, csv, parquet"):
        exported(sheet(), format="xlsx")


def test_csv_byte_for_byte() -> None:
    frame = sheet().frame.iloc[:2]
    expected = (
        "\ufeffname,area_ha,sure,verdict,longitude,latitude\r\n"
        "'=1+1,1.5,True,inside,-1.5,5.5\r\n"
        "Étang,,False,too_close,-2.1234568,5.5\r\n"
    )
    assert exported(sheet(frame), format="csv") == expected.encode()


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    frame = gpd.GeoDataFrame({"name": [cell]}, geometry=[shapely.Point(0, 0)], crs=4326)
    (row,) = rows_of(exported(sheet(frame), format="csv"))
    assert row["name"].startswith("'")
    assert row["name"][1:].strip() == cell.strip()


def test_a_column_name_that_a_spreadsheet_would_run_is_defused() -> None:
    frame = gpd.GeoDataFrame({"=A1": ["x"]}, geometry=[shapely.Point(0, 0)], crs=4326)
    assert b"'=A1" in exported(sheet(frame), format="csv")


def test_negative_numbers_stay_numbers() -> None:
    frame = gpd.GeoDataFrame(
        {"measured": [-1.5], "mixed": pd.Series([-7], dtype=object)},
        geometry=[shapely.Point(0, 0)],
        crs=4326,
    )
    (row,) = rows_of(exported(sheet(frame), format="csv"))
    assert (row["measured"], row["mixed"]) == ("-1.5", "-7")


def test_what_is_not_known_is_an_empty_cell_and_never_zero() -> None:
    told = rows_of(exported(sheet(), format="csv"))
    assert told[1]["area_ha"] == ""
    assert (told[2]["name"], told[2]["longitude"]) == ("", "")
    features = json.loads(exported(sheet(), format="geojson"))["features"]
    assert features[1]["properties"]["area_ha"] is None
    assert features[2]["geometry"] is None


def test_geojson_keeps_types_and_carries_the_notes() -> None:
    told = json.loads(exported(sheet(), format="geojson"))
    assert told["notes"] == dict(NOTES)
    assert told["features"][0]["properties"] == {
        "name": "=1+1",
        "area_ha": 1.5,
        "sure": True,
        "verdict": "inside",
    }


def test_parquet_keeps_every_row_and_carries_the_notes(tmp_path: Path) -> None:
    content = exported(sheet(), format="parquet")
    frame = gpd.read_parquet(io.BytesIO(content))
    assert frame.crs.to_epsg() == 4326
    assert list(frame["name"].fillna("")) == ["=1+1", "Étang", ""]
    assert json.loads(pq.read_schema(io.BytesIO(content)).metadata[b"notes"]) == dict(NOTES)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "conflicts.gpkg"
    path.write_bytes(exported(sheet(), format="gpkg"))
    return path


def test_a_geopackage_has_a_table_a_form_and_each_row_once_even_without_a_place(
    package: Path,
) -> None:
    layers = dict(pyogrio.list_layers(package))
    assert set(layers) == {"conflicts_areas", "conflicts_points", "notes", "layer_styles"}
    areas = gpd.read_file(package, layer="conflicts_areas")
    points = gpd.read_file(package, layer="conflicts_points")
    assert list(areas["name"]) == ["=1+1"]
    assert list(points["name"].fillna("no name")) == ["Étang", "no name"]
    assert areas.crs.to_epsg() == points.crs.to_epsg() == 4326


def test_a_geopackage_brings_a_style_for_each_table_and_its_notes(package: Path) -> None:
    with sqlite3.connect(package) as connection:
        styles = connection.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        (problem,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert problem == "ok"
    assert {row[0] for row in styles} == {"conflicts_areas", "conflicts_points"}
    assert all((row[1], row[3]) == ("geom", 1) for row in styles)
    for row in styles:
        ET.fromstring(row[2].split("'SYSTEM'>")[1])
    notes = pyogrio.read_dataframe(package, layer="notes")
    assert list(zip(notes["topic"], notes["text"], strict=True)) == list(NOTES)


def test_column_names_that_differ_only_in_case_survive_a_geopackage(tmp_path: Path) -> None:
    values: dict[str, Any] = {"Name": ["a"], "name": ["b"], "FID": ["c"], "geom": ["d"]}
    frame = gpd.GeoDataFrame(values, geometry=[shapely.Point(0, 0)], crs=4326)
    path = tmp_path / "case.gpkg"
    path.write_bytes(exported(sheet(frame), format="gpkg"))
    back = gpd.read_file(path, layer="conflicts_points").iloc[0]
    assert (back["Name"], back["name_2"], back["FID_2"], back["geom_2"]) == ("a", "b", "c", "d")


def test_a_categorised_style_names_every_value_and_colour() -> None:
    qml = categorised_qml(
        "verdict",
        {"inside": ("in & out", "#b91c1c"), "too_close": ("close", "#d97706")},
        form="fill",
    )
    root = ET.fromstring(qml.split("'SYSTEM'>")[1])
    told = [(c.get("value"), c.get("label")) for c in root.iter("category")]
    assert told == [("inside", "in & out"), ("too_close", "close")]
    colors = [o.get("value") for o in root.iter("Option") if o.get("name") == "outline_color"]
    assert colors == ["185,28,28,255", "217,119,6,255"]


def test_geojson_rings_follow_the_right_hand_rule() -> None:
    ring = shapely.box(0, 0, 3, 3, ccw=False).exterior
    hole = shapely.box(1, 1, 2, 2, ccw=True).exterior
    area = shapely.Polygon(ring, [hole])
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[area], crs=4326)
    (feature,) = json.loads(exported(sheet(frame), format="geojson"))["features"]
    outer, inner = (shapely.LinearRing(each) for each in feature["geometry"]["coordinates"])
    assert outer.is_ccw
    assert not inner.is_ccw


def test_geojson_has_null_for_what_json_cannot_say() -> None:
    columns = {"a": [np.inf, np.nan, 1.0], "b": pd.array([1, None, 3], dtype="Int64")}
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.Point(0, 0)] * 3, crs=4326)
    features = json.loads(exported(sheet(frame), format="geojson"))["features"]
    assert [each["properties"]["a"] for each in features] == [None, None, 1.0]
    assert [each["properties"]["b"] for each in features] == [1, None, 3]


@pytest.mark.parametrize("cell", [" =1+1", "\ufeff=1+1", "＝1+1", "\u00a0@SUM(A1)"])
def test_formulas_behind_blanks_and_wide_signs_are_defused(cell: str) -> None:
    frame = gpd.GeoDataFrame({"name": [cell]}, geometry=[shapely.Point(0, 0)], crs=4326)
    assert rows_of(exported(sheet(frame), format="csv"))[0]["name"] == f"'{cell}"
