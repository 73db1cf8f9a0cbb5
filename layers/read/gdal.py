"""Layers read by GDAL: shapefile, GeoPackage, GeoJSON, FlatGeobuf, each with its own driver alone.

pyogrio has no list of allowed drivers, so every other driver is switched off by GDAL_SKIP, which
works only in the environment and only before GDAL is loaded. Import this module's caller first.
"""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from layers.findings import Finding
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded

# Every driver that can open vector data in the GDAL builds seen; `only_driver` refuses to go on
# when one is left that is not here.
DRIVERS = (
    "ADBC", "AVCBin", "AVCE00", "AIVector", "AmigoCloud", "ARROW", "CAD", "Carto", "CSV", "CSW",
    "DGN", "DXF", "EDIGEO", "EEDA", "Elasticsearch", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf",
    "GDALG", "Geoconcept", "GeoJSON", "GeoJSONSeq", "GeoRSS", "GML", "GMLAS", "GPKG", "GPSBabel",
    "GPX", "GTFS", "HANA", "HTTP", "Idrisi", "ILI", "Interlis 1", "Interlis 2", "JML", "JSONFG",
    "JP2OpenJPEG", "KML", "LIBKML", "LVBAG", "MapInfo File", "MapML", "MBTiles", "MEM", "Memory",
    "MiraMonVector", "MongoDBv3", "MSSQLSpatial", "MVT", "MySQL", "NAS", "netCDF", "NGW", "OAPIF",
    "OCI", "ODBC", "ODS", "OGCAPI", "OGR_GMT", "OGR_PDS", "OGR_VRT", "OpenFileGDB", "OSM",
    "Parquet", "PCIDSK", "PDF", "PDS4", "PGDUMP", "PGeo", "PLSCENES", "PMTiles", "PostgreSQL",
    "S57", "Selafin", "SOSI", "SQLite", "SXF", "TopoJSON", "UK .NTF", "VDV", "VFK", "VICAR", "WAsP",
    "WFS", "XLS", "XLSX", "XODR",
)  # fmt: skip


def only_driver(name: str) -> ModuleType:
    """pyogrio with one single driver switched on; must come before anything loads GDAL."""
    if "pyogrio" not in sys.modules:
        os.environ["CPL_LOG"] = "/dev/null"  # GDAL warns of every name it does not know
        os.environ["GDAL_SKIP"] = ",".join(each for each in DRIVERS if each != name)
    import pyogrio  # noqa: PLC0415 - GDAL reads GDAL_SKIP when it is loaded, not later

    pyogrio.set_gdal_config_options({"CPL_DEBUG": "OFF"})
    left = set(pyogrio.list_drivers()) - {name, "MEM"}
    if left:
        raise ReadError(
            "This installation's GDAL opens formats we have not judged "
            f"({', '.join(sorted(left))}); reading is switched off. Tell your administrator."
        )
    return pyogrio  # type: ignore[no-any-return]


def heads(pyogrio: ModuleType, path: Path, *, encoding: str | None = None) -> list[Head]:
    """The layers of a file; raises ReadError with GDAL's reason where it cannot be opened."""
    found = []
    for name, geometry_type in _listed(pyogrio, path):
        info = _info(pyogrio, path, str(name), encoding)
        found.append(
            Head(
                name=str(name),
                geometry_type=None if geometry_type is None else str(geometry_type),
                rows=int(info["features"]),
                crs=info["crs"],
            )
        )
    return found


def _listed(pyogrio: ModuleType, path: Path) -> Any:
    try:
        return pyogrio.list_layers(path)
    except Exception as error:
        raise ReadError(unreadable(error)) from error


def _info(pyogrio: ModuleType, path: Path, layer: str, encoding: str | None) -> dict[str, Any]:
    try:
        info: dict[str, Any] = pyogrio.read_info(
            path, layer=layer, encoding=encoding, force_feature_count=True
        )
    except Exception as error:
        raise ReadError(unreadable(error)) from error
    return info


