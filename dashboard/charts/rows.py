"""One row of a chart: a rate with its interval on a scale from 0 to 100 %, and the words beside it.

A filled dot is a rate, a hollow one a rate of a small sample; where there is no rate its words
stand in place of the dot. The grey bar beside is the share of sites whose state is unknown.
"""

from dataclasses import dataclass

from dashboard.brief.model import Target
from dashboard.charts.drawing import (
    GREY,
    INK,
    PAPER,
    RULE,
    SOFT,
    Sheet,
    fitted,
    text_width,
    wrapped,
)
from dashboard.charts.figures import THIN, Shown

TEAL, RUST = "#0f5c63", "#8a3d08"
TARGET = "#4d3a8f"
UNKNOWN_WIDTH = 40.0
"""Pixels of a grey bar that is full: every site unknown."""
DOT = 4.6


def color_of(direction: str) -> str:
    """The colour of a practice's dots: one to adopt, or one to stop."""
    return RUST if direction == "stop" else TEAL


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Where shares of one lie on a sheet: 0 at `left`, 1 at `right`."""

    left: float
    right: float

    def at(self, share: float) -> float:
        """The place of a share; what lies outside of 0 to 1 ends at the edge."""
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)


def grid(sheet: Sheet, scale: Scale, *, top: float, bottom: float, labels: bool = True) -> None:
    """Faint lines at each quarter, and the words for them below."""
    for quarter in range(5):
        x = scale.at(quarter / 4)
        sheet.line((x, top), (x, bottom), color=RULE, width=1 if quarter % 2 == 0 else 0.6)
    if labels:
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
            told = f"{share * 100:.0f}{THIN}%"
            sheet.text((scale.at(share), bottom + 11), told, size=9, color=SOFT, anchor=anchor)


def target_line(
    sheet: Sheet, scale: Scale, target: Target, *, top: float, bottom: float, head: bool = True
) -> None:
    """Where a practice is meant to be; with `head` a mark on top."""
    x = scale.at(target.share)
    sheet.line((x, top), (x, bottom), color=TARGET, width=1.6, dash="4 2.5")
    if head:
        sheet.path(f"M{x - 3.5:.1f} {top - 4:.1f}h7l-3.5 5z", fill=TARGET)


def interval_mark(sheet: Sheet, scale: Scale, y: float, shown: Shown, *, color: str) -> None:
    """The dot and its interval; words where there is no rate."""
    if shown.rate is None or shown.low is None or shown.high is None:
        width = scale.right - scale.left
        told = fitted(shown.headline, width - 6, 10.5)
        middle = (scale.left + scale.right) / 2
        wide = text_width(told, 10.5) + 8
        sheet.box((middle - wide / 2, y - 8), (wide, 15), fill=PAPER)
        sheet.text((middle, y + 3.5), told, size=10.5, color=SOFT, anchor="middle")
        return
    low, high = scale.at(shown.low), scale.at(shown.high)
    sheet.line((low, y), (high, y), color=color, width=2.4)
    for end in (low, high):
        sheet.line((end, y - 4), (end, y + 4), color=color, width=1.4)
    fill = PAPER if shown.is_flagged else color
    sheet.dot((scale.at(shown.rate), y), DOT, fill=fill, edge=color, width=2)


def unknown_bar(
    sheet: Sheet, at: tuple[float, float], shown: Shown, *, width: float = UNKNOWN_WIDTH
) -> None:
    """The grey bar of sites whose state is unknown, with how many below; nothing where not told."""
    if shown.unknown is None or not shown.looked_at:
        return
    x, y = at
    sheet.box((x, y - 3.5), (width, 7), fill="#eef1f2")
    sheet.box((x, y - 3.5), (width * shown.unknown / shown.looked_at, 7), fill=GREY)


def unknown_words(shown: Shown) -> str:
    """How many sites are unknown, in words."""
    if shown.unknown is None:
        return ""
    return f"{shown.unknown} unknown" if shown.unknown else "none unknown"


def stacked(
    sheet: Sheet,
    *,
    left: float,
    width: float,
    top: float,
    label: str,
    shown: Shown,
    direction: str,
    target: Target | None = None,
) -> float:
    """A row for narrow places: label and rate above the scale, counts and days below it.

    The scale leaves room for the grey bar on the right. Returns where the row ends; counts and days
    take a line each where one has no room for both.
    """
    scale = stacked_scale(left, width)
    head = shown.headline if shown.rate is not None else ""
    room = width - text_width(head, 11, bold=True) - 8
    if head:
        sheet.text((left + width, top + 10), head, size=11, bold=True, anchor="end")
    lines = wrapped(label, room, 10.5, lines=3)
    for line in lines:
        sheet.text((left, top + 10), line, size=10.5, color=INK)
        top += 12
    top -= 12
    middle = top + 24
    grid(sheet, scale, top=top + 16, bottom=top + 32, labels=False)
    if target is not None and shown.rate is not None:
        target_line(sheet, scale, target, top=top + 19, bottom=top + 34)
    interval_mark(sheet, scale, middle, shown, color=color_of(direction))
    unknown_bar(sheet, (left + width - UNKNOWN_WIDTH, middle), shown)
    unknown = unknown_words(shown)
    sheet.text((left + width, top + 43), unknown, size=9.5, color=SOFT, anchor="end")
    parts = [part for part in (shown.detail, shown.when) if part]
    room = width - text_width(unknown, 9.5) - 6
    if text_width(" · ".join(parts), 9.5) <= room:
        parts = [" · ".join(parts)]
    for place, part in enumerate(parts):
        told = fitted(part, width if place else room, 9.5)
        sheet.text((left, top + 43 + 12 * place), told, size=9.5, color=SOFT)
    return top + 52 + 12 * max(len(parts) - 1, 0)


def stacked_scale(left: float, width: float) -> Scale:
    """The scale of a stacked row."""
    return Scale(left=left + 6, right=left + width - UNKNOWN_WIDTH - 12)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where the parts of a wide row stand: label, scale, grey bar and words, in pixels."""

    left: float
    label: float
    scale: Scale
    bar: float
    words: float
    right: float


