"""Frames as files people take away: GeoPackage with style and notes, GeoJSON, CSV, GeoParquet.

The same frame gives the same bytes. Every file says what it is: notes go where the format has room
for them, and the columns `as_of`, `demonstration` and the like go with every row.
"""

import datetime as dt
import io
import json
import re
import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layers.styles import categorised_qml, plain_qml

__all__ = ["FORMATS", "ExportError", "Sheet", "categorised_qml", "exported", "plain_qml"]

FORMATS = {
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
"""Formats by the ending of their files, with their media types."""

DECIMALS = 7
"""Of a degree, in GeoJSON: a centimetre."""

# Spreadsheets drop blanks and a byte order mark in front, and read the full-width signs too.
FORMULA = re.compile(r"^[\s\ufeff\x00]*[=+\-@＝＋－＠]|^[\t\r\n]")
_gdal_clock = threading.Lock()


class ExportError(ValueError):
    """A file cannot be written as asked; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What is exported: rows with a geometry in EPSG:4326 (null = no place), and its notes.

    `name` names the table. `notes` are (topic, text). `written_on` stands wherever a format wants a
    time, so that the bytes do not depend on the clock. `areas_qml`, `lines_qml` and `points_qml`
    are QGIS styles for rows of each form.
    """

    frame: gpd.GeoDataFrame
    name: str
    notes: tuple[tuple[str, str], ...]
    written_on: dt.date
    areas_qml: str = ""
    lines_qml: str = ""
    points_qml: str = ""


def exported(sheet: Sheet, *, format: str) -> bytes:
    """The sheet as a file: format gpkg, geojson, csv or parquet.

    GeoPackage: one table a form of geometry, because QGIS styles one form at a time; a row is in
    one table only. CSV: UTF-8 with a byte order mark, without which Excel garbles accents; columns
    `longitude` and `latitude`; text that a spreadsheet would run as a formula gets an apostrophe in
    front; numbers stay numbers.
    """
    writers = {"gpkg": _geopackage, "geojson": _geojson, "csv": _csv, "parquet": _parquet}
    if format not in writers:
        raise ExportError(
            f"There is no export format '{format}'. Use one of: {', '.join(writers)}."
        )
    return writers[format](sheet)


def _csv(sheet: Sheet) -> bytes:
    frame = sheet.frame
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if "longitude" not in table:
        on = frame.geometry.representative_point()
        table["longitude"], table["latitude"] = on.x.round(DECIMALS), on.y.round(DECIMALS)
    return csv_table(table)


def csv_table(table: pd.DataFrame) -> bytes:
    """A table without places as CSV: UTF-8 with a byte order mark, formulas defused, null empty."""
    table = table.copy()
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].map(safe_text)
    table.columns = pd.Index([safe_text(str(column)) for column in table.columns])
    return b"\xef\xbb\xbf" + table.to_csv(index=False, lineterminator="\r\n").encode()


def safe_text(value: Any) -> Any:
    """A cell as text that no spreadsheet runs; numbers, truths and nulls as they are."""
    if isinstance(value, (bool, int, float, np.number)):
        return value
    text = _text(value)
    return f"'{text}" if text is not None and FORMULA.match(text) else text


def _text(value: Any) -> str | None:
    if isinstance(value, (list, tuple, dict, np.ndarray)):
        return json.dumps(value, default=str, ensure_ascii=False)
    if value is None or pd.isna(value):
        return None
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return str(value)


