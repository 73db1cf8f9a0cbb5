"""What the store knows about layers: frozen records, the same whatever database holds them."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layers.findings import Finding

Bounds = tuple[float, float, float, float]
"""(west, south, east, north) in degrees, WGS 84."""

BAND_KEY = "raster:band"
NODATA_KEY = "raster:nodata"
CLASS_KEY = "raster:class:"
"""Keys of a raster's `mapping`: the band that was read (from 1), the pixel value that means "no
data" ("none" where there is none), and for each pixel value its class ("" = left out). No field of
a kind has a colon in its name."""
PICTURE_KEY = "picture:bands"
PICTURE_NODATA_KEY = "picture:nodata"
STRETCH_KEY = "picture:stretch"
"""Keys of a picture's `mapping`: the bands that are red, green and blue, as "3,2,1", or the one
that is grey; what means "no data" (a pixel value, "alpha", "mask" or "none"); how values became 8
bits: "none" where they were, else as "2-98 %: band 3 312 to 4821, ..."."""


@dataclass(frozen=True, kw_only=True)
class LayerVersion:
    """One accepted import. Never changed once it is in the store.

    `number` counts the versions of a layer from 1. `imported_at` is UTC. `data_date` is the day the
    data speak for, as its importer stated it; None = not stated, never guessed. `read`,
    `imported`, `repaired` and `rejected` count rows, of a raster pixels: read = imported +
    repaired + rejected.
    `request` is what the importer asked for, `mapping` what was used.
    """

    version_id: str
    layer_id: str
    number: int
    imported_at: dt.datetime
    imported_by: str
    filename: str
    sha256: str
    source_layer: str | None
    data_date: dt.date | None
    source_note: str | None
    crs: str | None
    crs_how: str | None
    read: int
    imported: int
    repaired: int
    rejected: int
    bounds: Bounds | None
    mapping: Mapping[str, str]
    request: Mapping[str, Any]
    request_fingerprint: str
    features_sha256: str
    findings: tuple[Finding, ...]
    demonstration: bool

    @property
    def features(self) -> int:
        """Features in the version: the rows imported as they were and those repaired.

        Of a raster: the pixels that have a class, of a picture those that have a colour.
        """
        return self.imported + self.repaired

    @property
    def is_raster(self) -> bool:
        """Whether the version is a grid of pixels: `Store.open_raster` opens it."""
        return is_raster(self.mapping)

    @property
    def is_picture(self) -> bool:
        """Whether the pixels are colours: there is nothing to count or measure in it."""
        return is_picture(self.mapping)

    @property
    def raster_classes(self) -> Mapping[int, str] | None:
        """The class of each pixel value, None for features; a picture has none.

        Values that the importer left out and the value that means "no data" are not in it.
        """
        if not self.is_raster:
            return None
        return {
            int(key.removeprefix(CLASS_KEY)): name
            for key, name in self.mapping.items()
            if key.startswith(CLASS_KEY) and name
        }

    def as_json(self) -> dict[str, Any]:
        """The version as plain JSON types."""
        return {
            "version_id": self.version_id,
            "layer_id": self.layer_id,
            "number": self.number,
            "imported_at": self.imported_at.isoformat(),
            "imported_by": self.imported_by,
            "filename": self.filename,
            "sha256": self.sha256,
            "source_layer": self.source_layer,
            "data_date": self.data_date.isoformat() if self.data_date else None,
            "source_note": self.source_note,
            "crs": self.crs,
            "crs_how": self.crs_how,
            "counts": {
                "read": self.read,
                "imported": self.imported,
                "repaired": self.repaired,
                "rejected": self.rejected,
            },
            "features": self.features,
            "bounds": list(self.bounds) if self.bounds else None,
            "mapping": dict(self.mapping),
            "raster": self.is_raster,
            "picture": self.is_picture,
            "demonstration": self.demonstration,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer as it is shown now. `current` is None once it was deleted."""

    layer_id: str
    region_id: str
    kind: str
    name: str
    created_at: dt.datetime
    deleted_at: dt.datetime | None
    current: LayerVersion | None
    version_count: int

    @property
    def demonstration(self) -> bool:
        """Whether what is shown was invented for demonstration."""
        return self.current is not None and self.current.demonstration

    def as_json(self) -> dict[str, Any]:
        """The layer as plain JSON types, with the version that is current."""
        return {
            "layer_id": self.layer_id,
            "region": self.region_id,
            "kind": self.kind,
            "name": self.name,
            "versions": self.version_count,
            "demonstration": self.demonstration,
            "current": self.current.as_json() if self.current else None,
        }


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """What an import hands to the store; the store adds number, id and time."""

    region_id: str
    kind: str
    layer_name: str
    imported_by: str
    filename: str
    sha256: str
    source_layer: str | None
    data_date: dt.date | None
    source_note: str | None
    crs: str | None
    crs_how: str | None
    read: int
    imported: int
    repaired: int
    rejected: int
    bounds: Bounds | None
    mapping: Mapping[str, str]
    request: Mapping[str, Any]
    request_fingerprint: str
    findings: tuple[Finding, ...]
    demonstration: bool = False

    @property
    def layer_id(self) -> str:
        """The id of the layer this becomes a version of."""
        return layer_id_of(self.region_id, self.kind, self.layer_name)

    @property
    def is_raster(self) -> bool:
        """Whether it is a grid of pixels, not features."""
        return is_raster(self.mapping)

    @property
    def is_picture(self) -> bool:
        """Whether its pixels are colours."""
        return is_picture(self.mapping)


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One line of the audit trail, which is only ever added to. `at` is UTC."""

    at: dt.datetime
    actor: str
    action: str
    layer_id: str | None
    version_id: str | None
    details: Mapping[str, Any]


def is_raster(mapping: Mapping[str, str]) -> bool:
    """Whether the mapping of a version is that of a grid of pixels, of classes or of colours."""
    return BAND_KEY in mapping or PICTURE_KEY in mapping


def is_picture(mapping: Mapping[str, str]) -> bool:
    """Whether the mapping of a version is that of a picture."""
    return PICTURE_KEY in mapping


def layer_id_of(region_id: str, kind: str, name: str) -> str:
    """The id of a layer: region, kind and a slug of its name; the same for the same three."""
    return f"{region_id}.{kind}.{slug(name)}"


def slug(name: str) -> str:
    """A name in lower-case ASCII letters, digits and hyphens; 'layer' where nothing is left."""
    plain = fold(name)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "layer"


def fold(text: str) -> str:
    """Text for comparing: lower case and without accents; Ɛ and Ɔ become e and o."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.translate(_PLAIN)


# letters of the regions' languages that Unicode does not decompose
_PLAIN = str.maketrans({"ɛ": "e", "ɔ": "o", "ŋ": "n", "ɖ": "d", "ø": "o", "ł": "l", "đ": "d"})
