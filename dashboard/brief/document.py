"""The brief of a region as PDF: two pages of A4, tagged, with the typeface inside."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from dashboard import words
from dashboard.brief import sentences
from dashboard.brief.model import BriefInput, RoadMapLine, Target
from dashboard.charts import Chart, adoption_map, figures, panel_change, practice_overview
from dashboard.charts.drawing import Sheet, plain
from dashboard.charts.figures import span
from dashboard.charts.furniture import MARGIN
from dashboard.charts.panel import in_order
from dashboard.typefaces import typst_fonts

TEMPLATE = Path(__file__).with_name("brief.typ")
MOST_ACTIONS, MOST_DISTRICTS, MOST_NOTES, MOST_PANELS, MOST_NUMBERS = 8, 10, 8, 3, 12
LONGEST_SENTENCE, LONGEST_CELL, LONGEST_NAME = 320, 110, 70
LONGEST_REASON, LONGEST_OWNER = 230, 60
DEFINITIONS = (
    "A rate is the share of the sites where a practice applies and its state is known; sites whose "
    "state is unknown leave it and are counted beside it (grey bar). Used means seen or said to be "
    "in use, not given or taught. Intervals are 95 % Wilson intervals, with a correction where "
    "nearly all known sites were visited. Where sites were not chosen to speak for others, or are "
    "too few, only counts are given, for these sites alone."
)


class BriefError(ValueError):
    """A brief cannot be made of what was given; the message says why and what to do."""


def region_brief(brief: BriefInput) -> bytes:
    """The brief as PDF (PDF/UA-1: tagged, with alternatives for charts); the same input, the same
    bytes.

    BriefError where the leading practice is not in the list.
    """
    if brief.leading not in {practice.code for practice in brief.practices}:
        raise BriefError(
            f"Practice '{brief.leading}' is not in the list, so the brief of {brief.region_name} "
            "has nothing to put on its map. Choose a code of data/practices.toml."
        )
    drawn = charts(brief)
    told = contents(brief, drawn)
    files = {
        "main": TEMPLATE.read_bytes(),
        "brief.json": json.dumps(told, ensure_ascii=False).encode(),
        **{f"{name}.svg": chart.svg(embed=False) for name, chart in drawn.items()},
    }
    document = typst.compile(
        files,
        format="pdf",
        ignore_system_fonts=True,
        font_paths=typst_fonts(),
        pdf_standards=["ua-1"],
        timestamp=dt.datetime.combine(brief.as_of, dt.time(), tzinfo=dt.UTC),
    )
    assert isinstance(document, bytes)
    return document


def charts(brief: BriefInput) -> dict[str, Chart]:
    """The charts of the brief by name: map, panel, overview."""
    practice = figures.one_practice(brief.practices, brief.leading)
    targets = _targets(brief.actions)
    name = _cut(practice.title, LONGEST_NAME)
    if brief.shapes is None or not len(brief.shapes):
        there = _no_map(f"{name} by district")
    else:
        there = adoption_map(
            brief.shapes,
            brief.areas,
            practice,
            measuring_crs=brief.measuring_crs,
            title=f"{name} by district",
            target=targets.get(practice.code),
            width=330,
            height=300,
            most_numbers=MOST_NUMBERS,
        )
    panels = in_order(brief.panels, leading=brief.leading).head(MOST_PANELS)
    return {
        "map": there,
        "panel": panel_change(
            # what warns of a change stands among the sentences on the same page
            panels.assign(warning=None),
            brief.rates,
            brief.practices,
            title="What changed on the same sites",
            width=235,
        ),
        "overview": practice_overview(
            brief.rates,
            brief.practices,
            title=f"All practices in {_cut(brief.region_name, LONGEST_NAME)}, latest round of each",
            targets=targets,
            width=630,
        ),
    }


def contents(brief: BriefInput, drawn: Mapping[str, Chart]) -> dict[str, Any]:
    """What the template sets, as plain JSON types; every text is one line."""
    region = _cut(brief.region_name, LONGEST_NAME)
    country = _cut(brief.country_name, LONGEST_NAME)
    as_of = words.day(brief.as_of)
    parts = (
        ("What is known", sentences.known(brief)),
        ("What changed on the same sites", sentences.changed(brief)),
        ("How sure, and what is not known", sentences.sure(brief)),
    )
    notes = [
        DEFINITIONS,
        f"{words.ABSENCE} A district without visits is hatched, not empty.",
        f"Sources: {' · '.join(brief.sources[:MOST_NOTES]) or words.NOT_STATED}.",
        *brief.cautions[:MOST_NOTES],
    ]
    return {
        "title": f"Clean practices in {region}, {country}: brief of {as_of}",
        "author": "Common Ground",
        "description": f"What share of mine sites uses which practice in {region}, how sure, and "
        "what changed.",
        "kicker": "Common Ground · brief for the Learning and Leadership Group",
        "heading": f"Clean practices in {region}, {country}",
        "under": f"As recorded on {as_of} · dialogue: {plain(brief.dialogue)}",
        "banner": words.INVENTED if brief.demonstration else "",
        "footer": f"{region} · as of {as_of}"
        f"{' · invented for demonstration' if brief.demonstration else ''}",
        "parts": [
            {"title": title, "sentences": [_cut(one, LONGEST_SENTENCE) for one in said]}
            for title, said in parts
        ],
        "charts": {
            name: {
                "file": f"{name}.svg",
                "alt": plain(chart.alt),
                "width": chart.sheet.width,
                "height": chart.sheet.height,
                "margin": MARGIN,
            }
            for name, chart in drawn.items()
        },
        "road_map": sentences.road_map(brief.actions),
        "actions": [_action(line, brief) for line in brief.actions[:MOST_ACTIONS]],
        "actions_there": len(brief.actions),
        "coverage": _coverage(brief.coverage)[:MOST_DISTRICTS],
        "coverage_there": len(brief.coverage),
        "notes": [_cut(note, LONGEST_SENTENCE * 2) for note in notes],
    }


def _targets(actions: Sequence[RoadMapLine]) -> dict[str, Target]:
    """The first target of each practice that holds for the whole region."""
    found: dict[str, Target] = {}
    for line in actions:
        if line.practice and line.target is not None and not line.area:
            found.setdefault(line.practice, line.target)
    return found


def _cut(text: str, longest: int) -> str:
    """The text in one line of at most so many letters, the cut marked with an ellipsis."""
    told = plain(text)
    return told if len(told) <= longest else f"{told[: longest - 1].rstrip()}…"


def _action(line: RoadMapLine, brief: BriefInput) -> list[str]:
    """The cells of one action."""
    practice = next((one for one in brief.practices if one.code == line.practice), None)
    told = [_cut(practice.title, 44)] if practice else []
    if line.target is not None:
        direction = practice.direction if practice else "adopt"
        told.append(figures.target_words(line.target, direction).removeprefix("target: "))
    against = ": ".join(part for part in (line.progress, line.reason) if part)
    name = f"{line.action} ({line.area})" if line.area else line.action
    cells = (
        (name, LONGEST_CELL),
        (line.owner, LONGEST_OWNER),
        (": ".join(told), LONGEST_CELL),
        (line.status, LONGEST_OWNER),
        (against, LONGEST_REASON),
    )
    return [_cut(cell, longest) or "–" for cell, longest in cells]


def _coverage(coverage: pd.DataFrame) -> list[list[str]]:
    """The cells of each district, those with most known sites first."""
    ordered = coverage.sort_values(
        "known_sites", ascending=False, na_position="last", kind="stable"
    )
    return [
        [
            _cut(row["area"], LONGEST_NAME),
            *(words.count(row[name]) for name in ("known_sites", "visited", "never_visited")),
            "–" if words.is_missing(row["first_day"]) else span(row["first_day"], row["last_day"]),
        ]
        for row in ordered.to_dict("records")
    ]


def _no_map(title: str) -> Chart:
    """What stands in place of a map where no boundary of a district is loaded."""
    sheet = Sheet(width=330, height=60)
    said = "No boundaries of districts are loaded, so there is no map."
    sheet.text((10, 24), title, size=12, bold=True)
    sheet.text((10, 42), said, size=10)
    return Chart(sheet=sheet, title=title, sentences=(said,), table=pd.DataFrame())
