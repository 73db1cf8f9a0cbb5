"""GIS files opened for reading: each judged by ourselves before GDAL sees it."""

import contextlib
import dataclasses
import json
import re
import sqlite3
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

from layers.findings import Finding
from layers.read import gdal
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded, Source

WGS84 = "EPSG:4326"
GEOJSON_TYPES = {
    "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString",
    "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip
# A `crs` member of kind link makes GDAL fetch any address; an unknown name becomes WGS 84 in
# silence. GDAL finds the member in any letter case, and JSON may spell its letters as escapes.
MAY_HAVE_CRS = re.compile(rb'"crs"|\\u00[46]3|\\u00[57]2|\\u00[57]3', re.IGNORECASE)
FINE_VIRTUAL = re.compile(r"USING\s+[\"']?(rtree|rtree_i32)\b", re.IGNORECASE)


def open_geopackage(path: Path, shown: str, limits: Limits) -> Source:
    """A GeoPackage whose layers are plain tables; views and virtual tables are not opened."""
    tables, findings = _judge_geopackage(path, shown)
    pyogrio = gdal.only_driver("GPKG")
    heads = [head for head in gdal.heads(pyogrio, path) if head.name in tables]
    if len(heads) > limits.max_layers:
        raise ReadError(f"'{shown}' has {len(heads)} layers, more than {limits.max_layers}.")
    if not heads:
        raise ReadError(f"'{shown}' has no layer that can be read. Export the layer again.")
    return _source("GeoPackage", heads, path, pyogrio=pyogrio, limits=limits, findings=findings)


def _judge_geopackage(path: Path, shown: str) -> tuple[set[str], list[Finding]]:
    """Names of the layers that are plain tables, and what is told of the others."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        ) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            master = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            kinds = {str(name).lower(): (kind, str(sql or "")) for kind, name, sql in master
                     if kind in ("table", "view")}  # fmt: skip
            if "gpkg_contents" not in kinds or kinds["gpkg_contents"][0] != "table":
                raise ReadError(
                    f"'{shown}' is a database, but not a GeoPackage. "
                    "Export the layer as GeoPackage or shapefile."
                )
            listed = base.execute(
                "SELECT table_name FROM gpkg_contents "
                "WHERE data_type IN ('features', 'attributes', 'aspatial')"
            ).fetchall()
            generated = {name for (name,) in listed if _is_generated(base, str(name))}
    except sqlite3.Error as error:
        raise ReadError(
            f"'{shown}' is a damaged GeoPackage. Save it again from the program it came from."
        ) from error
    virtual = [
        name for name, (_, sql) in kinds.items()
        if sql.upper().lstrip().startswith("CREATE VIRTUAL") and not FINE_VIRTUAL.search(sql)
    ]  # fmt: skip
    if virtual:
        raise ReadError(
            f"'{shown}' has a table that reads from elsewhere ('{virtual[0][:60]}'). "
            "Export the layer into a new GeoPackage."
        )
    names = {str(name) for (name,) in listed}
    plain = {name for name in names if kinds.get(name.lower(), ("", ""))[0] == "table"} - generated
    hidden = sorted(names - plain)
    if hidden and not plain:
        raise ReadError(
            f"The layers of '{shown}' are queries or calculated, not stored. "
            "Export the layer into a new GeoPackage."
        )
    findings = [
        Finding(
            code="layer_is_a_query",
            message=f"Layer '{name[:60]}' is a query or calculated, not stored, and is left out.",
            fix="Export it into a new GeoPackage to bring it.",
        )
        for name in hidden
    ]
    return plain, findings


def _is_generated(base: sqlite3.Connection, table: str) -> bool:
    quoted = '"' + table.replace('"', '""') + '"'
    return any(row[6] in (2, 3) for row in base.execute(f"PRAGMA table_xinfo({quoted})"))


def open_flatgeobuf(path: Path, shown: str, limits: Limits) -> Source:
    """A FlatGeobuf file."""
    pyogrio = gdal.only_driver("FlatGeobuf")
    heads = gdal.heads(pyogrio, path)
    source = _source("FlatGeobuf", heads, path, pyogrio=pyogrio, limits=limits, findings=[])
    return _named_after_file(source, path, shown)


def open_geojson_lines(path: Path, shown: str, limits: Limits) -> Source:
    """Newline-delimited GeoJSON."""
    return open_geojson(path, shown, limits, lines=True)


def open_geojson(path: Path, shown: str, limits: Limits, *, lines: bool = False) -> Source:
    """GeoJSON, on WGS 84 unless an older file names another CRS."""
    crs: str | None = WGS84
    findings: list[Finding] = []
    content = path.read_bytes()
    if lines:
        _judge_first_line(content, shown)
        if re.search(rb'"type"\s*:\s*"FeatureCollection"', content[:65536]):
            raise ReadError(
                f"'{shown}' has several collections one after the other. Bring one file for each."
            )
    else:
        _judge_type(content, shown)
    if MAY_HAVE_CRS.search(content):
        crs, findings = _without_crs(path, content, shown, lines=lines)
    del content
    pyogrio = gdal.only_driver("GeoJSONSeq" if lines else "GeoJSON")
    heads = [
        Head(name=head.name, geometry_type=head.geometry_type, rows=head.rows, crs=crs)
        for head in gdal.heads(pyogrio, path)
    ]
    if not any(head.rows for head in heads):
        raise ReadError(f"'{shown}' is GeoJSON without features. Export it again.")
    named = "Newline-delimited GeoJSON" if lines else "GeoJSON"
    source = _source(named, heads, path, pyogrio=pyogrio, limits=limits, findings=findings)
    plain_load = source.load

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        loaded = plain_load(name, limit, geometry)
        loaded.crs, loaded.crs_by_format = crs, crs == WGS84
        return loaded

    source.load = load
    return _named_after_file(source, path, shown)


def _judge_first_line(content: bytes, shown: str) -> None:
    first = next((line for line in content.splitlines() if line.strip(b"\x1e\xef\xbb\xbf \t")), b"")
    try:
        record = json.loads(first.strip(b"\x1e\xef\xbb\xbf \t"))
    except (ValueError, RecursionError) as error:
        raise ReadError(f"'{shown}' is not complete JSON. Export it again.") from error
    _require_type(record, shown)


def _judge_type(content: bytes, shown: str) -> None:
    """The quick look: a known type must be named; GDAL reads the rest."""
    kinds = set(re.findall(rb'"type"\s*:\s*"([A-Za-z]+)"', content))
    if b"gdal_virtual_file" in kinds or re.search(rb'"command_line"\s*:', content[:65536]):
        raise ReadError(
            f"'{shown}' is a list of commands (GDALG), not data. Export the data itself."
        )
    if b"Topology" in kinds and b'"arcs"' in content:
        raise ReadError(f"'{shown}' is TopoJSON. Export it as GeoJSON.")
    if not {kind.decode() for kind in kinds} & GEOJSON_TYPES:
        raise ReadError(
            f"'{shown}' is JSON, but not GeoJSON. Export it as a GeoJSON FeatureCollection."
        )


def _require_type(record: Any, shown: str) -> None:
    if not isinstance(record, dict) or record.get("type") not in GEOJSON_TYPES:
        raise ReadError(
            f"'{shown}' is JSON, but not GeoJSON. Export it as a GeoJSON FeatureCollection."
        )


def _without_crs(
    path: Path, content: bytes, shown: str, *, lines: bool
) -> tuple[str | None, list[Finding]]:
    """Rewrite the file without its `crs` members and say which CRS they named."""
    try:
        if lines:
            texts = [line.strip(b"\x1e\xef\xbb\xbf \t") for line in content.splitlines()]
            records = [json.loads(text) for text in texts if text]
        else:
            records = [json.loads(content.decode("utf-8-sig"))]
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"'{shown}' is not complete JSON, or is nested too deeply. Export it again."
        ) from error
    members = []
    for record in records:
        _require_type(record, shown)
        features = record.get("features")
        for part in (record, *(features if isinstance(features, list) else ())):
            members.extend(_pop_crs(part))
            if isinstance(part, dict):
                members.extend(_pop_crs(part.get("geometry")))
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return _named_crs(members)


def _pop_crs(part: Any) -> list[Any]:
    if not isinstance(part, dict):
        return []
    return [part.pop(key) for key in list(part) if key.lower() == "crs"]


def _named_crs(members: list[Any]) -> tuple[str | None, list[Finding]]:
    crs: str | None = WGS84
    findings = []
    for member in members[:1]:
        kind = member.get("type") if isinstance(member, dict) else None
        if kind == "link":
            findings.append(
                Finding(
                    code="crs_link_ignored",
                    message="The file points to a web address for its coordinate system. "
                    "It was not fetched.",
                    fix="Choose the coordinate system yourself.",
                )
            )
            crs = "a web address"
        elif kind == "name" and isinstance(member.get("properties"), dict):
            crs = str(member["properties"].get("name", ""))[:200]
        elif member is not None:
            crs = str(member)[:80]
    return crs, findings


def open_shapefiles(
    archive: zipfile.ZipFile, groups: dict[str, dict[str, Path]], shown: str, limits: Limits
) -> Source:
    """The shapefiles of a zip, each unpacked under a name of ours; the keys are their own names."""
    pyogrio = gdal.only_driver("ESRI Shapefile")
    heads, encodings, findings = [], {}, []
    paths = {name: parts[".shp"] for name, parts in groups.items()}
    for name, parts in groups.items():
        judge_shapefile(name, parts)
        encodings[name], told = dbf_encoding(name, parts)
        findings.extend(told)
        (head,) = gdal.heads(pyogrio, parts[".shp"], encoding=encodings[name])
        heads.append(
            Head(name=name, geometry_type=head.geometry_type, rows=head.rows, crs=head.crs)
        )

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        loaded = gdal.load(
            pyogrio, paths[name], paths[name].stem, limits=limits, limit=limit,
            geometry=geometry, encoding=encodings[name],
        )  # fmt: skip
        loaded.name = name
        return loaded

    return Source(format="Zipped shapefile", heads=heads, load=load, findings=findings)


def judge_shapefile(name: str, parts: dict[str, Path]) -> None:
    """Refuse a shapefile that lacks a part or was cut off: GDAL would give empty shapes."""
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in parts]
    if missing:
        raise ReadError(
            f"Shapefile '{name}' lacks its {' and '.join(missing)}. A shapefile is several files "
            "of one name: zip .shp, .shx, .dbf and .prj together."
        )
    for suffix in (".shp", ".shx"):
        path = parts[suffix]
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(100)
        declared = int.from_bytes(header[24:28], "big") * 2
        if len(header) < 100 or header[:4] != b"\x00\x00\x27\x0a":
            raise ReadError(f"'{name}{suffix}' is not part of a shapefile. Export it again.")
        if size < declared:
            raise ReadError(
                f"'{name}{suffix}' is cut off: {size:,} of {declared:,} bytes are there. "
                "Copy or download it again."
            )
    shapes = (parts[".shx"].stat().st_size - 100) // 8
    with parts[".dbf"].open("rb") as file:
        header = file.read(32)
    records = int.from_bytes(header[4:8], "little")
    if len(header) < 32 or records != shapes:
        raise ReadError(
            f"Shapefile '{name}' has {shapes:,} shapes but {records:,} attribute rows, so its "
            "parts do not belong together. Export it again."
        )
    length = int.from_bytes(header[8:10], "little") + records * int.from_bytes(
        header[10:12], "little"
    )
    if parts[".dbf"].stat().st_size < length:
        raise ReadError(f"'{name}.dbf' is cut off. Copy or download it again.")


def dbf_encoding(name: str, parts: dict[str, Path]) -> tuple[str | None, list[Finding]]:
    """The encoding of a shapefile's texts: as declared, where the bytes agree, else guessed."""
    content = parts[".dbf"].read_bytes()
    header = int.from_bytes(content[8:10], "little")
    body = content[header:]
    declared = ""
    if ".cpg" in parts:
        declared = parts[".cpg"].read_bytes()[:40].decode("ascii", errors="replace").strip()
    if body.isascii():
        return "UTF-8", []
    is_utf8 = _decodes(body, "utf-8")
    if declared.upper().replace("-", "") in ("UTF8", "65001"):
        if is_utf8:
            return "UTF-8", []
    elif declared or (content[29] not in (0, 0x57) and not is_utf8):
        return None, []
    guess = "UTF-8" if is_utf8 else "CP1252"
    why = f"says '{declared}', which does not fit" if declared else "does not say"
    return guess, [
        Finding(
            code="encoding_guessed",
            message=f"Shapefile '{name}' {why} how its letters are stored (.cpg); "
            f"they were read as {guess}.",
            fix="Look at names with accents. If they are garbled, add the right .cpg file.",
        )
    ]


def _decodes(body: bytes, encoding: str) -> bool:
    # A fixed-width field may cut a letter in two, so a few broken letters are no proof.
    text = body.decode(encoding, errors="replace")
    return text.count("\ufffd") * 20 <= sum(letter > "\x7f" for letter in text)


def _named_after_file(source: Source, path: Path, shown: str) -> Source:
    """A layer that has only the name of our copy gets that of the file as people know it."""
    plain_load, theirs = source.load, Path(shown).stem
    if [head.name for head in source.heads] != [path.stem]:
        return source
    source.heads = [dataclasses.replace(head, name=theirs) for head in source.heads]

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        loaded = plain_load(path.stem, limit, geometry)
        loaded.name = name
        return loaded

    source.load = load
    return source


def _source(
    named: str,
    heads: list[Head],
    path: Path,
    *,
    pyogrio: ModuleType,
    limits: Limits,
    findings: list[Finding],
) -> Source:
    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        return gdal.load(pyogrio, path, name, limits=limits, limit=limit, geometry=geometry)

    return Source(format=named, heads=heads, load=load, findings=findings)
