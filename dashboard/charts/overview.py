"""Every practice of one area on one line each: the latest rate, and a mark for the round before."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.brief.model import PracticeFacts, Target
from dashboard.charts import figures, furniture, rows
from dashboard.charts.drawing import GREY, PAPER, RULE, SOFT, Chart, Sheet, fitted, text_width
from dashboard.charts.figures import Shown
from dashboard.charts.furniture import MARGIN

ROW = 14.5
COLUMNS = ("practice", "direction", "round", "shown", "counts", "days", "unknown", "round before")

Line = tuple[PracticeFacts, str, Shown | None, Shown | None]


def practice_overview(
    rates: pd.DataFrame,
    practices: Sequence[PracticeFacts],
    *,
    title: str,
    targets: Mapping[str, Target] | None = None,
    notes: Sequence[str] = (),
    width: float = 720.0,
) -> Chart:
    """One line a practice, those to stop first, each in the order given.

    `rates` has RATE_COLUMNS of one area. Of each practice the latest round that says anything
    counts; the small grey ring is the rate of the round with a rate before it.
    """
    targets = targets or {}
    lines = latest_of(rates, practices)
    sheet = Sheet(width=width)
    y = furniture.heading(sheet, title)
    y = furniture.key(sheet, y, has_target=bool(targets), has_unknown=True, has_before=True) + 4
    label, told = min(width * 0.29, 200.0), min(width * 0.4, 240.0)
    bar = width - MARGIN - told - rows.UNKNOWN_WIDTH / 2 - 10
    scale = rows.Scale(left=MARGIN + label + 8, right=bar - 12)
    top = y
    for direction, head in (("stop", "To stop"), ("adopt", "To adopt")):
        group = [line for line in lines if line[0].direction == direction]
        if not group:
            continue
        sheet.text((MARGIN, y + 11), f"{head} · {figures.better(direction)}", size=9.5, bold=True)
        y += 16
        rows.grid(sheet, scale, top=y, bottom=y + ROW * len(group), labels=False)
        for line in group:
            _draw(
                sheet, line, y, label=label, scale=scale, bar=bar, target=targets.get(line[0].code)
            )
            y += ROW
        y += 3
    if y > top:
        rows.grid(sheet, scale, top=y - 3, bottom=y)
    sheet.height = furniture.footnotes(sheet, notes, y + 8)
    return Chart(
        sheet=sheet,
        title=title,
        sentences=tuple(_sentence(line, targets.get(line[0].code)) for line in lines),
        table=furniture.table([_record(line) for line in lines], COLUMNS),
    )


def latest_of(rates: pd.DataFrame, practices: Sequence[PracticeFacts]) -> list[Line]:
    """Of each practice the latest round that says anything, how it is shown, the rate before."""
    rounds = figures.in_order_of_rounds(rates)
    by_practice: dict[str, dict[str, Shown]] = {}
    for row in rates.to_dict("records"):
        of_one = by_practice.setdefault(str(row["practice"]), {})
        of_one[str(row["round"])] = figures.shown(row)
    found: list[Line] = []
    for practice in practices:
        there = by_practice.get(practice.code, {})
        told = [(label, there[label]) for label in rounds if label in there]
        news = [one for one in told if one[1].headline != figures.NO_DATA] or told
        if not news:
            found.append((practice, "", None, None))
            continue
        before = [shown for _, shown in news[:-1] if shown.rate is not None]
        label, shown = news[-1]
        earlier = before[-1] if before else None
        found.append((practice, figures.round_words(label), shown, earlier))
    return found


def _draw(
    sheet: Sheet,
    line: Line,
    y: float,
    *,
    label: float,
    scale: rows.Scale,
    bar: float,
    target: Target | None,
) -> None:
    practice, _, shown, before = line
    middle = y + ROW / 2
    color = rows.color_of(practice.direction)
    sheet.text((MARGIN, middle + 3.2), fitted(practice.title, label, 10), size=10)
    sheet.line((MARGIN, y + ROW), (sheet.width - MARGIN, y + ROW), color=RULE, width=0.4)
    if target is not None:
        rows.target_line(sheet, scale, target, top=y + 4, bottom=y + ROW)
    if before is not None and before.rate is not None:
        sheet.dot((scale.at(before.rate), middle), 2.8, fill=PAPER, edge=GREY, width=1.4)
    left = bar + rows.UNKNOWN_WIDTH / 2 + 10
    room = sheet.width - MARGIN - left
    if shown is None or shown.rate is None:
        parts = [figures.NO_DATA] if shown is None else [shown.headline, shown.detail, shown.when]
        _words(sheet, (left, middle + 3.2), [part for part in parts if part], room)
    else:
        rows.interval_mark(sheet, scale, middle, shown, color=color)
        counts = shown.detail.split(",")[0]
        x = left + sheet.text((left, middle + 3.2), shown.headline, size=9.5, bold=True) + 6
        _words(sheet, (x, middle + 3.2), [counts, shown.when], room - (x - left))
    if shown is not None:
        rows.unknown_bar(sheet, (bar, middle), shown, width=rows.UNKNOWN_WIDTH / 2)


def _words(sheet: Sheet, at: tuple[float, float], parts: Sequence[str], room: float) -> None:
    """Parts in one line, in smaller type where they would not fit."""
    told = " · ".join(parts)
    size = next((one for one in (9.5, 9.0, 8.5, 8.0, 7.5) if text_width(told, one) <= room), 7.0)
    sheet.text(at, fitted(told, room, size), size=size, color=SOFT)


def _sentence(line: Line, target: Target | None) -> str:
    practice, label, shown, before = line
    low = ", lower is better" if practice.direction == "stop" else ""
    if shown is None:
        return f"{practice.title}{low}: {figures.NO_DATA}."
    aim = f" ({figures.target_words(target, practice.direction)})" if target else ""
    unknown = f", {shown.unknown} unknown" if shown.unknown else ""
    earlier = f"; before: {before.headline}" if before else ""
    return f"{practice.title}{low}{aim}, {label}: {shown.sentence}{unknown}{earlier}."


def _record(line: Line) -> dict[str, str]:
    practice, label, shown, before = line
    return {
        "practice": practice.title,
        "direction": figures.better(practice.direction),
        "round": label,
        "shown": shown.headline if shown else figures.NO_DATA,
        "counts": shown.detail if shown else "",
        "days": shown.when if shown else "",
        "unknown": rows.unknown_words(shown) if shown else "",
        "round before": before.headline if before else "",
    }
