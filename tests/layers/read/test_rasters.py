"""Rasters that are well made: every pixel counted, every value asked about, nothing guessed."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from layers.read import Limits, ReadError, ReadReport, ReadRequest, inspect, read
from layers.read.raster_model import RasterBand
from tests.layers.raster_samples import grid, write_tif

VALUES = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")
TABLE = {"1": "forest", "2": "water", "7": "leave-out", "9": "cropland"}


def bring(path: Path, out: Path, **asked: Any) -> ReadReport:
    """A reading of land cover in the region `tarkwa`; counts must add up whatever came of it."""
    known: dict[str, Any] = {"region_id": "tarkwa", "kind": "landcover", "class_values": TABLE}
    limits = asked.pop("limits", None)
    filename = asked.pop("filename", "cover.tif")
    report = read(path, ReadRequest(**(known | asked)), filename=filename, out=out, limits=limits)
    counts = report.counts
    assert counts["read"] == counts["imported"] + counts["repaired"] + counts["rejected"]
    assert (report.features is None) == (not report.ok)
    return report


def band_of(path: Path, filename: str = "cover.tif") -> RasterBand:
    (layer,) = inspect(path, filename=filename).layers
    assert layer.raster is not None
    return layer.raster


def codes(report: ReadReport, *, blocking: bool | None = None) -> set[str]:
    return {one.code for one in report.findings if blocking is None or one.blocking == blocking}


def message(report: ReadReport, code: str) -> str:
    return next(one.message for one in report.findings if one.code == code)


# --- what can be done in the head ------------------------------------------------------------


def test_every_pixel_is_imported_left_out_or_without_data(tmp_path: Path) -> None:
    report = bring(write_tif(tmp_path / "a.tif", VALUES, nodata=0), tmp_path / "out")
    assert report.ok
    assert report.counts == {"read": 12, "imported": 6, "repaired": 0, "rejected": 6}
    assert report.classes == {"forest": 2, "water": 1, "cropland": 3}
    assert message(report, "pixels_without_data").startswith("3 pixels")
    assert message(report, "pixels_left_out").startswith("3 pixels (3.0 ha)")


def test_a_raster_keeps_its_grid_its_values_and_its_nodata(tmp_path: Path) -> None:
    report = bring(write_tif(tmp_path / "a.tif", VALUES, nodata=0), tmp_path / "out")
    with rasterio.open(report.features) as kept:
        assert (kept.read(1) == VALUES).all()
        assert (kept.crs.to_epsg(), kept.transform, kept.nodata) == (32630, grid(), 0)
        assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert kept.profile["tiled"]


def test_the_mapping_says_band_nodata_and_the_class_of_each_value(tmp_path: Path) -> None:
    report = bring(write_tif(tmp_path / "a.tif", VALUES, nodata=0), tmp_path / "out")
    assert report.mapping == {
        "raster:band": "1",
        "raster:nodata": "0",
        "raster:class:1": "forest",
        "raster:class:2": "water",
        "raster:class:7": "",
        "raster:class:9": "cropland",
    }


def test_a_pixel_of_a_hectare_is_a_hectare_on_the_ellipsoid(tmp_path: Path) -> None:
    report = bring(write_tif(tmp_path / "a.tif", VALUES, nodata=0), tmp_path / "out")
    # one degree off the central meridian of UTM a hectare of the grid is 0.08 % more on the ground
    assert report.class_areas_ha["cropland"] == pytest.approx(3.0, rel=1e-3)
    assert report.class_areas_ha["cropland"] != 3.0


def test_a_look_tells_each_value_with_pixels_and_hectares_before_anything_is_decided(
    tmp_path: Path,
) -> None:
    band = band_of(write_tif(tmp_path / "a.tif", VALUES, nodata=0))
    assert [(one.value, one.pixels) for one in band.values] == [
        (0, 3),
        (1, 2),
        (2, 1),
        (7, 3),
        (9, 3),
    ]
    assert [one.area_ha for one in band.values] == pytest.approx([3, 2, 1, 3, 3], rel=1e-3)
    assert (band.width, band.height, band.nodata, band.nodata_suggested) == (4, 3, 0, None)
    assert band.pixel_m == pytest.approx((100, 100), rel=1e-3)
    assert (band.preview_values() == VALUES).all()


# --- nothing is guessed ----------------------------------------------------------------------


def test_values_nobody_named_are_asked_for_with_their_pixels(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    report = bring(path, tmp_path / "out", class_values={"9": "cropland"}, accept_suggestions=True)
    assert not report.ok
    assert codes(report, blocking=True) == {"class_values_to_name"}
    assert "1 (2 pixels, 22.2%), 2 (1 pixels" in message(report, "class_values_to_name")
    assert report.counts["rejected"] == 12


@pytest.mark.parametrize("fill", [0, 255, 254])
def test_a_value_that_fills_the_border_is_suggested_as_no_data_and_never_assumed(
    tmp_path: Path, fill: int
) -> None:
    values = np.full((20, 20), fill, dtype="uint8")
    values[5:15, 5:15] = 9
    path = write_tif(tmp_path / "a.tif", values)
    assert band_of(path).nodata_suggested == fill
    table = {"9": "cropland", str(fill): "leave-out"}
    report = bring(path, tmp_path / "out", class_values=table, accept_suggestions=True)
    assert codes(report, blocking=True) == {"nodata_undeclared"}
    assert f"Value {fill} fills 100% of its border" in message(report, "nodata_undeclared")


def test_an_undeclared_nodata_can_be_a_value_or_none(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES)
    stated = bring(path, tmp_path / "one", nodata="0")
    assert stated.counts["rejected"] == 6
    assert "as you said" in message(stated, "nodata_used")
    none = bring(path, tmp_path / "two", nodata="none", class_values=TABLE | {"0": "bare"})
    assert none.classes["bare"] == 3
    assert none.mapping["raster:nodata"] == "none"
    with rasterio.open(none.features) as kept:
        assert kept.nodata is None


def test_a_stated_nodata_overrules_the_file_and_that_is_told(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    table = {"0": "bare", "1": "forest", "2": "water", "7": "other"}
    report = bring(path, tmp_path / "out", nodata="9", class_values=table)
    assert report.ok
    assert report.classes == {"bare": 3, "forest": 2, "water": 1, "other": 3}
    assert "The file says 0; what you said was used." in message(report, "nodata_used")
    with rasterio.open(report.features) as kept:
        assert kept.nodata == 9


def test_a_declared_nodata_that_no_byte_can_be_declares_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_tif(path, VALUES)
    content = path.read_bytes()
    declared = write_tif(tmp_path / "b.tif", VALUES.astype("int16"), nodata=-9999)
    assert band_of(declared).nodata == -9999
    # GDAL's tag 42113 holds the value as text; rasterio itself refuses to write this one
    patched = with_nodata_text(content, b"-9999\x00", tmp_path / "c.tif")
    assert band_of(patched).nodata is None
    report = bring(patched, tmp_path / "out")
    assert codes(report, blocking=True) >= {"nodata_undeclared"}


def with_nodata_text(content: bytes, text: bytes, path: Path) -> Path:
    """The little-endian TIFF with an entry 42113 (GDAL_NODATA) added to its first directory."""
    start = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[start : start + 2], "little")
    entries = content[start + 2 : start + 2 + 12 * count]
    after = content[start + 2 + 12 * count : start + 6 + 12 * count]
    text_at = len(content)
    directory_at = text_at + len(text) + (len(text) % 2)
    entry = (
        (42113).to_bytes(2, "little") + (2).to_bytes(2, "little")
        + len(text).to_bytes(4, "little") + text_at.to_bytes(4, "little")
    )  # fmt: skip
    every = sorted(
        [entries[at : at + 12] for at in range(0, len(entries), 12)] + [entry],
        key=lambda one: int.from_bytes(one[:2], "little"),
    )
    directory = (count + 1).to_bytes(2, "little") + b"".join(every) + after
    whole = content[:4] + directory_at.to_bytes(4, "little") + content[8:]
    path.write_bytes(whole + text + b"\0" * (len(text) % 2) + directory)
    return path


def test_a_class_that_does_not_exist_and_a_value_that_is_no_number_are_refused(
    tmp_path: Path,
) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    wrong = bring(path, tmp_path / "one", class_values=TABLE | {"9": "wheat"})
    assert "class_not_in_vocabulary" in codes(wrong, blocking=True)
    unread = bring(path, tmp_path / "two", class_values=TABLE | {"nine": "cropland"})
    assert codes(unread, blocking=True) == {"class_value_unread"}
    void = bring(path, tmp_path / "three", class_values=TABLE | {"0": "bare"})
    assert codes(void, blocking=True) == {"class_of_nodata"}


def test_a_class_for_a_value_that_no_pixel_has_is_told_and_not_kept(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    report = bring(path, tmp_path / "out", class_values=TABLE | {"44": "mining"})
    assert report.ok
    assert "44" in message(report, "class_values_absent")
    assert "raster:class:44" not in report.mapping


def test_a_raster_of_nothing_but_left_out_values_is_not_imported(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    table = dict.fromkeys(TABLE, "leave-out")
    assert codes(bring(path, tmp_path / "one", class_values=table), blocking=True) == {
        "nothing_left"
    }
    empty = write_tif(tmp_path / "b.tif", np.zeros((5, 5), dtype="uint8"), nodata=0)
    assert codes(bring(empty, tmp_path / "two", class_values={}), blocking=True) == {"nothing_left"}


# --- where it lies ---------------------------------------------------------------------------


def test_a_raster_without_crs_is_asked_for_and_lands_once_it_is_said(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0, crs=None)
    asked = bring(path, tmp_path / "one")
    assert codes(asked, blocking=True) & {"crs_to_confirm", "crs_ambiguous"}
    assert "EPSG:32630" in {choice.crs for choice in asked.crs_choices}
    stated = bring(path, tmp_path / "two", crs="EPSG:32630")
    assert stated.ok
    assert stated.crs_how == "stated"
    with rasterio.open(stated.features) as kept:
        assert kept.crs.to_epsg() == 32630


def test_a_raster_of_another_country_is_refused(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0, crs="EPSG:32735")
    report = bring(path, tmp_path / "out")
    assert "crs_does_not_land" in codes(report, blocking=True)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326", "EPSG:25000", "EPSG:4168"])
def test_hectares_are_those_of_the_ellipsoid_in_any_crs(tmp_path: Path, crs: str) -> None:
    """Against the geodesic area of the pixels' own outlines."""
    system = pyproj.CRS(crs)
    to_own = pyproj.Transformer.from_crs(4326, system, always_xy=True)
    x, y = to_own.transform(-2.0, 5.4)
    size = 0.001 if system.is_geographic else 110.0
    place = Affine(size, 0, x, 0, -size, y)
    values = np.tile(np.arange(1, 6, dtype="uint8"), (40, 8))
    path = write_tif(tmp_path / "a.tif", values, crs=crs, transform=place, nodata=0)
    table = {str(value): "cropland" for value in range(1, 6)}
    report = bring(path, tmp_path / "out", class_values=table)
    to_degrees = pyproj.Transformer.from_crs(system, 4326, always_xy=True)
    corners = shapely.segmentize(shapely.box(x, y - 40 * size, x + 40 * size, y), size)
    lon, lat = to_degrees.transform(*shapely.get_coordinates(corners).T)
    area, _ = pyproj.Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)
    # two published shifts of one old datum differ by a few parts in a million in scale
    near = 2e-5 if crs == "EPSG:4168" else 2e-6
    assert report.class_areas_ha["cropland"] == pytest.approx(abs(area) / 10_000, rel=near)


