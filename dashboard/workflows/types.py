"""What workflows hand to pages, routes and the command line: frozen records, nothing that draws."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geo.rules import Rule
from layers.catalogue import Bounds, Layer

Progress = Callable[[float, str], None]
"""Called with a fraction from 0 to 1 and a sentence for the screen."""


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer as the overview lists it.

    `layer` holds name, kind, version, dates, source and CRS. `area_ha` is the ground covered once,
    in hectares, None for points and lines. `classes` counts features by class, "" = no class;
    `ended` counts licences whose own end date lies before today, `corners` the points of all
    outlines, by which a map knows how heavy the layer is.

    Of a raster `features` and `classes` are pixels with a class, `class_areas_ha` their hectares on
    the ellipsoid, `pixel_m` the size of a pixel in metres, `without_data` and `left_out` the pixels
    without a class, told apart. Of a picture `features` are pixels with a colour, and there are
    no hectares and no classes: `is_picture`.
    """

    layer: Layer
    kind_title: str
    features: int
    area_ha: float | None
    classes: Mapping[str, int]
    ended: int
    age: str
    class_areas_ha: Mapping[str, float] = field(default_factory=dict)
    pixel_m: tuple[float, float] | None = None
    without_data: int = 0
    left_out: int = 0
    corners: int = 0
    is_picture: bool = False


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What is loaded for a region, and what that cannot tell.

    `warnings` are sentences about coverage. `demonstration` is True when any layer is invented,
    `mixed` when invented and brought layers stand side by side.
    """

    region_id: str
    layers: tuple[LayerRow, ...]
    warnings: tuple[str, ...]
    demonstration: bool
    mixed: bool
    bounds: Bounds
    fingerprint: str

    @property
    def is_empty(self) -> bool:
        """Whether the region has no layer at all."""
        return not self.layers


@dataclass(frozen=True, kw_only=True)
class ConflictRun:
    """The conflicts of a region on a day. Never change `table`: it is shared between callers.

    `table` has the columns of the engine (docs/architecture.md, "Conflicts") and: `rank` (1 is
    first), `rule_title`, `rule_kind`, `rule_effect`, `rule_status`, `subject_name`, `object_name`,
    `subject_layer_name`, `object_layer_name`, `subject_class`, `object_class`, `district` (null =
    no data), `longitude`, `latitude` (of the shared ground where areas share some, else of the
    subject), `breach`, `receptor` with `breach_level`, `receptor_level` (data/ranking.toml, which
    also states the order), `subject_valid_to`, `object_valid_to` and `licence_state` (in force,
    ended, no data on the day; null where no licence takes part), `demonstration`. `summary` holds
    what `conflicts --json` prints under "rules". `not_assessed` are sentences: which rule could
    not be looked at, and why.
    """

    region_id: str
    as_of: dt.date
    scenarios: tuple[str, ...]
    table: pd.DataFrame
    summary: tuple[Mapping[str, Any], ...]
    not_assessed: tuple[str, ...]
    rules: tuple[Rule, ...]
    fingerprint: str
    layer_versions: Mapping[str, str]
    demonstration: bool

    def as_json(self) -> dict[str, Any]:
        """What `conflicts --json` prints."""
        return {
            "region": self.region_id,
            "as_of": self.as_of.isoformat(),
            "rules": [dict(row) for row in self.summary],
            "scenarios": list(self.scenarios),
            "not_assessed": list(self.not_assessed),
            "layer_versions": dict(self.layer_versions),
            "demonstration": self.demonstration,
            "wording": WORDING,
        }


class WorkflowError(ValueError):
    """What was asked cannot be done; the message says why and what to do."""


WORDING = (
    "An overlap is not illegality: mining inside a licence is often by agreement. "
    "Absence of data is not absence of mining or farming."
)
MIXED = (
    "Invented layers stand beside layers that were brought in: figures mix both. Take the "
    "demonstration off before using any."
)
INVENTED = "Invented for demonstration: sites, licences, fields and visits are not real."


@dataclass(frozen=True, kw_only=True)
class FeatureCard:
    """One feature for a person: its title, our fields with units, and the file's own columns.

    `fields` maps a label ("Area (ha)") to a value; `source` maps a column name of the file to its
    value; None = no data. `geometry` is GeoJSON in EPSG:4326. `observed` says the date or that none
    was stated.
    """

    layer_id: str
    layer_name: str
    kind: str
    kind_title: str
    version_id: str
    feature_id: str
    title: str
    fields: Mapping[str, Any]
    source: Mapping[str, Any]
    caveats: tuple[str, ...]
    geometry: Mapping[str, Any]
    longitude: float
    latitude: float
    bounds: Bounds
    demonstration: bool


@dataclass(frozen=True, kw_only=True)
class ConflictSheet:
    """Everything for the page of one conflict.

    `row` is the conflict's row of the table; `measures` maps a label with its unit to a number or
    None (= no data); `headline` is one sentence. `overlap` is GeoJSON in EPSG:4326, None where the
    conflict has no shared ground (a distance, or outside every licence).
    """

    conflict_id: str
    headline: str
    row: Mapping[str, Any]
    rule: Rule
    measures: Mapping[str, float | None]
    subject: FeatureCard
    object: FeatureCard | None
    overlap: Mapping[str, Any] | None
    caveats: tuple[str, ...]
    as_of: dt.date
    district: str | None
    demonstration: bool
    wording: str = WORDING


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A feature found by a click or a search. `distance_m` is None for a search."""

    layer_id: str
    layer_name: str
    kind: str
    version_id: str
    feature_id: str
    title: str
    longitude: float
    latitude: float
    bounds: Bounds
    distance_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class AreaFigures:
    """Figures of a drawn area: `area_ha` of the drawing, and a row for each layer and class.

    Rows: layer_id, layer_name, kind, feature_class ("" = none), features (touching the drawing),
    area_ha (inside it, ground covered twice counted once; None for points and lines).
    """

    area_ha: float
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = field(default_factory=tuple)
