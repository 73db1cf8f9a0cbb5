"""A layer version made ready for tiles: a derived file of arrays, and the tiles cut from it.

The file holds the corners once, on the grid of the deepest zoom, with the zoom from which each is
drawn; and for every zoom the cells that count what is too small there. A tile is cut from the few
pages of it that lie there.
"""

import datetime as dt
import json
import os
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.tiles.cells import NO_SHARE, Cells, count_cells
from geo.tiles.choose import POINT_CELL_PIXELS, choose
from geo.tiles.cut import cells_layer, cut
from geo.tiles.grid import DEEPEST, tile_box, units_of_metres
from geo.tiles.groups import NONE, Groups, Passing, counted, group_cells, one_group, periods_of
from geo.tiles.index import Index, order_of
from geo.tiles.mvt import Attribute, TileLayer, encode
from geo.tiles.ragged import spans
from geo.tiles.shapes import POINT, Shapes, shapes_of
from layers.arrays import Array, Arrays, pack
from layers.store import Store, open_store

CLASS, RADIUS, NAME, DAY = "c", "r", "n", "d"
COLUMNS = ("feature_class", "radius_m", "name", "observed_on")
"""What `write_tiled` looks at besides the geometry."""
NO_DAY = -(2**31)
"""Stands for no data among days since 1970-01-01."""


def write_tiled(features: gpd.GeoDataFrame, *, named: bool) -> bytes:
    """A layer (EPSG:4326, in the order of its file) as a file that `TiledLayer` reads.

    `named` keeps the names of features, for kinds whose names are written on the map.
    """
    shapes = shapes_of(features.geometry.to_numpy())
    choice = choose(shapes)
    cells, members = count_cells(shapes, choice)
    box = _reaches(shapes, features)
    order = order_of(box, choice.drawn_from)
    begins = shapes.corner_offsets
    corners = spans(begins[order], np.diff(begins)[order])
    sorted_shapes, drawn_from = shapes.take(order), choice.drawn_from[order]
    index = Index.of(box[order].astype("int32"), drawn_from)
    arrays: dict[str, Array] = {
        "row": order.astype("uint32"),
        "form": sorted_shapes.form,
        "rings": sorted_shapes.rings.astype("uint32"),
        "corners": sorted_shapes.corners.astype("uint32"),
        "xy": sorted_shapes.xy,
        "is_hole": sorted_shapes.is_hole,
        "corner_from": choice.corner_from[corners],
        "drawn_from": drawn_from,
        "box": index.box,
        "block_box": index.block_box,
        "block_from": index.block_from,
        **{f"cell_{name}": getattr(cells, name) for name in _CELLS},
    }
    about: dict[str, Any] = {
        "features": len(shapes),
        "without_place": int((shapes.form == 0).sum()),
        "bounds": [float(edge) for edge in features.total_bounds] if len(features) else None,
        "zooms": [_about_zoom(zoom, choice.drawn_from, cells) for zoom in range(DEEPEST + 1)],
        "attributes": {},
        "days": None,
    }
    for name, column in ((CLASS, "feature_class"), *(((NAME, "name"),) if named else ())):
        codes, values = _coded(features, column)
        arrays[name] = codes[order]
        about["attributes"][name] = values
    radius = _radius(features)
    if np.isfinite(radius).any():
        arrays[RADIUS] = radius[order].astype("float32")
        about["attributes"][RADIUS] = "metres"
    days = _days(features)
    periods = periods_of(days)
    if len(periods.last):
        arrays[DAY] = np.where(np.isfinite(days), days, NO_DAY)[order].astype("int32")
        dated = periods.of[periods.of >= 0]
        about["days"] = {
            "stops": np.datetime_as_string(periods.last.astype("datetime64[D]")).tolist(),
            "features": np.bincount(dated, minlength=len(periods.last)).tolist(),
            "undated": len(features) - len(dated),
            "by_year": periods.by_year,
        }
    codes = _coded(features, "feature_class")[0]
    about["grouped"] = len(np.unique(codes)) > 1 or len(periods.last) > 0
    if about["grouped"]:
        groups = group_cells(members, codes, periods.of)
        arrays |= {f"group_{name}": getattr(groups, name) for name in _GROUPS}
    return pack(arrays, about=about)


