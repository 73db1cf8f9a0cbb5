"""Districts coloured by the rate of one practice; patterns where there is none, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from dashboard import words
from dashboard.brief.model import PracticeFacts, Target
from dashboard.charts import areas as area_charts
from dashboard.charts import figures, furniture
from dashboard.charts.drawing import INK, PAPER, SOFT, Chart, Sheet, text_width, wrapped
from dashboard.charts.figures import THIN, Shown
from dashboard.charts.furniture import MARGIN
from dashboard.charts.ground import Ground, drawn_ground, outline_path, scale_bar
from dashboard.charts.labels import Label, place_labels
from layers.facts import symbols

STEP = 0.2
"""Width of a class of rates; their colours are in data/symbols.toml."""
UNNAMED = 12
"""Areas listed below a map because it has no room for their names; the rest are counted."""

NOT_ENOUGH, NOT_VISITED = "not enough data", "never visited"
CLASSES = (
    f"under 20{THIN}%",
    f"20 to 39{THIN}%",
    f"40 to 59{THIN}%",
    f"60 to 79{THIN}%",
    f"80{THIN}% and more",
)
COLUMNS = ("area", "class", "round", "shown", "counts", "days")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One area as it is shown: its class (a number of CLASSES, or one of the two patterns)."""

    area: str
    step: int | None
    pattern: str
    round: str
    shown: Shown | None

    @property
    def class_name(self) -> str:
        """The class in words."""
        return self.pattern if self.step is None else CLASSES[self.step]

    @property
    def short(self) -> str:
        """What stands below the name on the map."""
        if self.shown is None or self.pattern == NOT_VISITED:
            return NOT_VISITED
        if self.shown.rate is not None:
            return f"{words.percent(self.shown.rate)} of {self.shown.of}"
        return self.shown.headline.removeprefix("counts only: ").split(",")[0]


def adoption_map(
    shapes: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    practice: PracticeFacts,
    *,
    measuring_crs: Any,
    title: str,
    round: str | None = None,
    target: Target | None = None,
    notes: Sequence[str] = (),
    width: float = 720.0,
    height: float | None = None,
    most_numbers: int = 200,
) -> Chart:
    """A map of the areas in `shapes` (EPSG:4326, columns `area_id` and `area`).

    `areas` has RATE_COLUMNS; of each area the row of `round` counts, or without one the latest that
    says anything. An area without any visit in the rows of `round` (of all rounds without one) is
    "never visited". `height` is the most the map itself may take, in pixels. Areas whose names find
    no room get a number, at most `most_numbers` of them. Rows of areas without a shape are told
    below the map.
    """
    sheet = Sheet(width=width)
    aim = figures.better(practice.direction)
    if target is not None:
        aim = f"{aim} · {figures.target_words(target, practice.direction)}"
    share = "share of sites that use it"
    when = _when(shapes, areas, practice, round=round)
    subtitle = f"{practice.title}: {share}{when}. {aim[:1].upper()}{aim[1:]}"
    y = furniture.heading(sheet, title, subtitle=subtitle)
    ground = drawn_ground(
        shapes,
        measuring_crs=measuring_crs,
        at=(MARGIN, y),
        size=(width - 2 * MARGIN, height or width * 0.8),
    )
    places = _places(ground, areas, practice, round=round)
    _paint(sheet, ground, places, direction=practice.direction)
    numbered, unnamed = _name(sheet, ground, places, most=most_numbers)
    y = scale_bar(sheet, ground, y=ground.bottom + 6) + 4
    y = _legend(sheet, y, practice.direction) + 2
    y = _numbers(sheet, y, numbered, unnamed)
    elsewhere = _elsewhere(areas, practice, ground, round=round)
    sheet.height = furniture.footnotes(sheet, [*elsewhere, *notes], y)
    return Chart(
        sheet=sheet,
        title=title,
        sentences=(
            f"{subtitle}.",
            *(_sentence(place) for place in places.values()),
            *elsewhere,
        ),
        table=_table(places.values()),
    )


def _places(
    ground: Ground, areas: pd.DataFrame, practice: PracticeFacts, *, round: str | None
) -> dict[str, Place]:
    """By area_id, in the order of the ground."""
    chosen = {
        str(row["area_id"]): (row, shown)
        for row, shown in area_charts.chosen_rows(areas, practice.code, round=round)
    }
    visited = _visited(areas, round)
    places = {}
    for area_id, area in zip(ground.area_ids, ground.areas, strict=True):
        row, shown = chosen.get(area_id, ({}, None))
        pattern = NOT_ENOUGH if area_id in visited else NOT_VISITED
        rate = None if shown is None else shown.rate
        places[area_id] = Place(
            area=area,
            step=None if rate is None else min(int((rate + 1e-9) / STEP), len(CLASSES) - 1),
            pattern="" if rate is not None else pattern,
            round=figures.round_words(str(row.get("round", ""))),
            shown=shown,
        )
    return places


def _when(
    shapes: gpd.GeoDataFrame, areas: pd.DataFrame, practice: PracticeFacts, *, round: str | None
) -> str:
    """The days of all that the map shows."""
    drawn = set(shapes["area_id"].astype(str))
    rows = [
        row
        for row, _ in area_charts.chosen_rows(areas, practice.code, round=round)
        if str(row["area_id"]) in drawn
    ]
    days = [
        day
        for row in rows
        for day in (row["first_day"], row["last_day"])
        if not words.is_missing(day)
    ]
    return f", {figures.span(min(days), max(days))}" if days else ""


