"""Pictures that are well made: bands as declared or said, every pixel counted, none moved."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from layers.facts import kind, region
from layers.read import Limits, ReadReport, ReadRequest, SourceLayer, inspect, raster, read
from layers.read.gdal import DRIVERS
from layers.read.picture_model import PictureFacts, as_picture
from layers.read.picture_read import read_picture
from layers.read.picture_write import stretched
from layers.read.source import RasterFile
from tests.layers.picture_samples import BLUE, RED, photo, quarters, turned
from tests.layers.raster_samples import grid, write_tif

LOSS = 6
"""Steps of 255 by which JPEG may change flat ground."""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most readings are done in this process: starting a worker for each would take minutes."""
    every = {*raster.ALLOWED, *raster.RASTER_DRIVERS, *DRIVERS}
    monkeypatch.setattr(raster, "ALLOWED", every)


def bring(path: Path, out: Path, **asked: Any) -> ReadReport:
    known: dict[str, Any] = {"region_id": "tarkwa", "kind": "imagery"}
    request = ReadRequest(**(known | asked))
    out.mkdir(exist_ok=True)
    report = read_picture(
        RasterFile(path=path, name="photo"),
        request,
        kind=kind("imagery"),
        region=region(request.region_id),
        limits=Limits(),
        out=out / "raster.tif",
        say=lambda share: None,
    )
    counts = report.counts
    assert counts["read"] == counts["imported"] + counts["repaired"] + counts["rejected"]
    assert (report.features is None) == (not report.ok)
    return report


def looked_at(path: Path) -> SourceLayer:
    file = RasterFile(path=path, name="photo")
    (layer,) = raster.inspected(file, "photo.tif", Limits(), lambda share: None).layers
    return layer


def seen(path: Path) -> PictureFacts:
    layer = looked_at(path)
    assert layer.geometry_type == "Picture"
    assert layer.picture is not None
    return layer.picture


def kept(report: ReadReport) -> tuple[np.ndarray, np.ndarray]:
    with rasterio.open(report.features) as dataset:
        return dataset.read(), dataset.dataset_mask() > 0


def codes(report: ReadReport, *, blocking: bool = False) -> set[str]:
    return {one.code for one in report.findings if one.blocking or not blocking}


def message(report: ReadReport, code: str) -> str:
    return next(one.message for one in report.findings if one.code == code)


def deep(*, bands: int = 3) -> np.ndarray:
    """16 bits, a ramp from 1,000 to 4,999, the same in every band but for its direction."""
    ramp = 1000 + np.arange(100 * 40).reshape(40, 100)
    return np.stack([ramp if band % 2 == 0 else ramp[::-1] for band in range(bands)]).astype(
        "uint16"
    )


