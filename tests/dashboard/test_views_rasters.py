"""The wizard and the overview with a raster: nothing chosen beforehand, everything told."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.views.raster_answers import preview_png, value_line
from layers.facts import kind
from layers.read import inspect
from layers.read.raster_model import PixelValue
from tests.dashboard.test_rasters import picture, rgba
from tests.dashboard.test_views import button, home, opened, run, said, upload
from tests.layers.raster_samples import write_tif

__all__ = ["home"]

VALUES = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")


@pytest.fixture
def tif(tmp_path: Path) -> bytes:
    return write_tif(tmp_path / "cover.tif", VALUES, nodata=0).read_bytes()


def label(element) -> str:
    return element.label.replace("\\", "")


def choose(at, value: int, name: str):
    box = next(one for one in at.selectbox if label(one).startswith(f"Value {value}:"))
    box.set_value(name)
    return at


def test_a_raster_is_imported_value_by_value(home: Path, tif: bytes) -> None:
    at = upload(opened("data"), "cover.tif", tif)
    told = said(at)
    assert "Value 0 means “no data”, as the file says." in told
    boxes = [one for one in at.selectbox if one.label.startswith("Value ")]
    assert [label(one).split(":")[0] for one in boxes] == [f"Value {n}" for n in (1, 2, 7, 9)]
    assert [one.value for one in boxes] == [""] * 4
    assert "2 pixels, 22" in label(boxes[0])
    assert "ha" in label(boxes[0])
    button(at, "Check the file").click()
    told = said(run(at))
    assert "Nobody said what these pixel values mean: 1 (2 pixels" in told
    assert not any(one.label.startswith("Import") for one in at.button)
    for value, name in {1: "forest", 2: "water", 7: "leave-out", 9: "cropland"}.items():
        choose(at, value, name)
    button(run(at), "Check again").click()
    told = said(run(at))
    assert "12 pixels read = 6 imported + 0 repaired + 6 rejected" in told
    assert "3 pixels are 'no data'" in told
    button(at, "Import 6 pixels as").click()
    assert "is now version 1" in said(run(at))
    told = said(opened("overview"))
    assert "6 pixels with a class" in told
    assert "cropland: 3" in told
    assert "no data: 3 pixels" in told
    assert "left out on import: 3 pixels" in told


def test_values_can_be_left_out_all_at_once_but_only_by_saying_so(home: Path, tif: bytes) -> None:
    at = upload(opened("data"), "cover.tif", tif)
    choose(at, 9, "cropland")
    next(one for one in at.checkbox if "Leave out every value" in one.label).set_value(True)
    button(run(at), "Check the file").click()
    assert "12 pixels read = 3 imported + 0 repaired + 9 rejected" in said(run(at))


def test_a_raster_that_declares_no_nodata_is_asked_about(home: Path, tmp_path: Path) -> None:
    values = np.zeros((20, 20), dtype="uint8")
    values[5:15, 5:15] = 9
    tif = write_tif(tmp_path / "bare.tif", values).read_bytes()
    at = upload(opened("data"), "cover.tif", tif)
    assert "The file does not say which value means “no data”." in said(at)
    assert "Value 0 fills most of the border" in said(at)
    asked = next(one for one in at.selectbox if one.label == "No data is")
    assert asked.value is None
    asked.set_value("0")
    choose(run(at), 9, "cropland")
    assert not any(one.label.startswith("Value 0") for one in at.selectbox)
    button(run(at), "Check the file").click()
    assert "400 pixels read = 100 imported" in said(run(at))


def test_the_preview_shows_classes_what_is_left_out_and_what_is_not_named(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "cover.tif", VALUES, nodata=0)
    (layer,) = inspect(path, filename="cover.tif").layers
    table = {"9": "cropland", "7": "leave-out"}
    seen = picture(preview_png(layer.raster, kind("landcover"), table, void="0"))
    assert seen.shape == (3, 4, 4)
    assert seen[0, 0, 3] == 0
    assert seen[0, 3].tolist() == rgba("cropland")
    assert seen[2, 1].tolist() != seen[0, 1].tolist()
    assert seen[0, 1].tolist() == seen[1, 3].tolist()


def test_a_label_of_the_file_is_shown_as_its_own_words() -> None:
    one = PixelValue(value=9, pixels=5, label="Cropland", suggested="cropland", area_ha=None)
    line = value_line(one, total=10)
    assert "the file calls it “Cropland”, perhaps cropland" in line
    assert "ha" not in line.split("·")[0]
