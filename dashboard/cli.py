"""The command line. Exit codes: 0 done, 1 refused with reasons, 2 wrong usage. See docs/cli.md.

With --json only JSON goes to standard output; progress and errors go to standard error. Heavy
modules are imported inside the commands, so that `--help` answers at once.
"""

import datetime as dt
import socket
import sys
import traceback
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dashboard import cli_adoption, cli_field, cli_visits
from dashboard import cli_text as text
from dashboard.cli_parts import (
    Json,
    RegionOption,
    date_or_refuse,
    home_store,
    print_json,
    progress_line,
    region_or_refuse,
    user_name,
    write_file,
)

if TYPE_CHECKING:
    from layers.importing import ImportReport, ImportRequest

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Common Ground: one shared, honest map of a mining landscape.",
    epilog="The store is the folder COMMONGROUND_HOME, else ./var.",
)


def _kind(value: str) -> str:
    from layers import facts  # noqa: PLC0415

    if value not in facts.kinds():
        raise typer.BadParameter(f"'{value}' is none of: {', '.join(facts.kinds())}.")
    return value


def _units(value: str) -> str:
    if value not in ("districts", "h3"):
        raise typer.BadParameter(f"'{value}' is none of: districts, h3.")
    return value


def _pairs(value: list[str]) -> list[str]:
    for one in value:
        if "=" not in one or one.startswith("="):
            raise typer.BadParameter(f"'{one}' is no pair. Write name=value.")
    return value