def test_the_worker_reads_a_picture_as_this_process_does(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", deep(bands=4), nodata=0, transform=grid(pixel_m=20))
    (looked,) = inspect(path, filename="photo.tif").layers
    assert looked == looked_at(path)
    asked = {"bands": (3, 2, 1), "stretch": (1.0, 99.0)}
    request = ReadRequest(region_id="tarkwa", kind="imagery", **asked)
    apart = read(path, request, filename="photo.tif", out=tmp_path / "apart")
    here = bring(path, tmp_path / "here", **asked)
    assert apart.as_json() | {"features": ""} == here.as_json() | {"features": ""}
    assert apart.features.read_bytes() == here.features.read_bytes()


# --- colours ---------------------------------------------------------------------------------


def test_a_picture_keeps_its_grid_and_its_colours_but_for_what_jpeg_changes(tmp_path: Path) -> None:
    report = bring(photo(tmp_path / "a.tif"), tmp_path / "out")
    assert report.ok
    assert report.counts == {"read": 16384, "imported": 16384, "repaired": 0, "rejected": 0}
    values, there = kept(report)
    # away from the edges between colours, where JPEG smears
    inner = np.ones((128, 128), dtype=bool)
    inner[56:72] = inner[:, 56:72] = False
    assert np.abs(values.astype(int) - quarters().astype(int))[:, inner].max() <= LOSS
    assert there.all()
    with rasterio.open(report.features) as dataset:
        assert (dataset.transform, dataset.crs.to_epsg()) == (grid(pixel_m=20), 32630)
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert "no pixel was moved" in message(report, "picture_kept")
    assert "JPEG of quality 90" in message(report, "picture_kept")
    assert "raids" in message(report, "picture_exact")


def test_a_large_picture_has_overviews(tmp_path: Path) -> None:
    report = bring(photo(tmp_path / "a.tif", quarters(1200)), tmp_path / "out")
    with rasterio.open(report.features) as dataset:
        assert dataset.overviews(1) == [2, 4]
        assert dataset.block_shapes[0] == (512, 512)


def test_bands_are_those_the_file_declares_whatever_their_order(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.tif", quarters()[::-1])
    with rasterio.open(path, "r+") as dataset:
        names = ("blue", "green", "red")
        dataset.colorinterp = [getattr(rasterio.enums.ColorInterp, name) for name in names]
    assert seen(path).declared == (3, 2, 1)
    report = bring(path, tmp_path / "out")
    assert report.mapping["picture:bands"] == "3,2,1"
    assert "red is band 3" in message(report, "picture_bands_used")
    values, _ = kept(report)
    assert np.abs(values[:, 10, 10].astype(int) - RED).max() <= LOSS


def test_names_of_bands_declare_them_too(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", deep(bands=4), transform=grid(pixel_m=20))
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = ("Blue", "Green", "Red", "NIR")
    facts = seen(path)
    assert facts.declared == (3, 2, 1)
    assert facts.band(4).title == "4 (NIR)"
    report = bring(path, tmp_path / "out")
    assert message(report, "picture_bands_used").endswith("Not shown: band 4 (NIR).")


@pytest.mark.parametrize("accept", [False, True])
def test_bands_that_nobody_named_are_asked_for_and_never_guessed(
    tmp_path: Path, accept: bool
) -> None:
    path = write_tif(tmp_path / "a.tif", deep(bands=4), transform=grid(pixel_m=20))
    assert seen(path).declared == ()
    report = bring(path, tmp_path / "out", accept_suggestions=accept)
    assert codes(report, blocking=True) == {"picture_bands_to_choose"}
    assert report.counts["rejected"] == report.counts["read"] == 4000
    false_colour = bring(path, tmp_path / "out", bands=(4, 3, 2))
    assert false_colour.mapping["picture:bands"] == "4,3,2"
    assert "red is band 4, green is band 3, blue is band 2, as you said" in message(
        false_colour, "picture_bands_used"
    )


@pytest.mark.parametrize("bands", [(1, 2), (1, 2, 5), (0, 1, 2), (1, 2, 3, 4)])
def test_bands_there_are_not_are_refused_with_those_there_are(
    tmp_path: Path, bands: tuple[int, ...]
) -> None:
    path = write_tif(tmp_path / "a.tif", deep(bands=4), transform=grid(pixel_m=20))
    report = bring(path, tmp_path / "out", bands=bands)
    assert codes(report, blocking=True) == {"picture_bands_wrong"}
    assert "bands 1, 2, 3, 4" in message(report, "picture_bands_wrong")


def test_one_band_is_grey_and_can_be_taken_for_classes_too(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", quarters()[0], transform=grid(pixel_m=20))
    layer = looked_at(path)
    assert layer.geometry_type == "Raster"
    facts = as_picture(layer.raster)
    assert (facts.declared, facts.nodata, facts.without_data) == ((1,), "none", 0)
    assert (facts.bands[0].quantiles[0], facts.bands[0].quantiles[100]) == (30, 210)
    report = bring(path, tmp_path / "out")
    assert report.mapping["picture:bands"] == "1"
    with rasterio.open(report.features) as dataset:
        assert dataset.count == 1


def test_a_colour_table_gives_the_colours_without_loss(tmp_path: Path) -> None:
    values = np.array([[0, 1], [2, 1]], dtype="uint8").repeat(40, 0).repeat(40, 1)
    path = write_tif(
        tmp_path / "a.tif", values, photometric="palette", nodata=0, transform=grid(pixel_m=20)
    )
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {0: (9, 9, 9, 255)} | {1: (*RED, 255), 2: (*BLUE, 255)})
    report = bring(path, tmp_path / "out")
    shown, there = kept(report)
    assert tuple(shown[:, 0, 79]) == RED
    assert tuple(shown[:, 79, 0]) == BLUE
    assert not there[:40, :40].any()
    assert report.counts["rejected"] == 1600
    assert "without loss" in message(report, "picture_kept")


# --- 16 bits ---------------------------------------------------------------------------------


def test_16_bits_are_stretched_between_percentiles_that_are_told(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", deep(), photometric="RGB", transform=grid(pixel_m=20))
    report = bring(path, tmp_path / "out")
    # 4,000 values, each once: 2 % are the first 80, 98 % the first 3,920
    words = "2-98 %: band 1 1079 to 4919, band 2 1079 to 4919, band 3 1079 to 4919"
    assert report.mapping["picture:stretch"] == words
    assert "band 1 1,079 to 4,919" in message(report, "picture_stretched")
    values, _ = kept(report)
    assert values[0, 0, 0] <= LOSS
    assert values[0, 39, 99] >= 255 - LOSS
    assert abs(int(values[0, 20, 0]) - round((3000 - 1079) / (4919 - 1079) * 255)) <= LOSS


def test_percentiles_are_those_of_another_program(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    values = (rng.gamma(2.0, 700.0, (3, 80, 90)) + 50).astype("uint16")
    values[:, :9] = 0
    path = write_tif(
        tmp_path / "a.tif", values, photometric="RGB", nodata=0, transform=grid(pixel_m=20)
    )
    report = bring(path, tmp_path / "out", stretch=(5, 90))
    ends = [np.percentile(band[9:], [5, 90], method="inverted_cdf").astype(int) for band in values]
    told = [f"band {place} {low} to {high}" for place, (low, high) in enumerate(ends, start=1)]
    assert report.mapping["picture:stretch"] == "5-90 %: " + ", ".join(told)


def test_values_below_zero_are_stretched_like_others(tmp_path: Path) -> None:
    values = deep().astype("int16") - 3000
    path = write_tif(tmp_path / "a.tif", values, photometric="RGB", transform=grid(pixel_m=20))
    report = bring(path, tmp_path / "out")
    assert "band 1 -1921 to 1919" in report.mapping["picture:stretch"]
    shown, _ = kept(report)
    assert abs(int(shown[0, 20, 0]) - round((0 + 1921) / 3840 * 255)) <= LOSS


def test_8_bits_stay_as_they_are_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.tif")
    assert bring(path, tmp_path / "out").mapping["picture:stretch"] == "none"
    said = bring(path, tmp_path / "out", stretch=(0, 100))
    assert said.mapping["picture:stretch"].startswith("0-100 %: band 1 30 to 210")


@pytest.mark.parametrize("stretch", [(98, 2), (-1, 50), (0, 101), (5, 5)])
def test_percentiles_that_cannot_be_are_asked_for_again(
    tmp_path: Path, stretch: tuple[float, float]
) -> None:
    report = bring(photo(tmp_path / "a.tif"), tmp_path / "out", stretch=stretch)
    assert codes(report, blocking=True) == {"picture_stretch_wrong"}


def test_a_table_of_a_stretch_is_straight_between_its_ends() -> None:
    table = stretched(100, 355, dtype="uint16")
    assert (table[0], table[100], table[101], table[355], table[65535]) == (0, 0, 1, 255, 255)
    flat = stretched(7, 7, dtype="uint8")
    assert (flat[7], flat[8]) == (0, 255)


# --- where there is no data ------------------------------------------------------------------


def test_no_data_is_where_all_shown_bands_have_the_value(tmp_path: Path) -> None:
    values = quarters()
    values[:, :5] = 0
    values[0, 5:10] = 0
    report = bring(photo(tmp_path / "a.tif", values, nodata=0), tmp_path / "out")
    _, there = kept(report)
    assert not there[:5].any()
    assert there[5:].all()
    assert report.counts["rejected"] == 5 * 128
    assert "clear on the map: the value is 0" in message(report, "pixels_without_data")


def test_transparency_says_where_there_is_no_data(tmp_path: Path) -> None:
    alpha = np.full((1, 128, 128), 255, dtype="uint8")
    alpha[:, :8], alpha[:, 8:10] = 0, 99
    path = photo(tmp_path / "a.tif", np.concatenate([quarters(), alpha]), alpha="YES")
    assert seen(path).nodata == "alpha"
    report = bring(path, tmp_path / "out")
    _, there = kept(report)
    assert not there[:8].any()
    assert there[8:].all()
    assert message(report, "picture_half_clear").startswith("256 pixels are half transparent")


def test_a_mask_inside_the_file_says_where_there_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        photo(path)
        with rasterio.open(path, "r+") as dataset:
            mask = np.full((128, 128), 255, dtype="uint8")
            mask[:, 100:] = 0
            dataset.write_mask(mask)
    assert seen(path).nodata == "mask"
    report = bring(path, tmp_path / "out")
    _, there = kept(report)
    assert (there == (mask > 0)).all()


def test_a_collar_nobody_declared_is_told_and_stays_until_somebody_says_so(tmp_path: Path) -> None:
    values = quarters()
    values[:, :10] = 0
    path = photo(tmp_path / "a.tif", values)
    assert seen(path).border == 0
    report = bring(path, tmp_path / "out")
    assert "has the value 0 in every band" in message(report, "picture_collar")
    assert report.counts["rejected"] == 0
    said = bring(path, tmp_path / "out", nodata="0")
    assert said.counts["rejected"] == 1280
    assert said.mapping["picture:nodata"] == "0"
    assert message(said, "nodata_used").startswith("Value 0 in all bands that are shown means")
    assert codes(bring(path, tmp_path / "out", nodata="black"), blocking=True) == {"nodata_unread"}


def test_a_picture_without_any_data_is_refused(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.tif", np.zeros_like(quarters()), nodata=0)
    assert codes(bring(path, tmp_path / "out"), blocking=True) == {"nothing_left"}


# --- where it lies ---------------------------------------------------------------------------


def test_a_picture_without_a_crs_comes_to_the_same_gate(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.tif", crs=None)
    asked = bring(path, tmp_path / "out")
    assert codes(asked, blocking=True) == {"crs_to_confirm"}
    assert asked.crs_choices[0].crs == "EPSG:32630"
    assert bring(path, tmp_path / "out", crs="EPSG:32630").crs_how == "stated"
    wrong = bring(photo(tmp_path / "b.tif", crs="EPSG:32631"), tmp_path / "out")
    assert codes(wrong, blocking=True) == {"crs_does_not_land"}


def test_a_picture_on_an_old_datum_stays_there_and_says_how_far_it_is_moved(tmp_path: Path) -> None:
    place = Affine(0.0002, 0, 32.2, 0, -0.0002, -2.8)
    path = photo(tmp_path / "a.tif", crs="EPSG:4210", transform=place)
    report = bring(path, tmp_path / "out", region_id="geita")
    assert report.crs == "EPSG:4210"
    assert 250 < report.shift_m < 350
    assert "moved to WGS 84 by up to" in message(report, "raster_shifted")
    with rasterio.open(report.features) as dataset:
        assert dataset.transform == place


def test_a_turned_picture_is_kept_turned(tmp_path: Path) -> None:
    report = bring(photo(tmp_path / "a.tif", transform=turned()), tmp_path / "out")
    with rasterio.open(report.features) as dataset:
        assert dataset.transform.almost_equals(turned(), precision=1e-6)
    west, _, east, _ = report.bounds
    straight = bring(photo(tmp_path / "b.tif"), tmp_path / "out").bounds
    assert (east - west) > (straight[2] - straight[0]) * 1.2


@pytest.mark.parametrize(
    "more",
    [
        {"tiled": True, "blockxsize": 64, "blockysize": 64},
        {"blockysize": 7, "compress": "deflate"},
        {"compress": "jpeg", "photometric": "YCBCR"},
        {"BIGTIFF": "YES"},
        {"interleave": "band", "compress": "lzw", "predictor": 2},
    ],
)
def test_every_way_to_store_a_picture_gives_the_same_pixels(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    plain, _ = kept(bring(photo(tmp_path / "a.tif"), tmp_path / "one"))
    other, _ = kept(bring(photo(tmp_path / "b.tif", **more), tmp_path / "two"))
    limit = 40 if "jpeg" in more.values() else 0
    assert np.abs(plain.astype(int) - other.astype(int)).max() <= limit


def test_windows_of_a_wide_picture_cover_each_pixel_once(tmp_path: Path) -> None:
    from layers.read.picture import windows

    for options in ({}, {"tiled": True, "blockxsize": 256, "blockysize": 256}):
        values = np.zeros((3, 1300, 2100), dtype="uint8")
        path = photo(tmp_path / "wide.tif", values, transform=grid(pixel_m=1), **options)
        with rasterio.open(path) as dataset:
            hits = np.zeros(values.shape[1:], dtype=int)
            for window in windows(dataset, (1, 2, 3)):
                hits[window.toslices()] += 1
        assert (hits == 1).all()
