"""The brief of a region: two pages, with everything it says, whatever the data are called."""

import dataclasses
import datetime as dt
import re

import pandas as pd
import pypdfium2 as pdfium
import pytest

from dashboard.brief import RoadMapLine, Target, region_brief, sentences
from dashboard.brief.document import BriefError, charts, contents
from dashboard.brief.model import BriefInput
from dashboard.charts import figures
from tests.dashboard import take_away_world as world

HOSTILE = (
    '#eval("1") $x$ *b* _i_ @ref <label> // note /* c */ \\ \u202e `raw` [c] #{panic()} = h & "q"'
)


def pages(document: bytes) -> list[str]:
    """The text of each page, in one line; blanks of every width as one, none before units.

    Readers leave out the narrow blank before a unit in some lines, not in others.
    """
    found = []
    for page in pdfium.PdfDocument(document):
        text = page.get_textpage().get_text_range()
        line = re.sub(r"\s+", " ", text.replace("\ufffe", ""))
        found.append(re.sub(r" (?=%|km\b)", "", line))
    return found


@pytest.fixture(scope="module")
def usual() -> list[str]:
    return pages(region_brief(world.brief_input(demonstration=True)))


def test_the_brief_has_two_pages_that_say_where_and_when(usual: list[str]) -> None:
    assert len(usual) == 2
    for page in usual:
        assert "Tarkwa-Nsuaem · as of 31 Mar 2026 · invented for demonstration" in page
    assert "Clean practices in Tarkwa-Nsuaem, Ghana" in usual[0]
    assert "Invented for demonstration" in usual[0]
    assert "dialogue: post-dialogue" in usual[0]


def test_the_brief_says_what_is_known_how_sure_and_what_changed(usual: list[str]) -> None:
    first, second = usual
    assert "38% of the sites where it applies use it (22 of 58 sites, 24 Feb – 2 Apr 2025)" in first
    assert "between 27 and 51%" in first
    assert "41 sites visited in both Round 1 and Round 2" in first
    assert "+29 points (+12 to +45)" in first
    assert "Never visited: Mpohor and Ɔdɔ Ɛho." in first
    assert "1 with counts only" in first
    assert "Operating permit current" in second
    assert "89% (80–94%)" in second
    assert "counts only: 7 of 12 sites" in second
    assert "not shown, to protect people" in second
    assert "at least 60% by 31 Dec 2027" in second
    assert "Absence of data is not absence of mining" in second
    assert "KoboToolbox export of 3 Apr 2025" in second


def test_districts_are_named_on_the_map_with_their_n(usual: list[str]) -> None:
    for told in ("Prestea/Huni Valley 29% of 31", "Wassa Amenfi East 7 of 12 sites", "20km"):
        assert told in usual[0], told


def test_the_brief_is_tagged_named_and_the_same_for_the_same_data() -> None:
    brief = world.brief_input()
    document = region_brief(brief)
    assert region_brief(brief) == document
    read = pdfium.PdfDocument(document)
    assert read.is_tagged()
    told = read.get_metadata_dict()
    assert told["Title"] == "Clean practices in Tarkwa-Nsuaem, Ghana: brief of 31 Mar 2026"
    assert told["CreationDate"].startswith("D:20260331")
    assert b"pdfuaid" in document
    assert b"CommonGroundSans" in document


def full(**changes: object) -> BriefInput:
    """A region in which everything is as long and as many as it can be."""
    long = "A very long name of a practice that nobody would ever give but somebody did, " * 3
    brief = world.brief_input()
    practices = tuple(
        dataclasses.replace(one, title=f"{one.code} {long}") for one in brief.practices
    )
    district = "Komenda-Edina-Eguafo-Abirem Municipal and all of its communities along the coast"
    panels = pd.concat(
        [brief.panels.assign(practice=one.code, warning=long * 2) for one in practices[:12]]
    )
    actions = tuple(
        RoadMapLine(
            action=f"{number} {long}",
            owner=long,
            area=district,
            practice=practices[number % 23].code,
            target=Target(share=0.6, due=dt.date(2027, 12, 31)),
            status="under way",
            progress="can't tell",
            reason=long * 2,
        )
        for number in range(30)
    )
    coverage = pd.concat(
        [brief.coverage.assign(area=f"{district} {number}") for number in range(40)],
        ignore_index=True,
    )
    known: dict[str, object] = {
        "practices": practices,
        "panels": panels,
        "actions": actions,
        "coverage": coverage,
        "region_name": f"Region of {long}",
        "country_name": "Democratic Republic of the Congo and some more of it",
        "cautions": (long * 3,) * 20,
        "sources": (long,) * 20,
        "areas": brief.areas.assign(area=[f"{district} {at}" for at in range(len(brief.areas))]),
        "shapes": world.shapes().assign(area=district),
        "demonstration": True,
    }
    return world.brief_input(**(known | changes))


def test_a_brief_of_long_names_and_many_rows_still_has_two_pages() -> None:
    found = pages(region_brief(full()))
    assert len(found) == 2
    assert re.search(r"2\d more actions: see the spreadsheet", found[1])
    assert re.search(r"15\d more districts: see the spreadsheet", found[1])
    # the end of each page is still there
    assert all("Page 1 of 2" in found[0] and "Page 2 of 2" in page for page in found[1:])
    assert "Intervals are 95% Wilson intervals" in found[1]


