"""The base map: land, borders, rivers, lakes and names of a region, from packages on this machine.

Natural Earth (npm world-atlas) gives land and borders, GSHHG (`gshhg.py`) rivers and lakes,
GeoNames (`places.py`) towns. Fine around the region, coarse over the rest of the world, so that
nothing but sea is ever drawn as sea.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard import assets, gshhg
from dashboard.places import places_near
from layers.catalogue import Bounds
from layers.facts import DATA, Region, region

SOURCES = (
    "land and borders: Natural Earth, public domain",
    "rivers and lakes: GSHHG, LGPL",
    "towns: GeoNames, CC BY 4.0",
)
ATTRIBUTION = f"{'; '.join(SOURCES)}. Borders as drawn there, not as anybody claims them."
CREDIT = "Natural Earth · GSHHG · GeoNames (CC BY 4.0)"
"""The same in one short line, always in sight on the map."""
MARGIN_DEG = 8.0
"""How far the fine part reaches beyond the region; enough to zoom out to the neighbours."""
PART_MARGIN_DEG = 1.0
TOWNS_MARGIN_DEG = 1.0
"""Within it every town of GeoNames is named, further out those with FAR_PEOPLE and capitals."""
FAR_PEOPLE = 40_000
NEAR_UNIT_DEG = 0.001
"""Some 110 m: but for the lakes of the region, the sources are generalised to 1 km and more."""
FINE_LAKES_MARGIN_DEG = 0.5
"""How far from the region a lake may be to be drawn as finely as it is known."""
FAR_UNIT_DEG = 0.01
SMALLEST_LAKE_KM2 = 5.0
SMALLEST_FAR_LAKE_KM2 = 2_500.0
WORLD: Bounds = (-180.0, -60.0, 180.0, 80.0)

Line = npt.NDArray[np.float64]
Packed = list[int]


@cache
def basemap_json(region_id: str) -> bytes:
    """What the map draws below everything else, as one JSON document (EPSG:4326).

    `near` and `far` hold `land` and `lakes` (lists of polygons, each a list of rings), `coasts`,
    `borders` and `rivers` (lists of lines). A ring or line is a flat list of whole numbers: the
    first longitude and latitude, then the steps from point to point, all in `unit` degrees.
    `countries` lists [name, longitude, latitude, size in square degrees], `waters` [name,
    longitude, latitude, zoom level from which it is named], `towns` the same with 1 for a capital,
    first who goes first. An unknown region is refused by `layers.facts.region`.
    """
    return _document(region(region_id), MARGIN_DEG)


def basemap_around(region_id: str, bounds: Bounds) -> bytes:
    """The same for a part of a region: fine up to `PART_MARGIN_DEG` beyond `bounds`."""
    return _document(replace(region(region_id), bounds=bounds), PART_MARGIN_DEG)


def _document(facts: Region, margin: float) -> bytes:
    west, south, east, north = facts.bounds
    box: Bounds = (west - margin, south - margin, east + margin, north + margin)
    near, near_countries = _near(box, around=facts.bounds)
    far, far_countries = _far(box)
    named = {row[0] for row in near_countries}
    document = {
        "attribution": ATTRIBUTION,
        "credit": CREDIT,
        "bounds": [round(number, 4) for number in box],
        "near": near,
        "far": far,
        "countries": near_countries + [row for row in far_countries if row[0] not in named],
        "waters": _waters(),
        "towns": _towns(facts, box),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _near(box: Bounds, *, around: Bounds) -> tuple[dict[str, Any], list[list[Any]]]:
    """The fine part, and the countries in it; `around` is the region, whose lakes are finest."""
    world = _natural_earth("10m")
    frame = shapely.box(*box)
    countries = _countries(world, frame, box)
    part = {
        "unit": NEAR_UNIT_DEG,
        "land": _polygons([shapely.union_all(list(countries.values()))], NEAR_UNIT_DEG),
        "coasts": _lines(_cut(world.coasts, frame, box), NEAR_UNIT_DEG),
        "borders": _lines(_cut(world.borders, frame, box), NEAR_UNIT_DEG),
        "lakes": _polygons(_lakes(box, around=around), NEAR_UNIT_DEG),
        "rivers": _lines(gshhg.rivers(box), NEAR_UNIT_DEG),
    }
    return part, _labels(countries)


def _lakes(box: Bounds, *, around: Bounds) -> list[BaseGeometry]:
    """The lakes in a box. Those that reach the region or nearly so have their full shore,
    whole: where two resolutions met within a lake, its shore would break off."""
    west, south, east, north = around
    margin = FINE_LAKES_MARGIN_DEG
    close = shapely.box(west - margin, south - margin, east + margin, north + margin)
    coarse = gshhg.lakes(box, smallest_km2=SMALLEST_LAKE_KM2)
    fine = [
        lake
        for lake in gshhg.lakes(box, smallest_km2=SMALLEST_LAKE_KM2, resolution="f")
        if shapely.intersects(lake, close)
    ]
    known = shapely.union_all(fine)
    return list(shapely.simplify(fine, NEAR_UNIT_DEG / 2)) + [
        lake
        for lake in coarse
        if not shapely.intersects(lake, close) and not shapely.intersects(lake, known)
    ]


def _far(box: Bounds) -> tuple[dict[str, Any], list[list[Any]]]:
    """The rest of the world, coarse, with the fine part cut out of it."""
    world = _natural_earth("110m")
    rest = shapely.difference(shapely.box(*WORLD), shapely.box(*box))
    countries = _countries(world, rest, WORLD)
    lakes = gshhg.lakes(WORLD, smallest_km2=SMALLEST_FAR_LAKE_KM2, resolution="c")
    part = {
        "unit": FAR_UNIT_DEG,
        "land": _polygons([shapely.union_all(list(countries.values()))], FAR_UNIT_DEG),
        "coasts": _lines(_cut(world.coasts, rest, WORLD), FAR_UNIT_DEG),
        "borders": _lines(_cut(world.borders, rest, WORLD), FAR_UNIT_DEG),
        "lakes": _polygons([shapely.intersection(lake, rest) for lake in lakes], FAR_UNIT_DEG),
        "rivers": [],
    }
    return part, _labels(countries)


@dataclass(frozen=True, kw_only=True)
class _World:
    """Natural Earth at one scale, in degrees: the rings of each country's polygons, and lines."""

    countries: dict[str, list[list[Line]]]
    coasts: list[Line]
    borders: list[Line]