def test_the_datum_shift_of_a_raster_is_told_and_its_bounds_are_moved(tmp_path: Path) -> None:
    place = Affine(0.001, 0, -2.0, 0, -0.001, 5.4)
    path = write_tif(tmp_path / "a.tif", VALUES, crs="EPSG:4168", transform=place, nodata=0)
    report = bring(path, tmp_path / "out")
    assert report.ok
    assert 250 < report.shift_m < 350
    assert "raster_shifted" in codes(report)
    assert report.bounds is not None
    assert abs(report.bounds[3] - 5.4) > 0.002


# --- types, masks, bands ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]
)
def test_whole_numbers_of_any_type_are_classes(tmp_path: Path, dtype: str) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES.astype(dtype), nodata=0)
    report = bring(path, tmp_path / "out")
    assert report.ok
    assert report.classes == {"forest": 2, "water": 1, "cropland": 3}
    with rasterio.open(report.features) as kept:
        assert (kept.read(1) == VALUES).all()
        assert kept.dtypes[0] == "uint8"


def test_negative_values_stay_what_they_are(tmp_path: Path) -> None:
    values = VALUES.astype("int16") - 5
    path = write_tif(tmp_path / "a.tif", values, nodata=-32768)
    table = {"-5": "bare", "-4": "forest", "-3": "water", "2": "other", "4": "cropland"}
    report = bring(path, tmp_path / "out", class_values=table)
    assert report.classes == {"bare": 3, "forest": 2, "water": 1, "other": 3, "cropland": 3}
    with rasterio.open(report.features) as kept:
        assert (kept.read(1) == values).all()
        assert kept.nodata == -32768


