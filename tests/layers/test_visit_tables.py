"""Any table as visits: columns, states, places and sites are proposed, confirmed, and told."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.read import ReadError
from layers.visits.model import Proposal, VisitPlan
from layers.visits.places import Place, match_place
from layers.visits.words import visit_words
from tests.corpus import Case
from tests.layers.read.test_tables import TABLE_CASES
from tests.layers.visit_samples import codes, csv_of, plan, states

ROWS = [
    {"vid": "1", "mine": "S-1", "day": "2025-03-04", "district": "Tarkwa-Nsuaem", "mercury": "1"},
    {"vid": "2", "mine": "S-2", "day": "2025-03-05", "district": "Tarkwa-Nsuaem", "mercury": "0"},
    {"vid": "3", "mine": "S-3", "day": "2026-03-05", "district": "Wassa East", "mercury": ""},
]
ANSWERED: dict[str, Any] = {
    "mapping": {"visit_id": "vid", "site_id": "mine", "visited_on": "day", "district": "district"},
    "practices": {"HG-USE": "mercury"},
    "states": {"HG-USE:1": "used", "HG-USE:0": "not used"},
    "selection": "census",
}


def changed(row: int, **cells: str) -> list[dict[str, str]]:
    return [old | cells if at == row else dict(old) for at, old in enumerate(ROWS)]


def proposal(made: VisitPlan, about: str, subject: str) -> Proposal:
    return next(one for one in made.proposals if (one.about, one.subject) == (about, subject))


# --- columns and states -------------------------------------------------------------------------


def test_nothing_is_used_before_somebody_said_yes_and_all_is_asked_at_once(tmp_path: Path) -> None:
    made = plan(tmp_path, csv_of(changed(1, district="Prestea/huni Valley")))
    assert {one.code for one in made.blocking} == {
        "mapping_to_confirm",
        "states_to_confirm",
        "places_to_confirm",
    }
    assert proposal(made, "practice", "HG-USE").answer == "mercury"
    assert proposal(made, "state", "HG-USE:1").answer == "used"
    assert proposal(made, "state", "HG-USE:0").answer == "not used"
    assert proposal(made, "field", "visit_id").answer == "vid"
    assert proposal(made, "place", "Prestea/huni Valley").answer == "D2"


def test_with_answers_the_table_is_read_as_said_and_empty_is_unknown(tmp_path: Path) -> None:
    made = plan(tmp_path, csv_of(ROWS), **ANSWERED)
    assert (made.blocking, made.proposals) == ((), ())
    assert states(made) == {
        ("vid:1", "HG-USE"): "used",
        ("vid:2", "HG-USE"): "not used",
        ("vid:3", "HG-USE"): "unknown",
    }
    assert made.visits["round"].astype(str).tolist() == ["2025", "2025", "2026"]
    assert set(made.visits["selection"]) == {"census"}
    assert made.visits["district_id"].tolist() == ["D1", "D1", "D3"]


def test_accepting_what_is_suggested_gives_the_same_as_saying_it(tmp_path: Path) -> None:
    said = plan(tmp_path / "said", csv_of(ROWS), **ANSWERED | {"mapping": ANSWERED["mapping"]})
    mapped = {"site_id": "mine", "visited_on": "day"}  # no name that we would suggest
    yes = plan(
        tmp_path / "yes", csv_of(ROWS), mapping=mapped, selection="census", accept_suggestions=True
    )
    pd.testing.assert_frame_equal(said.visits, yes.visits)
    pd.testing.assert_frame_equal(said.observations, yes.observations)


def test_a_value_that_is_no_state_is_asked_about_even_with_yes(tmp_path: Path) -> None:
    made = plan(tmp_path, csv_of(changed(0, mercury="sometimes")), accept_suggestions=True)
    assert [one.code for one in made.blocking] == ["states_to_confirm"]
    asked = proposal(made, "state", "HG-USE:sometimes")
    assert (asked.answer, asked.rows) == (None, 1)
    partly = plan(
        tmp_path / "said",
        csv_of(changed(0, mercury="sometimes")),
        accept_suggestions=True,
        states={"HG-USE:sometimes": "partly"},
    )
    assert states(partly)["vid:1", "HG-USE"] == "partly"


def test_states_in_their_own_words_need_no_answer(tmp_path: Path) -> None:
    rows = [
        old | {"mercury": state}
        for old, state in zip(ROWS, ("Used", "not used", "unknown"), strict=True)
    ]
    made = plan(tmp_path, csv_of(rows), **ANSWERED | {"states": {}})
    assert made.blocking == ()
    assert list(states(made).values()) == ["used", "not used", "unknown"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"states": {"HG-USE:1": "often"}}, "state_not_known"),
        ({"practices": {"XX-NO": "mercury"}}, "mapping_field_unknown"),
        ({"mapping": {"site_id": "pit"}}, "mapping_column_missing"),
        ({"selection": "by foot"}, "selection_not_known"),
        ({"places": {"Wassa East": "D9"}}, "place_not_known"),
        ({"table": "sheet 9"}, "table_to_choose"),
    ],
)
def test_an_answer_that_cannot_be_is_told_with_what_there_is(
    tmp_path: Path, wrong: dict[str, Any], code: str
) -> None:
    made = plan(tmp_path, csv_of(ROWS), accept_suggestions=True, **wrong)
    told = next(one for one in made.blocking if one.code == code)
    assert told.message.endswith(".")


def test_yes_and_no_are_not_a_number_of_women(tmp_path: Path) -> None:
    rows = [old | {"women": women} for old, women in zip(ROWS, ("1.0", "0.0", "1.0"), strict=True)]
    made = plan(tmp_path, csv_of(rows), accept_suggestions=True)
    assert "women" not in made.fields
    assert made.visits["women"].isna().all()


# --- findings on rows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "mapping", "code"),
    [
        ({"day": "yesterday"}, {}, "dates_unread"),
        ({"day": "2031-01-01"}, {}, "date_in_future"),
        ({"women": "-3"}, {"women": "women"}, "numbers_negative"),
        ({"women": "2.5"}, {"women": "women"}, "people_not_whole"),
        ({"how": "by car"}, {"selection": "how"}, "answer_unread"),
        ({"work": "diving"}, {"operations": "work"}, "operations_unread"),
        (
            {"x": "9.5", "y": "52.0"},
            {"longitude": "x", "latitude": "y"},
            "position_outside_country",
        ),
        ({"x": "here", "y": "5.3"}, {"longitude": "x", "latitude": "y"}, "position_unread"),
        ({"mine": "S-77"}, {}, "site_not_on_map"),
        ({"mine": ""}, {}, "site_not_identified"),
        ({"district": "Atlantis"}, {}, "place_not_matched"),
        ({"vid": ""}, {}, "identity_made"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_number(
    tmp_path: Path, cells: dict[str, str], mapping: dict[str, str], code: str
) -> None:
    extra = {"women": "3", "x": "-2.1", "y": "5.2", "how": "census", "work": "panning"}
    rows = [old | extra | (cells if at == 1 else {}) for at, old in enumerate(ROWS)]
    rows += [ROWS[0] | extra | {"vid": str(at), "mine": "S-1"} for at in range(10, 50)]
    made = plan(
        tmp_path,
        csv_of(rows),
        **ANSWERED | {"mapping": ANSWERED["mapping"] | mapping, "crs": "EPSG:4326"},
    )
    told = next(one for one in made.findings if one.code == code)
    assert (told.rows, told.row_count, told.blocking) == ((3,), 1, False)
    assert made.read == len(made.visits) == 43  # told, and counted all the same


def test_a_practice_that_does_not_apply_leaves_the_denominator_and_is_told(tmp_path: Path) -> None:
    rows = [
        old | {"work": work}
        for old, work in zip(ROWS, ("sample pit", "sample pit", "panning"), strict=True)
    ]
    made = plan(
        tmp_path,
        csv_of(rows),
        **ANSWERED | {"mapping": ANSWERED["mapping"] | {"operations": "work"}},
    )
    assert states(made) == {
        ("vid:1", "HG-USE"): "used",
        ("vid:2", "HG-USE"): "not applicable",
        ("vid:3", "HG-USE"): "unknown",
    }
    told = {one.code: one.rows for one in made.findings}
    assert told["practice_out_of_place"] == (2,)
    assert told["state_not_applicable"] == (3,)


def test_without_an_id_site_and_day_name_a_visit_so_a_corrected_row_is_known_again(
    tmp_path: Path,
) -> None:
    request = ANSWERED | {"mapping": ANSWERED["mapping"] | {"visit_id": ""}}
    first = plan(tmp_path / "a", csv_of(ROWS), **request)
    later = plan(tmp_path / "b", csv_of(changed(0, mercury="0")), **request)
    assert first.visits["identity"].tolist() == later.visits["identity"].tolist()
    assert first.visits["identity"].iloc[0] == "visit to S-1 on 2025-03-04"


# --- places and sites -----------------------------------------------------------------------------

DISTRICTS = [
    Place(name=name, district_id=str(at), district=name)
    for at, name in enumerate(
        ("Tarkwa-Nsuaem", "Prestea-Huni Valley", "Wassa East", "Wassa Amenfi West", "Accra")
    )
]


@pytest.mark.parametrize(
    ("written", "sure", "proposed"),
    [
        ("Wassa East", "Wassa East", None),
        (" wassa  EAST ", "Wassa East", None),
        ("Prestea/huni Valley", None, "Prestea-Huni Valley"),
        ("Tarkwa Nsuaem", None, "Tarkwa-Nsuaem"),
        ("Tarkwa-Nsuaem Municipal", None, "Tarkwa-Nsuaem"),
        ("Tarkwa Nsuem District", None, "Tarkwa-Nsuaem"),
        ("Wassa West", None, None),
        ("Wassa", None, None),
        ("Wassa Amenfi East", None, None),
        ("Tarkwa", None, None),
    ],
)
def test_a_name_is_taken_only_if_it_is_the_same_and_proposed_only_if_its_words_are(
    written: str, sure: str | None, proposed: str | None
) -> None:
    match = match_place(written, DISTRICTS, visit_words())
    assert (match.sure.name if match.sure else None) == sure
    assert (match.proposed.name if match.proposed else None) == proposed


def test_wassa_west_is_a_choice_that_somebody_has_to_make() -> None:
    choices = [one.name for one in match_place("Wassa West", DISTRICTS, visit_words()).choices]
    assert choices[:1] == ["Wassa East"]


def test_points_of_the_compass_are_never_taken_for_a_spelling() -> None:
    place = Place(name="Adansi Northwest", district_id="1", district="Adansi Northwest")
    assert match_place("Adansi Northeast", [place], visit_words()).proposed is None
    assert match_place("Adanssi Northwest", [place], visit_words()).proposed == place


def test_two_districts_of_one_name_are_never_chosen_between() -> None:
    twice = [Place(name="Bo", district_id=one, district="Bo") for one in ("1", "2")]
    match = match_place("Bo", twice, visit_words())
    assert (match.sure, match.proposed, len(match.choices)) == (None, None, 2)


@given(
    st.permutations(DISTRICTS), st.sampled_from([one.name for one in DISTRICTS] + ["Wassa West"])
)
def test_the_order_of_districts_changes_no_match(order: list[Place], written: str) -> None:
    ours, theirs = (match_place(written, one, visit_words()) for one in (DISTRICTS, order))
    assert (ours.sure, ours.proposed) == (theirs.sure, theirs.proposed)


def test_a_name_that_is_no_district_of_the_region_counts_for_none_wherever_it_lies(
    tmp_path: Path,
) -> None:
    rows = [old | {"x": "-2.1", "y": "5.2"} for old in changed(0, district="Wassa West")]
    request = ANSWERED | {
        "mapping": ANSWERED["mapping"] | {"longitude": "x", "latitude": "y"},
        "crs": "EPSG:4326",
    }
    made = plan(tmp_path / "open", csv_of(rows), **request)
    assert made.blocking == ()
    assert made.visits["district_id"].isna().tolist() == [True, False, False]
    assert made.visits["district"].iloc[0] == "Wassa West"
    placed = plan(tmp_path / "said", csv_of(rows), **request | {"places": {"Wassa West": ""}})
    assert placed.visits["district_id"].iloc[0] == "D1"  # then its position decides
    named = plan(tmp_path / "named", csv_of(rows), **request | {"places": {"Wassa West": "D3"}})
    assert named.visits["district_id"].iloc[0] == "D3"
    assert "place_disagrees" in codes(named)


def test_rows_with_only_a_district_or_a_village_count_for_that_area(tmp_path: Path) -> None:
    rows = [
        {"vid": "1", "district": "Wassa East", "village": "", "mercury": "1"},
        {"vid": "2", "district": "", "village": "dompim", "mercury": "1"},
        {"vid": "3", "district": "", "village": "Nowhere", "mercury": "1"},
    ]
    made = plan(tmp_path, csv_of(rows), accept_suggestions=True)
    assert made.visits["district_id"].tolist()[:2] == ["D3", "D1"]
    assert made.visits["district_id"].isna().tolist() == [False, False, True]
    assert made.visits["site_id"].isna().all()
    assert made.visits["community"].tolist()[1:] == ["dompim", "Nowhere"]


def test_a_site_without_an_id_is_proposed_by_name_near_its_position(tmp_path: Path) -> None:
    rows = [
        {"vid": "1", "site": "kokoase", "x": "-2.1001", "y": "5.3001", "mercury": "1"},
        {"vid": "2", "site": "Kokoase", "x": "-2.15", "y": "5.3", "mercury": "1"},
        {"vid": "3", "site": "Bonsa", "x": "-1.9", "y": "5.2", "mercury": "1"},
    ]
    request = {
        "mapping": {"visit_id": "vid", "site_name": "site", "longitude": "x", "latitude": "y"},
        "practices": {"HG-USE": "mercury"},
        "states": {"HG-USE:1": "used"},
        "crs": "EPSG:4326",
    }
    asked = plan(tmp_path / "asked", csv_of(rows), **request)
    assert [one.code for one in asked.blocking] == ["sites_to_confirm"]
    assert {one.subject: one.answer for one in asked.proposals} == {
        "kokoase": "S-1",
        "Bonsa": "S-3",
    }
    said = plan(tmp_path / "said", csv_of(rows), **request, sites={"kokoase": "S-1", "Bonsa": ""})
    assert said.visits["site_id"].fillna("none").tolist() == ["S-1", "none", "none"]


def test_positions_in_another_system_pass_the_gate_or_are_asked(tmp_path: Path) -> None:
    # the Tarkwa point of the domain's facts, in feet of EPSG:2136
    rows = [old | {"x": "538703", "y": "229347"} for old in ROWS]
    request = ANSWERED | {"mapping": ANSWERED["mapping"] | {"longitude": "x", "latitude": "y"}}
    asked = plan(tmp_path / "asked", csv_of(rows), **request)
    assert {"crs_to_confirm", "crs_ambiguous"} & codes(asked)
    assert asked.visits["longitude"].isna().all()
    said = plan(tmp_path / "said", csv_of(rows), **request | {"crs": "EPSG:2136"})
    assert np.allclose(said.visits[["longitude", "latitude"]], [-1.9934, 5.3010], atol=5e-4)


# --- hostile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '=HYPERLINK("http://127.0.0.1")',
        "'; DROP TABLE visit; --",
        "\u202eevil",
        "a" * 5_000,
        "{0.__class__}",
    ],
)
def test_whatever_stands_in_a_cell_is_text_and_nothing_else(tmp_path: Path, text: str) -> None:
    cells = {"vid": text, "mine": text, "district": text, "remarks": text, "mercury": text}
    made = plan(
        tmp_path, csv_of(changed(1, **cells)), accept_suggestions=True, mapping={"site_id": "mine"}
    )
    assert [one.code for one in made.blocking] == ["states_to_confirm"]
    assert made.visits["site_id"].iloc[1] == text.strip()
    assert all(len(one.message) < 2_000 for one in made.findings)


def test_a_thousand_different_answers_are_not_asked_one_by_one(tmp_path: Path) -> None:
    rows = [{"vid": str(at), "mercury": f"answer {at}"} for at in range(1_000)]
    made = plan(tmp_path, csv_of(rows), accept_suggestions=True)
    assert len(made.proposals) <= 200
    assert "states_to_confirm" in codes(made)


@pytest.mark.parametrize("case", TABLE_CASES, ids=lambda case: case.name)
def test_a_hostile_file_of_visits_ends_in_findings_or_in_one_sentence(
    case: Case, tmp_path: Path
) -> None:
    content = case.build(tmp_path).read_bytes()
    try:
        made = plan(tmp_path / "read", content, name=case.filename, accept_suggestions=True)
    except ReadError:
        return  # its sentence is looked at where tables are read
    assert made.read == len(made.visits) + sum(made.left_out.values())
    assert all(one.message and one.code for one in made.findings)
