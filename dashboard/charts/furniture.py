"""What stands around the marks of every chart: its title, its key, its footnotes; and its table."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from dashboard.charts import rows
from dashboard.charts.drawing import GREY, INK, PAPER, SOFT, Sheet, text_width, wrapped
from dashboard.charts.figures import Shown

MARGIN = 10.0
NARROW = 480.0
"""Pixels of width below which words go below the marks instead of beside them."""


def heading(sheet: Sheet, title: str, *, subtitle: str = "") -> float:
    """Draw title and subtitle; returns where they end."""
    width, y = sheet.width - 2 * MARGIN, MARGIN
    for line in wrapped(title, width, 14, bold=True, lines=3):
        y += 16
        sheet.text((MARGIN, y), line, size=14, bold=True)
    for line in wrapped(subtitle, width, 10.5, lines=4) if subtitle else []:
        y += 14
        sheet.text((MARGIN, y), line, size=10.5, color=SOFT)
    return y + 10


def footnotes(sheet: Sheet, notes: Iterable[str], y: float) -> float:
    """Draw notes below a chart; returns where they end."""
    y += 4
    for note in notes:
        for line in wrapped(note, sheet.width - 2 * MARGIN, 9.5):
            y += 12.5
            sheet.text((MARGIN, y), line, size=9.5, color=SOFT)
    return y + MARGIN


def key(
    sheet: Sheet, y: float, *, has_target: bool, has_unknown: bool, has_before: bool = False
) -> float:
    """Draw what the signs mean, in as many lines as they need; returns where it ends."""
    signs = ["rate", "small", *(["before"] if has_before else [])]
    signs += ["target"] if has_target else []
    signs += ["unknown"] if has_unknown else []
    told = {
        "rate": "rate with 95 % interval",
        "small": "small sample",
        "before": "round before",
        "target": "target",
        "unknown": "share of sites with unknown state",
    }
    x, y = MARGIN, y + 8
    for sign in signs:
        width = 26 + text_width(told[sign], 9.5) + 14
        if x > MARGIN and x + width > sheet.width - MARGIN:
            x, y = MARGIN, y + 14
        _sign(sheet, sign, x, y)
        sheet.text((x + 26, y + 3.5), told[sign], size=9.5, color=SOFT)
        x += width
    return y + 8


def _sign(sheet: Sheet, sign: str, x: float, y: float) -> None:
    if sign in ("rate", "small"):
        sheet.line((x, y), (x + 20, y), color=INK, width=2.2)
        sheet.dot((x + 10, y), 4, fill=INK if sign == "rate" else PAPER, edge=INK)
    elif sign == "before":
        sheet.dot((x + 12, y), 2.8, fill=PAPER, edge=GREY, width=1.4)
    elif sign == "target":
        scale = rows.Scale(left=x + 10, right=x + 10)
        rows.target_line(sheet, scale, rows.Target(share=0.0), top=y - 5, bottom=y + 7)
    else:
        half = Shown(
            **dict.fromkeys(("rate", "low", "high")),
            **dict.fromkeys(("headline", "detail", "when"), ""),
            is_flagged=True,
            unknown=1,
            looked_at=2,
        )
        rows.unknown_bar(sheet, (x, y), half, width=20)


def table(records: Sequence[Mapping[str, str]], columns: Sequence[str]) -> pd.DataFrame:
    """The same numbers in words, one row a mark."""
    return pd.DataFrame.from_records(list(records), columns=list(columns)).astype(str)
