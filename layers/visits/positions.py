"""Positions of visits: read as people write them, through the gate for coordinate systems."""

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo import crs as geo_crs
from layers.facts import Region
from layers.findings import Finding
from layers.read import ReadRequest, values
from layers.read.coordinates import parse_axis, parse_places
from layers.read.gate import pass_gate
from layers.visits.columns import Columns
from layers.visits.ground import Placed
from layers.visits.layout import Sheet
from layers.visits.model import VisitRequest

PHONE = "EPSG:4326"
"""What phones write, whatever form they fill in."""
GEOPOINT = re.compile(r"(^|/)_[^/]+_latitude$|-Latitude$")
"""Columns that KoboToolbox and ODK make of a position taken with the phone."""


def place_positions(
    sheet: Sheet, columns: Columns, request: VisitRequest, *, region: Region, placed: Placed
) -> None:
    """Longitude and latitude in WGS 84 through the gate for coordinate systems; NaN = no data."""
    index = sheet.frame.index
    xy, declared, unread = _coordinates(sheet, columns)
    if unread.any():
        placed.findings.append(
            Finding.on_rows(
                "position_unread",
                f"{int(unread.sum())} row(s) have a position we cannot read. They count for their "
                "site or district, if that is known.",
                rows=index[unread],
                fix="Write coordinates as 5.3010 or 5°18'03.6\"N.",
            )
        )
    zero = (xy == 0).all(axis=1)
    xy[zero] = np.nan
    degrees = np.full_like(xy, np.nan)
    finite = np.isfinite(xy).all(axis=1)
    shift_sd = 0.0
    if finite.any():
        if declared == PHONE and request.crs is None:
            crs: str | None = PHONE
            swapped = False
        else:
            passage = pass_gate(
                xy[finite],
                declared=declared,
                by_format=False,
                request=ReadRequest(
                    region_id=request.region_id,
                    kind="visits",
                    crs=request.crs,
                    swap_axes=request.swap_axes,
                    accept_suggestions=request.accept_suggestions,
                ),
                region=region,
            )
            placed.findings += passage.findings
            placed.crs_choices = passage.choices
            crs, swapped = passage.crs, passage.swapped
        if crs is not None:
            moved, shift = geo_crs.to_wgs84(
                shapely.points(xy[finite][:, ::-1] if swapped else xy[finite]),
                crs,
                area_of_interest=region.country_bounds,
            )
            degrees[finite] = shapely.get_coordinates(moved)
            shift_sd = shift.accuracy_m or 0.0
    _drop_outside(degrees, index, region, placed)
    placed.columns["longitude"], placed.columns["latitude"] = degrees[:, 0], degrees[:, 1]
    placed.columns["position_sd_m"] = _accuracy(sheet, columns, degrees, shift_sd, placed)


def _coordinates(
    sheet: Sheet, columns: Columns
) -> tuple[npt.NDArray[np.float64], str | None, npt.NDArray[np.bool_]]:
    """Coordinates as they stand, the system that is sure, and the rows that cannot be read."""
    fields, frame = columns.fields, sheet.frame
    xy = np.full((len(frame), 2), np.nan)
    nothing = np.zeros(len(frame), dtype=bool)
    declared = PHONE if sheet.is_form or _from_phone(sheet, fields) else None
    if "coordinates" in fields:
        cells = frame[fields["coordinates"]]
        shapes, stated = parse_places(cells)
        points = shapely.get_type_id(shapes) == 0
        xy[points] = shapely.get_coordinates(shapes[points])
        return xy, stated or declared, cells.notna().to_numpy() & ~points
    if {"longitude", "latitude"} <= set(fields):
        for at, name in enumerate(("longitude", "latitude")):
            xy[:, at], _ = parse_axis(frame[fields[name]])
            nothing |= frame[fields[name]].notna().to_numpy() & np.isnan(xy[:, at])
        return xy, declared, nothing
    return xy, None, nothing


def _from_phone(sheet: Sheet, fields: Mapping[str, str]) -> bool:
    """Whether the coordinates are the parts of a geopoint, as exports of any form write them."""
    column = fields.get("latitude", "")
    return sheet.export is not None and GEOPOINT.search(column) is not None


def _drop_outside(
    degrees: npt.NDArray[np.float64], index: pd.Index, region: Region, placed: Placed
) -> None:
    west, south, east, north = region.country_bounds
    x, y = degrees[:, 0], degrees[:, 1]
    outside = np.isfinite(x) & ~((x >= west) & (x <= east) & (y >= south) & (y <= north))
    nowhere = bool(outside.any() and outside[np.isfinite(x)].all())
    if outside.any():
        degrees[outside] = np.nan
        placed.findings.append(
            Finding.on_rows(
                "position_outside_country",
                f"{int(outside.sum())} row(s) have a position outside {region.country_name}; the "
                "position is left out. They count for their site or district, if that is known.",
                rows=index[outside],
                fix="Correct the coordinates in the file.",
            )
            if not nowhere
            else Finding.on_rows(
                "position_outside_country",
                f"None of the {int(outside.sum())} positions lies in {region.country_name}.",
                rows=index[outside],
                fix="Check that the region and the file are the right ones.",
                blocking=True,
            )
        )


def _accuracy(
    sheet: Sheet,
    columns: Columns,
    degrees: npt.NDArray[np.float64],
    shift_sd: float,
    placed: Placed,
) -> npt.NDArray[np.float64]:
    """Standard error of position, metres: as stated in the row, with that of a datum shift."""
    column = columns.fields.get("position_sd_m")
    if column is None:
        return np.full(len(sheet.frame), np.nan)
    numbers, findings = values.number_field(
        sheet.frame[column].astype(object), sheet.frame.index.to_numpy(),
        "Accuracy of position (m)", negative=False,
    )  # fmt: skip
    placed.findings += findings
    return np.where(np.isnan(degrees[:, 0]), np.nan, np.hypot(numbers, shift_sd))
