"""Adoption tables whose numbers can be counted by hand."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo.adoption.frames import empty_ledger
from geo.adoption.rates import TABLE_COLUMNS, adoption_table, adoption_tables, empty_table
from geo.errors import AdoptionError
from tests.geo.adoption_visits import (
    MERCURY,
    POND,
    PPE,
    PRACTICES,
    RETORT,
    SETTINGS,
    known_of,
    ledger_of,
    row_of,
    sites,
    table_of,
    visit,
)

FIRST_COLUMNS = [
    *("area", "practice", "round", "observations", "used", "applicable", "unknown"),
    *("known_sites", "visited", "rate", "low", "high", "shown_as"),
]


def percent(row: dict) -> tuple[int, int, int]:
    return tuple(round(100 * row[name]) for name in ("rate", "low", "high"))


# --- what counts ------------------------------------------------------------------------------


def test_a_rate_is_used_of_applicable_and_unknown_is_in_neither() -> None:
    row = row_of(
        [*sites(20, "used"), *sites(30, "not used", start=20), *sites(9, "unknown", start=50)]
    )
    assert (row["used"], row["applicable"], row["unknown"], row["visited"]) == (20, 50, 9, 59)
    assert row["rate"] == 0.4
    assert row["shown_as"] == "rate"
    assert row["observations"] == 50


def test_not_applicable_leaves_the_denominator_and_is_not_unknown() -> None:
    row = row_of(
        [
            *sites(25, "used"),
            *sites(25, "not used", start=25),
            *sites(7, "not applicable", start=50),
        ]
    )
    assert (row["applicable"], row["not_applicable"], row["unknown"]) == (50, 7, 0)
    assert row["rate"] == 0.5


def test_partly_and_tried_are_in_the_denominator_and_are_not_use() -> None:
    states = ("used", "partly", "tried-and-stopped", "not used")
    row = row_of([v for n, one in enumerate(states) for v in sites(15 + n, one, start=100 * n)])
    assert [row[n] for n in ("used", "partly", "tried", "not_used")] == [15, 16, 17, 18]
    assert row["applicable"] == 66
    assert row["rate"] == pytest.approx(15 / 66)


def test_a_site_that_was_visited_but_not_asked_is_unknown() -> None:
    row = row_of([*sites(50, "used"), *(visit(f"x{n}") for n in range(4))])
    assert (row["visited"], row["unknown"], row["observations"]) == (54, 4, 50)


def test_a_site_visited_three_times_counts_once_by_its_latest_known_state() -> None:
    row = row_of(
        [
            visit("a", "not used", visited_on="2024-01-01"),
            visit("a", "used", visited_on="2024-05-01"),
            visit("a", "unknown", visited_on="2024-09-01"),
        ]
    )
    assert (row["used"], row["applicable"], row["unknown"], row["visited"]) == (1, 1, 0, 1)
    assert row["observations"] == 2
    assert (row["used_observations"], row["applicable_observations"]) == (1, 2)
    assert row["last_day"] == dt.datetime(2024, 5, 1)


def test_the_latest_visit_is_that_of_the_latest_day_wherever_it_stands() -> None:
    rows = [
        visit("a", "used", visited_on="2024-05-01"),
        visit("a", "not used", visited_on="2024-01-01"),
    ]
    assert row_of(rows)["used"] == row_of(rows[::-1])["used"] == 1


def test_a_visit_without_a_day_comes_before_every_other() -> None:
    rows = [visit("a", "used", visited_on="2009-01-01"), visit("a", "not used", visited_on=None)]
    assert row_of(rows)["used"] == row_of(rows[::-1])["used"] == 1


def test_of_two_visits_on_one_day_the_later_name_counts_in_any_order() -> None:
    rows = [
        visit("a", "used", visit_id="v2", visited_on="2024-01-01"),
        visit("a", "not used", visit_id="v10", visited_on="2024-01-01"),
    ]
    assert row_of(rows)["used"] == row_of(rows[::-1])["used"] == 1


def test_visits_of_which_only_the_area_is_known_count_one_each() -> None:
    row = row_of([*sites(3, "used"), visit(None, "used"), visit(None, "not used")])
    assert (row["used"], row["applicable"], row["visited"]) == (4, 5, 5)
    assert "2 visits without a site" in row["reason"]


def test_each_round_has_a_row_and_all_takes_the_latest() -> None:
    table = table_of(
        [
            visit("a", "not used", round="first", visited_on="2020-01-01"),
            visit("a", "used", round="second", visited_on="2022-01-01"),
            visit("b", "not used", round="first", visited_on="2020-02-01"),
        ],
        rounds=None,
    )
    assert table["round"].tolist() == ["first", "second", "all"]
    assert table["used"].tolist() == [0, 1, 1]
    assert table["applicable"].tolist() == [2, 1, 2]
    assert table["observations"].tolist() == [2, 1, 3]


def test_rounds_go_by_their_first_day_not_by_their_name() -> None:
    table = table_of(
        [
            visit("a", "used", round="spring", visited_on="2020-03-01"),
            visit("a", "used", round="autumn", visited_on="2020-10-01"),
            visit("a", "used", round="no day", visited_on=None),
        ],
        rounds=None,
    )
    assert table["round"].tolist() == ["spring", "autumn", "no day", "all"]


def test_evidence_better_than_a_claim_is_told_of_the_sites_that_use_it() -> None:
    evidence = ("claimed", "seen", "verified", None)
    rows = [
        visit(f"s{n}", {"SO-PPE": {"state": "used", "evidence": one}})
        for n, one in enumerate(evidence)
    ]
    rows.append(visit("no", {"SO-PPE": {"state": "not used", "evidence": "seen"}}))
    row = row_of(rows)
    assert (row["used"], row["used_seen"]) == (4, 2)


def test_intensity_has_its_own_number_of_sites_and_a_median() -> None:
    grams = (1.0, 2.0, 9.0, None)
    rows = [
        visit(f"s{n}", {"SO-PPE": {"state": "used", "intensity": one}})
        for n, one in enumerate(grams)
    ]
    rows.append(visit("n", {"SO-PPE": {"state": "not applicable", "intensity": 99.0}}))
    row = row_of(rows)
    assert (row["intensity_n"], row["intensity_median"]) == (3, 2.0)


def test_women_and_men_are_people_at_work_and_not_recorded_is_no_data() -> None:
    rows = [
        visit("a", "used", women=10, men=20),
        visit("b", "used", women=None, men=5),
        visit("c", "used"),
    ]
    row = row_of(rows)
    assert (row["women"], row["men"], row["people_sites"]) == (10, 25, 2)
    assert row_of([visit("c", "used")])["women"] is None


# --- where it applies -------------------------------------------------------------------------


def test_a_practice_does_not_apply_where_the_operations_cannot_have_it() -> None:
    told = {"WA-POND": "not used"}
    row = row_of(
        [
            visit("a", told, operations="alluvial"),
            visit("b", told, operations="mill-house"),
            visit("c", {}, operations="underground"),
            visit("d", told, operations=""),
            visit("e", told, operations="alluvial|mill-house"),
        ],
        practices=(POND,),
    )
    assert (row["applicable"], row["not_applicable"], row["unknown"]) == (3, 2, 0)
    assert "records of 1 site whose operations cannot have it do not count" in row["reason"]


def test_a_practice_seen_only_at_the_site_is_not_ruled_out_by_operations() -> None:
    told = {"HG-RET": "used"}
    row = row_of([visit("a", told, operations="underground")], practices=(RETORT,))
    assert (row["applicable"], row["not_applicable"]) == (1, 0)


def test_operations_of_the_list_count_where_the_visit_recorded_none() -> None:
    known = [
        {"site_id": "a", "operations": "mill-house"},
        {"site_id": "b", "operations": "alluvial"},
    ]
    told = {"WA-POND": "not used"}
    row = row_of([visit("a", told), visit("b", told)], known, practices=(POND,))
    assert (row["applicable"], row["not_applicable"]) == (1, 1)


def test_a_stop_practice_is_read_the_right_way_round() -> None:
    told = [visit(f"s{n}", {"HG-WOA": "used" if n < 10 else "not used"}) for n in range(60)]
    row = row_of(told, practices=(MERCURY,))
    assert (row["direction"], row["used"]) == ("stop", 10)
    assert row["rate"] == pytest.approx(1 / 6)
    assert row["reason"].endswith("lower is better.")
    assert "better" not in row_of(sites(60, "used"))["reason"]


# --- as what it is shown ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "shown_as"),
    [
        (24, "counts"),
        (25, "rate, small sample"),
        (49, "rate, small sample"),
        (50, "rate"),
    ],
)
def test_a_random_sample_needs_25_sites_for_a_rate_and_50_for_one_without_a_flag(
    number: int, shown_as: str
) -> None:
    row = row_of([*sites(10, "used"), *sites(number - 10, "not used", start=10)])
    assert row["shown_as"] == shown_as
    assert (row["rate"] is None) == (shown_as == "counts")


def test_the_limits_are_settings() -> None:
    few = replace(SETTINGS, least_rate=5, least_sure=10)
    assert row_of(sites(10, "used"), settings=few)["shown_as"] == "rate"
    assert row_of(sites(9, "used"), settings=few)["shown_as"] == "rate, small sample"


@pytest.mark.parametrize("selection", ["convenience", "not stated"])
def test_sites_not_drawn_at_random_give_counts_and_no_rate(selection: str) -> None:
    row = row_of(sites(200, "used", selection=selection))
    assert row["shown_as"] == "counts"
    assert (row["used"], row["applicable"]) == (200, 200)
    assert [row[name] for name in ("rate", "low", "high")] == [None, None, None]
    assert row["reason"].startswith("These sites only")


def test_one_site_of_convenience_among_a_sample_is_told_and_takes_the_rate() -> None:
    row = row_of([*sites(99, "used"), *sites(1, "used", start=99, selection="convenience")])
    assert (row["shown_as"], row["selection"]) == ("counts", "convenience")
    assert row["reason"] == "These sites only: 1 of the 100 sites was chosen for convenience."


def test_a_census_of_20_of_24_has_the_interval_of_a_census() -> None:
    visits = [
        *sites(8, "used", selection="census"),
        *sites(12, "not used", start=8, selection="census"),
    ]
    row = row_of(visits, [f"s{n}" for n in range(24)])
    assert percent(row) == (40, 31, 49)
    assert (row["census"], row["shown_as"], row["population"]) == (True, "rate, small sample", 24)
    assert row["reason"].startswith("A census: the state is known at 20 of the 24 known sites")


def test_visiting_nearly_all_known_sites_is_a_census_whatever_it_is_called() -> None:
    known = [f"s{n}" for n in range(10)]
    for number, census in ((8, True), (7, False)):
        row = row_of(sites(number, "used", selection="convenience"), known)
        assert row["census"] is census
        assert (row["rate"] is not None) == census


def test_a_full_census_has_no_width() -> None:
    row = row_of([*sites(3, "used"), *sites(7, "not used", start=3)], [f"s{n}" for n in range(10)])
    assert (row["rate"], row["low"], row["high"]) == (0.3, 0.3, 0.3)


def test_sites_where_nobody_could_tell_do_not_make_a_census() -> None:
    known = [f"s{n}" for n in range(10)]
    row = row_of([*sites(7, "used"), *sites(3, "unknown", start=7)], known)
    assert (row["visited"], row["known_sites"], row["census"]) == (10, 10, False)


def test_a_census_that_knows_less_than_half_of_the_sites_is_none() -> None:
    known = [f"s{n}" for n in range(100)]
    row = row_of(sites(49, "used", selection="census"), known)
    assert (row["shown_as"], row["census"]) == ("counts", False)
    assert "called a census, but the state is known at 49 of 100" in row["reason"]
    assert row_of(sites(50, "used", selection="census"), known)["census"]


def test_a_census_without_a_list_has_the_plain_interval_of_a_sample() -> None:
    visits = [
        *sites(20, "used", selection="census"),
        *sites(30, "not used", start=20, selection="census"),
    ]
    with_none = row_of(visits)
    assert (with_none["census"], with_none["shown_as"]) == (False, "rate")
    assert (with_none["known_sites"], with_none["population"]) == (0, None)
    assert percent(with_none) == percent(
        row_of([v | {"selection": "random sample"} for v in visits])
    )
    assert "no list of known sites" in with_none["reason"]
    assert row_of(visits[:24])["shown_as"] == "counts"


def test_sites_known_only_from_visits_prove_no_census() -> None:
    rows = sites(30, "used", selection="convenience")
    known = [{"site_id": f"s{n}", "listed": False} for n in range(30)]
    row = row_of(rows, known)
    assert (row["known_sites"], row["census"], row["shown_as"]) == (30, False, "counts")
    # nor beside a list of which nobody was visited: 30 of 35 then are 0 of 5 and 30 more
    row = row_of(rows, [*known, *(f"z{n}" for n in range(5))])
    assert (row["population"], row["census"]) == (35, False)


def test_visited_sites_that_no_list_has_widen_the_population() -> None:
    known = [f"s{n}" for n in range(8)]
    row = row_of([*sites(8, "used"), visit("x", "used"), visit("y", "unknown")], known)
    # x is one more that uses it; nobody could tell of y, which changes nothing
    assert (row["population"], row["known_sites"], row["visited"]) == (9, 8, 10)
    assert row["census"]


def test_a_census_counts_only_known_sites_that_can_have_the_practice() -> None:
    known = [
        *({"site_id": f"s{n}", "operations": "alluvial"} for n in range(10)),
        *({"site_id": f"m{n}", "operations": "mill-house"} for n in range(30)),
        *({"site_id": f"u{n}", "operations": ""} for n in range(2)),
    ]
    visits = [visit(f"s{n}", {"WA-POND": "used"}) for n in range(9)]
    visits.append(visit("s9", {"WA-POND": "not applicable"}))
    row = row_of(visits, known, practices=(POND,))
    # 10 alluvial sites less the one seen not to wash, and 2 of which nobody knows what they do
    assert (row["population"], row["known_sites"], row["census"]) == (11, 42, True)


def test_a_listed_site_seen_to_do_something_else_leaves_or_joins_the_population() -> None:
    known = [
        {"site_id": "a", "operations": "alluvial"},
        {"site_id": "b", "operations": "alluvial"},
        {"site_id": "c", "operations": "mill-house"},
        {"site_id": "d", "operations": "alluvial"},
    ]
    visits = [
        visit("a", {"WA-POND": "used"}),
        visit("b", {"WA-POND": "not used"}, operations="mill-house"),
        visit("c", {"WA-POND": "used"}, operations="alluvial"),
        visit("d", {}, operations="selection"),
    ]
    row = row_of(visits, known, practices=(POND,))
    # a and c; three stand on the list as alluvial
    assert (row["population"], row["applicable"], row["not_applicable"]) == (2, 2, 2)
    table = table_of(visits, known, by="operation", practices=(POND,)).set_index("area")
    assert table.loc[["alluvial", "mill-house"], "population"].tolist() == [2, 0]


def test_an_area_nobody_visited_is_no_data_and_not_zero() -> None:
    table = table_of(
        [visit("a", "used", district_id="1")],
        [{"site_id": "a", "district_id": "1"}, {"site_id": "z", "district_id": "2"}],
        by="district",
    )
    row = table.set_index("area_id").loc["2"]
    assert row["shown_as"] == "no data"
    assert row[["used", "rate", "low", "high", "partly", "first_day"]].isna().all()
    assert (row["applicable"], row["visited"], row["known_sites"]) == (0, 0, 1)
    assert row["reason"] == "Nobody visited."


def test_visits_that_could_not_tell_are_no_data_and_the_reason_says_so() -> None:
    row = row_of(sites(3, "unknown"))
    assert (row["shown_as"], row["used"], row["unknown"]) == ("no data", None, 3)
    assert row["reason"] == "3 visited sites, but the state is not known at any of them."
    assert row_of(sites(2, "not applicable"))["reason"] == (
        "2 visited sites, but the practice applies at none of them."
    )


# --- small numbers of people ---------------------------------------------------------------------


def test_a_cell_of_fewer_than_five_people_is_kept_back_whole() -> None:
    row = row_of([visit("a", "used", women=1, men=3), visit("b", "unknown", women=50, men=50)])
    assert row["shown_as"] == "suppressed"
    hidden = ("observations", "used", "applicable", "unknown", "partly", "women", "men", "rate")
    assert [row[name] for name in hidden] == [None] * len(hidden)
    assert row_of([visit("a", "used", women=1, men=4)])["shown_as"] == "counts"


def test_people_nobody_counted_are_not_few_people() -> None:
    assert row_of([visit("a", "used", women=1)])["shown_as"] == "counts"


def district(name: str, number: int, *, people: float, **more: object) -> list[dict]:
    return [
        visit(f"{name}{n}", "used", district_id=name, women=people, men=0, **more)
        for n in range(number)
    ]


def test_what_would_tell_a_number_kept_back_is_kept_back_too() -> None:
    visits = [*district("a", 1, people=2), *district("b", 3, people=9), *district("c", 4, people=9)]
    table = table_of(visits, by="district").set_index("area_id")
    # the region's total less b and c would tell a: b, the smaller, goes with it
    assert table["shown_as"].to_dict() == {"a": "suppressed", "b": "suppressed", "c": "counts"}
    assert "could be worked out" in table.loc["b", "reason"]
    assert "could be recognised" in table.loc["a", "reason"]


def test_two_small_numbers_hide_each_other_only_when_together_they_are_enough() -> None:
    small = [*district("a", 1, people=2), *district("b", 1, people=2)]
    table = table_of([*small, *district("c", 4, people=9)], by="district")
    assert table["shown_as"].tolist() == ["suppressed"] * 3
    enough = [*district("a", 1, people=2), *district("b", 1, people=3)]
    table = table_of([*enough, *district("c", 4, people=9)], by="district")
    assert table["shown_as"].tolist() == ["suppressed", "suppressed", "counts"]


def test_a_round_kept_back_takes_another_with_it_so_that_all_rounds_do_not_tell_it() -> None:
    visits = [
        *district("a", 1, people=2, round="1", visited_on="2020-01-01"),
        *(
            one | {"site_id": f"x{n}"}
            for n, one in enumerate(district("a", 4, people=9, round="2", visited_on="2021-01-01"))
        ),
    ]
    table = table_of(visits, rounds=None).set_index("round")
    assert table["shown_as"].to_dict() == {"1": "suppressed", "2": "suppressed", "all": "counts"}


# --- areas ------------------------------------------------------------------------------------


def test_a_site_with_two_operations_counts_in_each_and_the_reason_says_so() -> None:
    table = table_of(
        [
            visit("a", "used", operations="alluvial|mill-house"),
            visit("b", "not used", operations="alluvial"),
            visit("c", "used"),
        ],
        by="operation",
    ).set_index("area")
    assert table["applicable"].to_dict() == {"alluvial": 2, "mill-house": 1, "not recorded": 1}
    assert table["used"].to_dict() == {"alluvial": 1, "mill-house": 1, "not recorded": 1}
    assert table["reason"].str.contains("counts in each").all()


def test_known_sites_are_told_by_operation_too() -> None:
    known = [
        {"site_id": "a", "operations": "alluvial|surface"},
        {"site_id": "b", "operations": ""},
        {"site_id": "c", "operations": "alluvial"},
    ]
    visits = [visit("b", "used", operations="surface")]
    table = table_of(visits, known, by="operation").set_index("area")
    assert table["known_sites"].to_dict() == {"alluvial": 2, "surface": 2}


def test_by_sex_is_who_leads_and_sites_without_it_have_a_row() -> None:
    visits = [
        visit("a", "used", led_by="woman"),
        visit("b", "not used", led_by="man"),
        visit("c", "used"),
    ]
    table = table_of(visits, ["a", "b", "c"], by="sex")
    assert table["area_id"].tolist() == ["woman", "man", "not recorded"]
    assert table["used"].tolist() == [1, 0, 1]
    assert table["known_sites"].isna().all()


def test_the_district_of_the_list_wins_over_that_of_a_visit() -> None:
    visits = [
        visit("a", "used", district_id="2", visited_on="2024-01-01"),
        visit("b", "used", district_id="2", visited_on="2024-01-01"),
        visit("b", "used", district_id="3", visited_on="2024-02-01"),
        visit("b", "used", district_id=None, visited_on="2024-03-01"),
        visit("d", "used"),
    ]
    table = table_of(visits, [{"site_id": "a", "district_id": "1"}], by="district")
    assert table.set_index("area")["applicable"].to_dict() == {
        "District 1": 1,
        "District 3": 1,
        "No district known": 1,
    }


def test_a_site_that_stands_twice_on_the_list_is_one_site() -> None:
    assert row_of(sites(1, "used"), ["s0", "s0", "s1"])["known_sites"] == 2


# --- the table itself ----------------------------------------------------------------------------


def test_the_columns_are_the_agreed_ones_in_their_order() -> None:
    table = table_of(sites(3, "used"), practices=PRACTICES)
    assert list(table.columns)[: len(FIRST_COLUMNS)] == FIRST_COLUMNS
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == TABLE_COLUMNS
    assert dict(empty_table().dtypes) == dict(table.dtypes)


def test_rows_go_by_area_practice_and_round() -> None:
    table = table_of(
        [visit("a", "used", district_id="2"), visit("b", "used", district_id="1")],
        by="district",
        practices=(POND, PPE),
        rounds=None,
    )
    assert table[["area_id", "practice", "round"]].to_numpy().tolist() == [
        [area, code, label]
        for area in ("1", "2")
        for code in ("WA-POND", "SO-PPE")
        for label in ("2024", "all")
    ]


def test_an_empty_ledger_gives_no_data_for_what_is_known() -> None:
    known = known_of([{"site_id": "a", "district_id": "1", "operations": "alluvial"}])
    for by, rows in (("region", 4), ("district", 4), ("operation", 4), ("sex", 0)):
        table = adoption_table(
            empty_ledger(),
            known,
            by=by,
            practices=PRACTICES,
            settings=SETTINGS,
            region_name="Tarkwa",
        )
        assert len(table) == rows
        assert (table["shown_as"] == "no data").all()
        assert dict(table.dtypes) == dict(empty_table().dtypes)


def test_tables_made_together_are_those_made_alone() -> None:
    ledger = ledger_of(
        [visit(f"s{n}", "used", district_id=str(n % 3), led_by="man") for n in range(30)]
    )
    asked = {"practices": PRACTICES, "settings": SETTINGS, "region_name": "Tarkwa"}
    for by, table in adoption_tables(ledger, known_of(["s1"]), **asked).items():
        alone = adoption_table(ledger, known_of(["s1"]), by=by, **asked)
        pd.testing.assert_frame_equal(table, alone)


def test_the_frames_are_not_changed() -> None:
    ledger, known = ledger_of(sites(5, "used")), known_of(["s0"])
    before = [frame.copy() for frame in (ledger.visits, ledger.observations, known)]
    adoption_tables(ledger, known, practices=PRACTICES, settings=SETTINGS, region_name="T")
    for frame, was in zip((ledger.visits, ledger.observations, known), before, strict=True):
        pd.testing.assert_frame_equal(frame, was)


def test_what_does_not_exist_is_refused_with_what_does() -> None:
    with pytest.raises(AdoptionError, match=r"no round '1999'.*2024, all"):
        table_of(sites(1, "used"), rounds="1999")
    with pytest.raises(AdoptionError, match=r"no table by 'moon'.*region, district"):
        table_of(sites(1, "used"), by="moon")
    with pytest.raises(AdoptionError, match="A round is called 'all'"):
        table_of(sites(1, "used", round="all"))


def test_days_are_those_of_the_sites_that_count() -> None:
    row = row_of(
        [
            visit("a", "used", visited_on="2020-01-01"),
            visit("b", "used", visited_on="2021-06-01"),
            visit("c", "unknown", visited_on="2024-01-01"),
        ]
    )
    assert (row["first_day"], row["last_day"]) == (dt.datetime(2020, 1, 1), dt.datetime(2021, 6, 1))
    assert row_of([visit("a", "used", visited_on=None)])["first_day"] is None


def test_no_number_is_made_of_nothing() -> None:
    table = table_of(sites(2, "used"), practices=PRACTICES, rounds=None)
    shown = table["shown_as"].isin(["rate", "rate, small sample"])
    for name in ("rate", "low", "high"):
        assert np.isnan(table.loc[~shown, name]).all()
