"""Corrections keep the value before, who changed it and why."""

import pandas as pd
import pytest

from geo.adoption.frames import checked
from layers.embedded import EmbeddedStore
from layers.ledger.fields import fitting
from layers.store import StoreError
from tests.layers.ledger_samples import REGION, bring, states, told

ONE = {"identity": "u1", "site_id": "s1", "visited_on": "2021-03-08", "seen": {"HG-RET": "used"}}
TWO = {"identity": "u2", "site_id": "s2", "visited_on": "2021-03-09", "seen": {"HG-RET": "unknown"}}
WHY = {"why": "the photo shows it", "actor": "esi"}


@pytest.fixture
def store(empty_store: EmbeddedStore) -> EmbeddedStore:
    bring(empty_store, [ONE, TWO])
    return empty_store


def test_a_correction_counts_and_the_value_before_stays(store: EmbeddedStore) -> None:
    made = store.correct(REGION, "u1", practice="HG-RET", field="state", value="partly", **WHY)
    assert (made.old, made.value, made.actor, made.why) == (
        "used",
        "partly",
        "esi",
        "the photo shows it",
    )
    assert made.origin == "person"
    assert made.applies
    assert states(store) == {("u1", "HG-RET"): "partly", ("u2", "HG-RET"): "unknown"}
    assert store.corrections(REGION) == (made,)
    assert store.corrections(REGION, "u2") == ()
    assert store.audit()[0].action == "correct visit"


def test_correcting_again_keeps_the_chain(store: EmbeddedStore) -> None:
    for value in ("partly", "not used", "used"):
        store.correct(REGION, "u1", practice="HG-RET", field="state", value=value, **WHY)
    chain = [(one.old, one.value) for one in store.corrections(REGION, "u1")]
    assert chain == [("not used", "used"), ("partly", "not used"), ("used", "partly")]
    assert states(store)["u1", "HG-RET"] == "used"


@pytest.mark.parametrize(
    ("field", "value", "old", "expected"),
    [
        ("women", 4, None, 4),
        ("led_by", "woman", None, "woman"),
        ("share_position", False, None, False),
        ("visited_on", pd.Timestamp("2022-01-02"), "2021-03-08", pd.Timestamp("2022-01-02")),
        ("visited_on", None, "2021-03-08", None),
        ("round", "2022", "2021", "2022"),
        ("round", None, "2021", "no round"),
        ("selection", "census", "not stated", "census"),
        ("operations", "alluvial|surface", "", "alluvial|surface"),
        ("site_id", None, "s1", None),
        ("district_id", " d7 ", None, "d7"),
        ("longitude", -1.9, None, -1.9),
    ],
)
def test_any_value_of_a_visit_can_be_corrected(
    store: EmbeddedStore, field: str, value: object, old: object, expected: object
) -> None:
    assert store.correct(REGION, "u1", field=field, value=value, **WHY).old == old
    assert told(store, field)[0] == (expected,)
    checked(store.ledger(REGION))


def test_evidence_and_number_of_an_observation_can_be_corrected(store: EmbeddedStore) -> None:
    store.correct(REGION, "u2", practice="HG-RET", field="evidence", value="verified", **WHY)
    store.correct(REGION, "u2", practice="HG-RET", field="intensity", value=55, **WHY)
    seen = checked(store.ledger(REGION)).observations
    assert seen["evidence"].astype(object).tolist()[1] == "verified"
    assert seen["intensity"].tolist()[1] == 55
    assert pd.isna(seen["evidence"][0])


def test_a_practice_nobody_recorded_can_be_given_a_state(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="Give its state first"):
        store.correct(REGION, "u1", practice="AA-NEW", field="evidence", value="seen", **WHY)
    made = store.correct(REGION, "u1", practice="AA-NEW", field="state", value="used", **WHY)
    assert made.old is None
    store.correct(REGION, "u1", practice="AA-NEW", field="evidence", value="seen", **WHY)
    ledger = checked(store.ledger(REGION))
    assert ledger.observations["visit"].tolist() == [0, 0, 1]
    assert ledger.observations["practice"].tolist() == ["AA-NEW", "HG-RET", "HG-RET"]
    assert ledger.observations["state"].tolist() == ["used", "used", "unknown"]
    assert ledger.observations["evidence"].astype(object).tolist()[0] == "seen"