@cache
def _natural_earth(scale: str) -> _World:
    """World-atlas' TopoJSON, decoded.

    TopoJSON stores an arc as whole steps from point to point. An arc one country uses is a coast,
    an arc two use is a border.
    """
    raw = json.loads(assets.natural_earth(scale).read_bytes())
    step = np.asarray(raw["transform"]["scale"])
    origin = np.asarray(raw["transform"]["translate"])
    arcs = [np.cumsum(np.asarray(arc), axis=0) * step + origin for arc in raw["arcs"]]
    countries: dict[str, list[list[Line]]] = {}
    used: Counter[int] = Counter()
    for record in raw["objects"]["countries"]["geometries"]:
        numbers = record.get("arcs", [])
        polygons = [numbers] if record["type"] == "Polygon" else numbers
        used.update({n if n >= 0 else ~n for poly in polygons for ring in poly for n in ring})
        countries[record["properties"]["name"]] = [
            [_line(ring, arcs) for ring in polygon] for polygon in polygons
        ]
    return _World(
        countries=countries,
        coasts=[_line([number], arcs) for number, count in used.items() if count == 1],
        borders=[_line([number], arcs) for number, count in used.items() if count > 1],
    )


def _line(numbers: list[int], arcs: list[Line]) -> Line:
    """A ring or line: arcs end to end, ~n walked backwards, the shared point kept once.

    An island on the 180th meridian jumps from 180 to -180; unwrapped, it stays in one piece
    instead of becoming a band of land around the earth.
    """
    pieces = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    line = np.concatenate([pieces[0], *[piece[1:] for piece in pieces[1:]]])
    if np.ptp(line[:, 0]) > 180:
        line[:, 0] = np.unwrap(line[:, 0], period=360.0)
    return line


def _countries(world: _World, frame: BaseGeometry, box: Bounds) -> dict[str, BaseGeometry]:
    """The countries that reach into a frame, cut to it; `box` are the frame's bounds."""
    found = {}
    for name, polygons in world.countries.items():
        near = [_polygon(rings) for rings in polygons if _is_near(rings[0], box)]
        cut = shapely.intersection(shapely.union_all(near), frame)
        if shapely.area(cut) > 0:
            found[name] = cut
    return found


