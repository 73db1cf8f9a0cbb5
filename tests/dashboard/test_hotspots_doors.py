"""The doors to hotspots: the command line and the route of the map."""

import csv
import datetime as dt
import io
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from dashboard import cli, workflows
from dashboard.maps import MapSpec, _message, map_hotspots
from dashboard.routes import routes
from layers.store import HOME_VARIABLE, Store
from tests.dashboard.hotspot_world import SITES, WEST, filled, site, sites
from tests.dashboard.test_cli import Answer, Run
from tests.dashboard.test_routes import Client

DAY = dt.date(2026, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path / "home")


@pytest.fixture
def loaded(store: Store) -> Store:
    return filled(store)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, on the store of the test."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dashboard", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return Answer(int(ended.value.code or 0), told.out, told.err)

    return run


ASK = ("hotspots", "--region", "tarkwa", "--on", "2026-01-01")


# --- the command line -------------------------------------------------------------------------


def test_json_has_a_row_a_unit_with_every_field(loaded: Store, run: Run) -> None:
    answer = run(*ASK, "--by", "districts", "--json")
    assert answer.code == 0
    told = answer.json
    assert (told["region"], told["as_of"], told["by"]) == ("tarkwa", "2026-01-01", "districts")
    first = told["rows"][0]
    assert first["name"] == WEST
    wanted = "rank unit_id known_sites detections visits surveyed in_conflict inside too_close"
    wanted += " value low high unit_class z p p_fdr reason by_rule by_breach social_intensity"
    assert set(wanted.split()) <= set(first)
    assert first["social_intensity"] is None
    assert first["z"] is None
    assert told["tested"] is False
    assert told["changes"] is None


def test_plain_text_is_a_list_with_reasons(loaded: Store, run: Run) -> None:
    answer = run(*ASK, "--by", "districts")
    assert answer.code == 0
    assert f"1. {WEST}: Not tested: too few units\n  3 of 6 known sites lie" in answer.out
    assert "1 more units: not surveyed, nothing is known." in answer.out


@pytest.mark.parametrize("ending", ["csv", "geojson", "gpkg"])
def test_a_file_is_written_in_each_format(
    loaded: Store,
    run: Run,
    tmp_path: Path,
    ending: str,
) -> None:
    out = tmp_path / f"out.{ending}"
    answer = run(*ASK, "--by", "h3", "--resolution", "7", "--out", out, "--json")
    assert (answer.code, answer.json["out"]) == (0, str(out))
    assert out.stat().st_size > 500
    if ending == "csv":
        rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
        assert sum(int(row["known_sites"]) for row in rows) == len(SITES)


def test_since_compares_with_a_version_and_with_a_day(loaded: Store, run: Run) -> None:
    old = loaded.layer("tarkwa.mine_sites.sites").current
    assert old is not None
    sites(loaded, [*SITES, site("n", -2.1, 20)], data_date=dt.date(2025, 12, 1))
    for since in (old.version_id, "2025-07-01"):
        told = run(*ASK, "--by", "districts", "--since", since, "--json").json
        assert told["changes"]["totals"]["mine_sites"]["new"] == 1
        assert told["rows"][0]["change"]["mine_sites"]["new_unlisted"] == 1


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--by", "villages"],
        ["--by", "h3", "--out", "x.xlsx"],
        ["--by", "h3", "--resolution", "eight"],
    ],
)
def test_wrong_usage_is_exit_code_two(run: Run, options: list[str]) -> None:
    answer = run(*ASK, *options)
    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--by", "h3", "--resolution", "9"], "no hexagons of resolution 9"),
        (["--by", "h3", "--measure", "counts"], "no measure 'counts'"),
        (["--by", "h3", "--rule", "X-1"], "No rule 'X-1' about sites"),
        (["--by", "h3", "--since", "2030-01-01"], "Nothing to compare with"),
        (["--by", "h3", "--scenario", "900m"], "There is no scenario '900m'"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_exit_code_one(
    loaded: Store,
    run: Run,
    options: list[str],
    sentence: str,
) -> None:
    answer = run(*ASK, *options, "--json")
    assert answer.code == 1
    assert answer.json["status"] == "refused"
    assert sentence in answer.json["message"]


def test_a_region_without_districts_is_refused_by_districts(store: Store, run: Run) -> None:
    answer = run(*ASK, "--by", "districts")
    assert answer.code == 1
    assert "No districts are loaded for Tarkwa-Nsuaem" in answer.err


# --- the route --------------------------------------------------------------------------------


class Work:
    """The workflows on a store of the test, computed in this process."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def open_home(self) -> Store:
        return self.store

    def hotspots(self, store: Store, region_id: str, **asked: Any) -> Any:
        return workflows.hotspots(store, region_id, in_process=True, **asked)

    hotspots_geojson = staticmethod(workflows.hotspots_geojson)


@pytest.fixture
def client(loaded: Store) -> Client:
    return Client(Starlette(routes=routes(base="", work=Work(loaded))))


def address(store: Store, **asked: Any) -> str:
    """The address the map is given for a run."""
    asked = {"on": DAY, "in_process": True, "by": "h3"} | asked
    found = workflows.hotspots(store, "tarkwa", **asked)
    spec = MapSpec(
        region_id="tarkwa", region_name="T", bounds=(0, 0, 1, 1), hotspots=map_hotspots(found)
    )
    return str(_message(spec, base="")["hotspots"]["url"])


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"by": "districts"},
        {"resolution": 7, "measure": "per_km2"},
        {"rules": ["GH-DIR-100"], "scenarios": ["200m"]},
        {"rules": ["site-in-licence", "GH-DIR-100"]},
    ],
)
def test_the_address_the_map_is_given_finds_the_same_run_again(
    client: Client,
    loaded: Store,
    asked: dict[str, Any],
) -> None:
    answer: Any = client.get(address(loaded, **asked))
    assert answer.status_code == 200, answer.text
    assert answer.json()["features"]
    again = client.get(address(loaded, **asked), headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in answer.headers["cache-control"]


def test_data_that_changed_since_is_told_and_nothing_stale_is_served(
    client: Client,
    loaded: Store,
) -> None:
    url = address(loaded)
    sites(loaded, SITES[:-1])
    answer = client.get(url)
    assert answer.status_code == 404
    assert "have changed since" in answer.json()["error"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"region": "tarkwa", "on": "2026-01-01"}, 400),
        ({"region": "tarkwa", "on": "soon", "by": "h3", "measure": "per_site"}, 400),
        ({"region": "atlantis", "on": "2026-01-01", "by": "h3", "measure": "per_site"}, 404),
        ({"region": "tarkwa", "on": "2026-01-01", "by": "x", "measure": "per_site"}, 404),
        ({"region": "tarkwa", "on": "2026-01-01", "by": "h3", "measure": "x" * 5_000}, 400),
    ],
)
def test_what_is_asked_wrongly_is_a_sentence(
    client: Client, query: dict[str, str], status: int
) -> None:
    answer = client.get(f"/cg/hotspots/0123456789abcdef.json?{urlencode(query)}")
    assert answer.status_code == status
    assert json.loads(answer.content)["error"].endswith(".")
