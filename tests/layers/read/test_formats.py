"""Every accepted format, with the answer known beforehand."""

import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layers.read import ReadError, ReadRequest, inspect, read
from tests.corpus import (
    PLACEMARK,
    Bring,
    geopackage,
    kml,
    points,
    shape_zip,
    table,
    workbook,
    zipped,
)

PLACES = [(29.7, 0.9), (29.71, 0.9), (29.72, 0.9)]


def frame(crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    made = gpd.GeoDataFrame(
        {"code": ["a", "b", "c"], "name": ["Épulu", "B", "C"]},
        geometry=[shapely.Point(place) for place in PLACES],
        crs="EPSG:4326",
    )
    return made.to_crs(crs)


def written(tmp_path: Path, name: str, crs: str = "EPSG:4326") -> Path:
    path = tmp_path / name
    if path.suffix == ".parquet":
        frame(crs).to_parquet(path)
    else:
        frame(crs).to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32635"])
@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.parquet", "a.geojson", "a.geojsonl"])
def test_gis_formats_come_in_where_they_lie(
    name: str, crs: str, tmp_path: Path, bring: Bring
) -> None:
    if name.endswith("l") and crs != "EPSG:4326":
        pytest.skip("newline-delimited GeoJSON is always in degrees")
    report, features = bring(written(tmp_path, name, crs), name)
    assert report.crs == crs
    assert report.crs_how == "declared"
    assert report.counts == {"read": 3, "imported": 3, "repaired": 0, "rejected": 0}
    by_id = features.set_index("feature_id").sort_index()
    assert list(by_id.index) == ["a", "b", "c"]
    assert by_id["name"].iloc[0] == "Épulu"
    assert shapely.get_coordinates(by_id.geometry) == pytest.approx(
        shapely.get_coordinates([shapely.Point(p) for p in PLACES])
    )
    assert features.crs == "EPSG:4326"


def test_kml_and_kmz_give_the_same_placemarks(bring: Bring) -> None:
    for content, name in (
        (kml(PLACEMARK), "a.kml"),
        (zipped(("doc.kml", kml(PLACEMARK))), "a.kmz"),
    ):
        report, features = bring(content, name)
        assert report.format == name[-3:].upper()
        assert features["name"].tolist() == ["A"]
        assert features.geometry[0].wkt == "POINT (29.7 0.9)"


def test_kml_areas_keep_their_holes_and_data(bring: Bring) -> None:
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
    outer = ring.format("29,0,0 30,0,0 30,1,0 29,1,0 29,0,0")
    inner = ring.format("29.4,0.4 29.6,0.4 29.6,0.6 29.4,0.4")
    body = (
        '<Folder><name>Titles</name><Placemark><ExtendedData><Data name="code"><value>PE 1</value>'
        f"</Data></ExtendedData><Polygon><outerBoundaryIs>{outer}</outerBoundaryIs>"
        f"<innerBoundaryIs>{inner}</innerBoundaryIs></Polygon></Placemark></Folder>"
    )
    _, features = bring(kml(body), "a.kml", kind="licences")
    assert features.geometry[0].area == pytest.approx(1 - 0.02)
    assert features["feature_id"].tolist() == ["PE 1"]


GPX = b"""<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="0.9" lon="29.7"><name>Pit</name><time>2024-03-09T10:00:00Z</time></wpt>
<trk><name>Road</name><trkseg><trkpt lat="0.9" lon="29.7"/><trkpt lat="0.91" lon="29.7"/></trkseg>
</trk></gpx>"""


def test_gpx_offers_waypoints_and_tracks_as_layers(bring: Bring, tmp_path: Path) -> None:
    report, features = bring(GPX, "a.gpx", source_layer="waypoints")
    assert (features["name"][0], features.geometry[0].wkt) == ("Pit", "POINT (29.7 0.9)")
    report, features = bring(GPX, "a.gpx", source_layer="tracks", kind="roads")
    assert report.geometry_types == {"LineString": 1}
    with pytest.raises(ReadError, match=r"several layers: 'waypoints', 'tracks'\. Choose one"):
        bring(GPX, "a.gpx")
    with pytest.raises(ReadError, match="no layer 'pits'"):
        bring(GPX, "a.gpx", source_layer="pits")


def test_a_zipped_shapefile_keeps_its_name_and_accents(bring: Bring, tmp_path: Path) -> None:
    for content in (shape_zip(), shape_zip(".cpg")):
        report, features = bring(content, "any.zip")
        assert report.source_layer == "sites"
        assert sorted(features["name"])[0] == "Réserve 0"


def test_a_shapefile_without_cpg_says_that_letters_were_guessed(bring: Bring) -> None:
    report, _ = bring(shape_zip(".cpg"), "any.zip")
    assert "encoding_guessed" in {each.code for each in report.findings}


def test_a_zip_may_hold_one_file_of_another_format(bring: Bring) -> None:
    report, features = bring(zipped(("d/a.geojson", points(*PLACES))), "any.zip")
    assert report.format == "Zipped GeoJSON"
    assert len(features) == 3


def test_the_attribute_tables_of_a_geopackage_are_listed(tmp_path: Path) -> None:
    path = written(tmp_path, "a.gpkg")
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame({"x": [1, 2]}), path, layer="people", append=True)
    shown = inspect(path, filename="a.gpkg")
    assert {layer.name: layer.geometry_type for layer in shown.layers} == {
        "a": "Point",
        "people": None,
    }


