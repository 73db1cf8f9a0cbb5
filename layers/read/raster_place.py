"""Where a raster lies: its CRS through the same gate as features, its outline, its datum shift."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geo import crs as geo_crs
from layers.facts import Region
from layers.findings import Finding
from layers.read.gate import pass_gate
from layers.read.model import ReadRequest

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

EDGE_POINTS = 32


def declared_crs(dataset: "DatasetReader") -> str | None:
    """The CRS that the file declares, as WKT."""
    return dataset.crs.to_wkt() if dataset.crs else None


def corners(dataset: "DatasetReader") -> Any:
    """The outline of the grid in its own CRS, with points along the edges."""
    width, height = int(dataset.width), int(dataset.height)
    outline = shapely.segmentize(shapely.box(0, 0, width, height), max(width, height) / EDGE_POINTS)
    own = dataset.transform

    def placed_in_crs(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        columns, rows = at[:, 0], at[:, 1]
        return np.column_stack(
            [own.c + columns * own.a + rows * own.b, own.f + columns * own.d + rows * own.e]
        )

    return shapely.transform(outline, placed_in_crs)


def _about_pixels(findings: tuple[Finding, ...]) -> list[Finding]:
    """The gate's findings in words that fit a raster."""
    return [
        replace(
            one,
            message=one.message.replace("the shapes", "the pixels"),
            fix=one.fix.replace("the shapes", "the pixels"),
        )
        for one in findings
    ]


def placed(
    dataset: "DatasetReader",
    xy: npt.NDArray[np.float64],
    request: ReadRequest,
    *,
    region: Region,
    findings: list[Finding],
) -> dict[str, Any]:
    """The CRS by the gate, where the raster lies in degrees, and the shift to WGS 84.

    `xy`, (n, 2), are places with data in the raster's own numbers. What is found on the way, or
    stops it, is added to `findings`; `crs` is None or missing then.
    """
    if not len(xy):
        findings.append(
            Finding(
                code="nothing_left",
                message="Every pixel of the raster is 'no data'.",
                fix="Check that it is the right raster and band.",
                blocking=True,
            )
        )
        return {}
    passage = pass_gate(
        xy, declared=declared_crs(dataset), by_format=False, request=request, region=region
    )
    told = _about_pixels(passage.findings)
    swapped = any(one.code == "axes_swapped" for one in told) or passage.swapped
    choices = tuple(one for one in passage.choices if not one.swapped)
    if swapped or any(one.swapped for one in passage.choices):
        told = [one for one in told if one.code not in ("axes_swapped", "crs_to_confirm")]
        told.append(
            Finding(
                code="raster_axes_swapped",
                message="The raster would land in the country only with its two axes in each "
                "other's place.",
                fix="Export it again with longitude, or easting, along the rows.",
                blocking=True,
            )
        )
    findings += told
    facts: dict[str, Any] = {
        "crs": None if swapped else passage.crs,
        "crs_how": None if swapped else passage.how,
        "crs_choices": choices,
    }
    if facts["crs"] is None:
        return facts
    moved, shift = geo_crs.to_wgs84(
        np.array([corners(dataset)]),
        str(passage.crs),
        area_of_interest=region.country_bounds,
    )
    if shift.largest_move_m > 0:
        accuracy = f"{shift.accuracy_m:g} m" if shift.accuracy_m else "not published"
        findings.append(
            Finding(
                code="raster_shifted",
                message="The raster stays in its own grid. On the map it is moved to WGS 84 by up "
                f"to {shift.largest_move_m:.0f} m (accuracy {accuracy}).",
            )
        )
    bounds = moved[0].bounds
    return facts | {
        "shift": shift.operation,
        "shift_m": shift.largest_move_m,
        "shift_accuracy_m": shift.accuracy_m,
        "bounds": tuple(float(edge) for edge in bounds) if np.isfinite(bounds).all() else None,
    }
