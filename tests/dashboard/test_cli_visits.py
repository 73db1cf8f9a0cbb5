"""Visits through the command line: what is asked, the ledger, the map, what waits, the form."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import openpyxl
import pytest
import shapely

from dashboard import cli
from layers.store import HOME_VARIABLE
from tests.layers.visit_samples import ANSWERS, csv_of, kobo

VISITS = ("--region", "tarkwa", "--kind", "visits")
TABLE = """vid;pit;day;district;mercury;lon;lat
1;S-1;2025-03-04;Prestea/huni Valley;1;-1.95;5.45
2;S-2;2025-03-05;Tarkwa-Nsuaem;0;-2.05;5.25
3;S-1;2026-03-05;Tarkwa-Nsuaem;;-2.05;5.25
"""
COLUMNS = ("--map", "site_id=pit", "--map", "visited_on=day", "--crs", "EPSG:4326")


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, with a store of its own."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dashboard", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return Answer(int(ended.value.code or 0), told.out, told.err)

    return run


@pytest.fixture
def districts(run: Run, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"district_code": ["D1", "D2"], "name": ["Tarkwa-Nsuaem", "Prestea-Huni Valley"]},
        geometry=[shapely.box(-2.2, 5.0, -2.0, 5.6), shapely.box(-2.0, 5.0, -1.8, 5.6)],
        crs=4326,
    )
    frame.to_file(tmp_path / "districts.gpkg")
    done = run(
        *("import", tmp_path / "districts.gpkg", "--region", "tarkwa"),
        *("--kind", "districts", "--yes", "--json"),
    )
    assert done.json["status"] == "imported"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "visits.csv"
    path.write_text(TABLE)
    return path


def adds_up(record: dict[str, Any]) -> bool:
    parts = record["counted"] + record["already_there"] + record["held"]
    return bool(record["read"] == parts + sum(record["left_out"].values()))


@pytest.mark.usefixtures("districts")
def test_what_is_suggested_is_refused_with_options_that_can_be_pasted(
    run: Run, table: Path
) -> None:
    asked = run("import", table, *VISITS, *COLUMNS)
    assert asked.code == 1
    assert "STOPS [places_to_confirm]" in asked.out
    line = next(line for line in asked.out.splitlines() if "--practice" in line)
    options = shlex.split(line)
    assert options[(at := options.index("--practice")) : at + 2] == ["--practice", "HG-USE=mercury"]
    assert "Prestea/huni Valley=D2" in options
    assert run("visits", "--region", "tarkwa").out.strip() == "No visits are imported."

    done = run("import", table, *VISITS, *COLUMNS, *options, "--json")
    assert (done.code, done.json["status"]) == (0, "imported")
    assert (done.json["counted"], done.json["known_states"], done.json["sites_again"]) == (3, 2, 1)
    assert adds_up(done.json)
    assert done.json["layer"]["layer_id"] == "tarkwa.visits.visits"
    assert done.json["layer"]["counts"]["imported"] == 3


@pytest.mark.usefixtures("districts")
def test_the_same_visits_again_add_nothing_and_other_content_waits(run: Run, table: Path) -> None:
    arguments = ("import", table, *VISITS, *COLUMNS, "--yes", "--json")
    assert run(*arguments).json["status"] == "imported"
    again = run(*arguments).json
    assert (again["status"], again["already_there"]) == ("already imported", 3)
    table.write_text(TABLE.replace("2025-03-05;Tarkwa-Nsuaem;0", "2025-03-05;Tarkwa-Nsuaem;1"))
    changed = run(*arguments).json
    assert (changed["counted"], changed["already_there"], changed["held"]) == (0, 2, 1)
    assert adds_up(again)
    assert adds_up(changed)

    waiting = run("visits", "--region", "tarkwa", "--held", "--json").json["held"]
    (difference,) = waiting[0]["differences"]
    assert (waiting[0]["visit_id"], difference["practice"]) == ("vid:2", "HG-USE")
    assert (difference["old"], difference["new"]) == ("not used", "used")
    number = waiting[0]["held_id"]
    assert f"--settle {number}=new" in run("visits", "--region", "tarkwa", "--held").out
    settled = run("visits", "--region", "tarkwa", "--held", "--settle", f"{number}=new")
    assert settled.out.strip() == "Nothing waits for a choice."
    adoption = run("adoption", "--region", "tarkwa", "--by", "region", "--practice", "HG-USE",
                   "--round", "2025", "--json").json  # fmt: skip
    assert [row["used"] for row in adoption["rows"]] in ([2], [None])  # None: kept back as few
    assert run("visits", "--region", "tarkwa", "--settle", "99=new").code == 1


def test_a_wrong_import_is_taken_off_and_the_file_imported_in_another_way(
    run: Run, table: Path
) -> None:
    arguments = ("import", table, *VISITS, *COLUMNS, "--yes", "--json")
    upside_down = ("--state", "HG-USE:1=not used", "--state", "HG-USE:0=used")
    assert run(*arguments, *upside_down).json["counted"] == 3
    assert run("visits", "--region", "tarkwa", "--off", "1").code == 1  # no reason given
    why = ("--why", "states upside down")
    (batch,) = run("visits", "--region", "tarkwa", "--off", "1", *why, "--json").json["batches"]
    assert batch["counts"] is False
    assert run(*arguments).json["counted"] == 3
    assert "Taken off" in run("visits", "--region", "tarkwa").out
    refused = run("visits", "--region", "tarkwa", "--back", "1")
    assert refused.code == 1
    assert "have come with another import since" in refused.err
    assert "It has: 1, 2" in run("visits", "--region", "tarkwa", "--back", "7").err


@pytest.mark.usefixtures("districts")
def test_an_export_of_the_form_needs_no_option_and_consent_keeps_places_off_the_map(
    run: Run, tmp_path: Path
) -> None:
    agreed = ANSWERS | {"share_position": "yes", "site_id": "S-9"}
    refused = ANSWERS | {"_validation_status": "validation_status_not_approved"}
    path = tmp_path / "export.csv"
    path.write_bytes(csv_of(kobo(ANSWERS, agreed, refused)))
    done = run("import", path, *VISITS, "--json").json
    assert (done["status"], done["export"], done["is_form"]) == ("imported", "KoboToolbox", True)
    assert (done["read"], done["counted"]) == (3, 2)
    assert done["left_out"] == {"review does not accept them": 1}
    assert (done["not_shown"], done["layer"]["counts"]["imported"]) == (1, 1)
    # the one that counted is rejected later: it counts no longer
    path.write_bytes(csv_of(kobo(ANSWERS | {"_validation_status": "On Hold"}, agreed, refused)))
    later = run("import", path, *VISITS, "--json").json
    assert later["batch"]["withdrawn"] == ["uuid-1"]
    assert adds_up(done)
    assert adds_up(later)


def test_a_check_imports_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(csv_of(kobo(ANSWERS)))
    checked = run("check", path, *VISITS, "--json")
    assert (checked.code, checked.json["status"], checked.json["counted"]) == (0, "ready", 1)
    assert run("visits", "--region", "tarkwa", "--json").json["batches"] == []
    assert run("layers", "--json").json["layers"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("--state", "used"),
        ("--state", "HG-USE=used"),
        ("--practice", "HG-USE"),
        ("--radius-m", "5"),
        ("--latest",),
    ],
)
def test_an_option_that_cannot_be_is_wrong_usage(run: Run, table: Path, wrong: tuple[str]) -> None:
    assert run("import", table, *VISITS, *wrong).code == 2


def test_options_of_visits_are_wrong_usage_for_other_kinds(run: Run, table: Path) -> None:
    sites = ("import", table, "--region", "tarkwa", "--kind", "mine_sites")
    told = run(*sites, "--round", "2025")
    assert told.code == 2
    assert "--kind visits" in re.sub(r"\s+", " ", told.err)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("visits.csv", b"<html><body>Log in</body></html>", "is a web page"),
        ("visits.xlsx", b"PK\x03\x04 not a workbook", "damaged"),
        ("visits.csv", b"only one column\n1\n", "no header row"),
        ("visits.geojson", b'{"type": "FeatureCollection", "features": []}', "."),
        ("visits.csv", b"", "empty"),
    ],
)
def test_a_hostile_or_broken_file_ends_in_one_sentence(
    run: Run, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    told = run("import", tmp_path / name, *VISITS, "--yes", "--json")
    assert (told.code, told.json["status"]) == (1, "refused")
    assert sentence in told.json["message"]
    assert "could not be read (" not in told.json["message"]


def test_the_form_is_written_as_a_workbook(run: Run, tmp_path: Path) -> None:
    done = run("form", "--out", tmp_path / "form.xlsx", "--json")
    assert done.json["bytes"] == (tmp_path / "form.xlsx").stat().st_size
    assert openpyxl.load_workbook(tmp_path / "form.xlsx").sheetnames == [
        *("survey", "choices", "settings")
    ]
    assert run("form", "--out", tmp_path / "form.pdf").code == 2


# --- real data ----------------------------------------------------------------------------------


@pytest.mark.real
def test_the_visits_of_ituri_are_869_observations_and_167_sites_with_several(
    run: Run, real_data: Path
) -> None:
    layers = real_data / "ituri" / "ituri.gpkg"
    for layer, kind in (("mine_sites", "mine_sites"), ("admin2", "districts")):
        run("import", layers, "--region", "ituri", "--kind", kind, "--layer", layer, "--yes")
    done = run(
        *("import", real_data / "ituri" / "ipis_visits.csv", "--region", "ituri"),
        *("--kind", "visits", "--practice", "HG-USE=mercury", "--yes", "--json"),
    ).json
    assert (done["read"], done["counted"], done["known_states"]) == (1161, 1161, 869)
    assert done["sites"] == 496
    assert done["fields"]["site_id"] == "pcode"
    assert "women" not in done["fields"]  # there it says whether, not how many
    assert done["layer"]["counts"]["imported"] == 1161
    codes = {one["code"]: one["row_count"] for one in done["findings"]}
    assert codes["place_not_matched"] == 43  # Beni and Lubero lie in another province
    from layers.store import opened

    with opened() as store:
        ledger = store.ledger("ituri")
    seen = ledger.observations[ledger.observations["state"].isin(["used", "not used"])]
    table = seen.join(ledger.visits[["site_id", "district"]], on="visit")
    assert len(table) == 869
    assert (table["site_id"].value_counts() > 1).sum() == 167
    share = (table["state"] == "used").groupby(table["district"]).mean()
    assert share[["Djugu", "Mambasa", "Irumu"]].round(2).tolist() == [0.73, 0.27, 0.17]
