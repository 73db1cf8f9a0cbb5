"""Layers made ready for measuring: checked, ordered by id, as plain arrays."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geo.bending import BOW_M, longest_straight
from geo.errors import CrsError, GeoError
from geo.ground import Ground

Array = npt.NDArray[Any]

POINT, LINE, AREA = 0, 1, 2
_FORMS = {0: POINT, 4: POINT, 1: LINE, 2: LINE, 5: LINE, 3: AREA, 6: AREA}

DISC_QUADRANT = 16
_CORNERS = 4 * DISC_QUADRANT
_EQUAL_AREA = float(np.sqrt(np.pi / (_CORNERS / 2 * np.sin(2 * np.pi / _CORNERS))))

# an edge of 100 m bows by less than BOW_M on any course, wherever it lies
_SHORT_M = 100.0
_SHORT_DEGREES = 0.0009


@dataclass(frozen=True, kw_only=True)
class LayerFrame:
    """One layer for the engine: canonical columns, geometry in the measuring CRS.

    `features` needs `feature_id` (unique, never null) and a geometry. `feature_class`, `holder`,
    `radius_m`, `position_sd_m` and `width_m` may be missing: null, null, unknown, 0 and unknown.
    `checked` says that every geometry was found valid in this CRS; the engine then does not look
    again, which takes it as long as some rules do.
    """

    layer_id: str
    kind: str
    features: gpd.GeoDataFrame
    checked: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """Features of one layer as arrays, ordered by id; what a task of the engine is given.

    `place` is the position of each feature in its layer's order of ids, so that a block of
    features still knows who it is. Lengths in metres.
    """

    layer_id: str
    kind: str
    ids: Array
    place: Array
    geometry: Array
    form: Array
    radius_m: Array
    sd_m: Array
    half_width_m: Array
    feature_class: Array
    holder: Array

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, which: Array) -> "Side":
        """The features of a boolean mask or of positions, in that order."""
        arrays = {
            field.name: getattr(self, field.name)[which]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)

    def ids_at(self, place: Array) -> Array:
        """Ids of the features at these places of the layer's order."""
        ids: Array = self.ids[np.searchsorted(self.place, place)]
        return ids

    def areas_only(self) -> "Side":
        """The features that cover ground, points with a radius as discs."""
        chosen = self.take(self.has_shape)
        return replace(chosen, geometry=chosen.shape, form=np.full(len(chosen), AREA, dtype="int8"))

    @cached_property
    def shape(self) -> Array:
        """Polygons, and discs for points with a radius; None for lines and bare points."""
        shape = np.full(len(self), None, dtype=object)
        area = self.form == AREA
        shape[area] = self.geometry[area]
        disc = (self.form == POINT) & (self.radius_m > 0)
        shape[disc] = discs(self.geometry[disc], radius_m=self.radius_m[disc])
        return shape

    @cached_property
    def has_shape(self) -> Array:
        """Whether a feature covers ground: a polygon or a point with a radius."""
        mask: Array = (self.form == AREA) | ((self.form == POINT) & (self.radius_m > 0))
        return mask

    @cached_property
    def area_m2(self) -> Array:
        """Square metres a feature covers; NaN for lines and bare points."""
        area: Array = shapely.area(self.shape)
        area[~self.has_shape] = np.nan
        return area

    @cached_property
    def ground(self) -> Ground:
        """The shapes of the features, at their positions; lines and bare points have no area."""
        return Ground.of(self.shape)

    @cached_property
    def vertices(self) -> Array:
        """Number of vertices of each geometry."""
        count: Array = shapely.get_num_coordinates(self.geometry)
        return count


def discs(points: Array, *, radius_m: Array) -> Array:
    """Circles around points as 64-gons that have exactly the circle's area."""
    circles: Array = shapely.buffer(points, radius_m * _EQUAL_AREA, quad_segs=DISC_QUADRANT)
    return circles


def require_metric(crs: Any, *, name: str) -> pyproj.CRS:
    """The CRS, if areas and distances can be measured in it.

    Raises CrsError for a missing CRS, degrees, Web Mercator and every unit that is not the metre;
    `name` is what the sentence calls the thing, e.g. "Layer 'licences'".
    """
    advice = "Reproject it to a CRS in metres before measuring areas."
    if crs is None:
        raise CrsError(f"{name} has no CRS. Say which CRS it is in, then reproject it to metres.")
    try:
        known = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CrsError(f"{name} has a CRS that is not known: {crs!r}. {advice}") from error
    title = _crs_title(known)
    if known.is_geographic:
        raise CrsError(f"{name} is in {title}, measured in degrees. {advice}")
    operation = known.coordinate_operation
    if operation is not None and "pseudo" in operation.method_name.lower():
        raise CrsError(
            f"{name} is in Web Mercator ({title}), whose metres are too long away from the "
            "equator. Reproject it to the measuring CRS of its region."
        )
    units = {axis.unit_name for axis in known.axis_info[:2]}
    if not known.is_projected or units != {"metre"}:
        unit = ", ".join(sorted(units)) or "unknown units"
        raise CrsError(f"{name} is in {title}, measured in {unit}. {advice}")
    return known


