"""Commands of the adoption ledger: rows, sentences, files and exit codes."""

import datetime as dt
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard import cli, workflows
from layers.ledger.records import Action
from layers.store import HOME_VARIABLE
from tests.dashboard.adoption_world import EAST, POND, REGION, SECOND, WEST, filled

FIRST_COLUMNS = [
    *("area", "practice", "round", "observations", "used", "applicable", "unknown"),
    *("known_sites", "visited", "rate", "low", "high", "shown_as"),
]


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    store = filled(workflows.open_home(home))
    store.put_action(
        Action(
            region_id=REGION,
            title="Ponds",
            owner="The association",
            practice=POND,
            target_share=0.9,
            target_day=dt.date(2030, 1, 1),
        ),
        actor="Ama",
    )
    store.close()
    return home


@pytest.fixture
def run(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in this process, on a copy of the landscape."""
    shutil.copytree(made, tmp_path / "home")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dashboard", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return Answer(int(ended.value.code or 0), told.out, told.err)

    return run


def test_rows_by_district_have_every_column_that_is_promised(run: Run) -> None:
    answer = run(
        *("adoption", "--region", REGION, "--by", "district"),
        *("--practice", POND, "--round", SECOND, "--json"),
    )
    assert answer.code == 0
    told = answer.json
    assert told["region"] == REGION
    assert list(told["rows"][0])[: len(FIRST_COLUMNS)] == FIRST_COLUMNS
    rows = {row["area"]: row for row in told["rows"]}
    assert (rows[EAST]["used"], rows[EAST]["applicable"], rows[EAST]["unknown"]) == (21, 28, 2)
    assert rows[EAST]["rate"] == 0.75
    assert (rows[WEST]["used"], rows[WEST]["known_sites"], rows[WEST]["visited"]) == (12, 40, 30)
    assert {row["round"] for row in told["rows"]} == {SECOND}
    assert any("outside every district" in note for note in told["notes"])


@pytest.mark.parametrize("by", ["region", "operation", "sex"])
def test_other_cuts_add_up_to_the_same_sites(run: Run, by: str) -> None:
    told = run(
        *("adoption", "--region", REGION, "--by", by, "--practice", POND, "--round", "all"),
        "--json",
    ).json
    assert sum(row["used"] or 0 for row in told["rows"]) == 33


def test_a_region_without_visits_has_no_rows_and_exit_code_0(run: Run) -> None:
    answer = run("adoption", "--region", "geita", "--by", "region", "--json")
    assert answer.code == 0
    assert answer.json["rows"] == []
    assert "No visits are recorded for Geita" in answer.json["notes"][0]
    plain = run("adoption", "--region", "geita")
    assert plain.out.startswith("Geita: no visits are recorded.")


def test_words_for_a_person_have_n_interval_and_days(run: Run) -> None:
    out = run("adoption", "--region", REGION, "--practice", POND).out
    assert "90 visits to 60 of 71 known sites, 2023-03-01 to 2025-04-28" in out
    assert "9 of 30 sites" in out
    assert "HG-" not in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("adoption", "--region", REGION, "--practice", "XX"), 1),
        (("adoption", "--region", REGION, "--round", "1999"), 1),
        (("adoption", "--region", REGION, "--by", "village"), 2),
        (("adoption", "--region", "nowhere"), 2),
        (("adoption", "--region", REGION, "--out", "table.pdf"), 2),
        (("brief", "--region", REGION, "--out", "brief.doc"), 2),
        (("brief", "--region", REGION), 2),
    ],
)
def test_what_cannot_be_done_has_an_exit_code_and_a_sentence(
    run: Run, arguments: tuple[str, ...], code: int
) -> None:
    answer = run(*arguments)
    assert answer.code == code
    assert answer.out + answer.err


def test_a_refusal_is_json_where_json_was_asked_for(run: Run) -> None:
    answer = run("adoption", "--region", REGION, "--practice", "XX", "--json")
    assert answer.json["status"] == "refused"
    assert "There is no practice 'XX'" in answer.json["message"]


def test_files_are_written_whole(run: Run, tmp_path: Path) -> None:
    csv, xlsx, pdf = (tmp_path / f"out/file.{one}" for one in ("csv", "xlsx", "pdf"))
    assert run("adoption", "--region", REGION, "--practice", POND, "--out", csv).code == 0
    head, *rows = csv.read_text(encoding="utf-8-sig").splitlines()
    assert head.split(",")[: len(FIRST_COLUMNS)] == FIRST_COLUMNS
    assert len(rows) == 9  # two districts and none known, two rounds and all
    assert run("adoption", "--region", REGION, "--out", xlsx).code == 0
    with zipfile.ZipFile(xlsx) as book:
        assert "xl/workbook.xml" in book.namelist()
        assert b"Road map" in book.read("xl/workbook.xml")
    told = run("brief", "--region", REGION, "--out", pdf, "--json").json
    assert pdf.read_bytes().startswith(b"%PDF")
    assert told["bytes"] == pdf.stat().st_size


def test_actions_are_told_with_their_verdict_and_why(run: Run) -> None:
    told = run("actions", "--region", REGION, "--json").json["actions"]
    assert [one["title"] for one in told] == ["Ponds"]
    assert told[0]["progress"] == "can't tell"
    assert "without a baseline" in told[0]["reason"]
    assert told[0]["latest"]["used"] == 33
    plain = run("actions", "--region", REGION).out
    assert "target: WA-POND at 90% by 2030-01-01" in plain
    assert "has no action yet" in run("actions", "--region", "geita").out
