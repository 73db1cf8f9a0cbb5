"""Geometries made valid, with what it did to their areas."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

Family = Literal["point", "line", "polygon"]

GEOD = Geod(ellps="WGS84")
GRID_DEGREES = 1e-9
_FAMILY_BY_TYPE: dict[int, Family] = {
    0: "point",
    1: "line",
    2: "line",
    3: "polygon",
    4: "point",
    5: "line",
    6: "polygon",
}


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """Geometries after a repair, row for row.

    `was_invalid` marks the rows that were changed, `reasons` says what was wrong with them (empty
    text elsewhere). Areas are hectares on the WGS 84 ellipsoid, NaN for rows that were valid.
    `area_before_ha` is that of the outline as drawn: the two halves of a bow-tie turn in opposite
    directions and cancel, so it can be near 0 though ground is covered. A row of which nothing of
    its dimension is left becomes None and is marked in `emptied`.
    """

    geometries: npt.NDArray[Any]
    was_invalid: npt.NDArray[np.bool_]
    reasons: npt.NDArray[Any]
    area_before_ha: npt.NDArray[np.float64]
    area_after_ha: npt.NDArray[np.float64]
    emptied: npt.NDArray[np.bool_]


def families(geometries: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """point, line, polygon, or None for collections and missing geometries, row for row."""
    types = shapely.get_type_id(geometries)
    result = np.full(len(types), None, dtype=object)
    for type_id, family in _FAMILY_BY_TYPE.items():
        result[types == type_id] = family
    return result


def repair(geometries: npt.NDArray[Any]) -> Repairs:
    """Valid geometries of the same dimension, in longitude and latitude on WGS 84.

    GEOS' "structure" method: rings that wind over themselves keep the ground they cover once,
    where "linework" would punch a hole into ground covered twice. Lines and points that a repair
    leaves beside an area are dropped. Missing geometries stay missing and count as valid;
    coordinates must be finite.
    """
    geometries = np.asarray(geometries, dtype=object)
    present = ~shapely.is_missing(geometries)
    invalid = present & ~shapely.is_valid(geometries)
    result = geometries.copy()
    reasons = np.full(len(geometries), "", dtype=object)
    before = np.full(len(geometries), np.nan)
    after = np.full(len(geometries), np.nan)
    if invalid.any():
        broken = geometries[invalid]
        wanted = families(broken)
        fixed = _made_valid(broken, wanted)
        result[invalid] = fixed
        reasons[invalid] = [reason.split("[")[0] for reason in shapely.is_valid_reason(broken)]
        polygons = wanted == "polygon"
        before[invalid] = np.where(polygons, geodesic_area_ha(broken), np.nan)
        after[invalid] = np.where(polygons, geodesic_area_ha(fixed), np.nan)
    emptied = invalid & shapely.is_missing(result)
    return Repairs(
        geometries=result,
        was_invalid=invalid,
        reasons=reasons,
        area_before_ha=before,
        area_after_ha=after,
        emptied=emptied,
    )


def _made_valid(broken: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Valid shapes of the wanted family, or None.

    Where lines cross at a very flat angle the crossing is rounded, and GEOS can hand back a shape
    that is invalid again. Coordinates are then put on a grid of 1e-9 degrees (0.1 mm); a shape
    that resists even this is given up rather than let through.
    """

    def kept(shapes: npt.NDArray[Any], families_wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
        parts = [only_family(*pair) for pair in zip(shapes, families_wanted, strict=True)]
        return np.array([*parts, None], dtype=object)[:-1]

    fixed = kept(shapely.make_valid(broken, method="structure", keep_collapsed=False), wanted)
    stubborn = ~shapely.is_missing(fixed) & ~shapely.is_valid(fixed)
    if stubborn.any():
        gridded = shapely.set_precision(fixed[stubborn], GRID_DEGREES)
        fixed[stubborn] = kept(gridded, wanted[stubborn])
        fixed[~shapely.is_missing(fixed) & ~shapely.is_valid(fixed)] = None
    return fixed


def only_family(shape: Any, family: Family | None) -> Any:
    """The parts of a geometry that are points, lines or polygons; None where there are none.

    `family` None keeps the parts of the highest dimension that is there.
    """
    if shape is None or shape.is_empty:
        return None
    parts = _simple_parts(shape)
    kinds = families(parts)
    if family is None:
        family = next(name for name in ("polygon", "line", "point") if (kinds == name).any())
    kept = parts[(kinds == family) & ~shapely.is_empty(parts)]
    if len(kept) == 0:
        return None
    if len(kept) == 1:
        return kept[0]
    if family == "polygon":
        return shapely.multipolygons(kept)
    return shapely.multilinestrings(kept) if family == "line" else shapely.multipoints(kept)


def _simple_parts(shape: Any) -> npt.NDArray[Any]:
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) >= 4).any():
        parts = shapely.get_parts(parts)
    return np.asarray(parts, dtype=object)


def geodesic_area_ha(geometries: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Hectares on the WGS 84 ellipsoid of geometries in longitude and latitude.

    Each ring counts by the absolute value of what its outline encloses, holes taken off. Lines,
    points and missing geometries have 0.
    """
    geometries = np.asarray(geometries, dtype=object)
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        part_of = part_of[inner]
    areas = np.zeros(len(geometries))
    for part, row in zip(parts, part_of, strict=True):
        if shapely.get_type_id(part) == 3 and not part.is_empty:
            rings = [part.exterior, *part.interiors]
            enclosed = [abs(GEOD.polygon_area_perimeter(*_lon_lat(ring))[0]) for ring in rings]
            areas[row] += (enclosed[0] - sum(enclosed[1:])) / 10_000
    return areas


def _lon_lat(ring: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    xy = shapely.get_coordinates(ring)
    return xy[:, 0], xy[:, 1]
