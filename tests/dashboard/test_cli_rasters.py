"""Rasters on the command line: classes are said, never suggested, never invented by --yes."""

from pathlib import Path

import numpy as np
import pytest

from tests.dashboard.test_cli import Run, run
from tests.layers.raster_samples import write_tif

__all__ = ["run"]

VALUES = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")
WHERE = ("--region", "tarkwa", "--kind", "landcover")
TABLE = [
    part
    for text in ("1=forest", "2=water", "7=leave-out", "9=cropland")
    for part in ("--class", text)
]


@pytest.fixture
def tif(tmp_path: Path) -> Path:
    return write_tif(tmp_path / "cover.tif", VALUES, nodata=0)


def test_a_raster_is_imported_with_its_table(run: Run, tif: Path) -> None:
    answer = run("import", tif, *WHERE, *TABLE, "--json")
    assert answer.code == 0
    assert answer.json["counts"] == {"read": 12, "imported": 6, "repaired": 0, "rejected": 6}
    assert answer.json["classes"] == {"forest": 2, "water": 1, "cropland": 3}
    assert answer.json["class_areas_ha"]["cropland"] == pytest.approx(3, rel=1e-3)
    listed = run("layers", "--json").json["layers"]
    assert listed[0]["current"]["raster"] is True
    assert "6 pixels with a class" in run("layers").out
    again = run("import", tif, *WHERE, *TABLE, "--json").json
    assert again["status"] == "already imported"


@pytest.mark.parametrize("command", ["import", "check"])
def test_yes_never_invents_a_class(run: Run, tif: Path, command: str) -> None:
    answer = run(command, tif, *WHERE, "--yes", "--json")
    assert (answer.code, answer.json["status"]) == (1, "needs answers")
    assert [one["code"] for one in answer.json["findings"] if one["blocking"]] == [
        "class_values_to_name"
    ]
    assert "leave-out" in answer.json["to_confirm"][0]
    told = run(command, tif, *WHERE)
    assert "say this, for nobody else can" in told.out
    assert run("layers", "--json").json == {"layers": []}


def test_an_undeclared_nodata_is_asked_for_and_answered(run: Run, tmp_path: Path) -> None:
    tif = write_tif(tmp_path / "bare.tif", VALUES)
    asked = run("check", tif, *WHERE, *TABLE, "--json")
    assert "--nodata VALUE" in asked.json["to_confirm"]
    assert run("check", tif, *WHERE, *TABLE, "--nodata", "0", "--json").json["status"] == "ready"
    none = run("check", tif, *WHERE, *TABLE, "--nodata", "none", "--class", "0=bare", "--json")
    assert none.json["status"] == "ready"


def test_a_band_is_chosen_by_its_number(run: Run, tmp_path: Path) -> None:
    tif = write_tif(tmp_path / "two.tif", np.stack([VALUES, VALUES]).astype("int16"), nodata=0)
    assert "several bands: 1, 2" in run("check", tif, *WHERE, *TABLE, "--json").json["message"]
    assert run("check", tif, *WHERE, *TABLE, "--band", "2", "--json").json["status"] == "ready"


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "present", "classes"),
    [
        # tables of this test: of the first nothing is known, of the second that 9 is cropland
        ("thld", range(1, 10), {"9": "other"}),
        ("asante_akim", range(1, 12), {"9": "cropland"}),
    ],
)
def test_the_real_rasters_come_in_with_their_own_tables(
    run: Run, real_data: Path, name: str, present: range, classes: dict[str, str]
) -> None:
    tif = real_data / "rasters" / f"ghana_landcover_{name}_100m.tif"
    table = dict.fromkeys(map(str, present), "leave-out") | classes
    said = [part for value, told in table.items() for part in ("--class", f"{value}={told}")]
    answer = run("import", tif, *WHERE, *said, "--json")
    assert answer.code == 0
    assert answer.json["classes"] == ({"cropland": 59} if name == "asante_akim" else {"other": 9})
