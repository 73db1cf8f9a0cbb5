"""Rasters that are broken, hostile or no land cover: one plain sentence each, and nothing leaks."""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from layers.read import Limits, ReadError, ReadRequest, inspect, read
from tests.layers.raster_samples import NEAR_TARKWA, grid, write_tif

VALUES = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")
CANARY = 77
"""The pixel value of a raster that must never be read: only its path is named by another file."""


def refusal(
    path: Path,
    tmp_path: Path,
    filename: str = "cover.tif",
    *,
    only_read: bool = False,
    **asked: Any,
) -> str:
    """The sentence with which a file is refused, by a look and by a reading alike.

    `only_read` is for what a look still takes for a picture, or for classes.
    """
    started = time.monotonic()
    limits = asked.pop("limits", None)
    known = {"region_id": "tarkwa", "kind": "landcover"} | asked
    if only_read:
        assert inspect(path, filename=filename, limits=limits).layers
    else:
        with pytest.raises(ReadError) as looked:
            inspect(path, filename=filename, limits=limits)
    with pytest.raises(ReadError) as refused:
        read(path, ReadRequest(**known), filename=filename, out=tmp_path / "out", limits=limits)
    assert time.monotonic() - started < 30
    assert not list((tmp_path / "out").glob("*"))
    said = str(refused.value)
    assert only_read or said == str(looked.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert 20 < len(said) < 600
    assert not re.search(r"Traceback|Exception|/tmp/|Error\(|layers\.read|0x[0-9a-f]{6}", said), (
        said
    )
    return said


def sparse(path: Path, width: int, height: int) -> Path:
    """A file of a few kilobytes that declares any number of pixels."""
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype="uint8",
        crs="EPSG:32630", transform=grid(pixel_m=1), tiled=True, blockxsize=8192,
        blockysize=8192, SPARSE_OK=True, BIGTIFF="YES", nodata=0,
    ):  # fmt: skip
        pass
    return path


def rgb(path: Path) -> Path:
    return write_tif(path, np.stack([VALUES] * 3), photometric="RGB")


def many_ids(path: Path) -> Path:
    return write_tif(path, np.arange(10_000, dtype="int32").reshape(100, 100) * 1_000, nodata=0)


def jpeg(path: Path) -> Path:
    return write_tif(path, np.tile(VALUES, (8, 8)), compress="JPEG")


CASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "more pixels than accepted": (lambda p: sparse(p, 320_000, 320_000), "at most 2,000,000,000"),
    "a picture in colours": (rgb, "picture in red, green and blue"),
    "thousands of ids": (many_ids, "more than 256 different values"),
    "lossy compression": (jpeg, "JPEG compression, which changes numbers"),
    "fractions": (lambda p: write_tif(p, VALUES + 0.25), "numbers with fractions, such as 0.25"),
    "infinite": (
        lambda p: write_tif(p, np.array([[1, np.inf]], dtype="float32")), "fractions, such as inf",
    ),
    "complex": (lambda p: write_tif(p, VALUES.astype("complex64")), "complex numbers"),
    "values beyond 32 bits": (
        lambda p: write_tif(p, np.array([[1, 2**40]], dtype="int64")), "values beyond",
    ),
    "nowhere": (lambda p: write_tif(p, VALUES, transform=None), "does not say where it lies"),
    "rotated": (
        lambda p: write_tif(p, VALUES, transform=grid() @ Affine.rotation(30)), "is rotated",
    ),
    "upside down": (
        lambda p: write_tif(p, VALUES, transform=Affine(100, 0, 6e5, 0, 100, 58e4)), "upside down",
    ),
    "forty bands": (
        lambda p: write_tif(p, np.stack([VALUES] * 40).astype("int16")), "40 bands; at most 32",
    ),
}  # fmt: skip


STILL_PICTURES = {"a picture in colours", "lossy compression", "rotated", "upside down"}


@pytest.mark.parametrize("name", CASES)
def test_each_ends_in_one_plain_sentence(name: str, tmp_path: Path) -> None:
    build, said = CASES[name]
    path = build(tmp_path / "brought.tif")
    assert said in refusal(path, tmp_path, only_read=name in STILL_PICTURES)


def ints(path: Path) -> Path:
    return write_tif(path, np.stack([VALUES] * 3).astype("int32"), photometric="RGB")