def _visited(areas: pd.DataFrame, round: str | None) -> set[str]:
    """The areas somebody visited; where the number is withheld, somebody did."""
    rows = areas if round is None else areas[areas["round"].astype(str) == round]
    been = (rows["visited"].astype("Float64").fillna(0) > 0) | (
        rows["shown_as"].astype(str) == figures.SUPPRESSED
    )
    return set(rows.loc[been, "area_id"].astype(str))


def _paint(sheet: Sheet, ground: Ground, places: Mapping[str, Place], *, direction: str) -> None:
    colors = symbols()["adoption"][direction]["colors"]
    outlines = [outline_path(shape) for shape in ground.shapes]
    for area_id, drawn in zip(ground.area_ids, outlines, strict=True):
        place = places[area_id]
        fill = pattern(sheet, place.pattern) if place.step is None else colors[place.step]
        sheet.path(drawn, fill=fill)
    sheet.outlines("".join(outlines), edge="#46535a", width=0.9)


def pattern(sheet: Sheet, name: str) -> str:
    """The fill of an area without a rate."""
    if name == NOT_VISITED:
        ink = symbols()["adoption"]["not_visited"]["ink"]
        drawn = f'<path d="M1 2.5h4.5M6.5 7.5h4.5" stroke="{ink}" stroke-width="1"/>'
        return sheet.pattern("never-visited", drawn, size=10)
    ink = symbols()["adoption"]["not_enough"]["ink"]
    drawn = f'<path d="M0 5L5 0M-1 1L1 -1M4 6L6 4" stroke="{ink}" stroke-width="0.9"/>'
    return sheet.pattern("not-enough-data", drawn, size=5)


def _name(
    sheet: Sheet, ground: Ground, places: Mapping[str, Place], *, most: int
) -> tuple[list[tuple[int, Place]], list[Place]]:
    """Write names and shares into the areas.

    Returns those that only a number had room for, and those that have no name.
    """
    labels = [
        Label(
            key=area_id,
            lines=(place.area, place.short),
            is_needed=place.pattern != NOT_VISITED,
        )
        for area_id, place in places.items()
    ]
    placed, numbered = place_labels(labels, ground)
    for at in placed:
        for line, text in enumerate(at.lines):
            foot = (at.x, at.y + 12 * line)
            bold = line == 1
            sheet.text(foot, text, size=10.5, bold=bold, anchor="middle", halo=True)
    found = []
    numbered = numbered[:most]
    for number, spot in enumerate(numbered, start=1):
        if spot.leader is not None:
            sheet.line(spot.leader, (spot.x, spot.y), color=INK, width=0.8)
        sheet.dot((spot.x, spot.y), 7.5, fill=PAPER, edge=INK, width=1)
        sheet.text((spot.x, spot.y + 3.4), number, size=9.5, bold=True, anchor="middle")
        found.append((number, places[spot.key]))
    told = {at.key for at in placed} | {spot.key for spot in numbered}
    return found, [place for area_id, place in places.items() if area_id not in told]


def _legend(sheet: Sheet, y: float, direction: str) -> float:
    colors = symbols()["adoption"][direction]["colors"]
    signs = [(color, name) for color, name in zip(colors, CLASSES, strict=True)]
    signs += [(pattern(sheet, name), name) for name in (NOT_ENOUGH, NOT_VISITED)]
    x, y = MARGIN, y + 8
    for fill, name in signs:
        wide = 22 + text_width(name, 9.5) + 14
        if x > MARGIN and x + wide > sheet.width - MARGIN:
            x, y = MARGIN, y + 16
        sheet.box((x, y - 5), (17, 11), fill=fill, edge="#46535a", width=0.8)
        sheet.text((x + 22, y + 3.8), name, size=9.5, color=SOFT)
        x += wide
    return y + 10


def _numbers(
    sheet: Sheet, y: float, numbered: Sequence[tuple[int, Place]], unnamed: Sequence[Place]
) -> float:
    """What the numbers on the map stand for, and which areas have no name on it."""
    told = [" · ".join(f"{number} {place.area}: {place.short}" for number, place in numbered)]
    left_out = [place for place in unnamed if place.pattern != NOT_VISITED]
    if left_out:
        told.append(f"{words.count(len(left_out), 'more area')} found no room for a name.")
    names = [place.area for place in unnamed if place.pattern == NOT_VISITED]
    if names:
        more = [f"{len(names) - UNNAMED} more"] if len(names) > UNNAMED else []
        listed = words.listing([*names[:UNNAMED], *more])
        told.append(f"Never visited, without a name on the map: {listed}.")
    for text in filter(None, told):
        for line in wrapped(text, sheet.width - 2 * MARGIN, 10):
            y += 13
            sheet.text((MARGIN, y), line, size=10)
    return y


def _elsewhere(
    areas: pd.DataFrame, practice: PracticeFacts, ground: Ground, *, round: str | None
) -> list[str]:
    """Sentences for rows of areas that have no shape."""
    drawn = set(ground.area_ids)
    return [
        f"Not on the map: {row['area']}, {area_charts.round_of(row)}: {shown.sentence}."
        for row, shown in area_charts.chosen_rows(areas, practice.code, round=round)
        if str(row["area_id"]) not in drawn
    ]


def _sentence(place: Place) -> str:
    if place.shown is None:
        return f"{place.area}: {place.class_name}."
    return f"{place.area}, {place.round}: {place.shown.sentence} ({place.class_name})."


def _table(places: Sequence[Place] | Any) -> pd.DataFrame:
    records = [
        {
            "area": place.area,
            "class": place.class_name,
            "round": place.round,
            "shown": place.shown.headline if place.shown else figures.NO_DATA,
            "counts": place.shown.detail if place.shown else "",
            "days": place.shown.when if place.shown else "",
        }
        for place in places
    ]
    return furniture.table(records, COLUMNS)
