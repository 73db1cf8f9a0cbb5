"""Areas laid onto a sheet in the region's measuring CRS, with a scale bar that is true."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.charts.drawing import INK, SOFT, Point, Sheet
from dashboard.charts.figures import THIN

FINEST = 0.35
"""Pixels below which an outline's bends are left out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """Shapes in pixels of a sheet. `metres` is how many a pixel is; `bottom` where the map ends."""

    area_ids: tuple[str, ...]
    areas: tuple[str, ...]
    shapes: npt.NDArray[np.object_]
    left: float
    right: float
    top: float
    bottom: float
    metres: float


def drawn_ground(shapes: gpd.GeoDataFrame, *, measuring_crs: Any, at: Point, size: Point) -> Ground:
    """The shapes (EPSG:4326, `area_id` and `area`) as large as they fit into `size` pixels at `at`.

    Shapes that are empty or no areas are left out.
    """
    frame = shapes[~(shapes.geometry.isna() | shapes.geometry.is_empty)]
    frame = frame[shapely.get_dimensions(frame.geometry.to_numpy()) == 2]
    ids, names = (tuple(frame[name].astype(str)) for name in ("area_id", "area"))
    if not len(frame):
        empty = np.empty(0, dtype=object)
        bottom = at[1] + 10
        return Ground(
            area_ids=(), areas=(), shapes=empty, left=at[0], right=at[0] + size[0],
            top=at[1], bottom=bottom, metres=1.0,
        )  # fmt: skip
    measured = frame.to_crs(measuring_crs).geometry.to_numpy()
    west, south, east, north = shapely.total_bounds(measured)
    metres = max((east - west) / size[0], (north - south) / size[1], 1e-9)
    left = at[0] + (size[0] - (east - west) / metres) / 2

    def to_pixels(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = left + (places[:, 0] - west) / metres
        y = at[1] + (north - places[:, 1]) / metres
        return np.column_stack([x, y])

    pixels = shapely.make_valid(shapely.transform(measured, to_pixels))
    pixels = shapely.simplify(pixels, FINEST, preserve_topology=True)
    return Ground(
        area_ids=ids,
        areas=names,
        shapes=pixels,
        left=at[0],
        right=at[0] + size[0],
        top=at[1],
        bottom=at[1] + (north - south) / metres,
        metres=float(metres),
    )


def outline_path(shape: BaseGeometry) -> str:
    """The rings of an area in SVG's words, to a tenth of a pixel."""
    rings = [
        ring
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    drawn = []
    for ring in rings:
        tenths = np.rint(shapely.get_coordinates(ring) * 10).astype(int)
        steps = np.diff(tenths, axis=0)
        steps = steps[np.any(steps != 0, axis=1)]
        if len(steps) > 2:
            moves = "".join(f"{x / 10:g},{y / 10:g} " for x, y in steps[:-1].tolist())
            x, y = tenths[0] / 10
            drawn.append(f"M{x:g},{y:g}l{moves}z")
    return "".join(drawn)


def scale_bar(sheet: Sheet, ground: Ground, *, y: float) -> float:
    """Draw a bar of a round length below the map; returns where it ends."""
    longest = ground.metres * (ground.right - ground.left) * 0.3
    length = round_length(longest)
    pixels = length / ground.metres
    x = ground.left
    sheet.path(f"M{x:.1f} {y:.1f}v6h{pixels:.2f}v-6", edge=INK, width=1.4)
    told = f"{length / 1000:g}{THIN}km" if length >= 1000 else f"{length:g}{THIN}m"
    sheet.text((x + pixels + 8, y + 6), told, size=9.5, color=SOFT)
    sheet.text((ground.right, y + 6), "north is up", size=9.5, color=SOFT, anchor="end")
    return y + 8


def round_length(longest: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not longer, metres."""
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest))
