"""The wizard with a picture: bands as the file declares, a warning, and nothing chosen else."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dashboard.views.picture_answers import preview_png
from dashboard.views.wizard import fitting_kinds, guess_kind
from layers.read import inspect
from tests.dashboard.test_views import button, home, opened, run, said, upload
from tests.layers.picture_samples import RED, photo, quarters
from tests.layers.raster_samples import grid, write_tif

__all__ = ["home"]


def test_a_picture_is_imported_with_the_bands_of_the_file(home: Path, tmp_path: Path) -> None:
    at = upload(opened("data"), "drone.tif", photo(tmp_path / "drone.tif").read_bytes())
    told = said(at)
    assert "Say what its colours are" in told
    assert "can bring raids on people" in told
    assert "no rule uses it" in told
    chosen = {one.label: one.value for one in at.selectbox if one.label in ("Red", "Green", "Blue")}
    assert chosen == {"Red": 1, "Green": 2, "Blue": 3}
    button(at, "Check the file").click()
    told = said(run(at))
    assert "16,384 pixels read = 16,384 imported" in told.replace("\u202f", ",")
    button(at, "Import 16").click()
    assert "is now version 1" in said(run(at))
    told = said(opened("overview"))
    assert "pixels with a colour" in told
    assert "20 x 20" in told


def test_bands_the_file_does_not_name_are_left_open(home: Path, tmp_path: Path) -> None:
    ramp = np.arange(60 * 60, dtype="uint16").reshape(60, 60)
    deep = np.stack([ramp, ramp.T, ramp[::-1], ramp + 9])
    path = write_tif(tmp_path / "sat.tif", deep, transform=grid(pixel_m=20))
    at = upload(opened("data"), "sat.tif", path.read_bytes())
    assert "The file does not say which band is which" in said(at)
    boxes = [one for one in at.selectbox if one.label in ("Red", "Green", "Blue")]
    assert [one.value for one in boxes] == [None] * 3
    assert any("Darkest and brightest" in one.label for one in at.slider)
    button(at, "Check the file").click()
    assert "does not say which of its bands are red, green and blue" in said(run(at))


def test_few_values_may_be_classes_or_a_picture_and_colours_a_picture_only() -> None:
    assert fitting_kinds("Picture") == ["imagery"]
    assert fitting_kinds("Raster") == ["landcover", "imagery"]
    assert guess_kind("drone 2024", "a.tif", offered=["landcover", "imagery"]) == "imagery"
    assert guess_kind("cover", "a.tif", offered=["landcover", "imagery"]) is None


@pytest.mark.parametrize(("bands", "expected"), [((1, 2, 3), RED), ((2,), (40, 40, 40))])
def test_the_preview_shows_the_chosen_bands(
    tmp_path: Path, bands: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    values = quarters()
    values[:, -20:] = 7
    (layer,) = inspect(photo(tmp_path / "a.tif", values), filename="a.tif").layers
    content = preview_png(layer.picture, bands, stretch=None, nodata="7")
    seen = np.asarray(Image.open(io.BytesIO(content)))
    assert tuple(seen[5, 5]) == (*expected, 255)
    assert seen[-1, 5, 3] == 0