PathArgument = Annotated[Path, typer.Argument(help="The file; zip a shapefile's files first.")]
KindOption = Annotated[str, typer.Option(help="Kind of layer.", callback=_kind)]
LayerOption = Annotated[
    str | None, typer.Option("--layer", help="Layer or sheet of the file, if it has several.")
]
CrsOption = Annotated[str | None, typer.Option(help="Coordinate system, as EPSG:32630.")]
SwapOption = Annotated[
    bool | None,
    typer.Option("--swap-axes/--axes-as-named", help="The two coordinates change places, or not."),
]
MapOption = Annotated[
    list[str],
    typer.Option("--map", help="field=column; field= leaves it out.", callback=_pairs),
]
ClassOption = Annotated[
    list[str],
    typer.Option("--class", help="value=class, or value=leave-out of a raster.", callback=_pairs),
]
NameOption = Annotated[
    str | None, typer.Option(help="Name of the layer here; default: the layer or the file.")
]
DateOption = Annotated[
    str | None,
    typer.Option(
        help="Day the data speak for, as 2021-06-30; never guessed.", callback=date_or_refuse
    ),
]
NoteOption = Annotated[str | None, typer.Option("--source", help="Where the data are from.")]
RadiusOption = Annotated[
    float | None, typer.Option(help="Radius of sites given as points, metres.", min=0)
]
AccuracyOption = Annotated[
    float | None, typer.Option(help="Standard error of position, metres.", min=0)
]
LatestOption = Annotated[
    bool | None,
    typer.Option("--latest/--all-rows", help="Keep the latest row of each id, or every row."),
]
NodataOption = Annotated[
    str | None,
    typer.Option(help="Pixel value of a raster that means 'no data', or none; else as declared."),
]
BandOption = Annotated[int | None, typer.Option(help="Band of a raster, from 1.", min=1)]
BandsOption = Annotated[
    str | None,
    typer.Option(help="Bands of a picture: red, green, blue, as 3,2,1; or one for grey."),
]
StretchOption = Annotated[
    str | None,
    typer.Option(
        help="Percentiles of a picture's values that become darkest and brightest, as 2,98; "
        "default: 2,98 for 16 bits, none for 8."
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Accept what is suggested, unseen.")]


@app.command("import")
def import_(
    *,
    path: PathArgument,
    region: RegionOption,
    kind: KindOption,
    layer: LayerOption = None,
    crs: CrsOption = None,
    swap: SwapOption = None,
    mapping: MapOption = [],  # noqa: B006 - typer copies it
    classes: ClassOption = [],  # noqa: B006
    name: NameOption = None,
    data_date: DateOption = None,
    source: NoteOption = None,
    radius_m: RadiusOption = None,
    position_sd_m: AccuracyOption = None,
    latest: LatestOption = None,
    nodata: NodataOption = None,
    band: BandOption = None,
    bands: BandsOption = None,
    stretch: StretchOption = None,
    practice: cli_visits.PracticeOption = [],  # noqa: B006
    state: cli_visits.StateOption = [],  # noqa: B006
    place: cli_visits.PlaceOption = [],  # noqa: B006
    site: cli_visits.SiteOption = [],  # noqa: B006
    round: cli_visits.RoundOption = None,
    selection: cli_visits.SelectionOption = None,
    yes: YesOption = False,
    as_json: Json = False,
) -> None:
    """Import a file as a new version of a layer; visits enter the adoption ledger."""
    given = dict(locals())
    cli_visits.refuse_strange_options(given)
    if kind == "visits":
        cli_visits.import_visits(given, only_check=False)
        return
    from dashboard import workflows  # noqa: PLC0415

    request = _request(**given)
    with home_store() as store:
        report = workflows.run_import(
            store,
            path,
            request,
            filename=path.name,
            actor=user_name(),
            progress=progress_line(as_json),
        )
        if _may_ask(report, yes=yes, as_json=as_json) and _confirmed(report):
            request = _request(**(given | {"yes": True}))
            report = workflows.run_import(
                store,
                path,
                request,
                filename=path.name,
                actor=user_name(),
                progress=progress_line(False),
            )
    _tell(report, request, as_json=as_json)


@app.command()
def check(
    *,
    path: PathArgument,
    region: RegionOption,
    kind: KindOption,
    layer: LayerOption = None,
    crs: CrsOption = None,
    swap: SwapOption = None,
    mapping: MapOption = [],  # noqa: B006
    classes: ClassOption = [],  # noqa: B006
    name: NameOption = None,
    data_date: DateOption = None,
    source: NoteOption = None,
    radius_m: RadiusOption = None,
    position_sd_m: AccuracyOption = None,
    latest: LatestOption = None,
    nodata: NodataOption = None,
    band: BandOption = None,
    bands: BandsOption = None,
    stretch: StretchOption = None,
    practice: cli_visits.PracticeOption = [],  # noqa: B006
    state: cli_visits.StateOption = [],  # noqa: B006
    place: cli_visits.PlaceOption = [],  # noqa: B006
    site: cli_visits.SiteOption = [],  # noqa: B006
    round: cli_visits.RoundOption = None,
    selection: cli_visits.SelectionOption = None,
    yes: YesOption = False,
    as_json: Json = False,
) -> None:
    """Say what an import would find, and import nothing."""
    given = dict(locals())
    cli_visits.refuse_strange_options(given)
    if kind == "visits":
        cli_visits.import_visits(given, only_check=True)
        return
    request = _request(**given)
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        report = workflows.check_import(
            store, path, request, filename=path.name, progress=progress_line(as_json)
        )
    _tell(report, request, as_json=as_json)


@app.command()
def layers(
    region: Annotated[
        str | None, typer.Option(help="Only this region.", callback=region_or_refuse)
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted layers too.")] = False,
    as_json: Json = False,
) -> None:
    """List the layers: kind, name, version, features, file, date and id."""
    with home_store() as store:
        found = store.layers(region, deleted=deleted)
    if as_json:
        print_json({"layers": [one.as_json() for one in found]})
    else:
        typer.echo(text.layers(found))


@app.command()
def rollback(
    layer: Annotated[str, typer.Argument(help="Id of the layer, as `layers` prints it.")],
    version: Annotated[
        str | None, typer.Option(help="Number or id of the version; default: the one before.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show another version of a layer; brings a deleted layer back."""
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        shown = workflows.roll_back(store, layer, version=version, actor=user_name())
        found = store.layer(layer)
    if as_json:
        print_json({"layer": found.as_json(), "version_id": shown.version_id})
    else:
        typer.echo(f"Layer '{found.name}' now shows version {shown.number} ('{shown.filename}').")


@app.command()
def delete(
    layer: Annotated[str, typer.Argument(help="Id of the layer, as `layers` prints it.")],
    as_json: Json = False,
) -> None:
    """Take a layer off every page. Its versions stay: `rollback` brings it back."""
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        gone = workflows.delete_layer(store, layer, actor=user_name())
    if as_json:
        print_json({"layer": gone.as_json()})
    else:
        typer.echo(
            f"Layer '{gone.name}' is no longer shown. Its {gone.version_count} versions are kept; "
            f"bring it back with: python -m dashboard rollback {gone.layer_id}"
        )


@app.command()
def conflicts(
    *,
    region: RegionOption,
    on: Annotated[
        str | None,
        typer.Option(help="Day whose rules count; default: today.", callback=date_or_refuse),
    ] = None,
    scenario: Annotated[list[str], typer.Option(help="Id of a scenario to add.")] = [],  # noqa: B006
    layers: Annotated[
        list[str], typer.Option("--layers", help="Only these layer ids (repeat or use commas).")
    ] = [],  # noqa: B006
    out: Annotated[
        Path | None, typer.Option(help="Write a .gpkg, .geojson, .csv or .parquet file.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Compute on a Dask cluster: tcp://host:port, or local:N processes here."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the possible conflicts of a region under the rules of a day."""
    from dashboard import workflows  # noqa: PLC0415
    from layers.cluster import on_cluster  # noqa: PLC0415

    ending = out.suffix.lstrip(".").lower() if out else None
    if ending is not None and ending not in workflows.EXPORT_FORMATS:
        endings = ", ".join(f".{one}" for one in workflows.EXPORT_FORMATS)
        raise typer.BadParameter(f"'{out}' ends in none of: {endings}.", param_hint="--out")
    chosen = [layer_id for one in layers for layer_id in one.split(",") if layer_id]
    day = dt.date.fromisoformat(on) if on else dt.datetime.now().astimezone().date()
    with home_store() as store, on_cluster(cluster) if cluster else nullcontext() as tasks:
        run = workflows.conflicts(
            store,
            region,
            on=day,
            scenarios=scenario,
            layers=chosen or None,
            progress=progress_line(as_json),
            in_process=True,
            run=tasks,
        )
        if out is not None and ending is not None:
            write_file(out, workflows.export_conflicts(store, run, format=ending))
    if as_json:
        print_json(run.as_json() | ({"out": str(out)} if out else {}))
    else:
        typer.echo(text.conflicts(run))
        if out:
            typer.echo(f"Written: {out} ({len(run.table)} possible conflicts).")


@app.command()
def landcover(
    *,
    region: RegionOption,
    by: Annotated[str, typer.Option(help="districts, licences or sites.")] = "districts",
    raster: Annotated[str | None, typer.Option(help="Layer id of the raster.")] = None,
    zones: Annotated[
        str | None, typer.Option(help="Layer id of the districts, licences or sites.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a .csv file.")] = None,
    as_json: Json = False,
) -> None:
    """Hectares of each land-cover class by district, licence or site."""
    from dashboard import workflows  # noqa: PLC0415

    if by not in workflows.LAND_COVER_BY:
        raise typer.BadParameter(f"'{by}' is none of: {', '.join(workflows.LAND_COVER_BY)}.")
    if out is not None and out.suffix.lower() != ".csv":
        raise typer.BadParameter(f"'{out}' does not end in .csv.", param_hint="--out")
    with home_store() as store:
        told = workflows.land_cover(
            store, region, by=by, raster=raster, zones=zones, progress=progress_line(as_json)
        )
    if out is not None:
        write_file(out, workflows.export_land_cover(told))
    if as_json:
        print_json(told.as_json() | ({"out": str(out)} if out else {}))
    else:
        typer.echo(text.land_cover(told))
        if out:
            typer.echo(f"Written: {out} ({len(told.table)} rows).")


@app.command()
def hotspots(
    *,
    region: RegionOption,
    by: Annotated[str, typer.Option(help="Units: districts, or h3 (hexagons).", callback=_units)],
    on: Annotated[
        str | None,
        typer.Option(help="Day whose rules count; default: today.", callback=date_or_refuse),
    ] = None,
    scenario: Annotated[list[str], typer.Option(help="Id of a scenario to add.")] = [],  # noqa: B006
    since: Annotated[
        str | None, typer.Option(help="What to compare with: a version's id, or a day.")
    ] = None,
    measure: Annotated[
        str, typer.Option(help="Sites in conflict per_site (known), or per_km2 (surveyed).")
    ] = "per_site",
    resolution: Annotated[
        int | None, typer.Option(help="Hexagons: 8 (about 1 km across) or 7 (2.5 km).")
    ] = None,
    rule: Annotated[list[str], typer.Option(help="Count only this rule; repeat it.")] = [],  # noqa: B006
    districts: Annotated[
        str | None, typer.Option(help="Layer of districts, where there are several.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a .csv, .geojson or .gpkg file.")] = None,
    as_json: Json = False,
) -> None:
    """Where possible conflicts gather: a ranked list with a reason for each unit."""
    from dashboard import workflows  # noqa: PLC0415

    ending = out.suffix.lstrip(".").lower() if out else None
    if ending is not None and ending not in workflows.HOTSPOT_FORMATS:
        endings = ", ".join(f".{one}" for one in workflows.HOTSPOT_FORMATS)
        raise typer.BadParameter(f"'{out}' ends in none of: {endings}.", param_hint="--out")
    day = dt.date.fromisoformat(on) if on else dt.datetime.now().astimezone().date()
    with home_store() as store:
        run = workflows.hotspots(
            store,
            region,
            on=day,
            by=by,
            scenarios=scenario,
            resolution=resolution,
            measure=measure,
            district_layer=districts,
            since=since,
            rules=rule or None,
            progress=progress_line(as_json),
            in_process=True,
        )
        if out is not None and ending is not None:
            write_file(out, workflows.export_hotspots(store, run, format=ending))
    if as_json:
        print_json(run.as_json() | ({"out": str(out)} if out else {}))
    else:
        typer.echo(text.hotspots(run))
        if out:
            typer.echo(f"Written: {out} ({len(run.rows)} units).")


app.command()(cli_adoption.adoption)
app.command()(cli_adoption.actions)
app.command()(cli_adoption.brief)
app.command()(cli_field.field_visits)
app.command()(cli_field.briefing)
app.command()(cli_field.field_notes)
app.command()(cli_visits.visits)
app.command()(cli_visits.form)


@app.command()
def doctor(
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what interrupted imports left behind.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look for damage in the store; exit code 1 with sentences where there is some."""
    with home_store() as store:
        checks = store.examine(clean=clean)
    healthy = all(one.ok for one in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [one.as_json() for one in checks]})
    else:
        typer.echo(text.checks(checks))
    if not healthy:
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8501,
    demonstration: Annotated[
        bool, typer.Option(help="Load the demonstration landscape into a new store.")
    ] = True,
) -> None:
    """Serve the dashboard."""
    import uvicorn  # noqa: PLC0415

    from dashboard import workflows  # noqa: PLC0415

    _refuse_taken_port(host, port)
    with home_store() as store:
        if demonstration:
            if not store.layers(deleted=True):
                typer.echo("Loading the demonstration landscape into a new store (once) ...")
            loaded = workflows.load_demonstration(store, progress=progress_line(False))
            if loaded:
                typer.echo(f"Loaded the demonstration landscape: {loaded} layers, all invented.")
    typer.echo(f"Common Ground is at http://{host}:{port}")
    # addresses of requests hold places people look at: they are not written down
    uvicorn.run("dashboard.app:app", host=host, port=port, log_level="warning", access_log=False)


def _refuse_taken_port(host: str, port: int) -> None:
    """Say that somebody else listens there, before anybody is sent to their page."""
    from dashboard.workflows import WorkflowError  # noqa: PLC0415

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise WorkflowError(
                f"Port {port} on {host} cannot be used: {reason}. Choose another, as --port "
                f"{port + 1 if port < 65535 else 8501}, or stop what listens there."
            ) from error


def main() -> None:
    """Run the command line; whatever goes wrong ends in a sentence and an exit code."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last resort: nobody is shown a traceback
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    from dashboard.workflows import SAYABLE  # noqa: PLC0415

    if isinstance(error, SAYABLE):
        sentence = str(error)
    else:
        sentence = f"Something went wrong that should not. {_logged(error)}"
    if "--json" in sys.argv:
        print_json({"status": "refused", "message": sentence})
    typer.echo(sentence, err=True)
    sys.exit(1)


def _logged(error: Exception) -> str:
    """Where the details of an error nobody foresaw can be read."""
    from layers.store import home_path  # noqa: PLC0415

    log_id = uuid.uuid4().hex[:8]
    try:
        folder = home_path() / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{log_id}.log"
        path.write_text("".join(traceback.format_exception(error)))
    except OSError:
        return f"It could not be logged either ({type(error).__name__})."
    return f"Please report it with the file {path} (log id {log_id})."


def _request(**given: Any) -> "ImportRequest":
    from layers.importing import ImportRequest  # noqa: PLC0415
    from layers.read import ReadRequest  # noqa: PLC0415

    return ImportRequest(
        read=ReadRequest(
            region_id=given["region"],
            kind=given["kind"],
            source_layer=given["layer"],
            crs=given["crs"],
            swap_axes=given["swap"],
            mapping=dict(one.split("=", 1) for one in given["mapping"]),
            class_values=dict(one.rsplit("=", 1) for one in given["classes"]),
            radius_m=given["radius_m"],
            position_sd_m=given["position_sd_m"],
            keep_latest=given["latest"],
            accept_suggestions=given["yes"],
            nodata=given["nodata"],
            band=given["band"],
            bands=tuple(int(one) for one in _numbers(given["bands"], "--bands", whole=True)),
            stretch=_stretch(given["stretch"]),
        ),
        layer_name=given["name"],
        data_date=dt.date.fromisoformat(given["data_date"]) if given["data_date"] else None,
        source_note=given["source"],
    )


def _numbers(text: str | None, option: str, *, whole: bool) -> list[float]:
    """Numbers with commas between them; wrong usage where they are none."""
    try:
        found = [int(one) if whole else float(one) for one in (text or "").split(",") if text]
    except ValueError:
        what = "3,2,1" if whole else "2,98"
        raise typer.BadParameter(f"'{text}' is not like {what}.", param_hint=option) from None
    return [float(one) for one in found]


def _stretch(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    found = _numbers(text, "--stretch", whole=False)
    if len(found) != 2:
        raise typer.BadParameter(f"'{text}' is not like 2,98.", param_hint="--stretch")
    return found[0], found[1]


def _may_ask(report: "ImportReport", *, yes: bool, as_json: bool) -> bool:
    """Whether a yes would answer what is asked; of a raster it never would."""
    from layers.catalogue import is_raster  # noqa: PLC0415

    asks = report.status == "needs answers" and not is_raster(report.mapping or {})
    return asks and on_terminal() and not yes and not as_json


def on_terminal() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _confirmed(report: "ImportReport") -> bool:
    """Show what is suggested, and everything else that was found, and ask once."""
    typer.echo(text.report(report, ()))
    return typer.confirm("Import it as suggested?")


def _tell(report: "ImportReport", request: "ImportRequest", *, as_json: bool) -> None:
    options = text.options_for(report, request)
    if as_json:
        print_json(report.as_json() | {"to_confirm": list(options)})
    else:
        typer.echo(text.report(report, options))
    if not report.ok:
        raise typer.Exit(1)
