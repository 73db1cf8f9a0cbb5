"""Maps on paper at a true scale, as SVG whose pixel is a point of print (1/72 inch).

Each map has a projection of its own, Lambert's equal-area one on the map's middle: over the few
kilometres of a sheet its lengths are true to a thousandth of a per cent, and up is north. Signs are
those of data/symbols.toml; edges and hatches tell them apart in grey print.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from dashboard.charts.drawing import INK, PAPER, RULE, SOFT, Chart, Sheet
from dashboard.charts.ground import round_length
from dashboard.field.model import Bounds, Pack, PackLayer, Stop
from dashboard.field.words import Words
from geo.measure import Array
from layers import facts

POINT_MM = 25.4 / 72
Shapes = Mapping[str, Array]
"""The geometries of each layer of a pack, in degrees, by layer id."""
SCALES = (
    *(5_000, 10_000, 20_000, 25_000, 50_000, 100_000, 200_000, 250_000, 500_000),
    *(1_000_000, 2_000_000, 5_000_000),
)
GRID_STEPS_DEG = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
STOP_COLOR = "#8c1d40"
LEGEND_ROW = 13.0
_LETTERS = "ABCDEFGHIJKLMNOP"


@dataclass(frozen=True, kw_only=True)
class Window:
    """A piece of ground on a piece of paper.

    `middle` is its middle in degrees (WGS 84), `scale` the denominator, sizes are millimetres of
    paper.
    """

    middle: tuple[float, float]
    scale: int
    width_mm: float
    height_mm: float

    @cached_property
    def crs(self) -> str:
        """The projection of the map, metres."""
        longitude, latitude = self.middle
        return f"+proj=laea +lat_0={latitude:.6f} +lon_0={longitude:.6f} +datum=WGS84 +units=m"

    @cached_property
    def _move(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(4326, self.crs, always_xy=True)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        return self.width_mm / POINT_MM, self.height_mm / POINT_MM

    @property
    def points_of_metre(self) -> float:
        """Points of paper for a metre on the ground."""
        return 1_000 / self.scale / POINT_MM

    def at(self, degrees: Array) -> Array:
        """(n, 2) longitudes and latitudes as points of paper from the top left corner."""
        x, y = self._move.transform(degrees[:, 0], degrees[:, 1])
        width, height = self.size
        k = self.points_of_metre
        return np.column_stack([width / 2 + np.asarray(x) * k, height / 2 - np.asarray(y) * k])

    def drawn(self, shapes: Array) -> Array:
        """Shapes in degrees as shapes in points, cut to the map; None or empty where outside."""
        moved = shapely.transform(shapes, self.at)
        return shapely.clip_by_rect(shapely.make_valid(moved), 0, 0, *self.size)

    def bounds(self) -> Bounds:
        """The ground in degrees, a little more than is seen."""
        width, height = (side / self.points_of_metre / 2 for side in self.size)
        corners = np.array([(-width, -height), (width, height), (-width, height), (width, -height)])
        lon, lat = self._move.transform(corners[:, 0], corners[:, 1], direction="INVERSE")
        return min(lon), min(lat), max(lon), max(lat)


def window_of(bounds: Bounds, *, width_mm: float, height_mm: float) -> Window:
    """The window that holds bounds (degrees) at the largest of our scales."""
    west, south, east, north = bounds
    middle = ((west + east) / 2, (south + north) / 2)
    for scale in SCALES:
        window = Window(middle=middle, scale=scale, width_mm=width_mm, height_mm=height_mm)
        corners = window.at(np.array([(west, south), (east, north), (west, north), (east, south)]))
        width, height = window.size
        if np.ptp(corners[:, 0]) <= width and np.ptp(corners[:, 1]) <= height:
            return window
    return window


def stop_window(stop: Stop, *, width_mm: float, height_mm: float) -> Window:
    """The window of a stop's own sheet: near enough to see the pit, far enough to see the water."""
    water = [near.distance_m for near in stop.card.nearest if near.kind == "water"]
    reach_m = min([*water, 4_000.0]) * 1.15
    half_mm = min(width_mm, height_mm) / 2
    scale = next((one for one in SCALES[1:5] if reach_m <= half_mm * one / 1_000), SCALES[4])
    return Window(
        middle=(stop.longitude, stop.latitude), scale=scale, width_mm=width_mm, height_mm=height_mm
    )


