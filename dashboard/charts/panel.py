"""What changed between two rounds: on the same sites, beside all sites of each round."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard import words
from dashboard.brief.model import PracticeFacts
from dashboard.charts import figures, furniture, rows
from dashboard.charts.drawing import GREY, PAPER, SOFT, Chart, Sheet, text_width, wrapped
from dashboard.charts.figures import Shown
from dashboard.charts.furniture import MARGIN

COLUMNS = ("practice", "rounds", "same sites", "sites in both", "all sites", "warning")


def panel_change(
    panels: pd.DataFrame,
    rates: pd.DataFrame,
    practices: Sequence[PracticeFacts],
    *,
    title: str,
    notes: Sequence[str] = (),
    width: float = 720.0,
) -> Chart:
    """Two lines a practice: the sites visited in both rounds, and all sites of each round.

    `panels` has PANEL_COLUMNS, `rates` RATE_COLUMNS of the same one area. The hollow dot is the
    earlier round, the full one the later; the words beside give change, interval and n.
    """
    sheet = Sheet(width=width)
    y = furniture.heading(
        sheet,
        title,
        subtitle="Hollow: earlier round. Full: later round. Only the same sites can show a change "
        "of practice; all sites of each round also differ in who was visited.",
    )
    sentences, records = [], []
    for row in panels.to_dict("records"):
        practice = figures.one_practice(practices, str(row["practice"]))
        told = _words(row)
        y = _pair(sheet, y, row, rates, practice=practice, told=told)
        sentences.append(
            f"{practice.title}, {told['rounds']}: same sites: {told['same sites']}; "
            f"all sites: {told['all sites']}. {told['warning']}".strip()
        )
        records.append({"practice": practice.title, **told})
    if not records:
        sentences.append("No site was visited in two rounds: no change can be told.")
        sheet.text((MARGIN, y + 12), sentences[0], size=11)
        y += 22
    else:
        rows.grid(sheet, _scale(width), top=y, bottom=y + 3)
        y += 16
    sheet.height = furniture.footnotes(sheet, notes, y)
    return Chart(
        sheet=sheet,
        title=title,
        sentences=tuple(sentences),
        table=furniture.table(records, COLUMNS),
    )


def _scale(width: float) -> rows.Scale:
    if width < furniture.NARROW:
        return rows.Scale(left=MARGIN + 6, right=width - MARGIN - 6)
    left = MARGIN + 128
    return rows.Scale(left=left, right=max(left + 120, width - MARGIN - 290))


def _pair(
    sheet: Sheet,
    y: float,
    row: Mapping[str, Any],
    rates: pd.DataFrame,
    *,
    practice: PracticeFacts,
    told: Mapping[str, str],
) -> float:
    """Draw one practice; returns where it ends."""
    sheet.line((MARGIN, y), (sheet.width - MARGIN, y), color="#c9d1d5")
    room = sheet.width - 2 * MARGIN
    for line in wrapped(practice.title, room, 11, bold=True, lines=2):
        y += 14
        sheet.text((MARGIN, y), line, size=11, bold=True)
    aim = f"{told['rounds']} · {figures.better(practice.direction)}"
    for line in wrapped(aim, room, 9.5, lines=3):
        y += 12
        sheet.text((MARGIN, y), line, size=9.5, color=SOFT)
    y += 4
    color = rows.color_of(practice.direction)
    y = _line(sheet, y, "Same sites", _before_after(row), told["same sites"], color=color)
    crossed = _crossed(row, rates)
    y = _line(sheet, y, "All sites of each", crossed, told["all sites"], color=GREY)
    if told["warning"]:
        for line in wrapped(told["warning"], sheet.width - 2 * MARGIN, 9.5):
            y += 12
            sheet.text((MARGIN, y), line, size=9.5, color=rows.RUST)
        y += 3
    return y + 8


def _line(
    sheet: Sheet,
    y: float,
    label: str,
    shares: tuple[float, float] | None,
    told: str,
    *,
    color: str,
) -> float:
    """Draw one pair of dots with its label and words; returns where it ends."""
    scale = _scale(sheet.width)
    if sheet.width < furniture.NARROW:
        lines = wrapped(f"{label}: {told}", sheet.width - 2 * MARGIN, 10)
        for line in lines:
            y += 12
            sheet.text((MARGIN, y), line, size=10, color=SOFT)
        height, middle = 22.0, y + 13
        y += 4
    else:
        lines = wrapped(told, sheet.width - MARGIN - scale.right - 14, 10)
        height = max(22.0, 12.0 * len(lines) + 8)
        middle = y + height / 2
        sheet.text((MARGIN, middle + 3.5), label, size=10.5)
        first = middle - 6 * len(lines)
        for place, line in enumerate(lines):
            sheet.text((scale.right + 14, first + 12 * place + 9.5), line, size=10, color=SOFT)
    rows.grid(sheet, scale, top=middle - height / 2, bottom=middle + height / 2, labels=False)
    if shares is None:
        middle_x = (scale.left + scale.right) / 2
        half = text_width(figures.NO_DATA, 10) / 2 + 4
        sheet.box((middle_x - half, middle - 7), (2 * half, 14), fill=PAPER)
        sheet.text((middle_x, middle + 3.5), figures.NO_DATA, size=10, color=SOFT, anchor="middle")
    else:
        before, after = scale.at(shares[0]), scale.at(shares[1])
        reach = 6 if after >= before else -6
        if abs(after - before) > 14:
            sheet.arrow((before + reach, middle), (after - reach, middle), color=color, width=1.8)
        sheet.dot((after, middle), 4.6, fill=color, edge=color)
        sheet.dot((before, middle), 4.6 if before != after else 2.2, fill=PAPER, edge=color)
    return middle + height / 2


def _before_after(row: Mapping[str, Any]) -> tuple[float, float] | None:
    count = row["n"]
    if words.is_missing(count) or not count or words.is_missing(row["used_before"]):
        return None
    return float(row["used_before"]) / count, float(row["used_after"]) / count


def _crossed(row: Mapping[str, Any], rates: pd.DataFrame) -> tuple[float, float] | None:
    found: list[Shown] = []
    for name in ("earlier", "later"):
        there = figures.rows_of(rates, practice=str(row["practice"]), round=str(row[name]))
        found += [figures.shown(one) for one in there[:1]]
    shares = [one.rate for one in found if one.rate is not None]
    return (shares[0], shares[1]) if len(shares) == 2 else None


def change_words(change: Any, low: Any, high: Any) -> str:
    """A change of shares in words: `+17 points (−5 to +37)`."""
    if words.is_missing(change):
        return figures.NO_DATA
    between = "" if words.is_missing(low) else f" ({figures.points(low)} to {figures.points(high)})"
    return f"{figures.points(change)} points{between}"


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    count = 0 if words.is_missing(row["n"]) else int(row["n"])
    shares = _before_after(row)
    same = figures.NO_DATA
    if shares is not None:
        before, after = int(row["used_before"]), int(row["used_after"])
        same = (
            f"{before} → {after} of {words.count(count, 'site')}: "
            f"{change_words(row['change'], row['low'], row['high'])}; "
            f"{int(row['started'])} started, {int(row['stopped'])} stopped"
        )
    return {
        "rounds": " → ".join(figures.round_words(str(row[at])) for at in ("earlier", "later")),
        "same sites": same,
        "sites in both": str(count),
        "all sites": change_words(row["cross_change"], row["cross_low"], row["cross_high"]),
        "warning": "" if words.is_missing(row["warning"]) else str(row["warning"]),
    }


def is_clear(row: Mapping[str, Any]) -> bool:
    """Whether the interval of a change on the same sites leaves out "no change"."""
    if words.is_missing(row["low"]):
        return False
    return float(row["low"]) > 0 or float(row["high"]) < 0


def in_order(panels: pd.DataFrame, *, leading: str) -> pd.DataFrame:
    """The practice that leads, then clear changes, then the rest; each with most sites first."""
    rows = panels.to_dict("records")
    keys = [
        (
            row["practice"] != leading,
            not is_clear(row),
            -(0 if words.is_missing(row["n"]) else int(row["n"])),
            at,
        )
        for at, row in enumerate(rows)
    ]
    return panels.iloc[[key[-1] for key in sorted(keys)]]