def test_nothing_in_the_data_is_read_as_markup() -> None:
    brief = world.brief_input()
    practices = tuple(dataclasses.replace(one, title=HOSTILE) for one in brief.practices)
    hostile = world.brief_input(
        practices=practices,
        region_name=HOSTILE,
        country_name=HOSTILE,
        cautions=(HOSTILE,),
        sources=(HOSTILE,),
        dialogue=HOSTILE,
        areas=brief.areas.assign(area=HOSTILE),
        shapes=world.shapes().assign(area=HOSTILE),
        coverage=brief.coverage.assign(area=HOSTILE),
        panels=brief.panels.assign(warning=HOSTILE, earlier=HOSTILE),
        actions=(RoadMapLine(action=HOSTILE, owner=HOSTILE, status=HOSTILE, reason=HOSTILE),),
    )
    found = pages(region_brief(hostile))
    assert len(found) == 2
    assert '#eval("1") $x$ *b* _i_ @ref <label> // note' in found[0]
    assert "\u202e" not in "".join(found)


def test_a_suppressed_number_stands_nowhere_in_the_brief() -> None:
    brief = world.brief_input()
    rates = brief.rates.copy()
    hidden = rates["practice"] == "HG-RET"
    # numbers that occur nowhere else, left in the row by mistake
    rates.loc[hidden, ["used", "applicable", "unknown", "partly"]] = [713, 9371, 517, 615]
    rates.loc[hidden, "shown_as"] = "suppressed"
    found = " ".join(pages(region_brief(world.brief_input(rates=rates))))
    for number in ("713", "9371", "9,371", "517", "615"):
        assert number not in found


def test_a_region_without_a_visit_says_that_nothing_is_known() -> None:
    brief = world.brief_input()
    empty = world.brief_input(
        rates=brief.rates.head(0),
        areas=brief.areas.head(0),
        panels=brief.panels.head(0),
        coverage=brief.coverage.assign(visited=0, first_day=pd.NaT, last_day=pd.NaT),
        shapes=None,
        actions=(),
        sources=(),
    )
    first, second = pages(region_brief(empty))
    assert "nothing is known of any practice" in first
    assert "Of 24 practices: 24 without data" in first
    assert "No site was visited in two rounds" in first
    assert "No boundaries of districts are loaded" in first
    assert "No action of a road map is recorded" in second
    assert "Sources: not stated" in second
    assert not re.search(r"(?<![\d])0%", first)


def test_a_leading_practice_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(BriefError, match=r"Practice 'HG-NONE' is not in the list.*Choose a code"):
        region_brief(world.brief_input(leading="HG-NONE"))


def test_a_warning_stands_in_place_of_a_change_that_only_visits_made() -> None:
    said = sentences.changed(world.brief_input())
    assert said[0].startswith("Retort in use, on the 41 sites visited in both")
    assert "Only 6 sites were visited in both rounds" in said[1]
    assert "chance" not in said[0]


def test_a_change_whose_interval_holds_nothing_is_said_to_be_possible_chance() -> None:
    panels = world.panels_of().head(1).assign(low=-0.02, high=0.6)
    said = sentences.changed(world.brief_input(panels=panels))
    assert said[0].endswith("That can be chance.")


def test_clear_changes_are_told_before_those_that_can_be_chance() -> None:
    unclear = world.panels_of().head(1).assign(practice="LA-VEG", n=99, low=-0.1, high=0.2)
    clear = world.panels_of().head(1).assign(practice="LA-FILL", n=20)
    worse = clear.assign(practice="LA-PLAN", n=21, change=-0.3, low=-0.5, high=-0.1)
    leading = unclear.assign(practice="HG-RET", n=12)
    panels = pd.concat([unclear, clear, worse, leading], ignore_index=True)
    said = sentences.changed(world.brief_input(panels=panels, leading="HG-RET"))
    titles = [line.split(",")[0] for line in said]
    assert titles[:3] == ["Retort in use", "Reclamation plan or bond", "Worked pits back-filled"]
    assert (
        said[3] == "In all, 2 practices of 4 changed by more than chance would on the same sites."
    )


def test_a_round_that_is_only_a_number_is_called_a_round() -> None:
    panels = world.panels_of().head(1).assign(earlier="2", later="3")
    assert (
        "visited in both round 2 and round 3"
        in sentences.changed(world.brief_input(panels=panels))[0]
    )
    assert [figures.round_words(label) for label in ("2", "2023", "all", "Baseline")] == [
        *("round 2", "2023", "all rounds", "Baseline")
    ]


def test_a_practice_to_stop_is_said_to_be_still_used() -> None:
    said = " ".join(sentences.known(world.brief_input(leading="HG-OPEN")))
    assert "counts only: 7 of 12 sites" in said
    said = " ".join(sentences.known(world.brief_input(leading="HG-WOA")))
    assert "of the sites where it applies still use it" in said
    assert "This is a small sample." in said


def test_only_targets_for_the_whole_region_stand_in_the_charts_of_the_brief() -> None:
    brief = world.brief_input()
    there = "target: at least 60\u202f% by 31 Dec 2027"
    assert there in charts(brief)["map"].alt
    assert there in charts(brief)["overview"].alt
    of_a_district = dataclasses.replace(brief.actions[0], area="Mpohor")
    drawn = charts(world.brief_input(actions=(of_a_district,)))
    assert not [chart for chart in drawn.values() if "target:" in chart.alt]


def test_every_chart_of_the_brief_has_words_in_its_place() -> None:
    brief = world.brief_input()
    told = contents(brief, charts(brief))["charts"]
    assert {name: chart["file"] for name, chart in told.items()} == {
        name: f"{name}.svg" for name in ("map", "panel", "overview")
    }
    assert "Prestea/Huni Valley, Round 2" in told["map"]["alt"]
    assert "Retort in use" in told["overview"]["alt"]
    assert "8 → 20 of 41 sites" in told["panel"]["alt"]
