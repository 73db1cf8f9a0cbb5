"""The road map keeps every state of every action."""

import datetime as dt
import sqlite3
from dataclasses import replace

import pytest

from layers.embedded import EmbeddedStore
from layers.ledger.records import Action
from layers.store import StoreError
from tests.layers.ledger_samples import REGION

RETORTS = Action(
    region_id=REGION,
    title="Retorts at every shop that burns amalgam",
    owner="Miners' association",
    practice="HG-RET",
    baseline_share=0.2,
    baseline_day=dt.date(2021, 3, 8),
    target_share=0.6,
    target_day=dt.date(2026, 12, 31),
)


def test_an_action_comes_back_as_it_was_put(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    assert made.number == 1
    assert made.changed_by == "esi"
    same = replace(made, action_id="", number=0, changed_by="", changed_at=None)
    assert same == RETORTS
    assert empty_store.actions(REGION) == (made,)
    assert empty_store.actions("geita") == ()
    assert made.as_json()["target_day"] == "2026-12-31"


def test_every_state_of_an_action_is_kept(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    changed = empty_store.put_action(replace(made, status="under way", note="two"), actor="kofi")
    assert (changed.number, changed.status) == (2, "under way")
    assert empty_store.actions(REGION) == (changed,)
    assert empty_store.action_history(made.action_id) == (changed, made)
    with (
        sqlite3.connect(empty_store.home / "catalogue.sqlite") as raw,
        pytest.raises(sqlite3.IntegrityError, match="only ever added to"),
    ):
        raw.execute("UPDATE action_state SET status = 'done'")


def test_putting_an_action_unchanged_adds_no_state(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    assert empty_store.put_action(made, actor="kofi") == made


def test_a_change_made_meanwhile_is_not_overwritten(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    empty_store.put_action(replace(made, status="done"), actor="kofi")
    with pytest.raises(StoreError, match="changed by kofi meanwhile"):
        empty_store.put_action(replace(made, status="dropped"), actor="esi")


def test_actions_are_in_order_of_their_day_and_those_without_come_last(
    empty_store: EmbeddedStore,
) -> None:
    for title, day in (("c", None), ("b", dt.date(2026, 1, 1)), ("a", dt.date(2027, 1, 1))):
        action = Action(region_id=REGION, title=title, owner="LLG", target_day=day)
        empty_store.put_action(action, actor="esi")
    assert [one.title for one in empty_store.actions(REGION)] == ["b", "a", "c"]


def test_an_action_taken_off_is_shown_no_more_and_kept(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    empty_store.put_action(replace(made, shown=False), actor="esi")
    assert empty_store.actions(REGION) == ()
    assert [one.shown for one in empty_store.actions(REGION, taken_off=True)] == [False]


def test_an_action_of_the_region_has_no_district(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(replace(RETORTS, area_id="d1", area="Bogoso"), actor="esi")
    assert (made.area_id, made.area) == (None, None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "  "}, "has no title"),
        ({"owner": ""}, "has no owner"),
        ({"status": "late"}, "planned, under way, done, dropped"),
        ({"area_level": "village"}, "region, district"),
        ({"area_level": "district"}, "choose which"),
        ({"target_share": 60}, "from 0 to 1"),
        ({"baseline_share": -0.1}, "from 0 to 1"),
        ({"target_day": None}, "which day the target of 60%"),
        ({"baseline_day": None}, "which day the baseline of 20%"),
        ({"practice": None}, "a target but no practice"),
        ({"target_day": dt.date(2021, 3, 8)}, "must come after the baseline day"),
        ({"action_id": "nowhere"}, "no action 'nowhere'"),
    ],
)
def test_an_action_that_cannot_be_is_refused_in_one_sentence(
    empty_store: EmbeddedStore, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(StoreError, match=sentence):
        empty_store.put_action(replace(RETORTS, **change), actor="esi")
    assert empty_store.actions(REGION) == ()


def test_an_action_stays_in_its_region(empty_store: EmbeddedStore) -> None:
    made = empty_store.put_action(RETORTS, actor="esi")
    with pytest.raises(StoreError, match="stays in its region"):
        empty_store.put_action(replace(made, region_id="geita"), actor="esi")
