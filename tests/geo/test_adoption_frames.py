"""The frames of the ledger: their shape, and what they refuse."""

import pandas as pd
import pytest

from geo.adoption.frames import (
    KNOWN_SITE_COLUMNS,
    OBSERVATION_COLUMNS,
    VISIT_COLUMNS,
    Ledger,
    checked,
    empty_known_sites,
    empty_ledger,
    round_labels,
    shaped_known_sites,
    shaped_observations,
    shaped_visits,
)
from geo.errors import AdoptionError
from tests.geo.adoption_visits import ledger_of, visit


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.dtypes.items()}


def test_an_empty_ledger_has_all_columns_and_is_a_ledger() -> None:
    ledger = checked(empty_ledger())
    assert dtypes(ledger.visits) == VISIT_COLUMNS
    assert dtypes(ledger.observations) == OBSERVATION_COLUMNS
    assert dtypes(empty_known_sites()) == KNOWN_SITE_COLUMNS
    assert round_labels(ledger) == ()


def test_what_a_frame_does_not_say_becomes_no_data() -> None:
    visits = shaped_visits(pd.DataFrame({"visit_id": ["a"], "share_position": [None]}))
    assert dtypes(visits) == VISIT_COLUMNS
    row = visits.iloc[0]
    assert (row["selection"], row["round"], row["operations"]) == ("not stated", "no round", "")
    for column in ("site_id", "visited_on", "women", "led_by", "share_position", "longitude"):
        assert pd.isna(row[column]), column
    seen = shaped_observations(pd.DataFrame({"visit": [0], "practice": ["X"], "state": ["used"]}))
    assert seen[["evidence", "intensity"]].isna().all(axis=None)


def test_known_sites_are_listed_unless_it_is_said_that_they_are_not() -> None:
    assert shaped_known_sites(pd.DataFrame({"site_id": ["a"]}))["listed"].tolist() == [True]
    told = shaped_known_sites(pd.DataFrame({"site_id": ["a"], "listed": [False]}))
    assert told["listed"].tolist() == [False]
    assert told["operations"].tolist() == [""]


def test_evidence_has_an_order_and_rounds_go_by_first_day() -> None:
    ledger = ledger_of(
        [
            visit(
                "a",
                {"X": {"state": "used", "evidence": "seen"}},
                round="b",
                visited_on="2020-02-02",
            ),
            visit("a", {"X": {"state": "used", "evidence": "claimed"}}, round="a", visited_on=None),
            visit("a", {}, round="c", visited_on="2019-02-02"),
            visit("a", {}, round="b", visited_on="2018-02-02"),
        ]
    )
    assert round_labels(ledger) == ("b", "c", "a")
    assert ledger.observations["evidence"].max() == "seen"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("state", "usd", r"'state' of the observations, row 0: the value is none of: used, partly"),
        ("state", None, r"'state' of the observations, row 0: the value is empty"),
        ("evidence", "guessed", r"'evidence' .* none of: claimed, seen, verified"),
        ("visit", 7, r"'visit' of the observations, row 0: the value is no row of the visits"),
        ("visit", -1, r"'visit' .* no row of the visits"),
        ("intensity", "much", r"'intensity' of the observations cannot be read as float64"),
        ("practice", None, r"'practice' of the observations, row 0: the value is empty"),
    ],
)
def test_an_observation_that_is_wrong_is_refused_with_its_row(
    column: str, value: object, words: str
) -> None:
    row = {"visit": 0, "practice": "SO-PPE", "state": "used"} | {column: value}
    visits = shaped_visits(pd.DataFrame({"visit_id": ["a"]}))
    with pytest.raises(AdoptionError, match=words):
        checked(Ledger(visits, shaped_observations(pd.DataFrame([row]))))


def test_one_practice_twice_on_a_visit_is_refused() -> None:
    visits = shaped_visits(pd.DataFrame({"visit_id": ["a", "b"]}))
    rows = [(0, "X", "used"), (1, "X", "used"), (0, "X", "not used"), (0, "Y", "used")]
    seen = pd.DataFrame(rows, columns=["visit", "practice", "state"])
    with pytest.raises(
        AdoptionError, match=r"'practice' .* row 2: .* already seen on the same visit"
    ):
        checked(Ledger(visits, shaped_observations(seen)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"visit_id": ["a", "a"]},
            r"'visit_id' of the visits, row 1: the value stands there twice",
        ),
        ({"visit_id": ["a", None]}, r"'visit_id' of the visits, row 1: the value is empty"),
        ({"women": [1.0, -1.0]}, r"'women' of the visits, row 1: the value is below 0"),
    ],
)
def test_a_visit_that_is_wrong_is_refused_with_its_row(change: dict, words: str) -> None:
    visits = shaped_visits(pd.DataFrame({"visit_id": ["a", "b"]} | change))
    with pytest.raises(AdoptionError, match=words):
        checked(Ledger(visits, empty_ledger().observations))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"selection": ["lucky"]}, r"'selection' .* none of: census, random sample, convenience"),
        ({"led_by": ["nobody"]}, r"'led_by' .* none of: woman, man, mixed"),
        ({"visited_on": ["yesterday"]}, r"'visited_on' of the visits cannot be read as datetime64"),
        ({"women": ["many"]}, r"'women' of the visits cannot be read as float64"),
    ],
)
def test_a_value_that_fits_no_column_is_refused_and_not_dropped(change: dict, words: str) -> None:
    with pytest.raises(AdoptionError, match=words):
        shaped_visits(pd.DataFrame({"visit_id": ["a"]} | change))


def test_a_frame_without_a_column_or_with_another_kind_of_it_is_refused() -> None:
    ledger = empty_ledger()
    with pytest.raises(AdoptionError, match="visits have no column round"):
        checked(Ledger(ledger.visits.drop(columns="round"), ledger.observations))
    wrong = ledger.visits.assign(women=ledger.visits["women"].astype("float32"))
    with pytest.raises(
        AdoptionError, match="'women' of the visits is float32, but must be float64"
    ):
        checked(Ledger(wrong, ledger.observations))
