"""The child's side of a reading: limits first, then the file; leaves report.json and features.

Started by `layers.read.supervisor` as `python -m layers.read.worker` with the job on standard
input. Imports of weight wait until the limits hold and the format is known.
"""

import contextlib
import json
import resource
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.read.model import (
    RASTER_OUT,
    Inspection,
    Limits,
    ReadError,
    ReadRequest,
    SourceLayer,
)

if TYPE_CHECKING:
    from layers.facts import Kind, Region
    from layers.read.source import RasterFile


def main() -> None:
    """Read the job, do it, write the report; a refusal is a report with one sentence."""
    job = json.loads(sys.stdin.buffer.read())
    limits = Limits.from_json(job["limits"])
    folder = Path(job["folder"])
    _limit(limits)
    warnings.filterwarnings("ignore")
    try:
        tasks = {"inspect": _inspect, "read": _read, "tables": _tables, "photo": _photo}
        report = tasks[job["task"]](job, limits, folder)
    except ReadError as error:
        report = {"error": _with_name(str(error), job["filename"])}
    except MemoryError:
        report = {"error": _too_much(job["filename"], limits)}
    except RecursionError:
        shown = _shown(job["filename"])
        report = {"error": f"'{shown}' is nested too deeply to be data. Export it again."}
    except Exception as error:  # noqa: BLE001 - a fault of ours must still end in a sentence
        traceback.print_exc()
        report = {"error": _fault(job["filename"], error, limits)}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def _limit(limits: Limits) -> None:
    """Memory, processor time, file size, open files; no core dump; an alarm if the parent dies."""
    seconds = int(limits.seconds) + 5
    longest = max(seconds, int(limits.raster_seconds) + 5)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, longest),
        (resource.RLIMIT_FSIZE, max(limits.unpacked_bytes, limits.file_bytes, _picture(limits))),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        soft = min(seconds, wanted) if what == resource.RLIMIT_CPU else wanted
        resource.setrlimit(what, (soft, wanted))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


def _picture(limits: Limits) -> int:
    """Bytes of the largest picture before it is compressed: three colours, and some room."""
    return limits.max_picture_pixels * 3 + 64 * 2**20


def _say(share: float, text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"share": share, "text": text}), flush=True)


def _inspect(job: dict[str, Any], limits: Limits, folder: Path) -> dict[str, Any]:
    from layers.read import values  # noqa: PLC0415 - see the module's docstring
    from layers.read.opening import open_file  # noqa: PLC0415
    from layers.read.source import RasterFile  # noqa: PLC0415

    source = open_file(Path(job["path"]), job["filename"], folder, limits)
    if isinstance(source, RasterFile):
        from layers.read import raster  # noqa: PLC0415

        _take_longer(limits)
        return raster.inspected(
            source, job["filename"], limits, lambda share: _say(share, "Counting pixel values")
        ).as_json()
    layers = []
    findings = list(source.findings)
    for number, head in enumerate(source.heads):
        _say(number / len(source.heads), f"Looking at layer '{head.name}'")
        loaded = source.load(head.name, values.SAMPLED_ROWS, False)
        columns = values.profile(loaded.frame)
        findings += [each for each in loaded.findings if each not in findings]
        layers.append(
            SourceLayer(
                name=head.name,
                geometry_type=head.geometry_type,
                rows=head.rows if head.rows >= 0 else len(loaded.frame),
                declared_crs=_declared(head.crs),
                columns=columns,
                sampled=min(len(loaded.frame), values.SAMPLED_ROWS),
            )
        )
    return Inspection(
        filename=job["filename"],
        format=source.format,
        layers=tuple(layers),
        findings=tuple(findings),
    ).as_json()


def _declared(crs: str | None) -> str | None:
    """ "EPSG:n", else the name of the system, else None."""
    if not crs:
        return None
    from geo.crs import crs_text, known_crs  # noqa: PLC0415 - see the module's docstring
    from geo.errors import CrsError  # noqa: PLC0415

    try:
        system = known_crs(crs)
    except CrsError:
        return None
    text = crs_text(system)
    return text if len(text) < 40 else str(system.name)


