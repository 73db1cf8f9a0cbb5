"""An invented mining country of any size, the same for the same seed.

Mines lie along rivers, fields in clusters, licences have outlines of thousands of vertices. Nothing
in it is real. CRS: EPSG:32630, metres.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

CRS = "EPSG:32630"
ORIGIN = (500_000.0, 600_000.0)
CELL_M = 250.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many mines and fields; everything else follows so that densities stay the same."""

    mines: int
    fields: int

    @property
    def side_m(self) -> float:
        """Length of the country's side in metres."""
        return 60_000.0 * (self.mines / 1_000) ** 0.5


SIZES = {
    "XS": Size(mines=200, fields=2_000),
    "S": Size(mines=1_000, fields=10_000),
    "M": Size(mines=10_000, fields=100_000),
    "L": Size(mines=100_000, fields=1_000_000),
}


def landscape(size: Size, *, seed: int = 20_261_123) -> dict[str, gpd.GeoDataFrame]:
    """Layers by kind, canonical columns, in CRS; the same numbers for the same size and seed."""
    rng = np.random.default_rng(seed)
    parts = size.mines // 100
    courses = _courses(rng, size, count=max(6, parts * 4))
    country = {
        "mine_sites": _mines(rng, size, courses),
        "licences": _licences(rng, size, big=parts * 3 + 3, small=parts * 6),
        "artisanal_zones": _zones(rng, size, count=parts + 2),
        "farmland": _fields(rng, size),
        "water": _water(rng, size, courses, lakes=parts * 2 + 2),
        "protected_areas": _protected(rng, size, count=parts // 5 + 2),
        "districts": _districts(rng, size),
    }
    # of its own, so that naming waters moves nothing else
    _name_waters(np.random.default_rng(seed + 1), country["water"], country["protected_areas"])
    return country


def _name_waters(
    rng: np.random.Generator, water: gpd.GeoDataFrame, protected: gpd.GeoDataFrame
) -> None:
    """Some lakes are reservoirs or wetlands; streams that meet a forest reserve are named so."""
    lakes = np.flatnonzero((water["feature_class"] == "lake").to_numpy())
    drawn = rng.choice(["lake", "reservoir", "wetland"], len(lakes), p=[0.6, 0.15, 0.25])
    drawn[:3] = ("lake", "reservoir", "wetland")[: len(drawn)]
    named = water["feature_class"].to_numpy(dtype=object, copy=True)
    named[lakes] = drawn
    reserves = protected.geometry[protected["feature_class"] == "forest_reserve"].to_numpy()
    streams = np.flatnonzero(np.isin(named, ["minor_perennial_stream", "seasonal_stream"]))
    tree = shapely.STRtree(water.geometry.to_numpy()[streams])
    named[streams[np.unique(tree.query(reserves, predicate="intersects")[1])]] = (
        "forest_reserve_stream"
    )
    water["feature_class"] = named


def _frame(prefix: str, geometry: npt.NDArray[np.object_], **columns: object) -> gpd.GeoDataFrame:
    ids = [f"{prefix}{number:07d}" for number in range(len(geometry))]
    return gpd.GeoDataFrame({"feature_id": ids, **columns}, geometry=geometry, crs=CRS)


def _anywhere(rng: np.random.Generator, size: Size, count: int) -> Floats:
    return rng.uniform(0, size.side_m, (count, 2)) + ORIGIN


def _courses(rng: np.random.Generator, size: Size, *, count: int) -> list[Floats]:
    """Meandering rivers of 200 to 1,500 vertices some 60 m apart."""
    courses = []
    for start in _anywhere(rng, size, count):
        steps = int(rng.integers(200, 1_500))
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.12, steps))
        heading += 0.8 * np.sin(np.arange(steps) / 9)
        courses.append(
            start + np.cumsum(60 * np.column_stack([np.cos(heading), np.sin(heading)]), axis=0)
        )
    return courses


def _blobs(
    rng: np.random.Generator, centres: Floats, *, radius_m: Floats, vertices: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_]:
    """Ragged star-shaped areas with as many vertices as asked."""
    shapes = []
    for (x, y), radius, count in zip(centres, radius_m, vertices, strict=True):
        angle = np.linspace(0, 2 * np.pi, int(count), endpoint=False)
        wave = sum(
            rng.uniform(0, 0.35 / k) * np.sin(k * angle + rng.uniform(0, 2 * np.pi))
            for k in (2, 3, 5, 9, 23)
        )
        r = radius * (1 + wave + rng.normal(0, 0.002, len(angle)))
        shapes.append(
            shapely.Polygon(np.column_stack([x + r * np.cos(angle), y + r * np.sin(angle)]))
        )
    return np.array(shapes, dtype=object)


def _holders(rng: np.random.Generator, count: int, *, known: float) -> npt.NDArray[np.object_]:
    names = np.array([f"Company {n} {form}" for n in range(40) for form in ("Ltd", "Limited")])
    holder = rng.choice(names, count).astype(object)
    holder[rng.uniform(size=count) > known] = None
    return holder