def test_values_far_apart_do_not_wrap_around(tmp_path: Path) -> None:
    values = np.array([[-32768, 32767, 0], [-32768, 1, 1]], dtype="int16")
    path = write_tif(tmp_path / "a.tif", values, nodata=-32768)
    assert [(one.value, one.pixels) for one in band_of(path).values] == [
        (-32768, 2), (0, 1), (1, 2), (32767, 1),
    ]  # fmt: skip


def test_not_a_number_is_no_data_and_kept_as_a_value_no_pixel_has(tmp_path: Path) -> None:
    values = VALUES.astype("float32")
    values[values == 0] = np.nan
    path = write_tif(tmp_path / "a.tif", values, nodata=float("nan"))
    report = bring(path, tmp_path / "out")
    assert report.ok
    assert report.counts["imported"] == 6
    assert "255" in message(report, "nodata_replaced")
    with rasterio.open(report.features) as kept:
        assert kept.nodata == 255
        assert (kept.read(1) == np.where(VALUES == 0, 255, VALUES)).all()


@pytest.mark.parametrize("void", [-3.4028234663852886e38, -9999.5, 1e20])
def test_a_nodata_that_no_class_can_be_is_no_data(tmp_path: Path, void: float) -> None:
    values = VALUES.astype("float64")
    values[values == 0] = void
    report = bring(write_tif(tmp_path / "a.tif", values, nodata=void), tmp_path / "out")
    assert report.ok
    assert report.counts["imported"] == 6
    full = write_tif(tmp_path / "b.tif", VALUES[:, 1:].astype("float64"), nodata=void)
    assert bring(full, tmp_path / "full").ok


