"""The ledger: batches of visits that add nothing twice and overwrite nothing."""

import io
import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.adoption.frames import Ledger, checked
from layers.embedded import EmbeddedStore
from layers.findings import Finding
from layers.ledger.content import content_of
from layers.store import StoreError
from tests.layers.ledger_samples import REGION, batch, bring, states, told

ONE = {"identity": "u1", "site_id": "s1", "visited_on": "2021-03-08", "seen": {"HG-RET": "used"}}
TWO = {"identity": "u2", "site_id": "s2", "visited_on": "2021-03-09", "seen": {"HG-RET": "unknown"}}
OTHER = ONE | {"seen": {"HG-RET": "not used"}}
FULL = {
    "identity": "u9",
    "site_id": "s9",
    "site_name": 'Pit, "Nine"',
    "district_id": "d1",
    "district": "Tarkwa-Nsuaem",
    "community": "Bonsa",
    "place_text": "Tarkwa nsuaem",
    "longitude": -2.0,
    "latitude": 5.3,
    "position_sd_m": 4.0,
    "visited_on": "2023-05-01",
    "round": "2023",
    "selection": "census",
    "operations": "alluvial|surface",
    "women": 3,
    "men": 0,
    "led_by": "woman",
    "share_position": False,
    "remarks": "Ɛ yɛ",
    "source_row": 17,
    "seen": {"HG-RET": ("partly", "seen", 40.0), "SO-PPE": ("used", "verified", None)},
}


@pytest.fixture
def store(empty_store: EmbeddedStore) -> EmbeddedStore:
    return empty_store


# --- what comes in comes out ------------------------------------------------------------------


def test_a_region_without_visits_has_an_empty_ledger_of_the_right_shape(
    store: EmbeddedStore,
) -> None:
    ledger = checked(store.ledger(REGION))
    assert len(ledger.visits) == len(ledger.observations) == 0
    assert store.batches(REGION) == ()


def test_every_value_of_a_visit_comes_back_as_it_was(store: EmbeddedStore) -> None:
    report = bring(store, [FULL], findings=(Finding(code="x", message="m", rows=(2,)),))
    ledger = checked(store.ledger(REGION))
    row = ledger.visits.iloc[0]
    for name, value in FULL.items():
        if name not in ("identity", "seen", "visited_on"):
            assert row[name] == value, name
    assert row["visit_id"] == "u9"
    assert row["visited_on"] == pd.Timestamp("2023-05-01")
    assert row["batch_id"] == report.batch.batch_id
    seen = ledger.observations
    assert seen["practice"].tolist() == ["HG-RET", "SO-PPE"]
    assert seen["state"].tolist() == ["partly", "used"]
    assert seen["evidence"].tolist() == ["seen", "verified"]
    assert seen["intensity"].iloc[0] == 40
    assert np.isnan(seen["intensity"].iloc[1])
    assert report.batch.findings[0].code == "x"


def test_what_is_not_known_comes_back_as_no_data(store: EmbeddedStore) -> None:
    bring(store, [{"identity": "u1", "seen": {"HG-RET": "unknown"}}])
    row = store.ledger(REGION).visits.iloc[0]
    for name in ("site_id", "district", "longitude", "visited_on", "women", "led_by", "remarks"):
        assert pd.isna(row[name]), name
    assert row["share_position"] is pd.NA
    assert row["operations"] == ""
    assert row["selection"] == "not stated"


def test_rounds_are_in_order_of_their_first_day(store: EmbeddedStore) -> None:
    bring(store, [ONE | {"round": "Z"}, TWO | {"round": "A", "visited_on": "2022-01-01"}])
    rounds = store.ledger(REGION).visits["round"].cat
    assert rounds.ordered
    assert list(rounds.categories) == ["Z", "A"]


def test_observations_point_to_their_visit_across_batches(store: EmbeddedStore) -> None:
    bring(store, [ONE, TWO])
    bring(store, [ONE, FULL])
    assert told(store, "visit_id") == [("u1",), ("u2",), ("u9",)]
    assert states(store) == {
        ("u1", "HG-RET"): "used",
        ("u2", "HG-RET"): "unknown",
        ("u9", "HG-RET"): "partly",
        ("u9", "SO-PPE"): "used",
    }
    checked(store.ledger(REGION))