def control_points(path: Path) -> Path:
    from rasterio.control import GroundControlPoint

    points = [
        GroundControlPoint(row=row, col=column, x=600_000 + 9 * column, y=590_000 - 9 * row)
        for row, column in ((0, 0), (0, 4), (3, 0), (3, 4))
    ]
    write_tif(path, np.stack([VALUES] * 3), photometric="RGB", transform=None, crs=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.gcps = (points, rasterio.crs.CRS.from_epsg(32630))
    return path


def cmyk(path: Path) -> Path:
    write_tif(path, np.stack([VALUES] * 4))
    with rasterio.open(path, "r+") as dataset:
        inks = ("cyan", "magenta", "yellow", "black")
        dataset.colorinterp = [getattr(rasterio.enums.ColorInterp, ink) for ink in inks]
    return path


PICTURES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "more pixels than accepted": (lambda p: sparse(p, 30_000, 30_000), "at most 400,000,000"),
    "numbers of 32 bits": (ints, "numbers of type int32"),
    "fractions": (lambda p: write_tif(p, VALUES + 0.25), "numbers of type float64"),
    "complex": (lambda p: write_tif(p, VALUES.astype("complex64")), "complex numbers"),
    "nowhere": (
        lambda p: write_tif(p, np.stack([VALUES] * 3), photometric="RGB", transform=None),
        "does not say where it lies",
    ),
    "control points only": (control_points, "by single control points"),
    "colours for print": (cmyk, "not red, green and blue"),
    "a flat grid": (
        lambda p: write_tif(p, VALUES, transform=Affine(1, 2, 6e5, 2, 4, 59e4)), "have no size",
    ),
    "forty bands": (
        lambda p: write_tif(p, np.stack([VALUES] * 40).astype("int16")), "40 bands; at most 32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_no_picture_ends_in_one_plain_sentence(name: str, tmp_path: Path) -> None:
    build, said = PICTURES[name]
    path = build(tmp_path / "brought.tif")
    request = ReadRequest(region_id="tarkwa", kind="imagery")
    with pytest.raises(ReadError) as refused:
        read(path, request, filename="photo.tif", out=tmp_path / "out")
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("content", [
    b'<VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Byte" band="1">'
    b"<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand>"
    b"</VRTDataset>",
    b"<GDALTileIndexDataset><IndexDataset>/etc/passwd</IndexDataset></GDALTileIndexDataset>",
    b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1/</ServerUrl></Service></GDAL_WMS>",
])  # fmt: skip
def test_instructions_named_tif_are_never_followed(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "brought.tif"
    path.write_bytes(content)
    assert "instructions that points to other files" in refusal(path, tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_raster_that_was_cut_off_is_refused(share: float, tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(1, 9, (600, 600)).astype("uint8")
    path = write_tif(tmp_path / "brought.tif", values, nodata=0)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "damaged, cut off" in refusal(path, tmp_path)


def test_a_picture_that_was_cut_off_or_names_another_file_gives_nothing_away(
    tmp_path: Path,
) -> None:
    values = np.random.default_rng(3).integers(1, 255, (3, 600, 600)).astype("uint8")
    path = write_tif(tmp_path / "brought.tif", values, photometric="RGB")
    other = decoy(tmp_path / "other.tif")
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(other))
    before = other.stat().st_atime_ns
    request = ReadRequest(region_id="tarkwa", kind="imagery")
    report = read(path, request, filename="photo.tif", out=tmp_path / "out")
    assert report.ok
    with rasterio.open(report.features) as kept:
        assert str(other) not in str(kept.tags()) + str(kept.tags(ns="OVERVIEWS"))
        assert kept.read().mean() == pytest.approx(values.mean(), abs=2)
    assert other.stat().st_atime_ns == before
    path.write_bytes(path.read_bytes()[:500_000])
    with pytest.raises(ReadError, match="damaged, cut off"):
        read(path, request, filename="photo.tif", out=tmp_path / "cut")


def test_one_block_too_large_to_read_piece_by_piece_is_refused(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "brought.tif", np.tile(VALUES, (40, 30)), blockysize=120, compress="deflate"
    )
    limits = Limits(max_block_bytes=10_000)
    assert "too large to read piece by piece" in refusal(path, tmp_path, limits=limits)


def test_a_raster_is_no_layer_of_features_and_features_are_no_raster(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "brought.tif", VALUES, nodata=0)
    request = ReadRequest(region_id="tarkwa", kind="water")
    with pytest.raises(ReadError, match="is a raster, and Water bodies are features"):
        read(path, request, filename="cover.tif", out=tmp_path / "out")
    table = tmp_path / "sites.csv"
    table.write_text("name,lon,lat\na,-2,5.3\n")
    request = ReadRequest(region_id="tarkwa", kind="landcover")
    with pytest.raises(ReadError, match="holds features, and land cover is a raster"):
        read(table, request, filename="sites.csv", out=tmp_path / "out")


def test_a_raster_whose_name_says_otherwise_is_refused(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "brought.tif", VALUES, nodata=0)
    assert "holds a GeoTIFF, but its name ends in '.geojson'" in refusal(
        path, tmp_path, filename="cover.geojson"
    )


def test_a_raster_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = sparse(tmp_path / "brought.tif", 40_000, 40_000)
    with pytest.raises(ReadError, match="took longer than"):
        inspect(path, filename="cover.tif", limits=Limits(seconds=1, raster_seconds=1))


def test_an_empty_bomb_within_the_limits_is_read_and_has_no_class(tmp_path: Path) -> None:
    path = sparse(tmp_path / "brought.tif", 8_000, 8_000)
    report = read(
        path,
        ReadRequest(region_id="tarkwa", kind="landcover"),
        filename="a.tif",
        out=tmp_path / "o",
    )
    assert [one.code for one in report.findings if one.blocking] == ["nothing_left"]


def test_a_big_tiff_is_read(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "brought.tif", VALUES, nodata=0, BIGTIFF="YES")
    assert path.read_bytes()[:4] == b"II+\x00"
    (layer,) = inspect(path, filename="cover.tif").layers
    assert layer.raster is not None
    assert sum(one.pixels for one in layer.raster.values) == VALUES.size


# --- what lies beside, and what a tag names --------------------------------------------------


def decoy(path: Path) -> Path:
    return write_tif(path, np.full((3, 4), CANARY, dtype="uint8"), nodata=0)


def values_of(path: Path) -> set[int]:
    (layer,) = inspect(path, filename="cover.tif").layers
    assert layer.raster is not None
    assert layer.raster.masked == 0
    return {one.value for one in layer.raster.values}


def test_nothing_beside_a_raster_is_looked_at(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "brought.tif", VALUES, nodata=0)
    decoy(tmp_path / "brought.tif.ovr")
    write_tif(tmp_path / "brought.tif.msk", np.zeros((3, 4), dtype="uint8"))
    (tmp_path / "brought.tif.aux.xml").write_text(
        "<PAMDataset><SRS>EPSG:4326</SRS><PAMRasterBand band='1'><NoDataValue>9</NoDataValue>"
        "</PAMRasterBand></PAMDataset>"
    )
    (tmp_path / "brought.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert values_of(path) == {0, 1, 2, 7, 9}
    (layer,) = inspect(path, filename="cover.tif").layers
    assert (layer.declared_crs, layer.raster.nodata) == ("EPSG:32630", 0)
    assert layer.raster.pixel == (100.0, 100.0)


@pytest.mark.parametrize("domain", ["OVERVIEWS", None])
def test_a_file_named_in_a_tag_is_never_opened(domain: str | None, tmp_path: Path) -> None:
    """GDAL follows OVERVIEW_FILE to any file when overviews are asked for; we never ask."""
    other = decoy(tmp_path / "other.tif")
    path = write_tif(tmp_path / "brought.tif", np.tile(VALUES, (400, 300)), nodata=0)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(ns=domain, OVERVIEW_FILE=str(other))
        dataset.update_tags(ns="xml:ESRI", ESRI="<!DOCTYPE a [<!ENTITY b SYSTEM '/etc/passwd'>]>")
    before = other.stat().st_atime_ns
    assert CANARY not in values_of(path)
    table = {str(value): "bare" for value in (1, 2, 7, 9)}
    request = ReadRequest(
        region_id="tarkwa", kind="landcover", class_values=table, crs="EPSG:32630"
    )
    small = write_tif(tmp_path / "small.tif", VALUES, nodata=0)
    with rasterio.open(small, "r+") as dataset:
        dataset.update_tags(ns=domain, OVERVIEW_FILE=str(other))
    report = read(small, request, filename="cover.tif", out=tmp_path / "out")
    assert report.ok
    with rasterio.open(report.features) as kept:
        assert (kept.read(1) == VALUES).all()
        assert str(other) not in str(kept.tags()) + str(kept.tags(ns="OVERVIEWS"))
    assert other.stat().st_atime_ns == before


UNHELD = """
import sys
from layers.read import raster
raster._only_tiff()
import rasterio
with rasterio.Env() as env:
    print(sorted(env.drivers()))
"""


def test_the_worker_has_no_driver_but_that_of_tiff() -> None:
    import subprocess

    run = subprocess.run(
        [sys.executable, "-c", UNHELD], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "['COG', 'GTiff', 'MEM']"


def test_the_sample_raster_lies_where_it_should() -> None:
    assert (grid().c, grid().f) == NEAR_TARKWA
