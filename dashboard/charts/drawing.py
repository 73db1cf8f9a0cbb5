"""A sheet to draw on: lines, signs and words placed in pixels, out as SVG or PNG.

SVG is written directly, every text escaped in one place, so that words stay words: they can be
found, read aloud and printed sharp. PNG is made of the same SVG by typst. See
docs/decisions/0020-charts.md.
"""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from dashboard.typefaces import FAMILY, WEIGHTS, typefaces, typst_fonts

INK = "#1f2a30"
SOFT = "#56636a"
"""Words of second rank; 4.5 : 1 and more on white."""
RULE = "#c9d1d5"
GREY = "#8b979d"
PAPER = "#ffffff"

Point = tuple[float, float]

# what XML 1.0 cannot hold, and marks that turn the direction of the words after them
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_AVERAGE_EM = 0.6
"""Width of a letter our typeface lacks; another font will be found for it."""


def plain(text: object) -> str:
    """Any text as one line that can be drawn: no control characters, no change of direction."""
    # only plain blanks are put together: a narrow one before a unit stays what it is
    return " ".join(part for part in _UNFIT.sub(" ", str(text)).split(" ") if part)


@cache
def _advances(bold: bool) -> dict[int, float]:
    """How far each letter moves on, in parts of the size of type."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    font = TTFont(typefaces()[int(bold)], lazy=True)
    em, widths = font["head"].unitsPerEm, font["hmtx"]
    return {code: widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in pixels, without kerning."""
    advances = _advances(bold)
    return size * sum(advances.get(ord(letter), _AVERAGE_EM) for letter in text)


def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `width` pixels."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(
    text: str, width: float, size: float, *, bold: bool = False, lines: int = 99
) -> list[str]:
    """The text in lines of at most `width` pixels; what does not fit the last is cut off."""
    found: list[str] = []
    words = text.split(" ")
    while words:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size, bold=bold) <= width:
            line = f"{line} {words.pop(0)}"
        if len(found) == lines - 1:
            found.append(fitted(" ".join([line, *words]), width, size, bold=bold))
            break
        found.append(fitted(line, width, size, bold=bold))
    return found