def test_regions_do_not_mix(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    bring(store, [OTHER], region_id="geita")
    assert states(store) == {("u1", "HG-RET"): "used"}
    assert states(store, "geita") == {("u1", "HG-RET"): "not used"}


def test_whoever_changes_a_frame_changes_his_own(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    mine = store.ledger(REGION)
    mine.visits.loc[0, "site_id"] = "changed"
    mine.observations.loc[0, "state"] = "not used"
    assert told(store, "site_id") == [("s1",)]
    assert states(store) == {("u1", "HG-RET"): "used"}


# --- nothing twice ----------------------------------------------------------------------------


def test_the_same_file_again_adds_nothing(store: EmbeddedStore) -> None:
    first = bring(store, [ONE, TWO])
    again = bring(store, [ONE, TWO])
    assert (first.added, first.observations) == (2, 2)
    assert (again.added, again.already_there, again.held, again.batch) == (0, 2, 0, None)
    assert len(store.batches(REGION)) == 1
    assert len(list(store.files.names("ledger"))) == 2


def test_a_growing_export_adds_only_what_is_new(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    report = bring(store, [ONE, TWO], filename="export 2.csv")
    assert (report.added, report.already_there) == (1, 1)
    assert (report.batch.read, report.batch.visits, report.batch.already_there) == (2, 1, 1)
    assert report.batch.number == 2
    assert report.batch.first_day == report.batch.last_day == pd.Timestamp("2021-03-09").date()


def test_the_order_of_rows_columns_and_observations_makes_no_other_content() -> None:
    one = batch([FULL, ONE])
    visits = one.visits.iloc[::-1][one.visits.columns[::-1]].reset_index(drop=True)
    seen = one.observations.iloc[::-1].assign(visit=lambda frame: 1 - frame["visit"])
    for column in ("women", "visited_on", "share_position", "place_text"):
        visits[column] = visits[column].astype("category" if column == "women" else object)
    missing = {"round": "2021", "selection": None}
    left = content_of(_complete(one.visits, missing), one.observations)
    right = content_of(_complete(visits, missing), seen)
    assert left.tolist() == right.tolist()[::-1]


def test_where_a_place_was_matched_to_makes_no_other_content(store: EmbeddedStore) -> None:
    bring(store, [FULL])
    report = bring(store, [FULL | {"district_id": "d2", "district": "Renamed", "source_row": 3}])
    assert (report.already_there, report.held) == (1, 0)


def test_a_content_the_importer_states_is_the_one_that_counts(store: EmbeddedStore) -> None:
    bring(store, [ONE | {"content": "abc"}])
    assert bring(store, [OTHER | {"content": "abc"}]).already_there == 1
    assert bring(store, [ONE | {"content": "def"}]).newly_held == 1


def _complete(frame: pd.DataFrame, missing: dict[str, object]) -> pd.DataFrame:
    return frame.assign(**{k: v for k, v in missing.items() if k not in frame})


@pytest.mark.parametrize("change", [{"women": 4}, {"remarks": None}, {"visited_on": "2023-05-02"}])
def test_any_value_that_changes_makes_another_content(change: dict[str, object]) -> None:
    one, two = batch([FULL]), batch([FULL | change])
    assert content_of(one.visits, one.observations) != content_of(two.visits, two.observations)


def _import(home: Path, start: "multiprocessing.synchronize.Barrier", answers: object) -> None:
    store = EmbeddedStore(home)
    start.wait()
    visits = [ONE | {"identity": f"u{number}"} for number in range(200)]
    answers.put(bring(store, visits).added)


def test_two_processes_that_import_the_same_file_at_once_add_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(2), context.Queue()
    EmbeddedStore(tmp_path)
    both = [context.Process(target=_import, args=(tmp_path, start, answers)) for _ in range(2)]
    for one in both:
        one.start()
    added = [answers.get(timeout=60) for _ in both]
    for one in both:
        one.join(timeout=60)
    assert sorted(added) == [0, 200]
    store = EmbeddedStore(tmp_path)
    assert len(store.ledger(REGION).visits) == 200
    assert all(check.ok for check in store.examine())


# --- refused ----------------------------------------------------------------------------------


def test_a_visit_without_an_identity_is_refused_with_its_row(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match=r"row 3: a visit has nothing that identifies it"):
        bring(store, [ONE, TWO | {"identity": " "}])
    assert store.batches(REGION) == ()


def test_a_state_nobody_knows_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match=r"was not imported.*state"):
        bring(store, [ONE | {"seen": {"HG-RET": "maybe"}}])


def test_a_practice_twice_at_one_visit_is_refused(store: EmbeddedStore) -> None:
    sha256 = store.put_original(io.BytesIO(b"x"))
    one = batch([ONE], sha256=sha256)
    twice = pd.concat([one.observations] * 2)
    with pytest.raises(StoreError, match="already seen on the same visit"):
        store.add_visits(replace(one, observations=twice))


def test_visits_whose_original_was_not_kept_are_refused(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match=r"original of 'visits.csv' was not kept"):
        store.add_visits(batch([ONE]))


@pytest.mark.parametrize(
    "table",
    ["visit_batch", "batch_finding", "batch_standing", "held_visit", "settlement", "correction"],
)
def test_what_was_said_cannot_be_unsaid(store: EmbeddedStore, table: str) -> None:
    first = bring(store, [ONE], findings=(Finding(code="x", message="m"),)).batch
    bring(store, [OTHER])
    store.settle_held([store.held(REGION)[0].held_id], take="old", actor="kofi")
    store.correct(REGION, "u1", field="women", value=2, why="counted again", actor="kofi")
    store.take_batch_off(first.batch_id, why="test", actor="kofi")
    with sqlite3.connect(store.home / "catalogue.sqlite") as raw:
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            raw.execute(f"DELETE FROM {table}")


# --- held records -----------------------------------------------------------------------------


def test_another_record_of_a_visit_is_held_and_changes_nothing(store: EmbeddedStore) -> None:
    bring(store, [ONE, TWO])
    report = bring(store, [OTHER, TWO], filename="later.csv")
    assert (report.added, report.held, report.newly_held, report.already_there) == (0, 1, 1, 1)
    # the batch speaks of the visits it brought, not of those that wait
    assert (report.batch.visits, report.batch.observations, report.batch.held) == (0, 0, 1)
    assert report.batch.first_day is None
    assert states(store)["u1", "HG-RET"] == "used"
    (held,) = store.held(REGION)
    assert (held.visit_id, held.filename, held.source_row) == ("u1", "later.csv", 2)
    (difference,) = held.differences
    assert (difference.practice, difference.field) == ("HG-RET", "state")
    assert (difference.old, difference.new) == ("used", "not used")
    assert held.taken is None


def test_a_held_record_is_asked_about_once(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    bring(store, [OTHER])
    again = bring(store, [OTHER], filename="again.csv")
    assert (again.held, again.newly_held, again.batch) == (1, 0, None)
    assert len(store.held(REGION)) == 1
    store.settle_held([store.held(REGION)[0].held_id], take="old", actor="kofi")
    after = bring(store, [OTHER], filename="once more.csv")
    assert (after.held, after.already_there) == (0, 1)
    assert store.held(REGION) == ()


def test_the_record_that_was_chosen_counts_and_the_choice_can_be_changed(
    store: EmbeddedStore,
) -> None:
    bring(store, [ONE, TWO])
    bring(store, [OTHER])
    (held,) = store.held(REGION)
    (settled,) = store.settle_held([held.held_id], take="new", actor="kofi")
    assert (settled.taken, settled.settled_by) == ("new", "kofi")
    assert settled.differences == held.differences
    assert states(store)["u1", "HG-RET"] == "not used"
    assert len(store.ledger(REGION).visits) == 2
    checked(store.ledger(REGION))
    assert bring(store, [ONE, OTHER, TWO]).already_there == 3
    store.settle_held([held.held_id], take="old", actor="esi")
    assert states(store)["u1", "HG-RET"] == "used"
    (again,) = store.held(REGION, settled=True)
    assert (again.taken, again.settled_by) == ("old", "esi")


def test_of_two_records_that_were_chosen_the_last_choice_counts(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    bring(store, [OTHER])
    bring(store, [ONE | {"seen": {"HG-RET": "partly"}}])
    second, third = (held.held_id for held in store.held(REGION))
    store.settle_held([third], take="new", actor="kofi")
    store.settle_held([second], take="new", actor="kofi")
    assert states(store) == {("u1", "HG-RET"): "not used"}
    store.settle_held([second], take="old", actor="kofi")
    assert states(store) == {("u1", "HG-RET"): "partly"}


def test_two_records_of_one_visit_in_one_file_count_once(store: EmbeddedStore) -> None:
    report = bring(store, [ONE, TWO, OTHER, ONE, OTHER])
    assert (report.added, report.newly_held, report.held, report.already_there) == (2, 1, 2, 1)
    assert report.added + report.held + report.already_there == 5
    assert states(store) == {("u1", "HG-RET"): "used", ("u2", "HG-RET"): "unknown"}
    assert len(store.held(REGION)) == 1


def test_a_choice_nobody_knows_is_refused(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    bring(store, [OTHER])
    with pytest.raises(StoreError, match="'old' or 'new'"):
        store.settle_held([store.held(REGION)[0].held_id], take="both", actor="kofi")
    with pytest.raises(StoreError, match="no held record 99"):
        store.settle_held([99], take="new", actor="kofi")


# --- taking a batch off -----------------------------------------------------------------------


def test_a_batch_taken_off_counts_no_more_and_can_come_back(store: EmbeddedStore) -> None:
    first = bring(store, [ONE]).batch
    bring(store, [TWO])
    assert not store.take_batch_off(first.batch_id, why="wrong column", actor="kofi").counts
    assert told(store, "visit_id") == [("u2",)]
    assert [one.number for one in store.batches(REGION)] == [2]
    assert [one.counts for one in store.batches(REGION, taken_off=True)] == [True, False]
    assert store.put_batch_back(first.batch_id, actor="kofi").counts
    assert told(store, "visit_id") == [("u1",), ("u2",)]


def test_the_same_file_brings_a_batch_back_that_was_taken_off(store: EmbeddedStore) -> None:
    first = bring(store, [ONE, TWO]).batch
    store.take_batch_off(first.batch_id, why="test", actor="kofi")
    report = bring(store, [ONE, TWO])
    assert report.added == 2
    assert report.batch.batch_id == first.batch_id
    assert len(store.batches(REGION, taken_off=True)) == 1
    assert len(store.ledger(REGION).visits) == 2


def test_visits_read_again_in_another_way_replace_a_batch_taken_off(store: EmbeddedStore) -> None:
    wrong = bring(store, [OTHER]).batch
    store.take_batch_off(wrong.batch_id, why="mapped upside down", actor="kofi")
    assert bring(store, [ONE]).added == 1
    assert states(store) == {("u1", "HG-RET"): "used"}
    with pytest.raises(StoreError, match=r"1 of 1 visits of 'visits\.csv' have come with another"):
        store.put_batch_back(wrong.batch_id, actor="kofi")


def test_a_choice_for_a_batch_taken_off_is_no_choice(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    second = bring(store, [OTHER, TWO]).batch
    store.settle_held([store.held(REGION)[0].held_id], take="new", actor="kofi")
    store.take_batch_off(second.batch_id, why="test", actor="kofi")
    assert states(store) == {("u1", "HG-RET"): "used"}
    store.put_batch_back(second.batch_id, actor="kofi")
    assert states(store)["u1", "HG-RET"] == "not used"


# --- review -----------------------------------------------------------------------------------


def test_a_visit_the_review_rejects_later_is_withdrawn_and_said_so(store: EmbeddedStore) -> None:
    bring(store, [ONE, TWO])
    report = bring(store, [TWO], not_accepted={"u1": "rejected", "u7": "on hold"})
    assert report.withdrawn == ("u1",)
    assert told(store, "visit_id") == [("u2",)]
    (correction,) = store.corrections(REGION, "u1")
    assert correction.why == "Review status 'rejected' in 'visits.csv'"
    # the file that said so is kept, though it brought no visit
    assert report.batch is None
    assert store.examine()[3].sentences == ("No leftovers.",)
    back = bring(store, [ONE, TWO], filename="approved.csv")
    assert back.brought_back == ("u1",)
    assert told(store, "visit_id") == [("u1",), ("u2",)]


def test_the_review_does_not_bring_back_what_a_person_withdrew(store: EmbeddedStore) -> None:
    bring(store, [ONE])
    store.correct(REGION, "u1", field="withdrawn", value=True, why="invented", actor="kofi")
    assert bring(store, [ONE], filename="again.csv").brought_back == ()
    assert told(store, "visit_id") == []


def test_an_identity_both_accepted_and_not_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="once accepted and once 'rejected'"):
        bring(store, [ONE], not_accepted={"u1": "rejected"})


# --- speed ------------------------------------------------------------------------------------


def test_the_ledger_is_read_from_disk_once_while_nothing_changes(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from layers.ledger import reading

    bring(store, [ONE])
    before = store.ledger_fingerprint(REGION)
    store.ledger(REGION)
    monkeypatch.setattr(reading, "visit_tables", None)
    assert isinstance(store.ledger(REGION), Ledger)
    assert store.ledger_fingerprint(REGION) == before
    # a correction is laid over what was read: the files are not opened for it
    store.correct(REGION, "u1", field="women", value=2, why="counted", actor="kofi")
    assert told(store, "women") == [(2,)]
    assert store.ledger_fingerprint(REGION) != before


def test_a_store_made_before_there_was_a_ledger_gets_one(tmp_path: Path) -> None:
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    from layers import migrations

    home = tmp_path / "home"
    home.mkdir()
    engine = sa.create_engine(f"sqlite:///{home / 'catalogue.sqlite'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    store = EmbeddedStore(home)
    assert bring(store, [ONE]).added == 1
    assert all(check.ok for check in store.examine())
