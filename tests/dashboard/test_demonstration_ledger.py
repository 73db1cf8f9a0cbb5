"""The demonstration's visits and road map come into the ledger once and leave with the layers."""

import datetime as dt
import tomllib
from pathlib import Path

import pytest

from dashboard import workflows
from dashboard.workflows import demonstration
from data.demo import build
from layers import facts
from layers.embedded import EmbeddedStore
from layers.practices import practices
from tests.layers.ledger_samples import bring

VISITS = """visit_id,round,longitude,latitude,site_id,visit_date,selection,operation_type,HG-RET
DV-1,1,-2.0,5.3,DS-1,2021-03-08,convenience,surface (chamfi),not used
DV-2,1,-2.0,5.31,DS-2,2021-03-09,convenience,surface (chamfi),unknown
DV-3,2,-2.0,5.3,DS-1,2023-03-08,random sample,surface (chamfi),used
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedStore:
    """An empty store; the landscape is nothing but three visits."""
    about = build.LAYERS["visits"]

    def files(folder: Path) -> list[build.DemoFile]:
        path = folder / about["filename"]
        path.write_text(VISITS)
        rest = {key: about[key] for key in ("kind", "layer_name", "data_date", "note")}
        return [build.DemoFile(path=path, **rest)]

    monkeypatch.setattr(build, "LAYERS", {"visits": about})
    monkeypatch.setattr(build, "demonstration_files", files)
    return EmbeddedStore(tmp_path / "home")


def test_a_store_that_had_the_layers_before_gets_the_ledger_at_its_next_start_and_once(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(demonstration, "_into_ledger", lambda store, layer: None)
        assert workflows.load_demonstration(store) == 1
    assert store.batches("tarkwa") == ()
    for _ in range(2):
        assert workflows.load_demonstration(store) == 0
        (batch,) = store.batches("tarkwa")
        assert batch.demonstration
        assert batch.visits == 3
        assert store.ledger("tarkwa").visits["round"].tolist() == ["1", "1", "2"]
        assert [action.demonstration for action in store.actions("tarkwa")] == [True] * 5


def test_taken_off_it_stays_off_and_what_others_brought_stays(store: EmbeddedStore) -> None:
    workflows.load_demonstration(store)
    bring(store, [{"identity": "ours", "seen": {"HG-RET": "used"}}])
    assert workflows.take_demonstration_off(store, "tarkwa") == 1
    assert store.ledger("tarkwa").visits["visit_id"].tolist() == ["ours"]
    assert store.actions("tarkwa") == ()
    assert workflows.load_demonstration(store) == 0
    assert len(store.ledger("tarkwa").visits) == 1
    assert store.actions("tarkwa") == ()
    assert len(store.batches("tarkwa", taken_off=True)) == 2


def test_layers_that_were_deleted_bring_no_visits_into_the_ledger(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(demonstration, "_into_ledger", lambda store, layer: None)
        workflows.load_demonstration(store)
    workflows.take_demonstration_off(store, "tarkwa")
    assert workflows.load_demonstration(store) == 0
    assert store.batches("tarkwa") == ()
    assert store.actions("tarkwa") == ()


def test_the_road_map_names_practices_and_districts_there_are() -> None:
    path = Path(build.__file__).with_name("road_map.toml")
    actions = tomllib.loads(path.read_text(encoding="utf-8"))["action"]
    codes = {practice.code for practice in practices()}
    assert {action["practice"] for action in actions} <= codes
    districts = build.landscape()["districts"]
    there = dict(zip(districts["district_code"], districts["district_name"], strict=True))
    for action in actions:
        assert action["note"].startswith("Invented for demonstration.")
        assert action["owner"].startswith("Demonstration")
        assert action["target_day"] > dt.date(2025, 4, 30)
        if "district" in action:
            assert there[action["district"]] == action["district_name"]
    assert facts.region("tarkwa").demonstration