_CELLS = ("begins", "tile", "xy", "count", "share", "is_point", "side")
_GROUPS = ("cell", "class_code", "period", "count", "ground")


def _reaches(shapes: Shapes, features: gpd.GeoDataFrame) -> Array:
    """The boxes of features, those of points as wide as their discs (grid units)."""
    box = shapes.boxes
    radius = _radius(features)
    discs = np.flatnonzero((shapes.form == POINT) & (radius > 0))
    middle = (box[discs, 1] + box[discs, 3]) / 2
    reach = np.ceil(units_of_metres(radius[discs], middle)).astype("int64")
    box[discs, :2] -= reach[:, None]
    box[discs, 2:] += reach[:, None]
    on: Array = np.clip(box, -(2**31), 2**31 - 1)
    return on


def _radius(features: gpd.GeoDataFrame) -> Array:
    """Radius in metres of each feature, NaN = no data."""
    if "radius_m" not in features:
        return np.full(len(features), np.nan)
    radius: Array = pd.to_numeric(features["radius_m"]).to_numpy("float64", na_value=np.nan)
    return radius


def _days(features: gpd.GeoDataFrame) -> Array:
    """Days since 1970-01-01 of each feature's observation, NaN = no data."""
    if "observed_on" not in features:
        return np.full(len(features), np.nan)
    told = pd.to_datetime(features["observed_on"]).to_numpy().astype("datetime64[D]")
    days: Array = np.where(np.isnat(told), np.nan, told.astype("int64").astype("float64"))
    return days


def _coded(features: gpd.GeoDataFrame, column: str) -> tuple[Array, list[str]]:
    if column not in features:
        return np.full(len(features), -1, dtype="int32"), []
    codes, values = pd.factorize(features[column], sort=True)
    return codes.astype("int32"), [str(one) for one in values]


def _about_zoom(zoom: int, drawn_from: Array, cells: Cells) -> dict[str, Any]:
    low, high = cells.begins[zoom], cells.begins[zoom + 1]
    points = cells.is_point[low:high]
    return {
        "z": zoom,
        "drawn": int((drawn_from <= zoom).sum()),
        "merged": int(cells.count[low:high].sum()),
        "cells": int(high - low),
        "cell_pixels": POINT_CELL_PIXELS if points.all() and len(points) else _pixels(cells, zoom),
    }


def _pixels(cells: Cells, zoom: int) -> int:
    return int(cells.side[zoom]) // 16


