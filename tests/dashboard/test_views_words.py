"""Words, links and filters: what the pages say, without drawing a page."""

import dataclasses
import datetime as dt
import math

import pandas as pd
import pytest

from dashboard import words
from dashboard.state import PARAMS
from dashboard.views.conflict_table import ROWS_SHOWN, for_people, listed
from dashboard.views.findings import rows
from dashboard.views.map import area_line, hit_labels
from dashboard.views.wizard import counted, fitting_kinds, guess_kind
from dashboard.workflows.conflict_filter import ConflictFilter
from dashboard.workflows.types import Hit
from layers.facts import kinds, regions, rule_pack
from layers.findings import Finding
from layers.importing import ImportReport


@pytest.mark.parametrize(
    ("area_ha", "said"),
    [
        (0.0, "0\u202fha"),
        (0.0004, "under 0.001\u202fha"),
        (10.198, "10.2\u202fha"),
        (2.5, "2.5\u202fha"),
        (12345.6, "12,346\u202fha"),
        (None, "no data"),
        (math.nan, "no data"),
    ],
)
def test_areas_are_said_in_hectares_and_unknown_is_never_zero(area_ha: object, said: str) -> None:
    assert words.hectares(area_ha) == said  # type: ignore[arg-type]


def test_missing_values_of_every_library_are_no_data() -> None:
    for nothing in (None, "", math.nan, pd.NaT, pd.NA):
        assert words.value(nothing) == "no data"
    assert words.value(0) == "0"
    assert words.value(False) == "no"


def test_a_share_that_is_small_is_not_said_to_be_zero() -> None:
    assert words.percent(0.004) == "under 1\u202f%"
    assert words.percent(0.0) == "0\u202f%"
    assert words.percent(0.345) == "34\u202f%"


def test_counts_have_their_noun_in_the_right_number() -> None:
    assert words.count(1, "field") == "1 field"
    assert words.count(1204, "water body", "water bodies") == "1,204 water bodies"
    assert words.count(None, "field") == "no data"


def test_dates_cannot_be_read_in_two_orders() -> None:
    assert words.day(dt.date(2026, 3, 4)) == "4 Mar 2026"
    assert words.data_date(None) == "data date not stated"