def _mines(rng: np.random.Generator, size: Size, courses: list[Floats]) -> gpd.GeoDataFrame:
    along = np.concatenate(courses)
    by_river = int(size.mines * 0.7)
    spots = along[rng.integers(0, len(along), by_river)] + rng.normal(0, 150, (by_river, 2))
    xy = np.concatenate([spots, _anywhere(rng, size, size.mines - by_river)])
    return _frame(
        "S",
        shapely.points(xy),
        holder=_holders(rng, len(xy), known=0.3),
        position_sd_m=rng.choice([3.0, 10.0, 20.0], len(xy)),
    )


def _licences(rng: np.random.Generator, size: Size, *, big: int, small: int) -> gpd.GeoDataFrame:
    large = _blobs(
        rng,
        _anywhere(rng, size, big),
        radius_m=rng.uniform(1_000, 5_000, big),
        vertices=rng.integers(500, 6_000, big),
    )
    x, y = _anywhere(rng, size, small).T
    side = rng.uniform(200, 360, small)
    return _frame(
        "L",
        np.concatenate([large, shapely.box(x, y, x + side, y + side)]),
        holder=_holders(rng, big + small, known=0.9),
        feature_class=np.array(["mining_lease"] * big + ["small_scale"] * small, dtype=object),
    )


def _zones(rng: np.random.Generator, size: Size, *, count: int) -> gpd.GeoDataFrame:
    shapes = _blobs(
        rng,
        _anywhere(rng, size, count),
        radius_m=rng.uniform(800, 3_000, count),
        vertices=rng.integers(5, 50, count),
    )
    return _frame("Z", shapes)


def _fields(rng: np.random.Generator, size: Size) -> gpd.GeoDataFrame:
    """Turned rectangles with a corner moved, one a cell of 250 m, clustered; none overlap."""
    cells = int(size.side_m // CELL_M)
    row, column = np.divmod(np.arange(cells * cells), cells)
    likely = np.exp(3 * np.sin(row / 17.0) * np.sin(column / 23.0))
    cell = rng.choice(cells * cells, size.fields, replace=False, p=likely / likely.sum())
    centre = np.column_stack([column[cell], row[cell]]) * CELL_M + CELL_M / 2 + ORIGIN
    half = rng.uniform((35, 25), (85, 75), (size.fields, 2))
    corner = np.array([(-1, -1), (1, -1), (1, 1), (0.1, 1.05), (-1, 1)])
    xy = corner * half[:, None, :]
    xy[:, 2] *= rng.uniform(0.7, 1.0, (size.fields, 1))
    turn = rng.uniform(0, np.pi, size.fields)
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    turned = np.stack([xy[..., 0] * cos - xy[..., 1] * sin, xy[..., 0] * sin + xy[..., 1] * cos], 2)
    classes = np.array(["cropland", "tree_crops", "fallow", "not_cropland", None], dtype=object)
    return _frame(
        "F",
        shapely.polygons(centre[:, None, :] + turned),
        feature_class=rng.choice(classes, size.fields, p=[0.5, 0.2, 0.1, 0.1, 0.1]),
    )


def _water(
    rng: np.random.Generator, size: Size, courses: list[Floats], *, lakes: int
) -> gpd.GeoDataFrame:
    rivers = np.array([shapely.LineString(course) for course in courses], dtype=object)
    classes = np.array(["major_perennial_river", "minor_perennial_stream", "seasonal_stream"])
    river_class = rng.choice(classes, len(rivers), p=[0.2, 0.5, 0.3])
    width = np.where(river_class == classes[0], rng.uniform(20, 80, len(rivers)), np.nan)
    shapes = _blobs(
        rng,
        _anywhere(rng, size, lakes),
        radius_m=rng.uniform(100, 1_500, lakes),
        vertices=rng.integers(50, 800, lakes),
    )
    return _frame(
        "W",
        np.concatenate([rivers, shapes]),
        feature_class=np.concatenate([river_class, np.full(lakes, "lake")]).astype(object),
        width_m=np.concatenate([width, np.full(lakes, np.nan)]),
    )


def _protected(rng: np.random.Generator, size: Size, *, count: int) -> gpd.GeoDataFrame:
    shapes = _blobs(
        rng,
        _anywhere(rng, size, count),
        radius_m=rng.uniform(4_000, 12_000, count),
        vertices=rng.integers(2_000, 9_000, count),
    )
    names = np.array(["forest_reserve", "national_park"], dtype=object)
    return _frame("P", shapes, feature_class=rng.choice(names, count))


def _districts(rng: np.random.Generator, size: Size) -> gpd.GeoDataFrame:
    """A grid of quadrilaterals with moved corners that share their edges."""
    cells = max(2, int(size.side_m // 30_000))
    line = np.linspace(0, size.side_m, cells + 1)
    corner = np.stack(np.meshgrid(line, line), axis=2) + ORIGIN
    corner[1:-1, 1:-1] += rng.uniform(-5_000, 5_000, (cells - 1, cells - 1, 2))
    ring = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=2)
    return _frame("D", shapely.polygons(ring.reshape(-1, 4, 2)))
