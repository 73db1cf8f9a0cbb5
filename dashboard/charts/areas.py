"""One practice in several areas, or in several regions: a dot and its interval for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard import words
from dashboard.brief.model import PracticeFacts, Target
from dashboard.charts import figures, furniture, rows
from dashboard.charts.drawing import Chart, Sheet
from dashboard.charts.figures import Shown
from dashboard.charts.furniture import MARGIN, NARROW

COLUMNS = ("area", "round", "shown", "counts", "days", "unknown")


def area_intervals(
    areas: pd.DataFrame,
    practice: PracticeFacts,
    *,
    title: str,
    round: str | None = None,
    target: Target | None = None,
    notes: Sequence[str] = (),
    width: float = 720.0,
) -> Chart:
    """One row an area, the best rate first, then those without a rate by name.

    `areas` has RATE_COLUMNS; of each area the row of `round` counts, or without one the latest that
    says anything. `width` is in pixels.
    """
    found = _ordered(chosen_rows(areas, practice.code, round=round), practice.direction)
    return _drawn(found, practice, title=title, targets=(target, {}), notes=notes, width=width)


def region_comparison(
    regions: pd.DataFrame,
    practice: PracticeFacts,
    *,
    title: str,
    targets: Mapping[str, Target] | None = None,
    notes: Sequence[str] = (),
    width: float = 720.0,
) -> Chart:
    """One row a region, in the order given: a comparison is no ranking.

    `regions` has RATE_COLUMNS, one area a region; `targets` goes by `area`. Each row says how its
    sites were chosen, because rates of other choices do not compare.
    """
    found = chosen_rows(regions, practice.code, round=None)
    return _drawn(
        found,
        practice,
        title=title,
        targets=(None, targets or {}),
        notes=notes,
        width=width,
        tells_selection=True,
    )


def chosen_rows(
    areas: pd.DataFrame, code: str, *, round: str | None
) -> list[tuple[dict[str, Any], Shown]]:
    """Of each area of one practice the row to show: that of a round, or the latest with news."""
    rounds = figures.in_order_of_rounds(areas) if round is None else [round]
    best: dict[str, dict[str, Any]] = {}
    for row in figures.rows_of(areas, practice=code, round=round):
        if str(row["round"]) not in rounds:
            continue
        area = str(row["area"])
        before = best.get(area)
        if before is None or _news(row, rounds) >= _news(before, rounds):
            best[area] = row
    return [(row, figures.shown(row)) for row in best.values()]


def _news(row: Mapping[str, Any], rounds: Sequence[str]) -> tuple[bool, int]:
    return row["shown_as"] != figures.NO_DATA, rounds.index(str(row["round"]))


def _ordered(
    found: list[tuple[dict[str, Any], Shown]], direction: str
) -> list[tuple[dict[str, Any], Shown]]:
    sign = 1 if direction == "stop" else -1

    def place(one: tuple[dict[str, Any], Shown]) -> tuple[bool, float, str]:
        row, shown = one
        rate = 0.0 if shown.rate is None else shown.rate
        return shown.rate is None, sign * rate, str(row["area"]).casefold()

    return sorted(found, key=place)


def _drawn(
    found: list[tuple[dict[str, Any], Shown]],
    practice: PracticeFacts,
    *,
    title: str,
    targets: tuple[Target | None, Mapping[str, Target]],
    notes: Sequence[str],
    width: float,
    tells_selection: bool = False,
) -> Chart:
    common, by_area = targets
    sheet = Sheet(width=width)
    aim = figures.better(practice.direction)
    if common is not None:
        aim = f"{aim} · {figures.target_words(common, practice.direction)}"
    y = furniture.heading(sheet, title, subtitle=f"{practice.title}: {aim}")
    has_target = common is not None or bool(by_area)
    y = furniture.key(sheet, y, has_target=has_target, has_unknown=True) + 8
    columns = rows.wide_columns(MARGIN, width - 2 * MARGIN)
    for place, (row, shown) in enumerate(found):
        area, told = str(row["area"]), _note(row, tells_selection)
        target = by_area.get(area, common)
        if width < NARROW:
            label = f"{area} · {told}"
            y = rows.stacked(
                sheet,
                left=MARGIN,
                width=width - 2 * MARGIN,
                top=y,
                label=label,
                shown=shown,
                direction=practice.direction,
                target=target,
            )
        else:
            y = rows.wide(
                sheet,
                columns,
                top=y,
                label=area,
                note=told,
                shown=shown,
                direction=practice.direction,
                target=target,
                head=place == 0 or common is None,
            )
    if found:
        scale = rows.stacked_scale(MARGIN, width - 2 * MARGIN) if width < NARROW else columns.scale
        rows.grid(sheet, scale, top=y, bottom=y + 3)
        y += 16
    else:
        sheet.text((MARGIN, y + 12), f"{figures.NO_DATA} of this practice", size=11)
        y += 20
    sheet.height = furniture.footnotes(sheet, notes, y)
    sentences = (
        f"{row['area']}, {_note(row, tells_selection)}: {_told(shown)}." for row, shown in found
    )
    return Chart(
        sheet=sheet,
        title=title,
        sentences=(f"{practice.title}, {aim}.", *sentences),
        table=_table(found),
    )


def round_of(row: Mapping[str, Any]) -> str:
    """The round of a row in words."""
    return figures.round_words(str(row["round"]))


def _note(row: Mapping[str, Any], tells_selection: bool) -> str:
    told = round_of(row)
    if tells_selection:
        selection = row.get("selection")
        is_stated = not words.is_missing(selection) and selection != "not stated"
        told += f", {selection if is_stated else 'selection not stated'}"
    return told


def _told(shown: Shown) -> str:
    unknown = f", {shown.unknown} unknown" if shown.unknown else ""
    return f"{shown.sentence}{unknown}"


def _table(found: Sequence[tuple[Mapping[str, Any], Shown]]) -> pd.DataFrame:
    records = [
        {
            "area": str(row["area"]),
            "round": round_of(row),
            "shown": shown.headline,
            "counts": shown.detail,
            "days": shown.when,
            "unknown": rows.unknown_words(shown),
        }
        for row, shown in found
    ]
    return furniture.table(records, COLUMNS)