def paper_map(
    pack: Pack, window: Window, words: Words, *, title: str, shapes: Shapes,
    focus: int | None = None, squares: bool = False,
) -> Chart:  # fmt: skip
    """A map of the pack with grid, scale bar, north and legend.

    `shapes` are the pack's, by `shapes_of`; `focus` is the number of the stop the sheet is about.
    `squares` draws a grid of letters and numbers, to write notes by, instead of degrees.
    """
    width, height = window.size
    sheet = Sheet(width=width, height=height)
    sheet.box((0, 0), (width, height), fill=PAPER)
    shown = [layer for layer in sorted(pack.layers, key=lambda one: one.order)
             if _layer(sheet, window, layer, shapes[layer.layer_id])]  # fmt: skip
    for way in pack.ways:
        line = window.drawn(np.array([shapely.LineString(way.points)], dtype=object))
        dash = "" if way.by_road else "2 4"
        sheet.path(_path(line[0]), edge="#1e3c5a", width=2.2 if way.by_road else 1.6, dash=dash)
    (_squares if squares else _graticule)(sheet, window)
    _stops(sheet, window, pack.stops, focus)
    sheet.box((0, 0), (width, height), edge=INK, width=0.8)
    foot = _scale_bar(sheet, window, words, y=height + 16)
    foot = _legend(sheet, shown, words, y=foot + 12, width=width)
    sheet.height = foot
    seen = words._("{n} stops", n=len(pack.stops))
    return Chart(sheet=sheet, title=title, sentences=(seen,), table=_table(pack.stops))


def bar_length(window: Window) -> float:
    """The length of the scale bar in metres: the largest round one up to a third of the map."""
    return round_length(window.width_mm / 3 * window.scale / 1_000)


def _scale_bar(sheet: Sheet, window: Window, words: Words, *, y: float) -> float:
    length_m = bar_length(window)
    points = length_m * window.points_of_metre
    half = points / 2
    sheet.box((0, y - 5), (half, 4), fill=INK, edge=INK, width=0.6)
    sheet.box((half, y - 5), (half, 4), fill=PAPER, edge=INK, width=0.6)
    told = f"{length_m / 1000:g} km" if length_m >= 1_000 else f"{length_m:g} m"
    scale = f"1 : {words.number(window.scale)}"
    sheet.text((points + 5, y), f"{told} · {scale}", size=8, color=SOFT)
    right = sheet.width
    sheet.arrow((right - 6, y + 3), (right - 6, y - 13), width=1.4)
    sheet.text((right - 14, y), words._("north is up"), size=8, color=SOFT, anchor="end")
    return y + 4


def shapes_of(pack: Pack) -> Shapes:
    """The geometries of a pack, parsed once for all its maps."""
    return {
        layer.layer_id: shapely.from_geojson(
            [json.dumps(feature["geometry"]) for feature in layer.features]
        )
        for layer in pack.layers
    }


def _layer(sheet: Sheet, window: Window, layer: PackLayer, shapes: Array) -> bool:
    """Draw a layer; whether anything of it lies on the map."""
    west, south, east, north = window.bounds()
    left, low, right, high = shapely.bounds(shapes).reshape(-1, 4).T
    near = (left <= east) & (right >= west) & (low <= north) & (high >= south)
    if not near.any():
        return False
    drawn = window.drawn(shapes[near])
    drawn = drawn[~(shapely.is_missing(drawn) | shapely.is_empty(drawn))]
    looks = facts.symbols()["kinds"][layer.kind]
    areas = drawn[shapely.get_dimensions(drawn) == 2]
    lines = drawn[shapely.get_dimensions(drawn) == 1]
    points = drawn[shapely.get_dimensions(drawn) == 0]
    if len(areas):
        _areas(sheet, layer, looks, "".join(_path(one) for one in areas))
    if len(lines):
        _lines(sheet, looks, "".join(_path(one) for one in lines))
    if layer.kind != "mine_sites":  # sites are the stops, drawn last
        for x, y in shapely.get_coordinates(points).tolist():
            _sign(sheet, looks, (x, y))
    return len(drawn) > 0