def test_a_withdrawn_visit_leaves_every_count_and_can_come_back(store: EmbeddedStore) -> None:
    store.correct(REGION, "u1", field="withdrawn", value=True, **WHY)
    ledger = checked(store.ledger(REGION))
    assert ledger.visits["visit_id"].tolist() == ["u2"]
    assert ledger.observations["visit"].tolist() == [0]
    assert store.withdrawn_visits(REGION).visits["visit_id"].tolist() == ["u1"]
    # it can still be corrected, and importing it again does not bring it back
    store.correct(REGION, "u1", field="women", value=1, **WHY)
    assert bring(store, [ONE], filename="again.csv").already_there == 1
    assert told(store, "visit_id") == [("u2",)]
    store.correct(REGION, "u1", field="withdrawn", value=False, **WHY)
    assert told(store, "visit_id", "women") == [("u1", 1.0), ("u2", None)]


def test_corrections_are_put_aside_by_another_record_and_apply_again_without_it(
    store: EmbeddedStore,
) -> None:
    store.correct(REGION, "u1", field="women", value=4, **WHY)
    store.correct(REGION, "u1", practice="HG-RET", field="state", value="partly", **WHY)
    bring(store, [ONE | {"women": 7}], filename="edited.csv")
    (held,) = store.held(REGION)
    assert held.corrections == 2
    assert {(one.field, one.old, one.new) for one in held.differences} == {
        ("women", 4, 7),
        ("state", "partly", "used"),
    }
    store.settle_held([held.held_id], take="new", actor="kofi")
    assert ("u1", 7) in told(store, "visit_id", "women")
    assert states(store)["u1", "HG-RET"] == "used"
    assert [one.applies for one in store.corrections(REGION)] == [False, False]
    # the new record can be corrected in its turn
    store.correct(REGION, "u1", field="women", value=8, **WHY)
    assert ("u1", 8) in told(store, "visit_id", "women")
    store.settle_held([held.held_id], take="old", actor="kofi")
    assert ("u1", 4) in told(store, "visit_id", "women")
    assert states(store)["u1", "HG-RET"] == "partly"


def test_withdrawn_stays_withdrawn_whichever_record_is_chosen(store: EmbeddedStore) -> None:
    store.correct(REGION, "u1", field="withdrawn", value=True, **WHY)
    bring(store, [ONE | {"women": 7}], filename="edited.csv")
    store.settle_held([store.held(REGION)[0].held_id], take="new", actor="kofi")
    assert told(store, "visit_id") == [("u2",)]


def test_a_correction_of_a_batch_taken_off_waits_for_it(store: EmbeddedStore) -> None:
    store.correct(REGION, "u1", field="women", value=4, **WHY)
    (batch,) = store.batches(REGION)
    store.take_batch_off(batch.batch_id, why="test", actor="kofi")
    assert [one.applies for one in store.corrections(REGION)] == [False]
    store.put_batch_back(batch.batch_id, actor="kofi")
    assert told(store, "women") == [(4,), (None,)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"field": "women", "value": -1}, "0 or more; -1 is not"),
        ({"field": "women", "value": "many"}, "0 or more, not 'many'"),
        ({"field": "latitude", "value": 91}, "from -90 to 90"),
        ({"field": "led_by", "value": "child"}, "Choose one of: woman, man, mixed"),
        ({"field": "visited_on", "value": "8/3/21"}, "year-month-day"),
        ({"field": "share_position", "value": "yes"}, "true or false"),
        ({"field": "withdrawn", "value": None}, "true or false"),
        ({"field": "visit_id", "value": "x"}, "cannot be corrected"),
        ({"field": "site_id", "value": "s1"}, "is 's1' already"),
        ({"field": "women", "value": None}, "is no data already"),
        ({"field": "state", "value": "maybe", "practice": "HG-RET"}, "Choose one of: used"),
        ({"field": "state", "value": None, "practice": "HG-RET"}, "Choose one of: used"),
        ({"field": "women", "value": 1, "practice": "HG-RET"}, "observation cannot be corrected"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_sentence(
    store: EmbeddedStore, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(StoreError, match=sentence):
        store.correct(REGION, "u1", **change, **WHY)
    assert store.corrections(REGION) == ()


def test_a_correction_needs_a_reason_and_a_visit(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="Say why"):
        store.correct(REGION, "u1", field="women", value=2, why=" ", actor="esi")
    with pytest.raises(StoreError, match="no visit 'u7'"):
        store.correct(REGION, "u7", field="women", value=2, **WHY)


def test_a_number_that_is_no_number_is_no_data() -> None:
    assert fitting("women", float("nan"), practice=None) is None
    assert fitting("selection", None, practice=None) == "not stated"
