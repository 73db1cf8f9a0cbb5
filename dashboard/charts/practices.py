"""Small multiples: each practice of an area, its rounds one below the other."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.brief.model import PracticeFacts, Target
from dashboard.charts import figures, furniture, rows
from dashboard.charts.drawing import INK, RULE, SOFT, Chart, Sheet, wrapped
from dashboard.charts.figures import Shown
from dashboard.charts.furniture import MARGIN

PANEL = 215.0
"""Least width of a panel, pixels."""
GAP = 22.0
COLUMNS = ("practice", "round", "shown", "counts", "days", "unknown", "target")


def practice_multiples(
    rates: pd.DataFrame,
    practices: Sequence[PracticeFacts],
    *,
    title: str,
    targets: Mapping[str, Target] | None = None,
    notes: Sequence[str] = (),
    width: float = 720.0,
) -> Chart:
    """One panel a practice, one row a round, of one area.

    `rates` are rows of one area (RATE_COLUMNS); `targets` goes by code. `width` is in pixels and
    says how many panels stand side by side; the height follows. Practices come in their order,
    those without a row with "no data".
    """
    targets = targets or {}
    sheet = Sheet(width=width)
    y = furniture.heading(sheet, title)
    y = furniture.key(sheet, y, has_target=bool(targets), has_unknown=True) + 6
    columns = max(1, int((width - 2 * MARGIN + GAP) // (PANEL + GAP)))
    panel = (width - 2 * MARGIN - GAP * (columns - 1)) / columns
    drawn = _found(rates, practices)
    for start in range(0, len(drawn), columns):
        line = drawn[start : start + columns]
        bottoms = []
        for place, (practice, found) in enumerate(line):
            left = MARGIN + place * (panel + GAP)
            target = targets.get(practice.code)
            bottoms.append(_panel(sheet, (left, y), panel, practice, found=found, target=target))
        y = max(bottoms) + 14
    sheet.height = furniture.footnotes(sheet, notes, y - 8)
    return Chart(
        sheet=sheet,
        title=title,
        sentences=tuple(
            _sentence(practice, found, targets.get(practice.code)) for practice, found in drawn
        ),
        table=_table(drawn, targets),
    )


Found = list[tuple[str, Shown]]


def _found(
    rates: pd.DataFrame, practices: Sequence[PracticeFacts]
) -> list[tuple[PracticeFacts, Found]]:
    """The rounds of each practice, in their order, as they are shown."""
    there: dict[tuple[str, str], Shown] = {
        (str(row["practice"]), str(row["round"])): figures.shown(row)
        for row in rates.to_dict("records")
    }
    rounds = figures.in_order_of_rounds(rates)
    return [
        (
            practice,
            [
                (figures.round_words(label), there[practice.code, label])
                for label in rounds
                if (practice.code, label) in there
            ],
        )
        for practice in practices
    ]


def _panel(
    sheet: Sheet,
    at: tuple[float, float],
    width: float,
    practice: PracticeFacts,
    *,
    found: Found,
    target: Target | None,
) -> float:
    """Draw one practice; returns where it ends."""
    left, y = at
    sheet.line((left, y), (left + width, y), color=RULE)
    for line in wrapped(practice.title, width, 12, bold=True, lines=2):
        y += 15
        sheet.text((left, y), line, size=12, bold=True, color=INK)
    for line in wrapped(_aim(practice, target), width, 9.5, lines=2):
        y += 12
        sheet.text((left, y), line, size=9.5, color=SOFT)
    y += 5
    for label, shown in found:
        y = rows.stacked(
            sheet,
            left=left,
            width=width,
            top=y,
            label=label,
            shown=shown,
            direction=practice.direction,
            target=target,
        )
    if not found:
        sheet.text((left, y + 14), figures.NO_DATA, size=10.5, color=SOFT)
        return y + 20
    rows.grid(sheet, rows.stacked_scale(left, width), top=y - 3, bottom=y)
    return y + 12


def _aim(practice: PracticeFacts, target: Target | None) -> str:
    aim = figures.better(practice.direction)
    return f"{aim} · {figures.target_words(target, practice.direction)}" if target else aim


def _sentence(practice: PracticeFacts, found: Found, target: Target | None) -> str:
    told = "; ".join(f"{label}: {shown.sentence}{_unknown(shown)}" for label, shown in found)
    low = ", lower is better" if practice.direction == "stop" else ""
    aim = f" ({figures.target_words(target, practice.direction)})" if target else ""
    return f"{practice.title}{low}{aim}: {told or figures.NO_DATA}."


def _unknown(shown: Shown) -> str:
    return f", {shown.unknown} unknown" if shown.unknown else ""


def _table(
    drawn: Sequence[tuple[PracticeFacts, Found]], targets: Mapping[str, Target]
) -> pd.DataFrame:
    records = []
    for practice, found in drawn:
        target = targets.get(practice.code)
        aim = figures.target_words(target, practice.direction) if target else ""
        for label, shown in found or [("", None)]:
            records.append(
                {
                    "practice": practice.title,
                    "round": label,
                    "shown": shown.headline if shown else figures.NO_DATA,
                    "counts": shown.detail if shown else "",
                    "days": shown.when if shown else "",
                    "unknown": rows.unknown_words(shown) if shown else "",
                    "target": aim,
                }
            )
    return furniture.table(records, COLUMNS)
