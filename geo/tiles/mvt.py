"""Mapbox Vector Tiles 2.1, encoded from arrays at once.

https://github.com/mapbox/vector-tile-spec/tree/master/2.1. A layer's features are one row of whole
numbers, each written as a varint: tags of fields, lengths, ids and drawing commands alike.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geo.tiles.grid import EXTENT
from geo.tiles.ragged import Array, offsets_of, rows_of, sums
from geo.tiles.shapes import AREA, POINT, Shapes

Value = str | int | float

_ID, _TAGS, _TYPE, _GEOMETRY = 0x08, 0x12, 0x18, 0x22
_FEATURE = 0x12
_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribute:
    """What features carry under a name: `codes` (n,) are positions in `values`, -1 = no data."""

    codes: Array
    values: Sequence[Value]


@dataclass(frozen=True, kw_only=True, eq=False)
class TileLayer:
    """One layer of a tile: shapes in tile units, whole ids (None = none) and attributes."""

    name: str
    shapes: Shapes
    ids: Array | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


def encode(layers: Sequence[TileLayer]) -> bytes:
    """A tile with those layers that have a feature; b"" where none has."""
    return b"".join(_field(3, _layer(one)) for one in layers if len(one.shapes))


def _layer(layer: TileLayer) -> bytes:
    tags, offsets, values = _tags(layer)
    parts = [b"\x78\x02", _field(1, layer.name.encode()), _features(layer, tags, offsets)]
    parts += [_field(3, name.encode()) for name in layer.attributes]
    parts += [_field(4, _value(one)) for one in values]
    parts.append(b"\x28" + _varint(EXTENT))
    return b"".join(parts)


def _tags(layer: TileLayer) -> tuple[Array, Array, list[Value]]:
    """Pairs of key and value of each feature, where they begin, and the values in use."""
    count = len(layer.shapes)
    values: list[Value] = []
    keys, codes = [], []
    for key, attribute in enumerate(layer.attributes.values()):
        used, code = np.unique(attribute.codes, return_inverse=True)
        absent = int(len(used) > 0 and used[0] < 0)
        place = code - absent + len(values)
        values += [attribute.values[int(one)] for one in used[absent:]]
        keys.append(np.where(attribute.codes < 0, -1, key))
        codes.append(place)
    if not keys:
        return np.zeros(0, dtype="int64"), np.zeros(count + 1, dtype="int64"), values
    key_of, value_of = np.column_stack(keys), np.column_stack(codes)
    there = key_of >= 0
    pairs = np.column_stack([key_of[there], value_of[there]]).ravel()
    return pairs, offsets_of(2 * there.sum(axis=1)), values


def _features(layer: TileLayer, tags: Array, tags_at: Array) -> bytes:
    shapes = layer.shapes
    count = len(shapes)
    commands, commands_at = _commands(shapes)
    tag_bytes = sums(_sizes(tags), tags_at)
    command_bytes = sums(_sizes(commands), commands_at)
    ids = layer.ids
    tagged = (tag_bytes > 0).astype("int64")
    named = 0 if ids is None else 1
    body = 3 + _sizes(command_bytes) + command_bytes
    body += tagged * (1 + _sizes(tag_bytes) + tag_bytes)
    if ids is not None:
        body += 1 + _sizes(ids)
    heads = 2 + 2 * named + 2 * tagged + np.diff(tags_at) + 4
    begins = offsets_of(heads + np.diff(commands_at))
    row = np.empty(int(begins[-1]), dtype="uint64")
    at = begins[:-1].copy()
    row[at], row[at + 1] = _FEATURE, body
    at += 2
    if ids is not None:
        row[at], row[at + 1] = _ID, ids
        at += 2
    has = np.flatnonzero(tagged)
    row[at[has]], row[at[has] + 1] = _TAGS, tag_bytes[has]
    at += 2 * tagged
    feature = rows_of(tags_at)
    row[at[feature] + np.arange(len(tags)) - tags_at[feature]] = tags
    at += np.diff(tags_at)
    row[at], row[at + 1] = _TYPE, shapes.form
    row[at + 2], row[at + 3] = _GEOMETRY, command_bytes
    feature = rows_of(commands_at)
    row[at[feature] + 4 + np.arange(len(commands)) - commands_at[feature]] = commands
    assert count == len(heads)
    return varints(row)


def _commands(shapes: Shapes) -> tuple[Array, Array]:
    """The drawing commands of each feature and where they begin."""
    counts = np.diff(shapes.corners)
    form = shapes.form[shapes.feature_of_ring]
    is_point, is_area = form == POINT, form == AREA
    # a ring: move, to (2), line, by (2 each), close; points: move, to (2 each)
    length = np.where(is_point, 1 + 2 * counts, 2 + 2 * counts + is_area)
    begins = offsets_of(length)
    commands = np.empty(int(begins[-1]), dtype="int64")
    ring = shapes.ring_of_corner
    step = np.arange(len(ring)) - shapes.corners[:-1][ring]
    at = begins[:-1][ring] + 1 + 2 * step + ((step > 0) & ~is_point[ring])
    delta = shapes.xy.astype("int64")
    delta[1:] -= shapes.xy[:-1]
    starts = shapes.corner_offsets[:-1]
    filled = np.diff(shapes.corner_offsets) > 0
    delta[starts[filled]] = shapes.xy[starts[filled]]
    zigzag = (delta << 1) ^ (delta >> 63)
    commands[at], commands[at + 1] = zigzag[:, 0], zigzag[:, 1]
    commands[begins[:-1]] = np.where(is_point, counts << 3, 1 << 3) | _MOVE_TO
    lines = ~is_point
    commands[begins[:-1][lines] + 3] = (counts[lines] - 1) << 3 | _LINE_TO
    commands[begins[1:][is_area] - 1] = _CLOSE
    return commands, begins[shapes.rings]


def _sizes(values: Array) -> Array:
    """How many bytes each value takes as a varint; values are 0 or more."""
    sizes = np.ones(len(values), dtype="int64")
    for bits in range(7, 64, 7):
        more = values >= (1 << bits)
        if not more.any():
            break
        sizes += more
    return sizes


def varints(values: Array) -> bytes:
    """Whole numbers, 0 or more, as varints: seven bits a byte, the lowest first."""
    values = values.astype("uint64", copy=False)
    sizes = _sizes(values)
    begins = offsets_of(sizes)
    out = np.zeros(int(begins[-1]), dtype="uint8")
    first, rest, left = begins[:-1], values, sizes
    while len(first):
        out[first] = (rest & np.uint64(0x7F)).astype("uint8") | np.where(left > 1, 0x80, 0).astype(
            "uint8"
        )
        more = left > 1
        first, rest, left = first[more] + 1, rest[more] >> np.uint64(7), left[more] - 1
    return out.tobytes()


def _varint(value: int) -> bytes:
    return varints(np.array([value], dtype="uint64"))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _field(1, value.encode("utf-8", "replace"))
    if isinstance(value, int):
        return b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint((-value << 1) - 1)
    return b"\x19" + struct.pack("<d", value)
