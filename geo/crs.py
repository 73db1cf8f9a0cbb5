"""Where coordinates are: which reference systems fit a country, moving to WGS 84, fit to measure.

Longitude (or easting) comes first everywhere in this module.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from geo.errors import CrsError

Bounds = tuple[float, float, float, float]
Floats = npt.NDArray[np.float64]
Move = Callable[[Floats, Floats], tuple[Floats, Floats]]

WGS84 = "EPSG:4326"
LANDS = 0.95
"""Share of the coordinates that has to lie in the country: one row in the sea is a finding, a
twentieth of them is another reference system."""
AREA_TOLERANCE = 0.002
GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, kw_only=True)
class Landing:
    """A reference system in which coordinates land in a country.

    `share_inside` of the finite coordinates do; `bounds` are theirs in degrees. `swapped` means
    that they do once the two coordinates have changed places.
    """

    crs: str
    name: str
    share_inside: float
    bounds: Bounds
    swapped: bool


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How coordinates came to WGS 84.

    `accuracy_m` is the published accuracy of the datum shift in metres, None where none is
    published. `largest_move_m` is how far off the furthest coordinate would be if the shift had
    been forgotten: 0 where the datum already is WGS 84.
    """

    operation: str
    accuracy_m: float | None
    largest_move_m: float


@lru_cache(maxsize=128)
def known_crs(text: str) -> CRS:
    """A horizontal reference system by "EPSG:n" or WKT; an unknown or unfit one is refused."""
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise CrsError(
            f"'{text[:80]}' is not a coordinate reference system we know. "
            "Give its EPSG code, e.g. EPSG:32630."
        ) from error
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if len(crs.axis_info) == 3 and not crs.is_geocentric:
        crs = crs.to_2d()
    if not (crs.is_geographic or crs.is_projected):
        raise CrsError(
            f"'{crs.name}' does not say where on the Earth a coordinate is. "
            "Give the EPSG code of a geographic or projected system, e.g. EPSG:32630."
        )
    return crs


def crs_text(crs: CRS) -> str:
    """ "EPSG:n" where the system is in the EPSG list, else its full WKT."""
    authority = crs.to_authority(min_confidence=70)
    if authority == ("OGC", "CRS84"):
        return WGS84  # the same system; axes are longitude first here whatever its name
    return ":".join(authority) if authority else crs.to_wkt()