@dataclass(eq=False)
class Sheet:
    """Marks in the order they are drawn. Pixels, the origin at the top left."""

    width: float
    height: float = 0.0
    parts: list[str] = field(default_factory=list)
    patterns: dict[str, str] = field(default_factory=dict)
    letters: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))

    def text(
        self,
        at: Point,
        text: object,
        *,
        size: float = 11,
        color: str = INK,
        bold: bool = False,
        anchor: str = "start",
        halo: bool = False,
    ) -> float:
        """Words on a line whose foot is at `at`; returns their width. `anchor` as in SVG."""
        words = plain(text)
        self.letters[int(bold)].update(words)
        # a halo goes below as a copy of its own: not every reader knows paint-order
        told = escape(words)
        place = f'x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:g}"'
        style = f'{place} font-weight="700"' if bold else place
        style += "" if anchor == "start" else f' text-anchor="{anchor}"'
        if halo:
            self.parts.append(
                f'<text {style} aria-hidden="true" fill="none" stroke="{PAPER}" stroke-width="3" '
                f'stroke-linejoin="round">{told}</text>'
            )
        self.parts.append(f'<text {style} fill="{color}">{told}</text>')
        return text_width(words, size, bold=bold)

    def line(
        self, start: Point, end: Point, *, color: str = INK, width: float = 1, dash: str = ""
    ) -> None:
        """A straight line; `dash` as in SVG."""
        more = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" '
            f'stroke="{color}" stroke-width="{width:g}"{more}/>'
        )

    def box(
        self, at: Point, size: Point, *, fill: str = "none", edge: str = "none", width: float = 1
    ) -> None:
        """A rectangle from its top left corner."""
        self.parts.append(
            f'<rect x="{at[0]:.1f}" y="{at[1]:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" '
            f'fill="{fill}" stroke="{edge}" stroke-width="{width:g}"/>'
        )

    def dot(self, at: Point, radius: float, *, fill: str, edge: str, width: float = 1.8) -> None:
        """A round sign."""
        self.parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="{fill}" '
            f'stroke="{edge}" stroke-width="{width:g}"/>'
        )

    def path(
        self,
        drawn: str,
        *,
        fill: str = "none",
        edge: str = "none",
        width: float = 1,
        dash: str = "",
    ) -> None:
        """Any outline, in SVG's words."""
        more = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="{drawn}" fill="{fill}" fill-rule="evenodd" stroke="{edge}" '
            f'stroke-width="{width:g}" stroke-linejoin="round"{more}/>'
        )

    def outlines(self, drawn: str, *, edge: str, width: float) -> None:
        """Edges of areas with a pale band along them, so that they stand out from dark ones too."""
        self.parts.append(
            f'<path d="{drawn}" fill="none" stroke="{PAPER}" '
            f'stroke-width="{width * 3:g}" stroke-linejoin="round"/>'
            f'<path d="{drawn}" fill="none" stroke="{edge}" stroke-width="{width:g}" '
            'stroke-linejoin="round"/>'
        )

    def arrow(self, start: Point, end: Point, *, color: str = INK, width: float = 1.6) -> None:
        """A line with a head at its end, along x or y."""
        self.line(start, end, color=color, width=width)
        (x, y), (dx, dy) = end, (end[0] - start[0], end[1] - start[1])
        length = (dx * dx + dy * dy) ** 0.5
        if length == 0:
            return
        ux, uy, head = dx / length, dy / length, min(5.0, length)
        left = (x - head * ux + head * 0.6 * uy, y - head * uy - head * 0.6 * ux)
        right = (x - head * ux - head * 0.6 * uy, y - head * uy + head * 0.6 * ux)
        self.path(
            f"M{x:.1f} {y:.1f}L{left[0]:.1f} {left[1]:.1f}L{right[0]:.1f} {right[1]:.1f}Z",
            fill=color,
        )

    def pattern(self, name: str, drawn: str, *, size: float, ground: str = PAPER) -> str:
        """A fill of repeated strokes on a square of `size` pixels; returns what to fill with."""
        self.patterns[name] = (
            f'<pattern id="{name}" width="{size:g}" height="{size:g}" '
            f'patternUnits="userSpaceOnUse"><rect width="{size:g}" height="{size:g}" '
            f'fill="{ground}"/>{drawn}</pattern>'
        )
        return f"url(#{name})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """A drawn chart with the same in words.

    `title` names it; `sentences` say what it shows, one thing a sentence; `table` has the same
    numbers in words, for those who do not see it or do not trust it.
    """

    sheet: Sheet
    title: str
    sentences: tuple[str, ...]
    table: pd.DataFrame

    @property
    def alt(self) -> str:
        """The chart in one paragraph, for a screen reader."""
        return " ".join([f"{self.title}.", *self.sentences])

    def svg(self, *, embed: bool = True) -> bytes:
        """The chart as SVG, its size in pixels.

        With `embed` the letters that are used come inside the file, so that it looks the same as a
        picture in a page; without, the reader must have the typeface (the brief brings it).
        """
        sheet = self.sheet
        width, height = f"{sheet.width:g}", f"{sheet.height:g}"
        style = _faces(sheet.letters) if embed else ""
        family = quoteattr(f"'{FAMILY}', 'Source Sans', 'Source Sans 3', sans-serif")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" font-family={family}>'
            f"<title>{escape(plain(self.title))}</title>"
            f"<desc>{escape(plain(' '.join(self.sentences)))}</desc>"
            f"{style}<defs>{''.join(sheet.patterns.values())}</defs>"
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>'
            + "\n".join(sheet.parts)
            + "</svg>\n"
        ).encode()

    def png(self, *, scale: float = 2.0) -> bytes:
        """The chart as a picture, `scale` dots a pixel."""
        import typst  # noqa: PLC0415

        size = f"width: {self.sheet.width:g}pt, height: {self.sheet.height:g}pt"
        page = f'#set page({size}, margin: 0pt)\n#image("chart.svg", {size})'
        picture = typst.compile(
            {"main": page.encode(), "chart.svg": self.svg(embed=False)},
            format="png",
            ppi=72 * scale,
            ignore_system_fonts=True,
            font_paths=typst_fonts(),
        )
        assert isinstance(picture, bytes)
        return picture


def _faces(letters: Sequence[set[str]]) -> str:
    """The style element with the letters of each weight."""
    faces = [
        f"@font-face{{font-family:'{FAMILY}';font-weight:{700 if bold else 400};"
        f"src:url(data:font/woff2;base64,{_subset(bold, frozenset(used))})}}"
        for bold, used in enumerate(letters)
        if used
    ]
    return f"<style>{''.join(faces)}</style>"


@lru_cache(maxsize=128)
def _subset(bold: int, used: frozenset[str]) -> str:
    """The letters of one weight as WOFF2 in base64: some 4 kB."""
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    font = TTFont(typefaces()[bold], lazy=True)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=False)
    options.name_IDs = [13, 14]  # the licence goes with the letters
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(used)))
    cutter.subset(font)
    font.flavor = "woff2"
    stream = io.BytesIO()
    font.save(stream)
    return base64.b64encode(stream.getvalue()).decode()


assert tuple(WEIGHTS.values()) == ("Regular", "Bold")  # `typefaces()` is asked by position