def test_text_from_a_file_says_only_what_it_says() -> None:
    for hostile in (
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![x](http://example.org/x.png)",
        ":red[fire] :material/home: :smile:",
        "$x^2$ `code` **bold** _it_",
        "# Title\n- item\n1. one",
        "http://example.org www.example.org a@example.org",
    ):
        shown = words.md(hostile)
        assert "\n" not in shown
        for special in "<[]()*_`$#":
            assert special not in shown.replace(f"\\{special}", "")
        for live in ("http://example", "www.example", "a@example", ":smile:", ":material/"):
            assert live not in shown.replace("\\", "")


def test_every_rule_of_every_pack_is_said_with_its_status() -> None:
    for region in regions().values():
        for rule in rule_pack(region.rule_pack):
            assert rule.kind in words.RULE_KINDS, rule.rule_id
            assert rule.status in words.STATUSES, rule.rule_id
            assert words.rule_validity(rule)
            assert words.rule_source(rule)
            assert "illegal" not in " ".join((rule.title, words.kind_of_rule(rule))).lower()


def test_only_a_law_is_called_a_law() -> None:
    for kind, said in words.RULE_KINDS.items():
        if kind != "law":
            assert not said.lower().startswith("law")


def test_a_range_keeps_both_lines() -> None:
    rule = next(one for one in rule_pack("gh") if one.rule_id == "GH-RBZ-2")
    said = words.rule_lines(rule)
    assert said is not None
    assert said.startswith("10 to 60\u202fm from the bank")


def test_a_scenario_is_never_said_to_be_in_force() -> None:
    rule = next(one for one in rule_pack("gh") if one.scenario)
    assert words.rule_validity(rule) == "A scenario: not in force"


def test_rows_of_an_import_add_up_in_words() -> None:
    said = words.counts_sum({"read": 496, "imported": 490, "repaired": 3, "rejected": 3})
    assert said == "496 rows read = 490 imported + 3 repaired + 3 rejected"


def test_earlier_visits_are_told_apart_from_rejected_rows() -> None:
    counts = {"read": 1161, "imported": 496, "repaired": 0, "rejected": 665}
    earlier = words.counts_sum(counts, earlier=665)
    assert earlier == (
        "1,161 rows read = 496 imported + 0 repaired + 665 set aside or rejected "
        "(665 of them earlier visits of the same site)"
    )


def test_an_open_question_is_told_before_any_row_counts_as_rejected() -> None:
    asked = Finding(code="crs_ambiguous", message="Which?", blocking=True)
    counts = {"read": 1161, "imported": 0, "repaired": 0, "rejected": 1161}
    report = a_report("needs answers", counts=counts, findings=(asked,))
    assert counted(report) == "1,161 rows read; answer the question first"
    refused = a_report("refused", counts=counts, findings=(asked,))
    assert counted(refused) == "1,161 rows read; mend what is marked red first"
    earlier = Finding.on_rows("superseded", "Replaced.", rows=[2, 3])
    done = a_report(
        "ready",
        counts={"read": 5, "imported": 3, "repaired": 0, "rejected": 2},
        findings=(earlier,),
    )
    assert "(2 of them earlier visits" in counted(done)


def a_report(status: str, *, counts: dict[str, int], findings: tuple[Finding, ...]) -> ImportReport:
    names = {field.name: None for field in dataclasses.fields(ImportReport)}
    return ImportReport(**names | {"status": status, "counts": counts, "findings": findings})


def test_the_figures_of_an_area_stand_first_in_their_line() -> None:
    row = {"layer_name": "Licences", "feature_class": "mining_lease", "features": 2}
    assert area_line(row | {"area_ha": 491.2}) == (
        "**491.2\u202fha inside, 2 features**: Licences, mining lease"
    )
    sites = {"layer_name": "Sites", "feature_class": "", "features": 1, "area_ha": None}
    assert area_line(sites) == "**1 feature**: Sites"


def a_hit(title: str, layer: str, feature_id: str) -> Hit:
    return Hit(
        layer_id=layer.lower(),
        layer_name=layer,
        kind="mine_sites",
        version_id="v",
        feature_id=feature_id,
        title=title,
        longitude=0,
        latitude=0,
        bounds=(0, 0, 0, 0),
    )


def test_results_of_one_name_in_one_layer_are_told_apart_by_their_id() -> None:
    hits = [a_hit("Pit", "Sites", "S-1"), a_hit("Pit", "Sites", "S-2"), a_hit("Pit", "Visits", "9")]
    assert list(hit_labels(hits).values()) == [
        "Pit · Sites · S-1",
        "Pit · Sites · S-2",
        "Pit · Visits",
    ]


def test_no_word_calls_a_policy_binding() -> None:
    assert "binding" not in words.ORDER
    for region in regions().values():
        for rule in rule_pack(region.rule_pack):
            assert rule.kind in words.KINDS_SHORT, rule.rule_id


def test_the_first_cell_of_a_conflict_says_verdict_what_rule_and_with() -> None:
    row = {
        "rank": 1,
        "verdict": "inside",
        "subject_name": None,
        "subject_id": "S-1",
        "rule_title": "Mine site inside a licence",
        "rule_kind": "observation",
        "rule_status": "ours",
        "object_name": "L-1",
        "object_id": "L-1",
        "area_ha": math.nan,
        "share": math.nan,
        "distance_m": 0.0,
        "breach": "no rule breached",
        "receptor": "licence",
        "licence_state": "no data",
        "district": None,
    }
    outside = row | {"object_name": None, "object_id": None, "licence_state": None}
    shown = for_people(pd.DataFrame([row, outside]))
    assert shown["Possible conflict"].tolist() == [
        "Inside: S-1 – Mine site inside a licence – L-1",
        "Inside: S-1 – Mine site inside a licence",
    ]
    assert shown["Kind of rule"].tolist() == ["Observation", "Observation"]
    assert shown["Licence on that day"].iloc[0] == "No data"
    assert words.is_missing(shown["Licence on that day"].iloc[1])


def test_a_file_name_from_outside_is_fit_for_any_disk() -> None:
    assert words.file_name("../../etc/passwd") == "passwd"
    assert words.file_name('a<b>:"c.csv') == "a_b___c.csv"
    assert words.file_name("..") == "file"


def test_what_a_link_carries_comes_back_the_same() -> None:
    values = {
        "region": "ituri",
        "on": dt.date(2021, 5, 1),
        "scenario": ["200m"],
        "district": ["Prestea/huni Valley", "A, B & C"],
        "min_ha": 0.5,
        "licence": ["in force", "no data"],
        "conflict": "0123456789abcdef",
        "feature": "ituri.mine_sites.a/x/1",
    }
    for name, value in values.items():
        param = PARAMS[name]
        assert param.read(param.write(value)) == value


@pytest.mark.parametrize(
    ("name", "values"),
    [("on", ["yesterday"]), ("min_ha", ["-1"]), ("min_ha", ["nan"]), ("view", ["1,2"])],
)
def test_a_mistyped_link_is_refused_by_its_reader(name: str, values: list[str]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        PARAMS[name].read(values)


def a_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "conflict_id": ["a", "b", "c"],
            "rank": [1, 2, 3],
            "rule_id": ["r1", "r2", "r1"],
            "rule_status": ["secondary", "unverified", "ours"],
            "verdict": ["inside", "too_close", "inside"],
            "district": ["North", None, "South"],
            "area_ha": [2.0, math.nan, 0.5],
            "licence_state": ["ended", None, "in force"],
        }
    )