def wide_columns(left: float, width: float) -> Columns:
    """The parts of wide rows on so many pixels."""
    label = min(190.0, width * 0.26)
    words = min(215.0, width * 0.33)
    bar = left + width - words - UNKNOWN_WIDTH - 14
    scale = Scale(left=left + label + 12, right=bar - 16)
    return Columns(
        left=left,
        label=label,
        scale=scale,
        bar=bar,
        words=left + width - words,
        right=left + width,
    )


def wide(
    sheet: Sheet,
    columns: Columns,
    *,
    top: float,
    label: str,
    note: str,
    shown: Shown,
    direction: str,
    target: Target | None = None,
    head: bool = True,
) -> float:
    """A row with its words beside the scale; returns where it ends."""
    lines = wrapped(label, columns.label, 11, lines=2)
    more = wrapped(note, columns.label, 9.5, lines=2) if note else []
    parts = [shown.headline] if shown.rate is not None else []
    detail = ", ".join(part for part in (shown.detail, unknown_words(shown)) if part)
    room = columns.right - columns.words
    beside = [line for part in (detail, shown.when) if part for line in wrapped(part, room, 9.5)]
    height = max(13 * len(lines) + 12 * len(more), 14 * len(parts) + 12 * len(beside)) + 9
    middle = top + height / 2
    grid(sheet, columns.scale, top=top, bottom=top + height, labels=False)
    if target is not None:
        start = top + 4 if head else top
        target_line(sheet, columns.scale, target, top=start, bottom=top + height, head=head)
    interval_mark(sheet, columns.scale, middle, shown, color=color_of(direction))
    unknown_bar(sheet, (columns.bar, middle), shown)
    y = middle - (13 * len(lines) + 12 * len(more)) / 2
    for line in lines:
        y += 13
        sheet.text((columns.left, y - 3), line, size=11)
    for line in more:
        y += 12
        sheet.text((columns.left, y - 3), line, size=9.5, color=SOFT)
    y = middle - (14 * len(parts) + 12 * len(beside)) / 2
    for line in parts:
        y += 14
        sheet.text((columns.words, y - 3), line, size=11, bold=True)
    for line in beside:
        y += 12
        sheet.text((columns.words, y - 3), line, size=9.5, color=SOFT)
    return top + height
