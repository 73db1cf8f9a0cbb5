"""Adoption of a small landscape that can be counted by hand; road map, comparison, corrections."""

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard import workflows
from dashboard.workflows.adoption_goals import put_action, road_map
from dashboard.workflows.types import WorkflowError
from geo.errors import AdoptionError
from layers.facts import FactsError
from layers.ledger.records import Action
from layers.store import Store
from tests.dashboard.adoption_world import (
    EAST,
    FIRST,
    GHANA,
    MERCURY,
    POND,
    REGION,
    SECOND,
    WEST,
    bring,
    filled,
    landscape,
    site,
    visit,
)
from tests.layers.samples import add

DAY = dt.date(2025, 6, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the landscape and both rounds in it; every test gets a copy of its own."""
    home = tmp_path_factory.mktemp("made") / "home"
    store = filled(workflows.open_home(home))
    store.close()
    return home


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Store:
    shutil.copytree(made, tmp_path / "home")
    return workflows.open_home(tmp_path / "home")


@pytest.fixture
def new_store(tmp_path: Path) -> Store:
    return landscape(workflows.open_home(tmp_path / "home"))


def row(store: Store, area: str, code: str, round_: str, *, by: str = "district") -> dict[str, Any]:
    run = workflows.adoption(store, REGION, by=by, practice=code, round=round_)  # type: ignore[arg-type]
    rows = [one for one in run.as_json()["rows"] if one["area"] == area]
    assert len(rows) == 1
    return rows[0]


def goal(**more: Any) -> Action:
    told: dict[str, Any] = {
        "region_id": REGION,
        "title": "Ponds at every washing place",
        "owner": "The association",
        "practice": POND,
        "target_share": 0.5,
        "target_day": dt.date(2027, 1, 1),
    }
    return Action(**(told | more))


# --- counting ---------------------------------------------------------------------------------


def test_shares_are_those_counted_by_hand(store: Store) -> None:
    west = row(store, WEST, POND, FIRST)
    assert (west["used"], west["applicable"], west["unknown"]) == (9, 30, 0)
    assert (west["known_sites"], west["visited"], west["rate"]) == (40, 30, 0.3)
    east = row(store, EAST, POND, SECOND)
    # two were visited and nobody could tell: they leave the denominator, and are shown
    assert (east["used"], east["applicable"], east["unknown"]) == (21, 28, 2)
    assert east["rate"] == 0.75
    assert (east["first_day"], east["last_day"]) == ("2025-04-01", "2025-04-28")
    whole = row(store, "Tarkwa-Nsuaem", POND, "all", by="region")
    assert (whole["used"], whole["applicable"], whole["known_sites"]) == (33, 58, 71)


def test_where_nobody_could_tell_there_is_no_data_and_never_a_zero(store: Store) -> None:
    east = row(store, EAST, MERCURY, FIRST)
    assert east["shown_as"] == "no data"
    assert east["rate"] is None
    assert east["used"] is None


def test_a_region_without_visits_has_no_rows_and_says_so(new_store: Store) -> None:
    run = workflows.adoption(new_store, REGION)
    assert run.as_json()["rows"] == []
    assert run.known_sites == 71
    assert "No visits are recorded for Tarkwa-Nsuaem" in run.notes[0]


def test_a_visited_site_of_no_layer_is_known_and_told(store: Store) -> None:
    bring(store, [visit("new one", "2025-05-01", SECOND, {POND: "used"})], start=900)
    run = workflows.adoption(store, REGION, by="region", practice=POND, round=SECOND)
    assert run.known_sites == 72
    assert run.table["known_sites"].tolist() == [72]
    assert any("1 visited site stands in no layer" in note for note in run.notes)
    # its place is not known either
    assert any("1 visit lies in no district" in note for note in run.notes)


def test_visited_sites_alone_are_no_census_for_nobody_knows_how_many_more_there_are(
    tmp_path: Path,
) -> None:
    store = workflows.open_home(tmp_path / "bare")
    bring(store, [visit(f"s{n}", "2025-05-01", SECOND, {POND: "used"}) for n in range(30)])
    run = workflows.adoption(store, REGION, by="region", practice=POND, round=SECOND)
    only = run.table.iloc[0]
    assert (only["known_sites"], only["visited"], bool(only["census"])) == (30, 30, False)
    # thirty of thirty is no certainty about the others
    assert only["low"] < 0.95


def test_a_visit_that_names_only_a_district_counts_there_and_in_no_panel(store: Store) -> None:
    before = workflows.panel(store, REGION, practice=POND, earlier=FIRST, later=SECOND).table
    bring(store, [visit(None, "2025-05-01", SECOND, {POND: "used"}, district_id="d1")], start=900)
    assert row(store, WEST, POND, SECOND)["applicable"] == 31
    after = workflows.panel(store, REGION, practice=POND, earlier=FIRST, later=SECOND).table
    assert after["n"].tolist() == before["n"].tolist() == [30]


def test_how_sites_were_chosen_is_told_where_it_was_not_by_chance(new_store: Store) -> None:
    bring(
        new_store,
        [
            visit("w1", "2025-05-01", SECOND, {POND: "used"}, selection="convenience"),
            visit("w2", "2025-05-01", SECOND, {POND: "used"}, selection=None),
        ],
    )
    told = " ".join(workflows.adoption(new_store, REGION).notes)
    assert "1 of 2 visits were chosen for convenience" in told
    assert "1 of 2 visits do not say how their sites were chosen" in told
    assert row(new_store, WEST, POND, SECOND)["shown_as"] == "counts"


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"by": "village"}, WorkflowError, "cannot be shown by 'village'"),
        ({"practice": "XX"}, FactsError, "There is no practice 'XX'. Choose one of: HG-"),
        ({"round": "1999"}, WorkflowError, "There is no round '1999'.*2023, 2025, all"),
        ({"district_layer": "none"}, WorkflowError, "'none' is no layer of districts"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_there_is(
    store: Store, asked: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        workflows.adoption(store, REGION, **asked)


# --- kept, until something changes ---------------------------------------------------------------


def test_a_correction_moves_the_figures_at_once_and_keeps_the_old_value(store: Store) -> None:
    before = workflows.adoption(store, REGION)
    assert row(store, WEST, POND, FIRST)["used"] == 9
    history = workflows.site_history(store, REGION, "w0")
    first = next(one for one in history.visits if one.round == FIRST)
    workflows.correct_state(
        store,
        history,
        first.visit_id,
        POND,
        state="not used",
        evidence="verified",
        why="The pond was dry",
        actor="Ama",
    )
    assert row(store, WEST, POND, FIRST)["used"] == 8
    assert workflows.adoption(store, REGION).fingerprint != before.fingerprint
    told = workflows.site_history(store, REGION, "w0").corrections
    assert {(one.field, one.old, one.value, one.why, one.actor) for one in told} == {
        ("state", "used", "not used", "The pond was dry", "Ama"),
        ("evidence", "seen", "verified", "The pond was dry", "Ama"),
    }


def test_a_visit_taken_out_counts_no_more_and_stays_in_the_history(store: Store) -> None:
    history = workflows.site_history(store, REGION, "w0")
    first = next(one for one in history.visits if one.round == FIRST)
    workflows.withdraw_visit(
        store, history, first.visit_id, withdrawn=True, why="wrong site", actor="Ama"
    )
    assert row(store, WEST, POND, FIRST)["applicable"] == 29
    after = workflows.site_history(store, REGION, "w0")
    assert [one.withdrawn for one in after.visits] == [False, True]
    assert after.latest()[POND] == "used"
    workflows.withdraw_visit(
        store, after, first.visit_id, withdrawn=False, why="it was right", actor="Ama"
    )
    assert row(store, WEST, POND, FIRST)["applicable"] == 30


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"actor": " "}, "Say who changes this"),
        ({"why": ""}, "Say why"),
        ({"state": "used", "evidence": "seen"}, "Nothing changes"),
        ({"state": "maybe"}, "A state is one of"),
    ],
)
def test_a_correction_needs_a_name_a_reason_and_a_change(
    store: Store, more: dict[str, Any], sentence: str
) -> None:
    history = workflows.site_history(store, REGION, "w0")
    told = {"state": "not used", "evidence": "seen", "why": "because", "actor": "Ama"} | more
    with pytest.raises(WorkflowError, match=sentence):
        workflows.correct_state(store, history, history.visits[0].visit_id, POND, **told)


def test_another_version_of_a_layer_moves_the_denominator_at_once(store: Store) -> None:
    assert row(store, EAST, POND, SECOND)["known_sites"] == 30
    more = [site(f"e{n}", -1.99 + n / 220, 5.3) for n in range(35)]
    add(store, more, kind="mine_sites", name="More sites", **GHANA)
    assert row(store, EAST, POND, SECOND)["known_sites"] == 35


def test_an_unknown_site_is_refused_with_a_sentence(store: Store) -> None:
    with pytest.raises(WorkflowError, match="No site 'nowhere' is known"):
        workflows.site_history(store, REGION, "nowhere")


def test_the_list_of_sites_tells_who_was_never_visited_from_who_was_not_asked(store: Store) -> None:
    there = workflows.standing(store, REGION)
    found = workflows.site_states(there, practice=MERCURY).set_index("site_id")
    assert found.loc["w0", "state"] == "used"
    assert found.loc["e0", "state"] == "not recorded"
    assert found.loc["far", "state"] == "never visited"
    ponds = workflows.site_states(there, practice=POND, area_id="d1", round_=FIRST)
    assert ponds["state"].value_counts().to_dict() == {
        "not used": 21,
        "never visited": 10,
        "used": 9,
    }


# --- rounds, regions, goals -----------------------------------------------------------------------


def test_a_rise_from_visiting_others_is_told_from_one_on_the_same_sites(store: Store) -> None:
    told = workflows.panel(store, REGION, practice=POND, earlier=FIRST, later=SECOND)
    change = told.table.iloc[0]
    assert (change["n"], change["used_before"], change["used_after"]) == (30, 9, 12)
    assert (change["started"], change["stopped"]) == (3, 0)
    # all sites: 9 of 30, then 33 of 58
    assert change["cross_change"] == pytest.approx(33 / 58 - 9 / 30)
    assert change["composition"] + change["within"] == pytest.approx(change["cross_change"])
    with pytest.raises(AdoptionError, match="cannot be compared with itself"):
        workflows.panel(store, REGION, practice=POND, earlier=FIRST, later=FIRST)


def test_regions_side_by_side_say_what_else_makes_them_differ(store: Store) -> None:
    bring(
        store,
        [visit("g1", "2020-05-01", "2020", {POND: "used"}, selection="convenience")],
        start=500,
        region_id="geita",
    )
    run = workflows.compare(store, [REGION, "geita", "ituri"], practice=POND)
    assert run.table["area"].tolist() == ["Tarkwa-Nsuaem", "Geita"]
    assert run.silent == ("Ituri",)
    told = " ".join(run.caveats)
    assert "The latest visits are 5 years apart" in told
    assert "chosen in different ways (Tarkwa-Nsuaem: random sample; Geita: convenience)" in told
    assert "60 of 71 known sites were ever visited" in told
    assert "several countries" in told


def test_the_first_practice_shown_is_one_with_a_target(store: Store) -> None:
    assert workflows.leading_practice(store, REGION) == POND
    put_action(store, goal(practice=MERCURY), actor="Ama")
    assert workflows.leading_practice(store, REGION) == MERCURY


@pytest.mark.parametrize(
    ("more", "verdict", "why"),
    [
        # West and East together: 33 of 58 in 2025, 57 %
        ({"target_share": 0.5}, "on track", "57 % of 58 sites"),
        (
            {
                "target_share": 0.95,
                "target_day": dt.date(2025, 7, 1),
                "baseline_share": 0.3,
                "baseline_day": dt.date(2023, 3, 1),
            },
            "behind",
            "below",
        ),
        ({"target_share": 0.9}, "can't tell", "without a baseline"),
        ({"practice": "HG-RET"}, "can't tell", "Nobody visited, or no visit could tell"),
        ({"practice": None, "target_share": None, "target_day": None}, "", "names no practice"),
        ({"status": "done"}, "", "Its owner says that it is done"),
        (
            {"area_level": "district", "area_id": "d1", "area": WEST, "target_share": 0.2},
            "on track",
            "40 % of 30 sites",
        ),
        (
            {"area_level": "district", "area_id": "d3", "area": "Nobody's"},
            "can't tell",
            "Nobody visited",
        ),
    ],
)
def test_an_action_is_held_against_the_latest_visits_of_its_area(
    store: Store, more: dict[str, Any], verdict: str, why: str
) -> None:
    put_action(store, goal(**more), actor="Ama")
    state = road_map(store, REGION, on=DAY).states[0]
    assert (state.progress, why in state.reason) == (verdict, True), state.reason


def test_an_old_visit_cannot_tell_whether_a_target_is_on_track(store: Store) -> None:
    put_action(store, goal(), actor="Ama")
    state = road_map(store, REGION, on=dt.date(2029, 1, 1)).states[0]
    assert state.progress == "can't tell"
    assert "more than 730 days ago" in state.reason


def test_every_earlier_state_of_an_action_is_kept(store: Store) -> None:
    first = put_action(store, goal(), actor="Ama")
    put_action(store, replace(first, target_share=0.6), actor="Kofi")
    assert [one.target_share for one in store.action_history(first.action_id)] == [0.6, 0.5]
    assert len(road_map(store, REGION, on=DAY).states) == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"title": ""}, "Say what is to be done"),
        ({"owner": ""}, "Say who is responsible"),
        ({"target_day": None}, "Say on which day the target of 50% stands"),
        ({"baseline_day": DAY}, "Say which share of sites the baseline"),
        ({"practice": None}, "Say which practice the target is for"),
    ],
)
def test_an_action_that_says_too_little_is_refused(
    store: Store, more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WorkflowError, match=sentence):
        put_action(store, goal(**more), actor="Ama")
    with pytest.raises(WorkflowError, match="Say who changes the road map"):
        put_action(store, goal(), actor="")


def test_all_that_is_told_is_plain_json(store: Store) -> None:
    put_action(store, goal(), actor="Ama")
    for told in (
        workflows.adoption(store, REGION).as_json(),
        road_map(store, REGION, on=DAY).as_json(),
    ):
        json.dumps(told, allow_nan=False)


# --- who was visited ------------------------------------------------------------------------------


def test_coverage_tells_who_was_visited_when_and_who_never(store: Store) -> None:
    run = workflows.coverage(store, REGION)
    assert (run.known_sites, run.visited, run.visits, run.area_only) == (71, 60, 90, 0)
    west = run.areas.set_index("area").loc[WEST]
    assert (west["known_sites"], west["visited"], west["never_visited"]) == (40, 30, 10)
    assert (west[FIRST], west[SECOND]) == (30, 30)
    assert run.areas.set_index("area").loc[EAST, FIRST] == 0
    sites = run.sites.set_index("site_id")
    assert (sites.loc["w1", "visits"], sites.loc["w1", "rounds"]) == (2, 2)
    assert sites.loc["w1", "site"] == "West 1"
    assert sites.loc["w39", "never"]
    assert sites["district"].isna().sum() == 1


def test_coverage_files_say_never_with_empty_days_and_defuse_formulas(store: Store) -> None:
    rows = [site("=1+1", -2.1, 5.3, name="@risky")]
    add(store, rows, kind="mine_sites", name="Hostile", **GHANA)
    run = workflows.coverage(store, REGION)
    told = workflows.export_coverage(run, what="sites", site_ids=("=1+1", "w0")).decode()
    lines = told.splitlines()
    assert lines[1].startswith("'=1+1,'@risky,d1,West,True,0,0,,,True,tarkwa")
    assert lines[2].startswith("w0,West 0,d1,West,True,2,2,2023-03-01,2025-03-01,False")
    areas = workflows.export_coverage(run, what="areas").decode()
    assert "visited_in_2023,visited_in_2025" in areas.splitlines()[0]