def inside(xy: Floats, bounds: Bounds) -> npt.NDArray[np.bool_]:
    """Which coordinates lie in bounds, edges included; NaN and infinity do not."""
    west, south, east, north = bounds
    x, y = xy[:, 0], xy[:, 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def share_inside(xy: Floats, bounds: Bounds) -> float:
    """The share of coordinates that lie in bounds; 0 for none at all."""
    return float(inside(xy, bounds).mean()) if len(xy) else 0.0


def landing_candidates(
    xy: Floats, *, candidates: Iterable[str], country_bounds: Bounds
) -> tuple[Landing, ...]:
    """The reference systems in which at least 95 % of the coordinates lie in the country.

    Candidates keep their order. Those with swapped axes are tried only where none fits as it
    stands: in a country near the equator swapped metres often land somewhere in it, too, and
    would turn every plain file into a question. Numbers within 180 are not tried as metres or
    feet: read so, every file in degrees lands on the origin of some grid. Rows that are not
    finite are left out; none left gives no candidate. `country_bounds` are degrees on WGS 84.
    """
    finite = xy[np.isfinite(xy).all(axis=1)]
    if len(finite) and (np.abs(finite) <= 180).all(axis=1).mean() >= LANDS:
        candidates = [crs for crs in candidates if known_crs(crs).is_geographic]
    candidates = tuple(candidates)
    for swapped in (False, True):
        ordered = finite[:, ::-1] if swapped else finite
        found = tuple(
            landing
            for crs in candidates
            if (landing := _landing(ordered, crs, country_bounds, swapped=swapped)) is not None
        )
        if found:
            return found
    return ()


def _landing(xy: Floats, crs: str, country_bounds: Bounds, *, swapped: bool) -> Landing | None:
    if len(xy) == 0:
        return None
    system = known_crs(crs)
    degrees = points_to_wgs84(xy, crs, area_of_interest=country_bounds)
    share = share_inside(degrees, country_bounds)
    if share < LANDS:
        return None
    landed = degrees[inside(degrees, country_bounds)]
    west, south = landed.min(axis=0)
    east, north = landed.max(axis=0)
    return Landing(
        crs=crs,
        name=system.name,
        share_inside=share,
        bounds=(float(west), float(south), float(east), float(north)),
        swapped=swapped,
    )


def points_to_wgs84(xy: Floats, crs: str, *, area_of_interest: Bounds) -> Floats:
    """Coordinates as longitude and latitude on WGS 84; what cannot be moved becomes infinite."""
    transformer = _best(crs, area_of_interest)
    if known_crs(crs).is_geographic:
        # PROJ wraps longitude 400 round to 40: a coordinate that is not on the globe stays lost.
        unit = float(known_crs(crs).axis_info[0].unit_conversion_factor)
        off = (np.abs(xy[:, 0]) * unit > 2 * np.pi) | (np.abs(xy[:, 1]) * unit > np.pi / 2 + 1e-9)
        xy = np.where(off[:, None], np.inf, xy)
    x, y = transformer.transform(xy[:, 0], xy[:, 1])
    return np.column_stack([x, y])


def points_from_wgs84(degrees: Floats, crs: str, *, area_of_interest: Bounds) -> Floats:
    """Longitudes and latitudes on WGS 84 as coordinates of a system.

    `points_to_wgs84` turned round: the same operation is taken backwards, with the same shift.
    """
    x, y = _best(crs, area_of_interest).transform(
        degrees[:, 0], degrees[:, 1], direction=TransformDirection.INVERSE
    )
    return np.column_stack([x, y])


def mover(source: CRS, target: CRS, *, around: Bounds) -> Move:
    """What takes x and y of one system to those of another, by the shifts an import would take.

    PROJ by itself may choose another published shift for each point, so a raster on Arc 1960 would
    lie 9 m from the layers that were brought in beside it. `around`: see `points_to_wgs84`.
    """
    if _is_on_wgs84(source) and _is_on_wgs84(target):
        return Transformer.from_crs(source, target, always_xy=True).transform
    here, there = source.to_wkt(), target.to_wkt()

    def move(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        degrees = points_to_wgs84(np.column_stack([x, y]), here, area_of_interest=around)
        moved = points_from_wgs84(degrees, there, area_of_interest=around)
        return moved[:, 0], moved[:, 1]

    return move


def _is_on_wgs84(crs: CRS) -> bool:
    datum = crs.datum
    return datum is not None and datum.name.startswith("World Geodetic System 1984")


def to_wgs84(
    geometries: npt.NDArray[Any], crs: str, *, area_of_interest: Bounds
) -> tuple[npt.NDArray[Any], Shift]:
    """Geometries on WGS 84, two-dimensional, and the shift by the best operation at hand.

    `area_of_interest` (west, south, east, north in degrees) picks among the datum shifts
    published for a system: Arc 1960 has one for each country. A geometry that cannot be moved
    keeps infinite coordinates; missing geometries stay missing.
    """
    flat = shapely.force_2d(geometries)
    xy = shapely.get_coordinates(flat)
    moved = points_to_wgs84(xy, crs, area_of_interest=area_of_interest)
    shift = _shift(xy, moved, crs, area_of_interest)
    return shapely.set_coordinates(flat.copy(), moved), shift


def has_known_shift(crs: str, *, area_of_interest: Bounds) -> bool:
    """Whether PROJ knows how the datum of a system lies to WGS 84, or can only assume no shift."""
    return "ballpark" not in _best(crs, area_of_interest).description.lower()


def _shift(xy: Floats, moved: Floats, crs: str, area_of_interest: Bounds) -> Shift:
    system = known_crs(crs)
    transformer = _best(crs, area_of_interest)
    naive = _on_own_datum(xy, system)
    usable = np.isfinite(naive).all(axis=1) & np.isfinite(moved).all(axis=1)
    largest = 0.0
    if usable.any():
        before, after = naive[usable], moved[usable]
        _, _, metres = GEOD.inv(before[:, 0], before[:, 1], after[:, 0], after[:, 1])
        largest = float(np.max(metres))
    accuracy = transformer.accuracy
    if "ballpark" in transformer.description.lower():
        return Shift(operation=transformer.description, accuracy_m=None, largest_move_m=largest)
    if largest < 0.001:
        return Shift(operation="no datum shift", accuracy_m=0.0, largest_move_m=0.0)
    return Shift(
        operation=transformer.description,
        accuracy_m=None if accuracy is None or accuracy < 0 else float(accuracy),
        largest_move_m=largest,
    )


def _on_own_datum(xy: Floats, system: CRS) -> Floats:
    """Longitude and latitude in degrees from Greenwich, the datum left as it is."""
    own = system.geodetic_crs
    if own is None:
        return xy
    if system.is_projected:
        to_own = Transformer.from_crs(system, own, always_xy=True)
        xy = np.column_stack(to_own.transform(xy[:, 0], xy[:, 1]))
    # Old French systems count grads from Paris.
    degrees = np.degrees(xy * float(own.axis_info[0].unit_conversion_factor))
    meridian = own.prime_meridian
    if meridian is not None:
        degrees[:, 0] += np.degrees(meridian.longitude * float(meridian.unit_conversion_factor))
    return np.asarray(degrees)


@lru_cache(maxsize=64)
def _best(crs: str, area_of_interest: Bounds) -> Transformer:
    group = TransformerGroup(
        known_crs(crs), WGS84, always_xy=True, area_of_interest=AreaOfInterest(*area_of_interest)
    )
    if group.transformers:
        return group.transformers[0]
    try:
        return Transformer.from_crs(known_crs(crs), WGS84, always_xy=True)
    except ProjError as error:
        raise CrsError(
            f"No way is known from '{known_crs(crs).name}' to longitude and latitude. "
            "Reproject the file to EPSG:4326 and bring it again."
        ) from error


def area_distortion(crs: str, bounds: Bounds) -> float:
    """The largest relative error of areas in a projected system within bounds, e.g. 0.002.

    Compared with geodesic areas on WGS 84 of 49 cells spread over `bounds` (degrees).
    """
    west, south, east, north = bounds
    transformer = Transformer.from_crs(WGS84, known_crs(crs), always_xy=True)
    side = min(east - west, north - south) / 100
    worst = 0.0
    for x in np.linspace(west, east - side, 7):
        for y in np.linspace(south, north - side, 7):
            ring = shapely.segmentize(shapely.box(x, y, x + side, y + side), side / 8)
            lon, lat = shapely.get_coordinates(ring).T
            plane = shapely.area(shapely.polygons(np.column_stack(transformer.transform(lon, lat))))
            geodesic, _ = GEOD.polygon_area_perimeter(lon, lat)
            error = abs(float(plane) / abs(geodesic) - 1)
            worst = max(worst, error if np.isfinite(error) else np.inf)
    return worst


def require_measuring_crs(crs: str, *, bounds: Bounds, tolerance: float = AREA_TOLERANCE) -> None:
    """Refuse a system unfit for measuring in `bounds` (degrees): degrees, feet, Web Mercator.

    Raises CrsError where the unit is not the metre or areas are off by more than `tolerance`.
    """
    system = known_crs(crs)
    label = f"'{system.name}'" if system.to_authority() is None else crs_text(system)
    if system.is_geographic:
        raise CrsError(f"{label} is measured in degrees. Choose a CRS in metres before measuring.")
    units = {axis.unit_name for axis in system.axis_info}
    if any(abs(axis.unit_conversion_factor - 1) > 1e-12 for axis in system.axis_info):
        raise CrsError(
            f"{label} is measured in {' and '.join(sorted(units))}, not metres. "
            "Choose a CRS in metres before measuring."
        )
    error = area_distortion(crs, bounds)
    if not error <= tolerance:
        raise CrsError(
            f"Areas in {label} are off by up to {error * 100:.2g} % between longitude "
            f"{bounds[0]:g} and {bounds[2]:g}, latitude {bounds[1]:g} and {bounds[3]:g}; at most "
            f"{tolerance * 100:g} % is accepted. Choose the UTM zone of the region, or an "
            "equal-area projection."
        )