def unreadable(error: BaseException) -> str:
    """A sentence for what GDAL says; its own words name temporary paths, so they are cut away."""
    words = str(error).split("\n", maxsplit=1)[0]
    for start in ("/", "'/", '"/'):
        words = words.split(start, maxsplit=1)[0] if start in words else words
    words = "".join(letter for letter in words if letter.isprintable()).strip(" ;:.'\"")[:160]
    told = f" ({words})" if words and "recogn" not in words and "{" not in words else ""
    return (
        f"The file is damaged or not what its name says{told}. "
        "Save it again from the program it came from."
    )


def load(
    pyogrio: ModuleType,
    path: Path,
    layer: str,
    *,
    limits: Limits,
    limit: int | None = None,
    geometry: bool = True,
    encoding: str | None = None,
) -> Loaded:
    """A layer's attributes and geometries, two-dimensional, in file order."""
    info = _info(pyogrio, path, layer, encoding)
    check_size(info["features"], len(info["fields"]), limits)
    has_geometry = info["geometry_type"] is not None
    try:
        frame = pyogrio.read_dataframe(
            path,
            layer=layer,
            encoding=encoding,
            read_geometry=False,
            max_features=limit,
            use_arrow=False,
        )
        shapes = None
        if geometry and has_geometry:
            shapes = _shapes(pyogrio, path, layer, limit, encoding)
    except MemoryError:
        raise
    except Exception as error:
        raise ReadError(unreadable(error)) from error
    if len(info["fields"]) == 0:
        # A layer of shapes alone comes back as a frame without rows.
        count = int(info["features"]) if shapes is None else len(shapes)
        frame = pd.DataFrame(index=range(count if limit is None else min(count, limit)))
    findings = _dimension_findings(str(info["geometry_type"] or ""))
    if shapes is not None and len(shapes) != len(frame):
        raise ReadError("The file has another number of shapes than of attribute rows.")
    return Loaded(
        name=layer,
        frame=frame.reset_index(drop=True),
        rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        geometry=shapes if geometry else (np.empty(0, dtype=object) if has_geometry else None),
        crs=info["crs"],
        findings=findings,
    )


def _shapes(
    pyogrio: ModuleType, path: Path, layer: str, limit: int | None, encoding: str | None
) -> Any:
    import shapely  # noqa: PLC0415 - only where shapes are wanted

    _, _, wkb, _ = pyogrio.raw.read(
        path,
        layer=layer,
        columns=[],
        force_2d=True,
        max_features=limit,
        encoding=encoding,
    )
    # An unreadable shape becomes missing and is told as a row without a place.
    return shapely.from_wkb(wkb, on_invalid="ignore")


def check_size(rows: int, columns: int, limits: Limits) -> None:
    """Refuse more rows or columns than accepted."""
    if rows > limits.max_rows:
        raise ReadError(
            f"The layer has {rows:,} rows; at most {limits.max_rows:,} are accepted. "
            "Split it by district and bring the parts."
        )
    if columns > limits.max_columns:
        raise ReadError(
            f"The layer has {columns:,} columns; at most {limits.max_columns:,} are accepted. "
            "Keep only the columns that are needed."
        )


def _dimension_findings(geometry_type: str) -> list[Finding]:
    found = []
    if "Z" in geometry_type.split() or "2.5D" in geometry_type or "ZM" in geometry_type.split():
        found.append(
            Finding(
                code="heights_dropped",
                message="The shapes carry heights (Z); they are left out.",
            )
        )
    if "M" in geometry_type.split() or "ZM" in geometry_type.split():
        found.append(
            Finding(
                code="measures_dropped",
                message="The shapes carry measure values (M); they are left out.",
            )
        )
    if any(word in geometry_type for word in ("Curve", "Compound", "Circular", "Surface")):
        found.append(
            Finding(
                code="curves_linearised",
                message="The shapes hold curves; they are drawn as short straight lines instead.",
            )
        )
    return found