def _areas(sheet: Sheet, layer: PackLayer, looks: Any, drawn: str) -> None:
    area = looks.get("area", {})
    fill = _hatch(sheet, layer.kind, looks)
    dash = " ".join(str(part) for part in area.get("dash", []))
    sheet.path(
        drawn, fill=fill, edge=looks["color"], width=float(area.get("width", 1)) * 0.7, dash=dash
    )


def _hatch(sheet: Sheet, kind: str, looks: Any) -> str:
    """What an area is filled with: strokes on clear ground, so that areas show through."""
    strokes = {
        "back": "M0 0l11 11",
        "forward": "M0 11l11 -11",
        "cross": "M0 0l11 11M0 11l11 -11",
        "upright": "M5.5 0v11",
        "level": "M0 5.5h11",
        "gaps": "M0 5.5h6",
    }
    hatch = looks.get("area", {}).get("hatch", "none")
    color = looks["color"]
    if hatch == "dots":
        drawn = f'<circle cx="3" cy="3" r="0.9" fill="{color}"/>'
    elif hatch in strokes:
        drawn = f'<path d="{strokes[hatch]}" stroke="{color}" stroke-width="0.5" fill="none"/>'
    else:
        return f"rgba({','.join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5))},0.35)"
    return sheet.pattern(f"hatch-{kind}", drawn, size=6 if hatch == "dots" else 11, ground="none")


def _lines(sheet: Sheet, looks: Any, drawn: str) -> None:
    line = looks.get("line", {})
    dash = " ".join(str(part) for part in line.get("dash", []))
    sheet.path(drawn, edge=looks["color"], width=float(line.get("width", 1.5)) * 0.7, dash=dash)
    if "core" in line:
        sheet.path(drawn, edge=line["core"], width=float(line["core_width"]) * 0.7)


def _sign(sheet: Sheet, looks: Any, at: tuple[float, float]) -> None:
    (x, y), color = at, looks["color"]
    symbol = looks.get("symbol")
    if symbol == "square":
        sheet.box((x - 2.6, y - 2.6), (5.2, 5.2), fill=color, edge=PAPER, width=0.6)
    elif symbol == "cross":
        sheet.path(f"M{x - 4:.1f} {y:.1f}h8M{x:.1f} {y - 4:.1f}v8", edge=color, width=2)
    elif symbol == "diamond":
        sheet.path(f"M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z", fill=color, edge=PAPER, width=0.6)
    else:
        sheet.dot((x, y), 2.8, fill=color, edge=PAPER, width=0.6)


def _stops(sheet: Sheet, window: Window, stops: Sequence[Stop], focus: int | None) -> None:
    at = window.at(np.array([(stop.longitude, stop.latitude) for stop in stops]))
    width, height = window.size
    order = sorted(range(len(stops)), key=lambda place: stops[place].number == focus)
    for place in order:
        x, y = at[place]
        if not (0 <= x <= width and 0 <= y <= height):
            continue
        mine = focus is None or stops[place].number == focus
        fill, ink = (STOP_COLOR, PAPER) if mine else (PAPER, STOP_COLOR)
        sheet.dot((x, y), 7.5, fill=fill, edge=PAPER if mine else STOP_COLOR, width=1.4)
        number = str(stops[place].number)
        sheet.text((x, y + 3.2), number, size=9, color=ink, bold=True, anchor="middle")


def _graticule(sheet: Sheet, window: Window) -> None:
    """Meridians and parallels at a round step, their degrees along the edge."""
    west, south, east, north = window.bounds()
    step = next((one for one in GRID_STEPS_DEG if (east - west) / one >= 3), GRID_STEPS_DEG[-1])
    digits = max(0, int(np.ceil(-np.log10(step) - 1e-9)))
    width, height = window.size
    for value in _rounds(west, east, step):
        line = window.at(np.column_stack([np.full(9, value), np.linspace(south, north, 9)]))
        sheet.path(_polyline(line, window), edge=RULE, width=0.6)
        x = float(np.interp(0, line[::-1, 1], line[::-1, 0]))
        if 18 < x < width - 18:
            letter = "E" if value >= 0 else "W"
            sheet.text((x, 8), f"{abs(value):.{digits}f}° {letter}", size=6.5, color=SOFT,
                       anchor="middle", halo=True)  # fmt: skip
    for value in _rounds(south, north, step):
        line = window.at(np.column_stack([np.linspace(west, east, 9), np.full(9, value)]))
        sheet.path(_polyline(line, window), edge=RULE, width=0.6)
        y = float(np.interp(0, line[:, 0], line[:, 1]))
        if 16 < y < height - 6:
            letter = "N" if value >= 0 else "S"
            sheet.text((2, y - 1.5), f"{abs(value):.{digits}f}° {letter}", size=6.5, color=SOFT,
                       halo=True)  # fmt: skip


