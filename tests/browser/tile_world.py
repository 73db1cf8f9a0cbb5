"""A small tile server for the invented world: the browser's half is tried without the server's.

Tiles are encoded here by a few lines of their own, so that the reader is held against a second pen.
"""

import asyncio
import datetime as dt
import itertools
import math
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.browser import map_world

EXTENT, BUFFER = 4096, 64
OVERVIEW = 11
"""Zooms up to this one hold merged squares instead of features."""
CROWD = [
    (f"{number:016x}", "inside" if number % 3 == 0 else "too_close", "A" if number % 2 else "B")
    for number in range(1, 3001)
]
asked: Counter[str] = Counter()

Shape = tuple[int | None, int, list[list[tuple[int, int]]], dict[str, Any]]
"""Feature id, type (1 point, 2 line, 3 area), parts in tile units, attributes."""


def encode(layers: dict[str, Sequence[Shape]]) -> bytes:
    """A Mapbox Vector Tile 2.1."""
    return b"".join(_field(3, _layer(name, shapes)) for name, shapes in layers.items() if shapes)


def _layer(name: str, shapes: Sequence[Shape]) -> bytes:
    keys: dict[str, int] = {}
    values: dict[Any, int] = {}
    features = []
    for feature_id, kind, parts, attributes in shapes:
        tags = []
        for key, value in attributes.items():
            tags += [keys.setdefault(key, len(keys))]
            tags += [values.setdefault((type(value), value), len(values))]
        body = b"" if feature_id is None else _number(1, feature_id)
        body += _field(2, b"".join(map(_varint, tags))) + _number(3, kind)
        body += _field(4, b"".join(map(_varint, _commands(kind, parts))))
        features.append(_field(2, body))
    named = b"".join(_field(3, key.encode()) for key in keys)
    valued = b"".join(_field(4, _value(value)) for _, value in values)
    return b"".join([_number(15, 2), _field(1, name.encode()), *features, named, valued]) + _number(
        5, EXTENT
    )


def _commands(kind: int, parts: Iterable[Sequence[tuple[int, int]]]) -> Iterator[int]:
    at = (0, 0)
    for part in parts:
        points = part[:-1] if kind == 3 else part
        for number, point in enumerate(points):
            if number < 2:
                yield (1 if number == 0 else 2) | ((1 if number == 0 else len(points) - 1) << 3)
            for new, old in zip(point, at, strict=True):
                yield (new - old) << 1 if new >= old else ((old - new) << 1) - 1
            at = point
        if kind == 3:
            yield 7 | (1 << 3)


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        return _field(1, value.encode())
    if isinstance(value, bool):
        return _number(7, int(value))
    if isinstance(value, float):
        return _varint(3 << 3 | 1) + struct.pack("<d", value)
    return _number(5, value)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _tile_units(z: int, x: int, y: int) -> Callable[[Sequence[float]], tuple[int, int]]:
    """From degrees to the units of one tile."""
    many = 2**z

    def units(place: Sequence[float]) -> tuple[int, int]:
        across = (place[0] + 180) / 360 * many - x
        down = (1 - math.asinh(math.tan(math.radians(place[1]))) / math.pi) / 2 * many - y
        return round(across * EXTENT), round(down * EXTENT)

    return units


def _near(points: Sequence[tuple[int, int]]) -> bool:
    low, high = -BUFFER, EXTENT + BUFFER
    xs, ys = zip(*points, strict=True)
    return max(xs) >= low and min(xs) <= high and max(ys) >= low and min(ys) <= high


def class_of(row: int) -> str:
    """The class of a feature: every other one is cocoa."""
    return "maize" if row % 2 else "cocoa"


def day_of(row: int) -> dt.date | None:
    """The day a feature was observed on; every tenth has none."""
    return dt.date(2016 + row % 5, 6, 1) if row % 10 else None


def layer_tile(layer_id: str, z: int, x: int, y: int, *, days: bool = False) -> bytes:
    """A tile of a layer: squares of 16 pixels in the overview, features below it; empty = none."""
    units = _tile_units(z, x, y)
    shapes: list[Shape] = []
    for row, feature in enumerate(map_world.LAYERS[layer_id] if z > OVERVIEW else ()):
        ring = [units(place) for place in feature["geometry"]["coordinates"][0]]
        if not _near(ring):
            continue
        told: dict[str, Any] = {"c": class_of(row)}
        day = day_of(row)
        if days and day:
            told["d"] = (day - dt.date(1970, 1, 1)).days
        # The ring runs anticlockwise; on a tile, with y downwards, an outer one must not.
        shapes.append((row, 3, [ring[::-1]], told))
    counts = {at: len(rows) for at, rows in members(layer_id, z, x, y).items()}
    cells = [_square(i, j, count) for (i, j), count in sorted(counts.items())]
    return encode({"features": shapes, "cells": cells})


