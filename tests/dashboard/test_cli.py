"""The command line: exit codes, JSON and nothing else, questions, and never a traceback."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pytest
import shapely

from dashboard import cli
from layers.store import HOME_VARIABLE

ROOT = Path(__file__).resolve().parents[2]


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
def sites(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {"site_id": ["a", "b"], "nom": ["Été", "=B"]},
        geometry=[shapely.Point(29.05, 2.05), shapely.Point(29.5, 2.5)],
        crs=4326,
    )
    path = tmp_path / "sites.gpkg"
    frame.to_file(path)
    return path


@pytest.fixture
def licences(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame({"code": ["L1"]}, geometry=[shapely.box(29, 2, 29.1, 2.1)], crs=4326)
    path = tmp_path / "licences.geojson"
    frame.to_file(path)
    return path


SITES = ("--region", "ituri", "--kind", "mine_sites")
LICENCES = ("--region", "ituri", "--kind", "licences")


@pytest.mark.parametrize(
    "arguments",
    [
        ["import"],
        ["import", "x.csv", "--region", "atlantis", "--kind", "water"],
        ["import", "x.csv", "--region", "ituri", "--kind", "dragons"],
        ["import", "x.csv", *SITES, "--map", "name"],
        ["import", "x.csv", *SITES, "--data-date", "30/06/2021"],
        ["import", "x.csv", *SITES, "--radius-m", "-1"],
        ["conflicts"],
        ["conflicts", "--region", "ituri", "--on", "yesterday"],
        ["conflicts", "--region", "ituri", "--out", "x.xlsx"],
        ["no-such-command"],
        ["layers", "--no-such-option"],
        ["serve", "--port", "99999"],
    ],
)
def test_wrong_usage_is_exit_code_two_and_a_sentence(run: Run, arguments: list[str]) -> None:
    answer = run(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Error" in answer.err


def test_help_names_every_command_and_is_quick(run: Run) -> None:
    commands = ["import", "check", "layers", "rollback", "delete", "conflicts", "doctor", "serve"]
    answer = run("--help")
    assert answer.code == 0
    assert all(f"  {name} " in answer.out for name in commands)
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "dashboard", "--help"], cwd=ROOT, check=True, capture_output=True
    )
    assert time.monotonic() - started < 2  # 0.1 s on an idle machine; heavy imports would take 2
    heavy = "import dashboard.cli, sys; print([m for m in ('geopandas', 'sqlalchemy', 'streamlit')"
    told = subprocess.run(
        [sys.executable, "-c", f"{heavy} if m in sys.modules])"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "[]"


def test_the_docs_name_every_command_and_option(run: Run) -> None:
    docs = (ROOT / "docs" / "cli.md").read_text()
    for name in re.findall(r"^  (\w+) {2,}", run("--help").out.split("Commands:")[1], re.M):
        assert f"`{name}" in docs, name
        for option in re.findall(r"--[a-z][a-z-]+", run(name, "--help").out):
            if option != "--help":
                assert option in docs, f"{name} {option}"


def test_an_import_prints_counts_version_and_findings_as_json(run: Run, sites: Path) -> None:
    answer = run("import", sites, *SITES, "--yes", "--json")
    assert answer.code == 0
    assert answer.json["status"] == "imported"
    assert answer.json["counts"] == {"read": 2, "imported": 2, "repaired": 0, "rejected": 0}
    assert answer.json["version_id"].startswith("ituri.mine_sites.sites.")
    assert all({"code", "message", "blocking"} <= set(one) for one in answer.json["findings"])
    again = run("import", sites, *SITES, "--yes", "--json")
    assert (again.code, again.json["status"]) == (0, "already imported")
    assert again.json["version_id"] == answer.json["version_id"]


def test_without_yes_and_a_terminal_it_refuses_with_options_to_paste(run: Run, sites: Path) -> None:
    answer = run("import", sites, *SITES)
    assert answer.code == 1
    assert "--map feature_id=site_id --map name=nom" in answer.out
    assert run("layers", "--json").json == {"layers": []}
    confirmed = ("--map", "feature_id=site_id", "--map", "name=nom")
    assert run("import", sites, *SITES, *confirmed).code == 0


def test_with_json_blocking_findings_are_json_with_exit_code_one(run: Run, sites: Path) -> None:
    answer = run("import", sites, *SITES, "--json")
    assert answer.code == 1
    assert answer.json["status"] == "needs answers"
    assert answer.json["to_confirm"] == ["--map feature_id=site_id", "--map name=nom"]
    assert any(one["blocking"] for one in answer.json["findings"])


@pytest.mark.parametrize("reply", [True, False])
def test_on_a_terminal_it_asks_before_it_imports(
    run: Run, sites: Path, monkeypatch: pytest.MonkeyPatch, reply: bool
) -> None:
    monkeypatch.setattr(cli, "_may_ask", lambda report, **k: report.status == "needs answers")
    monkeypatch.setattr(cli.typer, "confirm", lambda question: reply)
    answer = run("import", sites, *SITES)
    assert "feature_id from column 'site_id'" in answer.out
    assert answer.code == (0 if reply else 1)
    assert len(run("layers", "--json").json["layers"]) == int(reply)


def test_a_check_finds_the_same_and_imports_nothing(run: Run, sites: Path) -> None:
    answer = run("check", sites, *SITES, "--yes", "--json")
    assert (answer.code, answer.json["status"]) == (0, "ready")
    assert run("layers", "--json").json == {"layers": []}


def test_name_date_source_and_accuracy_are_kept_as_stated(run: Run, sites: Path) -> None:
    stated = ["--name", "Sites 2021", "--data-date", "2021-06-30", "--source", "Field visit"]
    run("import", sites, *SITES, *stated, "--position-sd-m", "4", "--radius-m", "25", "--yes")
    (layer,) = run("layers", "--json").json["layers"]
    assert layer["layer_id"] == "ituri.mine_sites.sites-2021"
    assert layer["current"]["data_date"] == "2021-06-30"
    assert layer["current"]["source_note"] == "Field visit"
    text = run("layers").out
    assert "data of 2021-06-30" in text


def test_a_file_that_is_not_there_is_refused_in_a_sentence(run: Run) -> None:
    answer = run("import", "/no/such/file.csv", *SITES)
    assert (answer.code, answer.out) == (1, "'file.csv' does not exist.\n")
    assert run("import", "/no/such/file.csv", *SITES, "--json").json["status"] == "refused"


def test_rolling_back_and_deleting_say_what_is_shown_now(
    run: Run, sites: Path, tmp_path: Path
) -> None:
    run("import", sites, *SITES, "--yes")
    frame = gpd.read_file(sites).iloc[:1]
    frame.to_file(sites)
    run("import", sites, *SITES, "--yes")
    layer_id = "ituri.mine_sites.sites"
    assert "now shows version 1" in run("rollback", layer_id).out
    assert (
        run("rollback", layer_id, "--version", "2", "--json").json["layer"]["current"]["number"]
        == 2
    )
    refused = run("rollback", layer_id, "--version", "9")
    assert refused.code == 1
    assert "It has: 1, 2" in refused.err
    assert "rollback ituri.mine_sites.sites" in run("delete", layer_id).out
    assert run("layers", "--json").json == {"layers": []}
    assert "deleted, 2 versions kept" in run("layers", "--deleted").out
    assert run("rollback", layer_id).code == 0
    assert run("delete", "ituri.water.none", "--json").json["status"] == "refused"


def test_conflicts_are_printed_as_the_documented_json(
    run: Run, sites: Path, licences: Path
) -> None:
    run("import", sites, *SITES, "--yes")
    run("import", licences, *LICENCES, "--yes")
    told = run("conflicts", "--region", "ituri", "--on", "2021-06-30", "--json").json
    assert (told["region"], told["as_of"]) == ("ituri", "2021-06-30")
    rows = {row["rule"]: row for row in told["rules"]}
    wanted = {"rule", "subject", "object", "pairs", "subjects", "objects", "area_ha", "union_ha"}
    assert all(wanted | {"verdicts"} <= set(row) for row in rows.values())
    inside = rows["site-in-licence"]
    assert (inside["pairs"], inside["subjects"], inside["objects"]) == (1, 1, 1)
    assert inside["verdicts"] == {"inside": 1, "too_close": 0}
    assert inside["area_ha"] is None
    assert rows["site-outside-licences"]["pairs"] == 1
    text = run("conflicts", "--region", "ituri").out
    assert "An overlap is not illegality" in text
    assert "area no data" in text


def test_a_scenario_there_is_not_is_refused(run: Run) -> None:
    answer = run("conflicts", "--region", "ituri", "--scenario", "200m", "--json")
    assert (answer.code, answer.json["status"]) == (1, "refused")
    assert "There is: none" in answer.json["message"]


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "csv", "parquet"])
def test_conflicts_are_written_to_a_file(
    run: Run, sites: Path, licences: Path, tmp_path: Path, ending: str
) -> None:
    run("import", sites, *SITES, "--yes")
    run("import", licences, *LICENCES, "--yes")
    out = tmp_path / "new" / f"conflicts.{ending}"
    assert run("conflicts", "--region", "ituri", "--out", out).code == 0
    assert out.stat().st_size > 100
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = run("conflicts", "--region", "ituri", "--out", tmp_path / "file" / "x.csv")
    assert answer.code == 1
    assert "cannot be written" in answer.err


def test_the_doctor_says_what_is_wrong_with_exit_code_one(
    run: Run, sites: Path, tmp_path: Path
) -> None:
    run("import", sites, *SITES, "--yes")
    assert run("doctor").code == 0
    (feature_file,) = (tmp_path / "home" / "layers").rglob("*.parquet")
    feature_file.unlink()
    answer = run("doctor", "--json")
    assert answer.code == 1
    assert not answer.json["ok"]
    assert "is missing" in json.dumps(answer.json)


def test_an_error_nobody_foresaw_is_a_sentence_with_a_log(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(cli, "home_store", fail)
    answer = run("layers")
    assert answer.code == 1
    assert "secret detail" not in answer.err
    (log,) = (tmp_path / "home" / "logs").iterdir()
    assert log.stem in answer.err
    assert "secret detail" in log.read_text()
    assert run("layers", "--json").json["status"] == "refused"


def test_serving_on_a_port_that_is_taken_is_refused_in_a_sentence(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = run("serve", "--port", str(port))
    assert answer.code == 1
    assert f"Port {port} on 127.0.0.1 cannot be used: address already in use" in answer.err
    assert "Common Ground is at" not in answer.out