def _squares(sheet: Sheet, window: Window) -> None:
    """A grid of some 2 cm, its columns named by letters and its rows by numbers."""
    width, height = window.size
    columns = min(len(_LETTERS), max(1, round(window.width_mm / 20)))
    rows = max(1, round(window.height_mm / 20))
    for number in range(columns):
        left = width * number / columns
        sheet.line((left, 0), (left, height), color=SOFT, width=0.5)
        sheet.text((left + width / columns / 2, 9), _LETTERS[number], size=8, bold=True,
                   anchor="middle", halo=True)  # fmt: skip
    for number in range(rows):
        top = height * number / rows
        sheet.line((0, top), (width, top), color=SOFT, width=0.5)
        sheet.text((3, top + height / rows / 2 + 3), number + 1, size=8, bold=True, halo=True)


def _rounds(low: float, high: float, step: float) -> Iterator[float]:
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    yield from (number * step for number in range(first, last + 1))


def _polyline(points: Array, window: Window) -> str:
    return _path(shapely.clip_by_rect(shapely.LineString(points), 0, 0, *window.size))


def _path(shape: Any) -> str:
    """A shape in points as SVG's words, to a hundredth of a point."""
    drawn = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            rings, end = [part.exterior, *part.interiors], "Z"
        elif part.geom_type in ("LineString", "LinearRing"):
            rings, end = [part], ""
        else:
            continue
        for ring in rings:
            places = np.round(shapely.get_coordinates(ring), 2)
            drawn.append("M" + "L".join(f"{x:g} {y:g}" for x, y in places.tolist()) + end)
    return "".join(drawn)


def _legend(
    sheet: Sheet, layers: Sequence[PackLayer], words: Words, *, y: float, width: float
) -> float:
    """What the signs mean, in two columns; only of what is on the map."""
    entries: list[tuple[PackLayer | str, str]] = [("stop", words._("Stop"))]
    entries += [("road", words._("way by road")), ("straight", words._("straight line, not a way"))]
    entries += [(layer, layer.title) for layer in layers if layer.kind != "mine_sites"]
    half = width / 2
    for place, (what, name) in enumerate(entries):
        x, row = half * (place % 2), y + LEGEND_ROW * (place // 2)
        _swatch(sheet, what, x, row)
        sheet.text((x + 26, row + 3), name, size=7.5)
    return y + LEGEND_ROW * ((len(entries) + 1) // 2)


def _swatch(sheet: Sheet, what: PackLayer | str, x: float, y: float) -> None:
    line = f"M{x:.1f} {y:.1f}h20"
    if what == "stop":
        sheet.dot((x + 10, y), 4.5, fill=STOP_COLOR, edge=PAPER, width=1)
        return
    if what in ("road", "straight"):
        is_road = what == "road"
        sheet.path(
            line, edge="#1e3c5a", width=2.2 if is_road else 1.6, dash="" if is_road else "2 4"
        )
        return
    assert isinstance(what, PackLayer)
    looks = facts.symbols()["kinds"][what.kind]
    kinds = {feature["geometry"]["type"].removeprefix("Multi") for feature in what.features}
    if "Polygon" in kinds:
        _areas(sheet, what, looks, f"M{x:.1f} {y - 4.5:.1f}h20v9h-20Z")
    elif "LineString" in kinds:
        _lines(sheet, looks, line)
    else:
        _sign(sheet, looks, (x + 10, y))


def _table(stops: Sequence[Stop]) -> Any:
    return pd.DataFrame(
        {"stop": [one.number for one in stops], "name": [one.name for one in stops]}
    )