def _polygon(rings: list[Line]) -> BaseGeometry:
    """One polygon from its rings, made valid."""
    holes = [ring for ring in rings[1:] if len(ring) >= 4]
    return shapely.make_valid(shapely.Polygon(rings[0], holes))


def _is_near(ring: Line, box: Bounds) -> bool:
    return len(ring) >= 4 and _meet(ring, box)


def _meet(line: Line, box: Bounds) -> bool:
    """Whether the bounds of a line meet a box."""
    (west, south), (east, north) = line.min(axis=0), line.max(axis=0)
    return bool(west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1])


def _cut(lines: list[Line], frame: BaseGeometry, box: Bounds) -> list[BaseGeometry]:
    """What of coasts or borders lies in a frame; `box` are the frame's bounds."""
    near = [shapely.linestrings(line) for line in lines if _meet(line, box)]
    return list(shapely.intersection(np.asarray(near, dtype=object), frame))


def _polygons(shapes: Iterable[BaseGeometry], unit: float) -> list[list[Packed]]:
    """Polygons as lists of packed rings; what is smaller than a unit falls away."""
    parts = [part for shape in shapes for part in _parts(shape, "Polygon")]
    rings = [
        [_packed(ring, unit) for ring in [part.exterior, *part.interiors]]
        for part in parts
        if part.area > unit * unit
    ]
    return [
        [ring for ring in polygon if len(ring) >= 6] for polygon in rings if len(polygon[0]) > 5
    ]


def _lines(shapes: Iterable[BaseGeometry], unit: float) -> list[Packed]:
    """Lines, packed."""
    packed = [_packed(part, unit) for shape in shapes for part in _parts(shape, "LineString")]
    return [line for line in packed if len(line) >= 4]


def _parts(shape: BaseGeometry, kind: str) -> list[BaseGeometry]:
    """The parts of one kind a shape consists of, none of them empty."""
    parts = shapely.get_parts(shape)
    return [part for part in parts if part.geom_type == kind and not part.is_empty]


def _packed(line: BaseGeometry, unit: float) -> Packed:
    """A line in whole units: its first point, then the steps; steps of nothing are left out."""
    whole = np.rint(shapely.get_coordinates(line) / unit).astype(np.int64)
    steps = np.diff(whole, axis=0)
    moved = steps[np.any(steps != 0, axis=1)]
    packed: Packed = np.concatenate([whole[:1], moved]).ravel().tolist()
    return packed


def _labels(countries: dict[str, BaseGeometry]) -> list[list[Any]]:
    """Where the names of countries go: well inside their largest part, the largest country first.

    A country whose largest part is under a tenth of a square degree is not named.
    """
    rows = []
    for name, shape in countries.items():
        largest = max(_parts(shape, "Polygon"), key=shapely.area)
        if largest.area >= 0.1:
            point = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest))[0]
            rows.append([name, *_place(point), round(float(shapely.area(shape)), 2)])
    return sorted(rows, key=lambda row: -row[3])


def _place(point: Sequence[float]) -> list[float]:
    return [round(float(point[0]), 3), round(float(point[1]), 3)]


def _waters() -> list[list[Any]]:
    """Seas and great lakes, those that are named from afar first."""
    with (DATA / "waters.toml").open("rb") as file:
        waters = tomllib.load(file)["water"]
    rows = [[water["name"], *_place(water["at"]), water["zoom"]] for water in waters]
    return sorted(rows, key=lambda row: row[3])


def _towns(facts: Region, box: Bounds) -> list[list[Any]]:
    """The towns of the base map; all of them in and around the region, the larger ones beyond."""
    west, south, east, north = facts.bounds
    rows = []
    for place in places_near(assets.PLACES, box, home=facts.country):
        is_near = (
            west - TOWNS_MARGIN_DEG <= place.longitude <= east + TOWNS_MARGIN_DEG
            and south - TOWNS_MARGIN_DEG <= place.latitude <= north + TOWNS_MARGIN_DEG
        )
        if is_near or place.capital or place.population >= FAR_PEOPLE:
            at = _place((place.longitude, place.latitude))
            rows.append([place.name, *at, place.zoom, int(place.capital)])
    return rows
