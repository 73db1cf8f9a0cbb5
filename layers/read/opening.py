"""From a recognised format to an open source; archives are unpacked on the way."""

import importlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from layers.read import archive as zips
from layers.read.model import Limits, ReadError
from layers.read.sniff import recognise
from layers.read.source import RasterFile, Source
from layers.read.supervisor import shown_name

NESTED = (".zip", ".kmz", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
READABLE = (
    ".gpkg", ".geojson", ".json", ".geojsonl", ".ndjson", ".jsonl", ".kml", ".gpx", ".fgb",
    ".parquet", ".geoparquet", ".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".tif", ".tiff",
)  # fmt: skip


def open_file(path: Path, filename: str, folder: Path, limits: Limits) -> Source | RasterFile:
    """An open source for a file of any accepted format; ReadError with one sentence otherwise."""
    shown = shown_name(filename)
    found = recognise(path, filename)
    if found == "zip":
        return _open_zip(path, shown, folder, limits)
    if found == "kmz":
        return _open_kmz(path, shown, folder, limits)
    if found == "tiff":
        return _raster_file(path, shown, folder)
    if found in ("gpkg", "flatgeobuf", "geojson", "geojsonseq"):
        # A copy under a name of ours: SQLite and GDAL look for files beside the one they open.
        suffix = {"gpkg": ".gpkg", "flatgeobuf": ".fgb"}.get(found, ".geojson")
        copy = folder / f"input{suffix}"
        shutil.copyfile(path, copy)
        path = copy
    return _opener(found)(path, shown, limits)


def _opener(found: str) -> Callable[[Path, str, Limits], Source]:
    """The function that opens a format.

    Only the module of the format at hand is loaded: starting the worker is time people wait.
    """
    module, name = {
        "gpkg": ("vector", "open_geopackage"),
        "flatgeobuf": ("vector", "open_flatgeobuf"),
        "geojson": ("vector", "open_geojson"),
        "geojsonseq": ("vector", "open_geojson_lines"),
        "kml": ("markup", "open_kml"),
        "gpx": ("markup", "open_gpx"),
        "parquet": ("parquet", "open_parquet"),
        "xlsx": ("sheets", "open_workbook"),
        "csv": ("table", "open_csv"),
    }[found]
    opener: Callable[[Path, str, Limits], Source] = getattr(
        importlib.import_module(f"layers.read.{module}"), name
    )
    return opener


def _raster_file(path: Path, shown: str, folder: Path) -> RasterFile:
    """A raster under a name of ours, beside which nothing lies."""
    alone = folder / "raster" / "input.tif"
    alone.parent.mkdir()
    alone.symlink_to(path.resolve())
    return RasterFile(path=alone, name=Path(shown).stem)


def _open_zip(path: Path, shown: str, folder: Path, limits: Limits) -> Source | RasterFile:
    with zipfile.ZipFile(path) as archive:
        files = zips.members(archive, shown, limits)
        nested = [each for each in files if each.suffix in NESTED]
        if nested:
            raise ReadError(
                f"'{shown}' holds another archive ('{shown_name(nested[0].name)}'). "
                "Unpack it and pack only the files of one layer."
            )
        if any(".gdb/" in each.name.lower() for each in files):
            raise ReadError(
                f"'{shown}' holds a file geodatabase, which we do not read. "
                "Export its layers as GeoPackage."
            )
        if any(each.suffix == ".shp" for each in files):
            from layers.read import vector  # noqa: PLC0415 - see _opener

            groups = _unpack_shapefiles(archive, files, folder, shown, limits)
            return vector.open_shapefiles(archive, groups, shown, limits)
        return _open_single(archive, files, shown, folder, limits)


def _unpack_shapefiles(
    archive: zipfile.ZipFile, files: list[zips.Member], folder: Path, shown: str, limits: Limits
) -> dict[str, dict[str, Path]]:
    """The parts of each shapefile by its name, unpacked side by side under names of ours."""
    stems: dict[str, dict[str, zips.Member]] = {}
    for each in files:
        if each.suffix in SHAPEFILE_PARTS:
            stems.setdefault(each.name[: -len(each.suffix)].lower(), {})[each.suffix] = each
    groups: dict[str, dict[str, Path]] = {}
    left = limits.unpacked_bytes
    for number, parts in enumerate(stems.values(), start=1):
        if ".shp" not in parts:
            continue
        name = parts[".shp"].stem
        while name in groups:
            name += " (2)"
        groups[name] = {}
        for suffix, member in parts.items():
            target = folder / f"shapefile{number}" / f"layer{suffix}"
            left -= zips.unpack(archive, member, target, shown, limits, left=left)
            groups[name][suffix] = target
    if len(groups) > limits.max_layers:
        raise ReadError(f"'{shown}' has {len(groups)} shapefiles, more than {limits.max_layers}.")
    return groups


def _open_single(
    archive: zipfile.ZipFile, files: list[zips.Member], shown: str, folder: Path, limits: Limits
) -> Source | RasterFile:
    readable = [each for each in files if each.suffix in READABLE]
    if not readable:
        loose = [each for each in files if each.suffix in SHAPEFILE_PARTS]
        raise ReadError(
            f"'{shown}' holds parts of a shapefile but no .shp. Pack .shp, .shx, .dbf and .prj."
            if loose
            else f"'{shown}' holds no file we can read. Pack a shapefile, GeoPackage, GeoJSON, "
            "KML, GPX, CSV, XLSX or a GeoTIFF."
        )
    if len(readable) > 1:
        names = ", ".join(f"'{shown_name(each.name)}'" for each in readable[:5])
        raise ReadError(f"'{shown}' holds several files: {names}. Bring them one at a time.")
    member = readable[0]
    target = folder / f"member{member.suffix}"
    zips.unpack(archive, member, target, shown, limits, left=limits.unpacked_bytes)
    if target.stat().st_size == 0:
        raise ReadError(f"'{shown_name(member.name)}' in '{shown}' is empty (0 bytes).")
    inner = shown_name(member.name)
    found = recognise(target, inner)
    if found in ("zip", "kmz"):
        raise ReadError(f"'{shown}' holds another archive ('{inner}'). Unpack it first.")
    if found == "tiff":
        labels = _labels_beside(archive, files, member, shown, limits)
        file = _raster_file(target, inner, folder)
        return replace(file, format="Zipped GeoTIFF", labels=labels)
    source = _opener(found)(target, inner, limits)
    source.format = f"Zipped {source.format}"
    return source


def _labels_beside(
    archive: zipfile.ZipFile,
    files: list[zips.Member],
    raster: zips.Member,
    shown: str,
    limits: Limits,
) -> dict[int, str]:
    """Names of pixel values from the .aux.xml of a raster, read by ourselves and for names only."""
    from layers.read import labels  # noqa: PLC0415 - see _opener

    wanted = f"{raster.name}.aux.xml".lower()
    beside = next((each for each in files if each.name.lower() == wanted), None)
    if beside is None:
        return {}
    most = labels.MOST_BYTES
    return labels.labels_of(
        b"".join(zips.chunks(archive, beside, shown, at_most=most, limits=limits))
    )


def _open_kmz(path: Path, shown: str, folder: Path, limits: Limits) -> Source:
    from layers.read import markup  # noqa: PLC0415 - see _opener

    with zipfile.ZipFile(path) as archive:
        files = zips.members(archive, shown, limits)
        kml = [each for each in files if each.suffix == ".kml"]
        if not kml:
            raise ReadError(f"'{shown}' holds no KML. Save it again from your mapping program.")
        main = next((each for each in kml if each.name.lower() == "doc.kml"), kml[0])
        target = folder / "doc.kml"
        zips.unpack(archive, main, target, shown, limits, left=limits.unpacked_bytes)
    if target.stat().st_size == 0 or recognise(target, "doc.kml") != "kml":
        raise ReadError(f"'{shown}' holds no readable KML. Save it again.")
    return markup.open_kml(target, shown, limits, packed=True)