class TiledLayer:
    """A file of `write_tiled`, by its path or its bytes. Several threads may ask it at once."""

    def __init__(self, source: Path | bytes) -> None:
        self._arrays = Arrays(source)

    @property
    def about(self) -> dict[str, Any]:
        """Features, bounds (degrees, None of an empty layer), zooms with what is drawn and merged
        at each, and attributes: the classes there are, the unit of a radius, names as "text".

        `days` is None where no feature has one, else `stops` (ISO days, the last of each period),
        `features` in each, how many are `undated`, and whether periods are years (`by_year`)."""
        told = dict(self._arrays.about)
        attributes = {
            **told["attributes"],
            **({NAME: "text"} if NAME in told["attributes"] else {}),
        }
        return {**told, "attributes": attributes, "minzoom": 0, "maxzoom": DEEPEST}

    def tile(self, zoom: int, column: int, row: int, *, days: bool = False) -> bytes:
        """A tile with its layers `features` and `cells`, b"" where nothing lies there.

        With `days` features carry the day they were observed on as `d`, whole days since
        1970-01-01; those without one carry none.
        """
        rows = self._index.meeting(tile_box(zoom, column, row), zoom)
        shapes, there = cut(
            self._shapes, self._corner_from, rows, zoom=zoom, column=column, row=row
        )
        features = TileLayer(
            name="features",
            shapes=shapes,
            ids=self._arrays["row"][there].astype("int64"),
            attributes=self._attributes(there) | (self._days(there) if days else {}),
        )
        cells = cells_layer(self._cells, self._cells.of_tile(zoom, column, row), zoom)
        return encode([features, cells])

    def counted(
        self,
        zoom: int,
        column: int,
        row: int,
        *,
        classes: Collection[str | None] | None = None,
        without: Collection[str | None] = (),
        since: dt.date | None = None,
        until: dt.date | None = None,
        dated: bool = False,
    ) -> dict[str, list[int]]:
        """What the cells of a tile count, in their order, of the features that pass a filter.

        `count` and `share` (hundredths of a cell's ground, -1 where it holds no areas). Of
        `classes` (None in it = no class) those not in `without`; of periods those whose last day is
        neither before `since` nor after `until`; with `dated` only features that have a day.
        """
        cells = self._cells
        which = cells.of_tile(zoom, column, row)
        names = [*self._arrays.about["attributes"][CLASS], None]
        passing = Passing(
            classes=frozenset(
                NONE if name is None else code
                for code, name in enumerate(names)
                if (classes is None or name in classes) and name not in without
            ),
            first=self._periods_until(since, included=False),
            last=self._periods_until(until, included=True) - 1 if until else None,
            undated=not dated,
        )
        count, share = counted(self._groups, cells, which, passing)
        share = np.where(share == NO_SHARE, -1, share)
        return {"count": count.tolist(), "share": share.tolist()}

    def _periods_until(self, day: dt.date | None, *, included: bool) -> int:
        """How many periods end before a day, or with `included` on it."""
        told = self._arrays.about["days"]
        if day is None or told is None:
            return 0
        compare = bisect_right if included else bisect_left
        return compare(told["stops"], day.isoformat())

    def _days(self, there: Array) -> dict[str, Attribute]:
        if self._arrays.about["days"] is None:
            return {}
        told, codes = np.unique(self._arrays[DAY][there], return_inverse=True)
        known = told != NO_DAY
        return {
            DAY: Attribute(
                codes=np.where(known[codes], codes, -1), values=[int(one) for one in told]
            )
        }

    def _attributes(self, there: Array) -> dict[str, Attribute]:
        attributes = {}
        for name, values in self._arrays.about["attributes"].items():
            column = self._arrays[name][there]
            if name != RADIUS:
                attributes[name] = Attribute(codes=column, values=values)
                continue
            told, codes = np.unique(column, return_inverse=True)
            attributes[name] = Attribute(
                codes=np.where(np.isfinite(column), codes, -1),
                values=[round(float(one), 2) for one in told],
            )
        return attributes

    @cached_property
    def _shapes(self) -> Shapes:
        names = ("form", "rings", "corners", "xy", "is_hole")
        return Shapes(**{name: self._arrays[name] for name in names})

    @cached_property
    def _corner_from(self) -> Array:
        return self._arrays["corner_from"]

    @cached_property
    def _index(self) -> Index:
        names = ("box", "drawn_from", "block_box", "block_from")
        return Index(**{name: self._arrays[name] for name in names})

    @cached_property
    def _groups(self) -> Groups:
        if self._arrays.about["grouped"]:
            return Groups(**{name: self._arrays[f"group_{name}"] for name in _GROUPS})
        has_class = bool(self._arrays.about["attributes"][CLASS])
        return one_group(self._cells, class_code=0 if has_class else NONE)

    @cached_property
    def _cells(self) -> Cells:
        return Cells(**{name: self._arrays[f"cell_{name}"] for name in _CELLS})


def make_tiled(store: Store, version_id: str, *, name: str, named: bool) -> None:
    """Make the derived file `name` of a version, once even if several processes want it."""
    with store.deriving():
        if store.derived_url(name) is None:
            features = store.read_features(version_id, columns=COLUMNS)
            store.write_derived(name, write_tiled(features, named=named))


def open_tiled(store: Store, name: str) -> TiledLayer | None:
    """The derived file `name`, mapped where it lies on this machine, None where it is not made."""
    url = store.derived_url(name)
    if url is None:
        return None
    path = Path(url)
    if path.is_file():
        return TiledLayer(path)
    content = store.read_derived(name)
    return None if content is None else TiledLayer(content)


def main() -> None:
    """Make what standard input asks for, behind everybody who waits for an answer."""
    os.nice(5)
    order = json.load(sys.stdin)
    make_tiled(
        open_store(order["store"]), order["version_id"], name=order["name"], named=order["named"]
    )
