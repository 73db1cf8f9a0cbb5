"""Where the rows of a layer lie: its own shapes, or points made of a table's coordinates."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.read import values
from layers.read.coordinates import parse_axis, parse_places
from layers.read.source import Loaded, Series
from layers.read.tally import Mask, Tally


def find_places(
    loaded: Loaded, mapping: dict[str, str], tally: Tally
) -> tuple[npt.NDArray[Any], str | None]:
    """The geometries of a layer: its own, or points made of the coordinates of a table."""
    if loaded.geometry is not None:
        return loaded.geometry, loaded.crs
    frame = loaded.frame
    if "coordinates" in mapping and mapping["coordinates"] in frame:
        column = frame[mapping["coordinates"]]
        shapes, crs = parse_places(column)
        blank = values.as_text(column).fillna("").str.strip().eq("").to_numpy(dtype=bool)
        _reject_unreadable(shapely.is_missing(shapes) & ~blank, column, tally)
        return shapes, crs
    if not {"longitude", "latitude"} <= set(mapping):
        tally.tell(
            "coordinates_missing",
            f"Table '{loaded.name}' has no columns with coordinates that we recognise "
            f"(it has: {', '.join(list(map(str, frame.columns))[:20])}).",
            fix="Say which columns hold longitude and latitude, or easting and northing. "
            "A table of names alone cannot be put on a map.",
            blocking=True,
        )
        return np.full(len(frame), None, dtype=object), None
    if not {mapping["longitude"], mapping["latitude"]} <= set(frame.columns):
        return np.full(len(frame), None, dtype=object), None
    return _points(frame[mapping["longitude"]], frame[mapping["latitude"]], tally), None


def _points(longitude: Series, latitude: Series, tally: Tally) -> npt.NDArray[Any]:
    x, x_letters = parse_axis(longitude)
    y, y_letters = parse_axis(latitude)
    turned = np.isin(x_letters, ("N", "S")) & np.isin(y_letters, ("E", "W"))
    if turned.any():
        x, y = np.where(turned, y, x), np.where(turned, x, y)
        tally.tell(
            "columns_swapped_by_letters",
            f"In {turned.sum()} row(s) column '{longitude.name}' holds N or S and "
            f"'{latitude.name}' E or W, so there the two were taken the other way round.",
            turned,
        )
    # One letter alone says that its column is not what it was taken for: no place at all.
    astray = ~turned & (np.isin(x_letters, ("N", "S")) | np.isin(y_letters, ("E", "W")))
    x = np.where(astray, np.nan, x)
    for column, numbers in ((longitude, x), (latitude, y)):
        filled = values.as_text(column).fillna("").str.strip().ne("").to_numpy(dtype=bool)
        _reject_unreadable(filled & np.isnan(numbers), column, tally)
    shapes = np.full(len(x), None, dtype=object)
    there = ~(np.isnan(x) | np.isnan(y))
    shapes[there] = shapely.points(x[there], y[there])
    return shapes


def _reject_unreadable(mask: Mask, column: Series, tally: Tally) -> None:
    if (mask & tally.alive).any():
        example = str(values.as_text(column)[mask].iloc[0])[:60]
        tally.reject(
            mask,
            "coordinates_unreadable",
            "{n} row(s) have a coordinate we cannot read in column "
            + f"'{column.name}', e.g. '{example}'. They are left out.".replace("{", "(").replace(
                "}", ")"
            ),
            fix="Write coordinates as 5.3010 or 5°18'03.6\"N.",
        )


def reject_lost(shapes: npt.NDArray[Any], loaded: Loaded, tally: Tally) -> None:
    """Rows without a place, with infinite coordinates, or at (0, 0)."""
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.all() and tally.blocked:
        return  # no columns of coordinates: that was said, and says it all
    what = "coordinates" if loaded.geometry is None else "a shape"
    tally.reject(
        missing,
        "place_missing",
        f"{{n}} row(s) have no {what.removeprefix('a ')} and are left out.",
        fix="Add their places in the file if they matter.",
    )
    xy, row_of = shapely.get_coordinates(shapes, return_index=True)
    strange = np.zeros(len(shapes), dtype=bool)
    strange[row_of[~np.isfinite(xy).all(axis=1)]] = True
    tally.reject(
        strange,
        "coordinates_not_finite",
        "{n} row(s) have a coordinate that is no number (NaN or infinite) and are left out.",
        fix="Correct them in the file.",
    )
    points = shapely.get_type_id(shapes) == 0
    zero = points & (shapely.get_x(shapes) == 0) & (shapely.get_y(shapes) == 0)
    tally.reject(
        zero,
        "coordinates_zero",
        "{n} row(s) lie at 0, 0, where receivers without a fix put them, and are left out.",
        fix="Give their places in the file.",
    )
    in_degrees = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 180)
    if len(xy) and in_degrees.mean() > 0.5 and (np.abs(xy[in_degrees]) <= 90).any(axis=1).all():
        impossible = np.zeros(len(shapes), dtype=bool)
        beyond = ~in_degrees | ((np.abs(xy) > 90).all(axis=1))
        # Latitude beyond 90 while most rows are degrees with latitude in its place.
        in_place = (np.abs(xy[:, 1]) <= 90).mean() > 0.5
        if in_place:
            beyond |= np.abs(xy[:, 1]) > 90
        impossible[row_of[beyond]] = True
        tally.reject(
            impossible,
            "coordinates_impossible",
            "{n} row(s) have a coordinate beyond 180 degrees of longitude or 90 of latitude and "
            "are left out.",
            fix="Correct them in the file.",
        )