def _crs_title(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    if authority:
        return ":".join(authority)
    return crs.name if crs.name != "unknown" else crs.to_string()


def prepare_side(layer: LayerFrame, *, measuring_crs: Any) -> Side:
    """The features of a layer that have a geometry, as arrays in the order of their ids.

    Raises CrsError where the frame is not in `measuring_crs` or that CRS is unfit for measuring,
    GeoError for ids that are missing or come twice and for geometries that are not valid.
    """
    name = f"Layer '{layer.layer_id}'"
    frame = layer.features
    own = require_metric(frame.crs, name=name)
    wanted = require_metric(measuring_crs, name="The measuring CRS")
    if not own.equals(wanted, ignore_axis_order=True):
        raise CrsError(
            f"{name} is in {_crs_title(own)}, but is to be measured in {_crs_title(wanted)}. "
            f"Reproject it to {_crs_title(wanted)} first."
        )
    frame = _in_order_of_ids(frame, name=name)
    geometry: Array = np.asarray(frame.geometry.array, dtype=object)
    if shapely.has_z(geometry).any():
        geometry = shapely.force_2d(geometry)
    present = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    form = pd.Series(shapely.get_type_id(geometry)).map(_FORMS).fillna(-1).to_numpy("int8")
    present &= form >= 0
    if not layer.checked:
        _refuse_invalid(frame, geometry, name=name)
    side = Side(
        layer_id=layer.layer_id,
        kind=layer.kind,
        ids=frame["feature_id"].to_numpy(dtype=object),
        place=np.arange(len(frame)),
        geometry=geometry,
        form=form,
        radius_m=_numbers(frame, "radius_m"),
        sd_m=_numbers(frame, "position_sd_m"),
        half_width_m=np.where(form == LINE, _numbers(frame, "width_m") / 2, 0.0),
        feature_class=_texts(frame, "feature_class"),
        holder=_texts(frame, "holder"),
    )
    return side if present.all() else side.take(present)


def _in_order_of_ids(frame: gpd.GeoDataFrame, *, name: str) -> gpd.GeoDataFrame:
    ids = frame["feature_id"]
    if ids.isna().any():
        raise GeoError(f"{name} has {int(ids.isna().sum())} features without a feature_id.")
    ids = ids.astype("str")
    if not ids.is_unique:
        twice = ids[ids.duplicated()].iloc[0]
        raise GeoError(f"{name} has the feature_id '{twice}' twice. Give every feature its own.")
    if ids.is_monotonic_increasing:
        return frame
    return frame.iloc[ids.array.argsort()]


def _refuse_invalid(frame: gpd.GeoDataFrame, geometry: Array, *, name: str) -> None:
    # GEOS gives wrong areas for a bow-tie without a word, so we look before we measure
    bad = ~(shapely.is_valid(geometry) | shapely.is_missing(geometry))
    if bad.any():
        first = frame["feature_id"].to_numpy(dtype=object)[bad][0]
        reason = shapely.is_valid_reason(geometry[bad][0])
        raise GeoError(
            f"{name} has {int(bad.sum())} invalid geometries, '{first}' the first ({reason}). "
            "Import the layer again, or repair them before measuring."
        )


def _numbers(frame: gpd.GeoDataFrame, column: str) -> Array:
    """A column of lengths; missing, negative and not-a-number become 0."""
    if column not in frame:
        return np.zeros(len(frame))
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype="float64", na_value=0.0)
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, 0.0)


def _texts(frame: gpd.GeoDataFrame, column: str) -> Array:
    """A column of texts as objects; null is None."""
    if column not in frame:
        return np.full(len(frame), None, dtype=object)
    texts = frame[column].astype(object)
    values: Array = texts.where(texts.notna(), None).to_numpy(dtype=object)
    return values


def class_matches(feature_class: Array, classes: tuple[str, ...]) -> Array:
    """Which features a rule's classes mean; null is written "" in a rule, and () is everything."""
    if not classes:
        return np.ones(len(feature_class), dtype=bool)
    wanted = set(classes)
    return by_value(feature_class, lambda value: ("" if value is None else value) in wanted)


def class_unknown(feature_class: Array, classes: tuple[str, ...]) -> Array:
    """Features whose class is null or `unknown`, so that a rule's classes cannot be decided."""
    unsaid = by_value(feature_class, lambda value: value is None or value == "unknown")
    return unsaid & ~class_matches(feature_class, classes)


def by_value(values: Array, test: Any) -> Array:
    """Which values pass a test, asked once for each distinct value; null is None."""
    codes, uniques = pd.factorize(values, use_na_sentinel=False)
    answers = np.array([bool(test(None if pd.isna(u) else u)) for u in uniques], dtype=bool)
    matches: Array = answers[codes] if len(uniques) else np.zeros(len(values), dtype=bool)
    return matches


def to_measuring_crs(frame: gpd.GeoDataFrame, *, measuring_crs: Any) -> gpd.GeoDataFrame:
    """The frame in the measuring CRS, its edges bent as the change of CRS bends them.

    Moving only the vertices would draw new straight lines between them. Where one licence has a
    corner on its neighbour's long edge, the two then overlap by up to decimetres, though they share
    that edge. Long edges get vertices until they are true to `BOW_M`.
    """
    target = require_metric(measuring_crs, name="The measuring CRS")
    if frame.crs is None:
        raise CrsError("The layer has no CRS. Say which CRS it is in before measuring.")
    if frame.crs.equals(target, ignore_axis_order=True):
        return frame
    geometry = np.asarray(frame.geometry.array, dtype=object)
    move = pyproj.Transformer.from_crs(frame.crs, target, always_xy=True).transform
    short = _SHORT_DEGREES if frame.crs.is_geographic else _SHORT_M
    longest = longest_straight(geometry, move, short=short, bow=BOW_M)
    bend = np.isfinite(longest)
    if bend.any():
        geometry = geometry.copy()
        geometry[bend] = shapely.segmentize(geometry[bend], longest[bend])
        frame = frame.set_geometry(
            gpd.GeoSeries(geometry, index=frame.index, crs=frame.crs, name=frame.geometry.name)
        )
    return frame.to_crs(target)
