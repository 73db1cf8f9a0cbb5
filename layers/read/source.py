"""A file once it is open: its layers, and a way to load one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.findings import Finding

if TYPE_CHECKING:
    Series = pd.Series[Any]
else:
    Series = pd.Series  # generic for the type checker only


@dataclass(frozen=True, kw_only=True)
class Head:
    """A layer before it is loaded. `rows` is -1 where only loading would tell."""

    name: str
    geometry_type: str | None
    rows: int
    crs: str | None = None


@dataclass(kw_only=True)
class Loaded:
    """A layer as it stands in the file.

    `rows` are row numbers as the owner sees them. `geometry` is None for a table. `crs` is what
    the file declares ("EPSG:n" or WKT); `crs_by_format` means that the format allows no other.
    `unusable` are row numbers that must be left out; a finding already says why.
    """

    name: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    geometry: npt.NDArray[Any] | None = None
    crs: str | None = None
    crs_by_format: bool = False
    findings: list[Finding] = field(default_factory=list)
    unusable: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class Source:
    """An open file. `load(name, limit, geometry)` reads a layer, at most `limit` rows of it."""

    format: str
    heads: list[Head]
    load: Callable[[str, int | None, bool], Loaded]
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RasterFile:
    """A GeoTIFF, not open yet. `labels` are names of pixel values from a list beside it."""

    path: Path
    name: str
    format: str = "GeoTIFF"
    labels: Mapping[int, str] = field(default_factory=dict)