def _flat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns as numbers, truths and text, under names that differ in more than their case."""
    names, taken = {}, {"fid", "geom"}
    for column in frame.columns:
        name, count = str(column), 2
        while name.casefold() in taken:
            name, count = f"{column}_{count}", count + 1
        taken.add(name.casefold())
        names[column] = name
    frame = frame.rename(columns=names).rename_geometry("geom")
    for column in frame.columns.drop("geom"):
        kind = frame[column].dtype
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            frame[column] = pd.Series(
                [_text(value) for value in frame[column]], index=frame.index, dtype=object
            )
    return frame


def _geojson(sheet: Sheet) -> bytes:
    frame = _flat(sheet.frame)
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda at: np.round(at, DECIMALS))
    # RFC 7946, 3.1.6: outer rings run counterclockwise, holes clockwise.
    shapes = shapely.to_geojson(shapely.orient_polygons(rounded))
    rows = frame.drop(columns="geom").to_dict("records")
    lines = []
    for row, shape in zip(rows, shapes, strict=True):
        told = {name: _json_cell(value) for name, value in row.items()}
        properties = json.dumps(told, ensure_ascii=False, allow_nan=False)
        lines.append(f'{{"type":"Feature","properties":{properties},"geometry":{shape or "null"}}}')
    head = {"name": sheet.name, "notes": dict(sheet.notes)}
    opening = json.dumps(head, ensure_ascii=False)[1:-1]
    return (
        f'{{"type":"FeatureCollection",{opening},"features":[\n' + ",\n".join(lines) + "\n]}\n"
    ).encode()


def _json_cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None  # JSON has neither NaN nor infinity
    return value


def _parquet(sheet: Sheet) -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415

    stream = io.BytesIO()
    sheet.frame.to_parquet(stream, index=False, compression="zstd", schema_version="1.1.0")
    stream.seek(0)
    table = pq.read_table(stream)
    notes = json.dumps(dict(sheet.notes), ensure_ascii=False).encode()
    told = {**(table.schema.metadata or {}), b"notes": notes}
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(told), out, compression="zstd")
    return out.getvalue()


def _geopackage(sheet: Sheet) -> bytes:
    frame = _flat(sheet.frame)
    form = shapely.get_dimensions(frame.geometry.to_numpy())
    parts = (
        ("areas", 2, "MultiPolygon", sheet.areas_qml),
        ("lines", 1, "MultiLineString", sheet.lines_qml),
        ("points", 0, "MultiPoint", sheet.points_qml),
    )
    styles = []
    with tempfile.TemporaryDirectory(prefix="export-") as folder, _gdal_clock:
        path = Path(folder) / f"{sheet.name}.gpkg"
        # GDAL writes the time of day into the file; a fixed one keeps the bytes the same
        stamp = f"{sheet.written_on.isoformat()}T00:00:00Z"
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
        try:
            for ending, dimensions, geometry_type, qml in parts:
                # a row without a place has dimension -1 and goes with the points
                rows = frame[np.maximum(form, 0) == dimensions]
                if not len(rows) and not (len(frame) == 0 and dimensions == 0):
                    continue
                table = f"{sheet.name}_{ending}"
                _write_table(path, rows, table, geometry_type)
                styles.append((table, qml))
            notes = pd.DataFrame(list(sheet.notes), columns=["topic", "text"])
            pyogrio.write_dataframe(notes, path, layer="notes", driver="GPKG", append=False)
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
        _add_styles(path, styles, stamp)
        return path.read_bytes()


def _write_table(path: Path, rows: gpd.GeoDataFrame, table: str, geometry_type: str) -> None:
    single = geometry_type.removeprefix("Multi")
    types = rows.geom_type.dropna().unique()
    is_single = len(types) == 0 or (len(types) == 1 and types[0] == single)
    pyogrio.write_dataframe(
        rows,
        path,
        layer=table,
        driver="GPKG",
        geometry_type=single if is_single else geometry_type,
        promote_to_multi=not is_single,
        geometry_name="geom",
        fid="fid",
    )


def _add_styles(path: Path, styles: Sequence[tuple[str, str]], stamp: str) -> None:
    """The table QGIS looks into for the style of each layer, found by itself on opening."""
    moment = stamp.replace("Z", ".000Z")
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
            "f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), "
            "f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, "
            "useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
            "update_time DATETIME)"
        )
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change, srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (moment,),
        )
        connection.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', NULL, ?)",
            [(table, table[:30], qml, moment) for table, qml in styles if qml],
        )
    connection.close()
