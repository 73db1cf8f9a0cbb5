"""Shapes on WGS 84, of a family the kind accepts, valid; what was changed is told."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo import crs as geo_crs
from geo import validity
from layers.facts import Kind, Region
from layers.read.gate import Passage
from layers.read.model import Limits
from layers.read.tally import Tally, only_alive

GEOMETRY_WORDS = {"point": "points", "line": "lines", "polygon": "areas"}


def move_to_wgs84(
    shapes: npt.NDArray[Any], passage: Passage, region: Region, tally: Tally
) -> tuple[npt.NDArray[Any], geo_crs.Shift]:
    crs = str(passage.crs)
    usable = only_alive(shapes, tally.alive)
    if passage.swapped:
        usable = shapely.transform(usable, lambda xy: xy[:, ::-1])
    moved, shift = geo_crs.to_wgs84(usable, crs, area_of_interest=region.country_bounds)
    xy, row_of = shapely.get_coordinates(moved, return_index=True)
    lost = np.zeros(len(moved), dtype=bool)
    lost[row_of[~np.isfinite(xy).all(axis=1)]] = True
    tally.reject(
        lost,
        "coordinates_impossible",
        "{n} row(s) have coordinates that lie nowhere on the globe and are left out.",
        fix="Correct them in the file.",
    )
    if "ballpark" in shift.operation.lower() or "ballpark" in str(passage.crs).lower():
        tally.tell(
            "datum_shift_unknown",
            "No way is known from the datum of the file to WGS 84, so the coordinates were taken "
            "as they are. They can be some hundred metres off.",
            fix="Ask whoever made the file for its coordinate system, and choose it.",
        )
    elif shift.largest_move_m > 0:
        known = (
            f"published accuracy {shift.accuracy_m:g} m"
            if shift.accuracy_m
            else "its accuracy is not published"
        )
        tally.tell(
            "datum_shifted",
            f"The coordinates were moved to WGS 84 by up to {shift.largest_move_m:.0f} m "
            f"({_operation(shift.operation)}; {known}).",
        )
    return moved, shift


def _operation(text: str) -> str:
    """The datum shift among the steps PROJ lists."""
    steps = [step for step in text.split(" + ") if "axis order" not in step]
    return " + ".join(steps) or text


def fit_family(shapes: npt.NDArray[Any], kind: Kind, tally: Tally) -> npt.NDArray[Any]:
    """Shapes of the families a kind accepts; of a collection the parts that are."""
    shapes = shapes.copy()
    found = validity.families(shapes)
    collections = tally.alive & (shapely.get_type_id(shapes) == 7)
    for row in np.flatnonzero(collections):
        for family in ("polygon", "line", "point"):
            part = validity.only_family(shapes[row], family) if family in kind.geometry else None
            if part is not None:
                shapes[row], found[row] = part, family
                break
    if collections.any():
        tally.tell(
            "collection_parts",
            f"{int(collections.sum())} row(s) mix points, lines and areas in one shape; only the "
            f"parts that fit {kind.title.lower()} are kept.",
            collections,
        )
    unfit = ~np.isin(found.astype(str), kind.geometry)
    wrong = sorted({GEOMETRY_WORDS[name] for name in found[unfit & tally.alive] if name})
    wanted = " or ".join(GEOMETRY_WORDS[name] for name in kind.geometry)
    everything = bool(tally.alive.any()) and not (tally.alive & ~unfit).any()
    if everything:
        tally.tell(
            "geometry_unfit",
            f"The layer holds {' and '.join(wrong) or 'other shapes'}; "
            f"{kind.title.lower()} are {wanted}.",
            fix="Choose another kind of layer, or another layer of the file.",
            blocking=True,
        )
    tally.reject(
        unfit,
        "geometry_unfit",
        f"{{n}} row(s) are {' and '.join(wrong) or 'other shapes'}, where {kind.title.lower()} are "
        f"{wanted}. They are left out.",
        fix="Bring them as another kind of layer.",
    )
    return shapes


def tell_outside(shapes: npt.NDArray[Any], region: Region, tally: Tally) -> None:
    """A single title in the ocean stays in, and its row is told."""
    west, south, east, north = region.country_bounds
    edges = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        away = (
            (edges[:, 2] < west)
            | (edges[:, 0] > east)
            | (edges[:, 3] < south)
            | (edges[:, 1] > north)
        )
    away &= tally.alive
    if away.any():
        tally.tell(
            "outside_country",
            f"{int(away.sum())} row(s) lie outside {region.country_name}. They are kept where "
            "they are.",
            away,
            fix="Check their coordinates.",
        )


def check_vertices(shapes: npt.NDArray[Any], limits: Limits, tally: Tally) -> None:
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > limits.max_vertices:
        tally.tell(
            "too_many_vertices",
            f"The shapes have {count:,} corner points; at most {limits.max_vertices:,} are "
            "accepted.",
            fix="Simplify the shapes, or split the layer.",
            blocking=True,
        )


def repair_shapes(shapes: npt.NDArray[Any], tally: Tally) -> validity.Repairs:
    repairs = validity.repair(only_alive(shapes, tally.alive))
    tally.reject(
        repairs.emptied,
        "shape_collapsed",
        "{n} row(s) have a shape of which nothing is left once it is made valid. "
        "They are left out.",
        fix="Draw them again.",
    )
    fixed = repairs.was_invalid & tally.alive
    if fixed.any():
        reasons = sorted(set(repairs.reasons[fixed]))
        before = np.nansum(repairs.area_before_ha[fixed])
        after = np.nansum(repairs.area_after_ha[fixed])
        tally.tell(
            "shapes_repaired",
            f"{int(fixed.sum())} shape(s) were invalid ({', '.join(reasons).lower()}) and were "
            f"made valid: {before:,.4g} ha as drawn, {after:,.4g} ha after. Outlines that cross "
            "themselves cancel part of their area as drawn.",
            fixed,
            fix="Look at these shapes on the map.",
        )
    return repairs
