"""What a file is, by its first bytes and its name together, before any library opens it."""

import re
import zipfile
from pathlib import Path

from layers.read.model import ReadError
from layers.read.supervisor import shown_name

HEAD_BYTES = 65536

FORMATS_ACCEPTED = (
    "a zipped shapefile, GeoPackage, GeoJSON, KML/KMZ, GPX, FlatGeobuf, GeoParquet, CSV or XLSX, "
    "or for land cover a GeoTIFF"
)

_EXTENSIONS = {
    "zip": (".zip",),
    "kmz": (".kmz",),
    "xlsx": (".xlsx", ".xlsm"),
    "gpkg": (".gpkg",),
    "geojson": (".geojson", ".json"),
    "geojsonseq": (".geojsonl", ".geojsons", ".ndjson", ".jsonl", ".nljson", ".geojson", ".json"),
    "kml": (".kml",),
    "gpx": (".gpx",),
    "flatgeobuf": (".fgb",),
    "parquet": (".parquet", ".geoparquet"),
    "csv": (".csv", ".tsv", ".tab", ".txt"),
    "tiff": (".tif", ".tiff", ".gtiff"),
}
NAMES = {
    "zip": "a zip archive",
    "kmz": "KMZ",
    "xlsx": "an Excel workbook",
    "gpkg": "a GeoPackage",
    "geojson": "GeoJSON",
    "geojsonseq": "newline-delimited GeoJSON",
    "kml": "KML",
    "gpx": "GPX",
    "flatgeobuf": "FlatGeobuf",
    "parquet": "Parquet",
    "csv": "a text table",
    "tiff": "a GeoTIFF",
}

_ACCEPTED_BYTES = {
    b"SQLite format 3\x00": "gpkg",
    b"fgb\x03fgb": "flatgeobuf",
    b"PAR1": "parquet",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
}
_REFUSED_BYTES = (
    (b"\x00\x00\x27\x0a", "is one part of a shapefile. Zip the .shp with its .shx, .dbf and .prj "
     "and bring the zip"),
    (b"%PDF", "is a PDF. Ask its author for the data behind it"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel or Word file. Save it as .xlsx or .csv"),
    (b"\x89PNG", "is a picture (PNG), not features"),
    (b"\xff\xd8\xff", "is a picture (JPEG), not features"),
    (b"Rar!", "is a RAR archive. Pack it as .zip"),
    (b"7z\xbc\xaf", "is a 7z archive. Pack it as .zip"),
    (b"\x1f\x8b", "is gzip-packed. Unpack it, or pack it as .zip"),
    (b"AC10", "is an AutoCAD drawing. Export its features as GeoPackage or shapefile"),
)  # fmt: skip


def recognise(path: Path, filename: str) -> str:
    """The format of a file: its content decides, its extension must agree.

    Raises ReadError for every format not in FORMATS_ACCEPTED, naming the one it is where known.
    """
    shown = shown_name(filename)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n"):
        raise ReadError(f"'{shown}' holds nothing but blanks. Export or download it again.")
    for magic, sentence in _REFUSED_BYTES:
        if head.startswith(magic):
            raise ReadError(f"'{shown}' {sentence}.")
    found = _by_content(path, head, shown)
    extension = Path(filename).suffix.lower()
    if extension not in _EXTENSIONS[found]:
        _refuse_mismatch(found, extension, shown)
    return found


def _by_content(path: Path, head: bytes, shown: str) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path, shown)
    for magic, name in _ACCEPTED_BYTES.items():
        if head.startswith(magic):
            return name
    text = _text_of(head, shown).lstrip("\ufeff \t\r\n\x1e")
    if text.startswith("{"):
        return _kind_of_json(text)
    if text.startswith("["):
        raise ReadError(
            f"'{shown}' is a JSON list, not GeoJSON. Export it as a GeoJSON FeatureCollection."
        )
    if text.startswith("<"):
        return _kind_of_xml(text, shown)
    return "csv"


def _kind_of_zip(path: Path, shown: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as error:
        raise ReadError(
            f"'{shown}' is a damaged zip archive. Download or pack it again."
        ) from error
    if not names:
        raise ReadError(f"'{shown}' is an empty zip archive. Pack it again with the files in it.")
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "doc.kml" in names or (
        any(name.endswith(".kml") for name in names) and Path(shown).suffix.lower() == ".kmz"
    ):
        return "kmz"
    return "zip"


def _text_of(head: bytes, shown: str) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    if b"\x00" in head:
        raise ReadError(f"'{shown}' is not a format we know. Bring {FORMATS_ACCEPTED}.")
    text = head.decode("utf-8", errors="replace")
    strange = sum(letter < " " and letter not in "\t\r\n\x1e\x0b\x0c" for letter in text)
    if strange > len(text) // 50:
        raise ReadError(f"'{shown}' is not a format we know. Bring {FORMATS_ACCEPTED}.")
    return text


def _kind_of_json(text: str) -> str:
    """A first line that is a whole object, with another after it, is newline-delimited."""
    lines = [line for line in text.split("\n", 2) if line.strip()]
    if (
        len(lines) > 1
        and re.match(r"\s*\x1e?\{.*\}\s*$", lines[0])
        and re.match(r"\s*\x1e?\{", lines[1])
    ):
        return "geojsonseq"
    return "geojson"


def _kind_of_xml(text: str, shown: str) -> str:
    body = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?[^>]*>", " ", text, flags=re.S)
    root = re.search(r"<\s*(?:[\w.-]+:)?([\w.-]+)", body)
    name = root.group(1).lower() if root else ""
    if name in ("kml", "gpx"):
        return name
    if name.startswith("ogrvrt") or name == "vrtdataset" or name.startswith("gdal"):
        raise ReadError(
            f"'{shown}' is a list of instructions that points to other files (VRT), not data. "
            "Export the data itself, e.g. as GeoPackage."
        )
    if name in ("html", "body", "head", "script"):
        raise ReadError(
            f"'{shown}' is a web page, perhaps a login or error page saved instead of the data. "
            "Download the data again."
        )
    raise ReadError(f"'{shown}' is XML, but neither KML nor GPX. Bring {FORMATS_ACCEPTED}.")


def _refuse_mismatch(found: str, extension: str, shown: str) -> None:
    if found == "csv":
        if extension in {each for many in _EXTENSIONS.values() for each in many}:
            raise ReadError(
                f"'{shown}' is named {extension}, but its content is not. "
                "Export it again from the program it came from."
            )
        raise ReadError(f"'{shown}' is not a format we know. Bring {FORMATS_ACCEPTED}.")
    right = _EXTENSIONS[found][0]
    raise ReadError(
        f"'{shown}' holds {NAMES[found]}, but its name ends in '{extension or 'nothing'}'. "
        f"If that is right, rename it to end in {right} and bring it again."
    )