def test_a_mask_inside_the_file_is_respected(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    profile = {"driver": "GTiff", "height": 3, "width": 4, "count": 1, "dtype": "uint8"}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", crs="EPSG:32630", transform=grid(), **profile) as dataset,
    ):
        dataset.write(VALUES, 1)
        dataset.write_mask(VALUES > 1)
    report = bring(path, tmp_path / "out", class_values=TABLE)
    assert report.ok, report.findings
    assert report.classes == {"water": 1, "cropland": 3}
    assert message(report, "pixels_without_data").startswith("5 pixels")


def test_of_several_bands_one_has_to_be_chosen(tmp_path: Path) -> None:
    bands = np.stack([VALUES, VALUES[::-1]]).astype("int16")
    path = write_tif(tmp_path / "a.tif", bands, nodata=0)
    layers = inspect(path, filename="a.tif").layers
    assert [layer.name for layer in layers] == ["Band 1", "Band 2", "All bands as a picture"]
    with pytest.raises(ReadError, match="several bands: 1, 2"):
        bring(path, tmp_path / "out")
    with pytest.raises(ReadError, match="no band 7"):
        bring(path, tmp_path / "out", band=7)
    report = bring(path, tmp_path / "out", band=2)
    assert report.mapping["raster:band"] == "2"
    with rasterio.open(report.features) as kept:
        assert (kept.read(1) == VALUES[::-1]).all()


def test_a_colour_table_is_shown_and_changes_nothing(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {1: (1, 2, 3), 9: (255, 0, 0)})
    band = band_of(path)
    assert {one.value: one.color for one in band.values}[9] == "#ff0000"
    assert bring(path, tmp_path / "out").ok


NAMES = """<PAMDataset><PAMRasterBand band="1">
<NoDataValue>9</NoDataValue>
<GDALRasterAttributeTable><FieldDefn index="0"><Name>VALUE</Name><Type>0</Type><Usage>5</Usage>
</FieldDefn><FieldDefn index="1"><Name>Class</Name><Type>2</Type><Usage>2</Usage></FieldDefn>
<Row index="0"><F>1</F><F>Closed forest</F></Row><Row index="1"><F>9</F><F>Cropland</F></Row>
<Row index="2"><F>7</F><F>Zone 7</F></Row></GDALRasterAttributeTable>
</PAMRasterBand></PAMDataset>"""
CATEGORIES = """<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category></Category>
<Category>closed forest</Category><Category>Water</Category></CategoryNames></PAMRasterBand>
</PAMDataset>"""