def test_no_filter_passes_everything() -> None:
    assert len(ConflictFilter().rows(a_table())) == 3


def test_filters_are_met_all_together() -> None:
    table = a_table()
    assert ConflictFilter(rules=("r1",), verdicts=("inside",)).rows(table)[
        "conflict_id"
    ].tolist() == ["a", "c"]
    assert ConflictFilter(districts=("no data",)).rows(table)["conflict_id"].tolist() == ["b"]
    assert ConflictFilter(statuses=("ours",), rules=("r2",)).rows(table).empty
    assert ConflictFilter(licences=("ended",)).rows(table)["conflict_id"].tolist() == ["a"]


def test_a_size_limit_includes_its_own_value_and_drops_the_unknown() -> None:
    table = a_table()
    assert ConflictFilter(min_ha=0.5).rows(table)["conflict_id"].tolist() == ["a", "c"]
    assert ConflictFilter(max_ha=0.5).rows(table)["conflict_id"].tolist() == ["c"]


def test_the_chosen_conflict_is_listed_wherever_it_ranks() -> None:
    many = pd.DataFrame({"conflict_id": [f"c{n}" for n in range(2000)], "rank": range(1, 2001)})
    assert len(listed(many, selected=None)) == ROWS_SHOWN
    rows_listed = listed(many, selected="c1999")
    assert rows_listed["conflict_id"].iloc[0] == "c1999"
    assert len(rows_listed) == ROWS_SHOWN + 1


def test_the_kind_is_guessed_from_names_and_only_among_what_the_geometry_can_be() -> None:
    every = list(kinds())
    assert guess_kind("titles_2016", "ituri.gpkg", offered=every) == "licences"
    assert guess_kind("artisanal_zones_2020", "ituri.gpkg", offered=every) == "artisanal_zones"
    assert guess_kind("ipis_visits", "ipis_visits.csv", offered=every) == "mine_sites"
    assert guess_kind("layer", "thing.gpkg", offered=every) is None
    assert "mine_sites" in fitting_kinds("Point")
    assert "roads" not in fitting_kinds("MultiPolygon")
    rasters = ["imagery", "landcover"]
    assert fitting_kinds(None) == [one for one in every if one not in rasters]
    assert sorted(fitting_kinds("Raster")) == rasters
    assert fitting_kinds("Picture") == ["imagery"]
    assert guess_kind("anything", "thing.tif", offered=["landcover"]) == "landcover"


def test_a_finding_tells_which_rows_and_how_many() -> None:
    assert rows(Finding.on_rows("c", "m", rows=[7])) == "Row 7"
    assert rows(Finding.on_rows("c", "m", rows=[7, 9])) == "Rows 7, 9"
    assert rows(Finding.on_rows("c", "m", rows=range(1, 101))).endswith("… (100 in all)")
    assert rows(Finding(code="c", message="m")) == ""