def members(layer_id: str, z: int, x: int, y: int) -> dict[tuple[int, int], list[int]]:
    """The features that each square of a tile of the overview stands for."""
    units = _tile_units(z, x, y)
    found: dict[tuple[int, int], list[int]] = {}
    for row, feature in enumerate(map_world.LAYERS[layer_id] if z <= OVERVIEW else ()):
        left, top = units(feature["geometry"]["coordinates"][0][0])
        if 0 <= left < EXTENT and 0 <= top < EXTENT:
            found.setdefault((left // 256, top // 256), []).append(row)
    return found


def passes(row: int, query: Any) -> bool:
    """Whether a feature passes the filter of an address."""
    day = day_of(row)
    if class_of(row) in query.getlist("less"):
        return False
    if "only" in query and class_of(row) not in query.getlist("only"):
        return False
    if day is None:
        return query.get("dated") != "1"
    return query.get("since", "0") <= day.isoformat() <= query.get("until", "9")


def _square(i: int, j: int, count: int) -> Shape:
    left, top, right, bottom = i * 256, j * 256, i * 256 + 256, j * 256 + 256
    ring = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return (None, 3, [ring], {"count": count, "share": min(1.0, count / 400)})


def crowd_tile(z: int, x: int, y: int, rules: set[str]) -> bytes:
    """Three thousand conflicts on a line: joined in 64 groups of a tile, alone from zoom 15 on."""
    units = _tile_units(z, x, y)
    groups: dict[tuple[int, int], list[tuple[tuple[int, int], tuple[str, str, str]]]] = {}
    for number, conflict in enumerate(CROWD):
        at = units((map_world.WEST + number * 0.0001, map_world.SOUTH + 0.1))
        is_here = 0 <= at[0] < EXTENT and 0 <= at[1] < EXTENT
        if is_here and (not rules or conflict[2] in rules):
            groups.setdefault((at[0] // 512, at[1] // 512), []).append((at, conflict))
    alone: list[Shape] = []
    joined: list[Shape] = []
    for members in groups.values():
        at, (name, verdict, rule) = members[0]
        if len(members) == 1:
            alone.append((None, 1, [[at]], {"id": name, "v": verdict, "k": rule, "b": 1, "q": 1}))
            continue
        inside = sum(conflict[1] == "inside" for _, conflict in members)
        told = {"count": len(members), "inside": inside, "close": len(members) - inside}
        joined.append((None, 1, [[at]], {**told, "best": name}))
    return encode({"conflicts": alone, "clusters": joined})


KEEP = {"cache-control": "private, max-age=31536000, immutable"}


async def _layer_answer(request: Request) -> Response:
    version_id = request.path_params["version_id"]
    z, x, y = (int(request.path_params[name]) for name in "zxy")
    asked[version_id] += 1
    if version_id == "v-building" and asked[version_id] <= 14:
        sentence = "The tiles of this layer are being prepared. Ask again in a moment."
        return JSONResponse({"error": sentence}, 503, {"retry-after": "1"})
    if version_id == "v-broken":
        return Response(b"\x1a\xff\xff\xff\x0fnonsense", media_type="application/x-protobuf")
    if version_id == "v-gone":
        return JSONResponse({"error": "There is no version 'v-gone'."}, 404)
    if version_id == "v-slow" and z > 12:
        await asyncio.sleep(2.5)
    body = layer_tile("tarkwa.farmland.many", z, x, y, days="days" in request.query_params)
    return _tile(body)


async def _cells_answer(request: Request) -> Response:
    z, x, y = (int(request.path_params[name]) for name in "zxy")
    every = sorted(members("tarkwa.farmland.many", z, x, y).items())
    count = [sum(passes(row, request.query_params) for row in rows) for _, rows in every]
    share = [min(100, round(many / 4)) for many in count]
    return JSONResponse({"count": count, "share": share}, headers=KEEP)


async def _about_answer(_request: Request) -> Response:
    days = [day_of(row) for row in range(map_world.MANY)]
    stops = Counter(day.isoformat() for day in days if day)
    told = {
        "stops": sorted(stops),
        "features": [stops[day] for day in sorted(stops)],
        "undated": sum(day is None for day in days),
        "by_year": False,
    }
    return JSONResponse({"features": map_world.MANY, "days": told})


async def _crowd_answer(request: Request) -> Response:
    z, x, y = (int(request.path_params[name]) for name in "zxy")
    rules = {one for one in request.query_params.get("rules", "").split(",") if one}
    return _tile(crowd_tile(z, x, y, rules))


def _tile(body: bytes) -> Response:
    if not body:
        return Response(status_code=204, headers=KEEP)
    return Response(body, media_type="application/vnd.mapbox-vector-tile", headers=KEEP)


def routes() -> list[Route]:
    """The addresses of tiles."""
    place = "{z:int}/{x:int}/{y:int}.pbf"
    cells = "{z:int}/{x:int}/{y:int}/cells.json"
    return [
        Route(f"/tiles/conflicts/{{fingerprint}}/{place}", _crowd_answer),
        Route(f"/tiles/{{layer_id}}/{{version_id}}/{place}", _layer_answer),
        Route(f"/tiles/{{layer_id}}/{{version_id}}/{cells}", _cells_answer),
        Route("/tiles/{layer_id}/{version_id}/about.json", _about_answer),
    ]


def random_rings(seed: int) -> Iterator[list[list[tuple[int, int]]]]:
    """Areas with a hole, as rings of tile units: an outer one, then an inner one the other way."""
    for number in itertools.count(seed):
        left, top = (number * 37) % 3000, (number * 91) % 3000
        wide, high = 40 + number % 700, 40 + (number * 7) % 700
        yield [_ring(left, top, wide, high), _ring(left + 9, top + 9, wide - 18, high - 18)[::-1]]


def _ring(left: int, top: int, wide: int, high: int) -> list[tuple[int, int]]:
    right, bottom = left + wide, top + high
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