def zipped(path: Path, **files: bytes | str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (NAMES, {1: ("Closed forest", "forest"), 9: ("Cropland", "cropland"), 7: ("Zone 7", None)}),
        (CATEGORIES, {1: ("closed forest", "forest"), 2: ("Water", "water")}),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><PAMDataset/>", {}),
        ("no xml", {}),
    ],
)
def test_names_beside_a_zipped_raster_are_suggestions_and_nothing_more(
    tmp_path: Path, names: str, expected: dict[int, tuple[str, str | None]]
) -> None:
    tif = write_tif(tmp_path / "a.tif", VALUES, nodata=0).read_bytes()
    path = zipped(tmp_path / "a.zip", **{"x/a.tif": tif, "x/a.tif.aux.xml": names})
    band = band_of(path, "a.zip")
    found = {one.value: (one.label, one.suggested) for one in band.values if one.label}
    assert found == expected
    assert band.nodata == 0
    report = bring(
        path, tmp_path / "out", filename="a.zip", class_values={}, accept_suggestions=True
    )
    assert codes(report, blocking=True) == {"class_values_to_name"}


# --- properties and an independent program ----------------------------------------------------


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_counts_are_those_of_numpy_for_any_blocks_and_sizes(
    data: st.DataObject, tmp_path: Path
) -> None:
    from layers.read import pixels

    height, width = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))
    seed = data.draw(st.integers(0, 99))
    values = np.random.default_rng(seed).integers(-3, 9, (height, width)).astype("int16")
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 32} if data.draw(st.booleans()) else {}
    path = write_tif(tmp_path / "a.tif", values, nodata=-3, **tiles)
    for old, new in (("WINDOW", 64), ("WINDOW", 1024)):
        original = getattr(pixels, old)
        setattr(pixels, old, new)
        try:
            with rasterio.open(path) as dataset:
                found = pixels.tally(
                    dataset, 1, has_mask=False, limits=Limits(), say=lambda share: None
                )
        finally:
            setattr(pixels, old, original)
        assert found.counts == dict(
            zip(*(one.tolist() for one in np.unique(values, return_counts=True)), strict=True)
        )
        assert sum(int(counts.sum()) for _, _, counts in found.cells) == values.size
        edges = [values[0], values[-1], values[:, 0], values[:, -1]]
        assert sum(found.border.values()) == sum(edge.size for edge in edges)


def test_overviews_hold_real_values_never_averages(tmp_path: Path) -> None:
    values = np.random.default_rng(5).choice([1, 9], (2000, 2000)).astype("uint8")
    path = write_tif(tmp_path / "a.tif", values, nodata=0, transform=grid(pixel_m=10))
    report = bring(path, tmp_path / "out")
    with rasterio.open(report.features) as kept:
        assert kept.overviews(1)
    with rasterio.open(report.features, overview_level=0) as small:
        assert set(np.unique(small.read(1))) <= {1, 9}


def test_the_same_raster_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", VALUES, nodata=0)
    once, again = (bring(path, tmp_path / name).features for name in ("one", "two"))
    assert once.read_bytes() == again.read_bytes()


# --- real rasters ----------------------------------------------------------------------------

# Explicit tables of this test: only "9 = cropland" of the second raster is known (README of the
# data). The other classes are placeholders, not a legend.
REAL = {
    "thld": (0, 57_708, range(1, 10)),
    "asante_akim": (255, 30_525, range(1, 12)),
}


@pytest.mark.real
@pytest.mark.parametrize("name", REAL)
def test_a_real_raster_is_read_with_its_own_table(
    name: str, real_data: Path, tmp_path: Path
) -> None:
    nodata, valid, present = REAL[name]
    path = real_data / "rasters" / f"ghana_landcover_{name}_100m.tif"
    band = band_of(path, path.name)
    assert band.nodata == nodata
    assert [one.value for one in band.values if one.value != nodata] == list(present)
    table = {str(value): "leave-out" for value in present}
    table |= {"9": "cropland"} if name == "asante_akim" else {"9": "other"}
    report = bring(path, tmp_path / "out", class_values=table, filename=path.name)
    assert report.ok
    assert report.counts["read"] - valid == sum(
        one.pixels for one in band.values if one.value == nodata
    )
    assert report.classes == ({"cropland": 59} if name == "asante_akim" else {"other": 9})
    with rasterio.open(path) as theirs, rasterio.open(report.features) as ours:
        assert (theirs.read(1) == ours.read(1)).all()
        assert theirs.transform == ours.transform
