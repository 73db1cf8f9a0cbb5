"""The base map, from Natural Earth on this machine: land, borders and country names of a region."""

import json
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard import assets
from layers.catalogue import Bounds
from layers.facts import region

ATTRIBUTION = "Natural Earth, public domain"
MARGIN_DEG = 8.0
"""How far the base map reaches beyond the region; enough to zoom out to the neighbours."""
DECIMALS = 4
"""Some 11 m: Natural Earth at 1:10 million is coarser than that."""

Line = npt.NDArray[np.float64]


@cache
def basemap_json(region_id: str) -> bytes:
    """Land, borders and names around a region as one small JSON document (EPSG:4326).

    `land` is a list of polygons (lists of rings), `coasts` and `borders` are lists of lines and
    `names` is a list of {name, longitude, latitude}. An unknown region is refused by
    `layers.facts.region`.
    """
    west, south, east, north = region(region_id).bounds
    box: Bounds = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    topology = _natural_earth()
    arcs: list[Line] = topology["arcs"]
    near: dict[str, list[BaseGeometry]] = {}
    for name, polygons in topology["countries"].items():
        for polygon in polygons:
            parts = _parts(_clipped(_polygon(polygon, arcs, box), box), "Polygon")
            if parts:
                near.setdefault(name, []).extend(parts)
    document = {
        "attribution": ATTRIBUTION,
        "bounds": list(box),
        "land": [_rings(part) for parts in near.values() for part in parts],
        "coasts": _lines(topology["coasts"], arcs, box),
        "borders": _lines(topology["borders"], arcs, box),
        "names": [_label(*item) for item in sorted(near.items()) if _is_large(item[1])],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _natural_earth() -> dict[str, Any]:
    """World-atlas' TopoJSON: arcs in degrees, countries as arc numbers, coasts and borders apart.

    TopoJSON stores an arc as whole steps from point to point. An arc one country uses is a coast,
    an arc two use is a border.
    """
    raw = json.loads(assets.NATURAL_EARTH.read_bytes())
    scale = np.asarray(raw["transform"]["scale"])
    origin = np.asarray(raw["transform"]["translate"])
    countries: dict[str, list[list[list[int]]]] = {}
    used: dict[int, int] = {}
    for record in raw["objects"]["countries"]["geometries"]:
        arcs = record.get("arcs", [])
        polygons = [arcs] if record["type"] == "Polygon" else arcs
        countries[record["properties"]["name"]] = polygons
        for number in {n if n >= 0 else ~n for poly in polygons for ring in poly for n in ring}:
            used[number] = used.get(number, 0) + 1
    return {
        "arcs": [np.cumsum(np.asarray(arc), axis=0) * scale + origin for arc in raw["arcs"]],
        "countries": countries,
        "coasts": [number for number, count in used.items() if count == 1],
        "borders": [number for number, count in used.items() if count > 1],
    }


def _polygon(rings: list[list[int]], arcs: list[Line], box: Bounds) -> BaseGeometry:
    """One polygon from the arc numbers of its rings, made valid; empty when it is not near."""
    closed = [_ring(ring, arcs) for ring in rings]
    if len(closed[0]) < 4 or not _meet(closed[0], box):
        return shapely.Polygon()
    return shapely.make_valid(
        shapely.Polygon(closed[0], [hole for hole in closed[1:] if len(hole) >= 4])
    )


def _ring(numbers: list[int], arcs: list[Line]) -> Line:
    """One ring: arcs end to end, ~n walked backwards, the shared point kept once.

    An island on the 180th meridian jumps from 180 to -180; unwrapped, it stays in one piece
    instead of becoming a band of land around the earth.
    """
    pieces = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    ring = np.concatenate([pieces[0], *[piece[1:] for piece in pieces[1:]]])
    return np.column_stack([np.unwrap(ring[:, 0], period=360.0), ring[:, 1]])


def _meet(line: Line, box: Bounds) -> bool:
    """Whether the bounds of a line meet a box."""
    (west, south), (east, north) = line.min(axis=0), line.max(axis=0)
    return bool(west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1])


def _clipped(shape: BaseGeometry, box: Bounds) -> BaseGeometry:
    return shapely.intersection(shape, shapely.box(*box))


def _lines(numbers: list[int], arcs: list[Line], box: Bounds) -> list[list[list[float]]]:
    """The arcs near a box, cut to it."""
    near = [shapely.linestrings(arcs[n]) for n in numbers if _meet(arcs[n], box)]
    cut = [_clipped(line, box) for line in near]
    return [_numbers(part) for line in cut for part in _parts(line, "LineString")]


def _parts(shape: BaseGeometry, kind: str) -> list[BaseGeometry]:
    """The parts of one kind a shape consists of, none of them empty."""
    parts = shapely.get_parts(shape)
    return [part for part in parts if part.geom_type == kind and not part.is_empty]


def _rings(polygon: BaseGeometry) -> list[list[list[float]]]:
    return [_numbers(ring) for ring in [polygon.exterior, *polygon.interiors]]


def _numbers(line: BaseGeometry) -> list[list[float]]:
    return np.round(shapely.get_coordinates(line), DECIMALS).tolist()  # type: ignore[no-any-return]


def _label(name: str, parts: list[BaseGeometry]) -> dict[str, Any]:
    """Where a country's name goes: well inside its largest part in the box."""
    point = shapely.point_on_surface(max(parts, key=shapely.area))
    return {"name": name, "longitude": round(point.x, 3), "latitude": round(point.y, 3)}


def _is_large(parts: list[BaseGeometry]) -> bool:
    """Whether a country's part in the box is large enough to carry its name (0.1 sq deg)."""
    return bool(max(shapely.area(part) for part in parts) >= 0.1)
