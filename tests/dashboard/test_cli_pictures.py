"""Pictures on the command line: bands and stretch are said there, and never guessed."""

from pathlib import Path

import numpy as np

from tests.dashboard.test_cli import Run, run
from tests.layers.picture_samples import quarters
from tests.layers.raster_samples import grid, write_tif

__all__ = ["run"]

WHERE = ("--region", "tarkwa", "--kind", "imagery", "--data-date", "2024-03-01")


def test_bands_are_asked_for_and_answered_and_the_layer_is_listed(run: Run, tmp_path: Path) -> None:
    values = np.concatenate([quarters()[::-1], quarters()[:1]]).astype("uint16") * 9
    tif = write_tif(tmp_path / "pic.tif", values, transform=grid(pixel_m=20))
    asked = run("import", tif, *WHERE, "--yes", "--json")
    assert (asked.code, asked.json["status"]) == (1, "needs answers")
    assert asked.json["to_confirm"][0].startswith("--bands RED,GREEN,BLUE")
    done = run("import", tif, *WHERE, "--bands", "3,2,1", "--stretch", "1,99", "--json")
    assert done.code == 0
    assert done.json["mapping"]["picture:bands"] == "3,2,1"
    assert done.json["mapping"]["picture:stretch"].startswith("1-99 %: band 3 270 to 1890")
    (layer,) = run("layers", "--json").json["layers"]
    assert (layer["kind"], layer["current"]["picture"]) == ("imagery", True)
    assert "16384 pixels with a colour" in run("layers").out
    assert run("doctor", "--json").code == 0


def test_bands_and_stretch_that_are_no_numbers_are_wrong_usage(run: Run, tmp_path: Path) -> None:
    tif = write_tif(tmp_path / "pic.tif", quarters(), photometric="RGB")
    for option, text in (("--bands", "red"), ("--stretch", "2"), ("--stretch", "a,b")):
        answer = run("check", tif, *WHERE, option, text)
        assert answer.code == 2
        assert f"'{text}' is not like" in answer.err
