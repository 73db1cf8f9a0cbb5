"""What goes into a reading and what comes out of it: plain frozen values, JSON both ways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layers.findings import Finding
from layers.read.picture_model import PictureFacts
from layers.read.raster_model import RasterBand

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and one short sentence of what is going on."""

COORDINATE_FIELDS = ("longitude", "latitude", "coordinates")
"""Fields of a mapping that are not fields of a kind: where a table keeps its places."""


FEATURES_OUT, RASTER_OUT = "features.parquet", "raster.tif"
"""What the worker leaves of features, and of a raster."""


class ReadError(Exception):
    """A file is refused. `str(error)` is one plain sentence that can go on screen."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one reading may cost; docs/limits.md gives the reasons.

    `seconds` of wall clock for the whole reading; the rest are bytes, counts and, for `max_ratio`,
    unpacked bytes for each packed byte of an archive larger than a megabyte unpacked. A raster may
    take `raster_seconds`, have `max_pixels` in a band, and `max_values` different values; a picture
    `max_picture_pixels`.
    """

    seconds: float = 30.0
    file_bytes: int = 512 * 2**20
    unpacked_bytes: int = 1024 * 2**20
    memory_bytes: int = 4 * 2**30
    max_members: int = 500
    max_ratio: float = 200.0
    max_layers: int = 200
    max_rows: int = 2_000_000
    max_columns: int = 1_000
    max_cell_chars: int = 100_000
    max_vertices: int = 50_000_000
    raster_seconds: float = 300.0
    max_pixels: int = 2_000_000_000
    max_picture_pixels: int = 400_000_000
    max_values: int = 256
    max_bands: int = 32
    max_block_bytes: int = 64 * 2**20

    def as_json(self) -> dict[str, Any]:
        """The limits as plain JSON types."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Limits":
        """The limits that `as_json` wrote."""
        return cls(**record)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a source layer, as found.

    `type` is text, number, date or truth. `samples` are up to five different values as text.
    `values` holds every different value where there are at most 60, else nothing. `distinct` and
    `empty` count within the rows looked at (at most the first 50,000).
    """

    name: str
    type: str
    samples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    distinct: int = 0
    empty: int = 0

    def as_json(self) -> dict[str, Any]:
        """The column as plain JSON types."""
        return vars(self) | {"samples": list(self.samples), "values": list(self.values)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Column":
        """The column that `as_json` wrote."""
        return cls(
            **{
                **record,
                "samples": tuple(record.get("samples", ())),
                "values": tuple(record.get("values", ())),
            }
        )


@dataclass(frozen=True, kw_only=True)
class SourceLayer:
    """One layer (or sheet, or band of a raster) of a file.

    `geometry_type` is Point, LineString, Polygon, their Multi forms, Unknown or Mixed; None means
    a table: its places, if any, are in columns; Raster means pixels, of which `raster` tells;
    Picture means pixels that are colours, of which `picture` tells.
    `declared_crs` is "EPSG:n", else the name in the file, else None. `sampled` is how many rows the
    counts of the columns are about.
    """

    name: str
    geometry_type: str | None
    rows: int
    declared_crs: str | None
    columns: tuple[Column, ...] = ()
    sampled: int = 0
    raster: RasterBand | None = None
    picture: PictureFacts | None = None

    def as_json(self) -> dict[str, Any]:
        """The layer as plain JSON types."""
        return vars(self) | {
            "columns": [column.as_json() for column in self.columns],
            "raster": None if self.raster is None else self.raster.as_json(),
            "picture": None if self.picture is None else self.picture.as_json(),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "SourceLayer":
        """The layer that `as_json` wrote."""
        columns = tuple(Column.from_json(column) for column in record.get("columns", ()))
        raster = record.get("raster")
        band = None if raster is None else RasterBand.from_json(raster)
        told = record.get("picture")
        seen = None if told is None else PictureFacts.from_json(told)
        return cls(**{**record, "columns": columns, "raster": band, "picture": seen})


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What is in a file, before anything is decided. `format` is a name people know."""

    filename: str
    format: str
    layers: tuple[SourceLayer, ...]
    findings: tuple[Finding, ...] = ()

    def layer(self, name: str | None) -> SourceLayer:
        """A layer by name; None is the only layer. Otherwise the choice is told in the error."""
        names = ", ".join(f"'{layer.name}'" for layer in self.layers)
        if name is None:
            if len(self.layers) == 1:
                return self.layers[0]
            raise ReadError(f"'{self.filename}' holds several layers: {names}. Choose one.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ReadError(f"'{self.filename}' has no layer '{name}'. It holds: {names}.")

    def as_json(self) -> dict[str, Any]:
        """The inspection as plain JSON types."""
        return {
            "filename": self.filename,
            "format": self.format,
            "layers": [layer.as_json() for layer in self.layers],
            "findings": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Inspection":
        """The inspection that `as_json` wrote."""
        return cls(
            filename=record["filename"],
            format=record["format"],
            layers=tuple(SourceLayer.from_json(layer) for layer in record["layers"]),
            findings=tuple(Finding.from_json(finding) for finding in record["findings"]),
        )


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What we would do with a layer, to be shown before it is used.

    `mapping` is field -> column, coordinate fields included. `keep_latest` proposes to keep only
    the latest row of each feature id. `unknown_classes` are values of the class column that no
    class of the kind claims. `notes` are sentences that say why, for the screen.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    keep_latest: bool = False
    unknown_classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The suggestion as plain JSON types."""
        return {
            "mapping": dict(self.mapping),
            "keep_latest": self.keep_latest,
            "unknown_classes": list(self.unknown_classes),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Suggestion":
        """The suggestion that `as_json` wrote."""
        return cls(
            mapping=dict(record["mapping"]),
            keep_latest=record["keep_latest"],
            unknown_classes=tuple(record["unknown_classes"]),
            notes=tuple(record["notes"]),
        )


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """How a layer is to be read: what somebody chose, confirmed or stated.

    `mapping` overrides single fields of the suggestion; an empty column name unmaps a field.
    `crs` ("EPSG:n") is the answer to the CRS question or confirms what was recognised;
    `swap_axes` confirms that the two coordinates stand in each other's place. `class_values` says
    what unrecognised values of the class column mean. `radius_m` and `position_sd_m`, metres, are
    stated for the whole layer and apply where a row says nothing. `keep_latest` None follows the
    suggestion when suggestions are accepted. `accept_suggestions` is --yes: the suggested mapping,
    keep-latest and a recognised CRS are accepted unseen; several possible CRSs are asked still.

    Of a raster: `class_values` says for each pixel value its class or "leave-out"; `nodata` is the
    value that means "no data" or "none", None = as the file declares; `band` counts from 1. None of
    them is ever suggested into use: `accept_suggestions` makes no difference.

    Of a picture: `bands` are the numbers of the bands for red, green and blue, or of the one for
    grey, empty = as the file declares; `stretch` are the two percentiles (0 to 100) between which
    values become 8 bits, None = 2 and 98 for values of 16 bits and none for those of 8.
    """

    region_id: str
    kind: str
    source_layer: str | None = None
    crs: str | None = None
    swap_axes: bool | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    class_values: Mapping[str, str] = field(default_factory=dict)
    radius_m: float | None = None
    position_sd_m: float | None = None
    keep_latest: bool | None = None
    accept_suggestions: bool = False
    nodata: str | None = None
    band: int | None = None
    bands: tuple[int, ...] = ()
    stretch: tuple[float, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """The request as plain JSON types, keys sorted by name: fit for a fingerprint."""
        return {
            **vars(self),
            "mapping": dict(sorted(self.mapping.items())),
            "class_values": dict(sorted(self.class_values.items())),
            "bands": list(self.bands),
            "stretch": None if self.stretch is None else list(self.stretch),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "ReadRequest":
        """The request that `as_json` wrote."""
        stretch = record.get("stretch")
        return cls(
            **{
                **record,
                "bands": tuple(record.get("bands", ())),
                "stretch": None if stretch is None else (float(stretch[0]), float(stretch[1])),
            }
        )


@dataclass(frozen=True, kw_only=True)
class CrsChoice:
    """A coordinate system in which the data would land inside the country.

    `means` says in plain words what it is. `share_inside` is the share of sampled coordinates
    that land. `swapped` means: only when the two coordinates change places.
    """

    crs: str
    name: str
    means: str
    share_inside: float
    swapped: bool = False

    def as_json(self) -> dict[str, Any]:
        """The choice as plain JSON types."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class ReadReport:
    """What came of a reading.

    `counts` holds read, imported, repaired and rejected; read = imported + repaired + rejected,
    and a repaired row is in the file without being counted as imported. `crs_how` is declared,
    recognised or stated. `shift_accuracy_m` is None where nobody published it or nothing moved.
    `bounds` are west, south, east, north in degrees. Areas are hectares on the ellipsoid, of the
    repaired rows only. `features` is the canonical frame, None unless `ok`.

    Of a raster the counts and `classes` are pixels, `class_areas_ha` are hectares on the ellipsoid
    by class, and `features` is the tiled GeoTIFF; a picture has no classes.
    """

    ok: bool
    format: str
    source_layer: str
    counts: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    crs: str | None = None
    crs_how: str | None = None
    crs_choices: tuple[CrsChoice, ...] = ()
    shift: str = ""
    shift_m: float = 0.0
    shift_accuracy_m: float | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    keep_latest: bool = False
    classes: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, float, float, float] | None = None
    geometry_types: Mapping[str, int] = field(default_factory=dict)
    area_before_ha: float = 0.0
    area_after_ha: float = 0.0
    class_areas_ha: Mapping[str, float] = field(default_factory=dict)
    features: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON types; `features` as a path in text."""
        return {
            **vars(self),
            "counts": dict(self.counts),
            "findings": [finding.as_json() for finding in self.findings],
            "crs_choices": [choice.as_json() for choice in self.crs_choices],
            "mapping": dict(self.mapping),
            "classes": dict(self.classes),
            "bounds": None if self.bounds is None else list(self.bounds),
            "geometry_types": dict(self.geometry_types),
            "class_areas_ha": dict(self.class_areas_ha),
            "features": None if self.features is None else str(self.features),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "ReadReport":
        """The report that `as_json` wrote."""
        bounds = record.get("bounds")
        features = record.get("features")
        return cls(
            **{
                **record,
                "findings": tuple(Finding.from_json(each) for each in record["findings"]),
                "crs_choices": tuple(CrsChoice(**each) for each in record["crs_choices"]),
                "bounds": None if bounds is None else tuple(bounds),
                "features": None if features is None else Path(features),
            }
        )