def _read(job: dict[str, Any], limits: Limits, folder: Path) -> dict[str, Any]:
    from layers import facts  # noqa: PLC0415 - see the module's docstring
    from layers.read import canonical, values  # noqa: PLC0415
    from layers.read.opening import open_file  # noqa: PLC0415
    from layers.read.source import RasterFile  # noqa: PLC0415
    from layers.read.suggestion import suggest  # noqa: PLC0415

    request = ReadRequest.from_json(job["request"])
    kind, region = facts.kind(request.kind), facts.region(request.region_id)
    _say(0.02, "Opening the file")
    source = open_file(Path(job["path"]), job["filename"], folder, limits)
    if isinstance(source, RasterFile):
        return _read_raster(source, request, kind=kind, region=region, limits=limits, folder=folder)
    if kind.is_raster:
        verb = "are" if kind.is_picture else "is"
        raise ReadError(
            f"The file holds features, and {kind.title.lower()} {verb} a raster. "
            "Bring a GeoTIFF, or choose the kind of these features."
        )
    layer = Inspection(
        filename=_shown(job["filename"]),
        format=source.format,
        layers=tuple(
            SourceLayer(
                name=head.name,
                geometry_type=head.geometry_type,
                rows=head.rows,
                declared_crs=None,
            )
            for head in source.heads
        ),
    ).layer(request.source_layer)
    _say(0.1, f"Reading layer '{layer.name}'")
    loaded = source.load(layer.name, None, True)
    loaded.findings = [*source.findings, *loaded.findings]
    _say(0.4, f"Checking {len(loaded.frame):,} rows")
    profiled = SourceLayer(
        name=layer.name,
        geometry_type=layer.geometry_type,
        rows=len(loaded.frame),
        declared_crs=loaded.crs,
        columns=values.profile(loaded.frame),
        sampled=min(len(loaded.frame), values.SAMPLED_ROWS),
    )
    report, frame = canonical.make_features(
        loaded,
        request,
        kind=kind,
        region=region,
        suggestion=suggest(profiled, kind, region),
        limits=limits,
        named_format=source.format,
    )
    if frame is not None:
        _say(0.8, "Writing")
        frame.to_parquet(
            folder / "features.parquet",
            index=False,
            compression="zstd",
            schema_version="1.1.0",
            write_covering_bbox=True,
            row_group_size=8192,
        )
    _say(1.0, "Done")
    return report.as_json()


def _tables(job: dict[str, Any], limits: Limits, folder: Path) -> dict[str, Any]:
    from layers.read.tables import write_tables  # noqa: PLC0415 - see the module's docstring

    _say(0.02, "Opening the file")
    report = write_tables(
        Path(job["path"]),
        job["filename"],
        folder,
        limits,
        lambda share, name: _say(share, f"Reading table '{name}'"),
    )
    _say(1.0, "Done")
    return report.as_json()


def _photo(job: dict[str, Any], limits: Limits, folder: Path) -> dict[str, Any]:
    from layers.read.photo import write_photo  # noqa: PLC0415 - see the module's docstring

    write_photo(Path(job["path"]), _shown(job["filename"]), folder)
    return {}


def _read_raster(
    source: "RasterFile",
    request: ReadRequest,
    *,
    kind: "Kind",
    region: "Region",
    limits: Limits,
    folder: Path,
) -> dict[str, Any]:
    from layers.read import picture_read, raster, raster_read  # noqa: PLC0415 - see the docstring

    raster.fits(kind)
    _take_longer(limits)
    read_it = picture_read.read_picture if kind.is_picture else raster_read.read_raster
    report = read_it(
        source,
        request,
        kind=kind,
        region=region,
        limits=limits,
        out=folder / RASTER_OUT,
        say=lambda share: _say(share, "Reading the raster"),
    )
    return report.as_json()


def _take_longer(limits: Limits) -> None:
    """A raster may take longer than features; the parent hears of it and moves its deadline."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"raster": True}), flush=True)
    seconds = int(limits.raster_seconds) + 5
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, hard), hard))
    signal.alarm(seconds)


def _shown(filename: str) -> str:
    from layers.read.supervisor import shown_name  # noqa: PLC0415 - only for a sentence

    return shown_name(filename)


def _with_name(sentence: str, filename: str) -> str:
    """A sentence about 'the file' or 'the layer' says which file it is about."""
    if sentence.startswith(("The ", "This ")):
        return f"'{_shown(filename)}': {sentence}"
    return sentence


def _too_much(filename: str, limits: Limits) -> str:
    return (
        f"'{_shown(filename)}' needs more than the {limits.memory_bytes / 2**30:.2g} GB of memory "
        "a reading may use. Split it into smaller files and bring them again."
    )


def _fault(filename: str, error: Exception, limits: Limits) -> str:
    if "alloc" in str(error).lower() or type(error).__name__ == "ArrowMemoryError":
        return _too_much(filename, limits)
    return (
        f"'{_shown(filename)}' could not be read ({type(error).__name__}). Save it again from the "
        "program it came from, or as GeoPackage or CSV."
    )


if __name__ == "__main__":
    main()