def test_inspection_shows_columns_with_samples(tmp_path: Path) -> None:
    (layer,) = inspect(written(tmp_path, "a.gpkg"), filename="a.gpkg").layers
    assert layer.rows == 3
    assert layer.declared_crs == "EPSG:4326"
    code = layer.columns[0]
    assert (code.name, code.type, code.samples) == ("code", "text", ("a", "b", "c"))
    assert (code.distinct, code.empty) == (3, 0)


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (table("name,lon,lat", "A,29.7,0.9"), "a.csv"),
        (table("name;lon;lat", "A;29,7;0,9"), "a.csv"),
        (table("name\tlon\tlat", "A\t29.7\t0.9"), "a.tsv"),
        (table("name|lon|lat", "A|29.7|0.9"), "a.txt"),
        (table("Nom du site,Longitude (E),Latitude (N)", 'A,"29,7","0,9"'), "a.csv"),
        (table("site,X,Y", "A,29°42'00\"E,0°54'00\"N"), "a.csv"),
        (table("nom;coordonnées GPS", "A;0°54'00\"N 29°42'00\"E"), "a.csv"),
        (table("nom,wkt", 'A,"POINT(29.7 0.9)"'), "a.csv"),
        (table("site,lat lon", '"A","0.9, 29.7"'), "a.csv"),
        (b"\xef\xbb\xbf" + table("name,lon,lat", "A,29.7,0.9"), "bom.csv"),
        (table("List of sites,,", ",,", "name,lon,lat", "A,29.7,0.9"), "titled.csv"),
        (workbook(["name", "lon", "lat"], ["A", 29.7, 0.9]), "a.xlsx"),
        (workbook(["Sites 2024"], [], ["name", "lon", "lat"], ["A", "29,7", "0,9"]), "b.xlsx"),
    ],
)  # fmt: skip
def test_tables_come_in_whatever_their_cells_look_like(
    content: bytes, filename: str, bring: Bring
) -> None:
    report, features = bring(content, filename)
    assert report.ok, report.findings
    assert features["name"].tolist() == ["A"]
    assert shapely.get_coordinates(features.geometry)[0] == pytest.approx([29.7, 0.9])


def test_easting_and_northing_are_read_in_the_system_that_is_stated(bring: Bring) -> None:
    content = table("site,Easting,Northing", "A,611539,586027")
    report, features = bring(content, "a.csv", region_id="tarkwa", crs="EPSG:32630")
    assert report.crs_how == "stated"
    assert shapely.get_coordinates(features.geometry)[0] == pytest.approx(
        [-1.9934, 5.3010], abs=1e-5
    )


def test_source_rows_are_those_of_the_sheet(bring: Bring) -> None:
    content = table("name,lon,lat", "A,29.7,0.9", ",,", "B,0,0", "C,29.71,0.9")
    report, features = bring(content, "a.csv")
    assert features["source_row"].tolist() == [2, 5]
    (zero,) = [each for each in report.findings if each.code == "coordinates_zero"]
    assert zero.rows == (4,)


def test_html_formulas_and_accents_are_kept_verbatim(bring: Bring) -> None:
    odd = "<b onclick=alert(1)>É</b>"
    _, features = bring(table("name,lon,lat,note", f'"{odd}",29.7,0.9,=1+1'), "a.csv")
    assert features["name"][0] == odd
    assert features["source:note"][0] == "=1+1"


def test_the_file_is_geoparquet_with_a_bbox_column(bring: Bring) -> None:
    report, _ = bring(geopackage(), "a.gpkg")
    import pyarrow.parquet as pq

    meta = pq.read_metadata(report.features)
    geo = json.loads(meta.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert "bbox" in geo["columns"]["geometry"]["covering"]
    assert meta.row_group(0).column(0).compression == "ZSTD"


def test_a_truncated_zip_inside_is_not_silently_empty(tmp_path: Path) -> None:
    buffer = io.BytesIO(shape_zip())
    with zipfile.ZipFile(buffer) as archive:
        names = archive.namelist()
    assert {Path(name).suffix for name in names} >= {".shp", ".shx", ".dbf", ".prj"}
    path = tmp_path / "x.zip"
    path.write_bytes(buffer.getvalue()[:200])
    request = ReadRequest(region_id="ituri", kind="mine_sites")
    with pytest.raises(ReadError, match="damaged zip"):
        read(path, request, filename="x.zip", out=tmp_path / "out")


def test_kml_data_never_hides_the_name_of_a_placemark_nor_its_folder(bring: Bring) -> None:
    inner = "<Folder><name>River Ofin</name>{}</Folder>"
    data = '<ExtendedData><Data name="name"><value>Z</value></Data></ExtendedData>'
    first = PLACEMARK.replace("<Point>", f"{data}<Point>")
    body = f"<Folder><name>2024</name>{inner.format(first)}</Folder>{PLACEMARK}"
    _, frame = bring(kml(body), "sites.kml")
    frame = frame.sort_values("source_row")
    assert frame["name"].tolist() == ["A", "A"]
    assert frame["source:name (2)"].tolist()[0] == "Z"
    assert frame["source:folder"].tolist()[0] == "2024 / River Ofin"
    assert frame["source:folder"].isna().tolist() == [False, True]
