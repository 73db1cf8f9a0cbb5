"""What an import is asked and what it answers: plain frozen values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from layers.catalogue import Bounds, layer_id_of
from layers.findings import Finding, blocking
from layers.read import CrsChoice, ReadRequest

Status = Literal["imported", "already imported", "refused", "needs answers", "ready"]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """How a file is to become a version of a layer.

    `layer_name` None = the name of the source layer chosen, else of the file; a name that the
    region already has for this kind makes a new version of that layer. `data_date` is the day the
    data speak for: stated or None, never guessed. `source_note` says in words where they are from.
    """

    read: ReadRequest
    layer_name: str | None = None
    data_date: dt.date | None = None
    source_note: str | None = None
    demonstration: bool = False

    def name_for(self, filename: str) -> str:
        """The layer's name when `filename` is imported so."""
        chosen = (self.layer_name or self.read.source_layer or _stem(filename)).strip()
        return chosen or "layer"

    def layer_id_for(self, filename: str) -> str:
        """The id of the layer that `filename` becomes a version of."""
        return layer_id_of(self.read.region_id, self.read.kind, self.name_for(filename))

    def as_json(self) -> dict[str, Any]:
        """The request as plain JSON types."""
        return {
            "read": self.read.as_json(),
            "layer_name": self.layer_name,
            "data_date": self.data_date.isoformat() if self.data_date else None,
            "source_note": self.source_note,
            "demonstration": self.demonstration,
        }


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of an import. `message` is one sentence for the screen.

    `status` "ready" comes from a check only: nothing was stored, and nothing would stop it.
    "needs answers" lists as blocking findings what a person has to say; `crs_choices` offers the
    coordinate systems in which the data would land. Nothing is stored unless "imported".
    """

    status: Status
    message: str
    filename: str
    layer_id: str
    layer_name: str
    version_id: str | None = None
    number: int | None = None
    is_current: bool = False
    counts: Mapping[str, int] | None = None
    findings: tuple[Finding, ...] = ()
    format: str | None = None
    source_layer: str | None = None
    crs: str | None = None
    crs_how: str | None = None
    crs_choices: tuple[CrsChoice, ...] = ()
    shift: str = ""
    shift_m: float = 0.0
    shift_accuracy_m: float | None = None
    mapping: Mapping[str, str] | None = None
    classes: Mapping[str, int] | None = None
    bounds: Bounds | None = None
    area_before_ha: float = 0.0
    area_after_ha: float = 0.0
    class_areas_ha: Mapping[str, float] | None = None
    demonstration: bool = False

    @property
    def ok(self) -> bool:
        """Whether the data are in the store, or would be."""
        return self.status in ("imported", "already imported", "ready")

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stopped it."""
        return tuple(blocking(self.findings))

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            **vars(self),
            "counts": dict(self.counts) if self.counts else None,
            "findings": [finding.as_json() for finding in self.findings],
            "crs_choices": [choice.as_json() for choice in self.crs_choices],
            "mapping": dict(self.mapping) if self.mapping else {},
            "classes": dict(self.classes) if self.classes else {},
            "class_areas_ha": dict(self.class_areas_ha) if self.class_areas_ha else {},
            "bounds": list(self.bounds) if self.bounds else None,
        }


def _stem(filename: str) -> str:
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return name.split(".")[0] if not name.startswith(".") else name.strip(".")
