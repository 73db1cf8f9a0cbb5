"""Commands around survey visits: their import into the ledger, what is held, and the form."""

import datetime as dt
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.cli_parts import (
    Json,
    RegionOption,
    home_store,
    print_json,
    progress_line,
    user_name,
    write_file,
)

if TYPE_CHECKING:
    from dashboard.workflows.visits import VisitImport
    from layers.ledger.records import Batch, Held
    from layers.visits.model import VisitReport, VisitRequest


def _pairs(value: list[str]) -> list[str]:
    for one in value:
        if "=" not in one or one.startswith("="):
            raise typer.BadParameter(f"'{one}' is no pair. Write name=value.")
    return value


def _state(value: list[str]) -> list[str]:
    for one in _pairs(value):
        if ":" not in one.rsplit("=", 1)[0]:
            raise typer.BadParameter(f"'{one}' names no practice. Write \"HG-USE:1=used\".")
    return value


PracticeOption = Annotated[
    list[str],
    typer.Option(
        "--practice", help="Of visits: code=column; code= leaves it out.", callback=_pairs
    ),
]
StateOption = Annotated[
    list[str],
    typer.Option("--state", help="Of visits: CODE:value=state, as HG-USE:1=used.", callback=_state),
]
PlaceOption = Annotated[
    list[str],
    typer.Option(
        "--place", help="Of visits: name as written=district; name= is none.", callback=_pairs
    ),
]
SiteOption = Annotated[
    list[str],
    typer.Option(
        "--site", help="Of visits: site as asked=site id; site= is none.", callback=_pairs
    ),
]
RoundOption = Annotated[
    str | None, typer.Option("--round", help="Of visits: survey round of rows that name none.")
]
SelectionOption = Annotated[
    str | None,
    typer.Option(
        "--selection", help="Of visits: census, random sample, convenience or not stated."
    ),
]

NOT_FOR_VISITS = (
    ("classes", "--class"),
    ("radius_m", "--radius-m"),
    ("position_sd_m", "--position-sd-m"),
    ("latest", "--latest"),
    ("nodata", "--nodata"),
    ("band", "--band"),
)
ONLY_FOR_VISITS = (
    ("practice", "--practice"),
    ("state", "--state"),
    ("place", "--place"),
    ("site", "--site"),
    ("round", "--round"),
    ("selection", "--selection"),
)


def refuse_strange_options(given: dict[str, Any]) -> None:
    """Wrong usage: an option of visits for another kind, or one of other kinds for visits."""
    strange = NOT_FOR_VISITS if given["kind"] == "visits" else ONLY_FOR_VISITS
    for name, option in strange:
        if given[name] not in (None, []):
            others = "other kinds than visits" if given["kind"] == "visits" else "--kind visits"
            raise typer.BadParameter(f"It is for {others}.", param_hint=option)


def import_visits(given: dict[str, Any], *, only_check: bool) -> None:
    """Enter visits into the ledger, or only say what that would find; asks on a terminal."""
    from dashboard import workflows  # noqa: PLC0415
    from dashboard.cli import on_terminal  # noqa: PLC0415 - that module imports this one

    path, as_json = given["path"], given["as_json"]
    request = _request(given)
    with home_store() as store:
        if only_check:
            report = workflows.check_visits(
                store, path, request, filename=path.name, progress=progress_line(as_json)
            )
            _tell(workflows.VisitImport(report=report), as_json=as_json)
            return
        done = _import(store, given, request)
        asks = done.report.status == "needs answers" and not given["yes"] and not as_json
        if asks and on_terminal():
            typer.echo(_text(done))
            if typer.confirm("Import it as suggested?"):
                done = _import(store, given, _request(given | {"yes": True}))
    _tell(done, as_json=as_json)


def _import(store: Any, given: dict[str, Any], request: "VisitRequest") -> "VisitImport":
    from dashboard import workflows  # noqa: PLC0415

    day = given["data_date"]
    return workflows.import_visits(
        store,
        given["path"],
        request,
        filename=given["path"].name,
        layer_name=given["name"],
        data_date=dt.date.fromisoformat(day) if day else None,
        actor=user_name(),
        progress=progress_line(given["as_json"]),
    )


def _request(given: dict[str, Any]) -> "VisitRequest":
    from layers.visits.model import VisitRequest  # noqa: PLC0415

    return VisitRequest(
        region_id=given["region"],
        table=given["layer"],
        mapping=dict(one.split("=", 1) for one in given["mapping"]),
        practices=dict(one.split("=", 1) for one in given["practice"]),
        states=dict(one.rsplit("=", 1) for one in given["state"]),
        places=dict(one.rsplit("=", 1) for one in given["place"]),
        sites=dict(one.rsplit("=", 1) for one in given["site"]),
        round=given["round"],
        selection=given["selection"],
        crs=given["crs"],
        swap_axes=given["swap"],
        source_note=given["source"],
        accept_suggestions=given["yes"],
    )


def options_to_paste(report: "VisitReport") -> tuple[str, ...]:
    """Options that confirm what is suggested; STATE and SITE where only a person knows."""
    names = {"field": "--map", "practice": "--practice", "state": "--state"}
    names |= {"place": "--place", "site": "--site"}
    open_answer = {"state": "STATE", "site": "SITE"}
    options = []
    for one in report.proposals:
        answer = one.answer if one.answer is not None else open_answer.get(one.about)
        if answer is not None:
            options.append(f"{names[one.about]} {shlex.quote(f'{one.subject}={answer}')}")
    codes = {finding.code for finding in report.blocking}
    if "crs_to_confirm" in codes and len(report.crs_choices) == 1:
        options.append(f"--crs {report.crs_choices[0].crs}")
    return tuple(options)


def _tell(done: "VisitImport", *, as_json: bool) -> None:
    if as_json:
        print_json(done.as_json() | {"to_confirm": list(options_to_paste(done.report))})
    else:
        typer.echo(_text(done))
    if not done.report.ok:
        raise typer.Exit(1)


def _text(done: "VisitImport") -> str:
    """The report as lines: its sentence, the findings, what to paste, the map layer."""
    from dashboard import cli_text  # noqa: PLC0415

    report = done.report
    lines = [report.message]
    if report.ok:
        lines.append(
            f"Observations: {report.observations:,}, of which {report.known_states:,} with a "
            f"known state. Sites: {report.sites:,}, of which {report.sites_again:,} several times."
        )
    lines += cli_text.findings(report.findings, said=report.message)
    options = options_to_paste(report)
    if options:
        lines.append("To confirm what is suggested, add --yes, or these options, changed if wrong:")
        lines.append("  " + " ".join(options))
    if not report.ok:
        lines += [f"  --crs {one.crs}  {one.name}: {one.means}" for one in report.crs_choices]
    if done.layer is not None:
        lines.append(f"Map layer: {done.layer.message}")
    if done.not_shown:
        lines.append(
            f"Not on the map: {done.not_shown:,} visit(s) whose people do not agree to show where "
            "they work."
        )
    return "\n".join(lines)


def visits(
    *,
    region: RegionOption,
    held: Annotated[
        bool, typer.Option("--held", help="Only records that wait for somebody to choose.")
    ] = False,
    settle: Annotated[
        list[str],
        typer.Option("--settle", help="N=old or N=new: which record of a held visit counts."),
    ] = [],  # noqa: B006 - typer copies it
    off: Annotated[
        int | None, typer.Option("--off", help="Number of an import whose visits must not count.")
    ] = None,
    back: Annotated[
        int | None, typer.Option("--back", help="Number of an import taken off that counts again.")
    ] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for --off.")] = "",
    as_json: Json = False,
) -> None:
    """List the imports of visits of a region, or what waits for a choice; settle it."""
    from dashboard import workflows  # noqa: PLC0415

    choices = [_choice(one) for one in settle]
    with home_store() as store:
        if off is not None:
            workflows.take_visits_off(store, region, off, why=why, actor=user_name())
        if back is not None:
            workflows.put_visits_back(store, region, back, actor=user_name())
        for number, take in choices:
            workflows.settle_visits(store, region, [number], take=take, actor=user_name())
        batches = workflows.visit_batches(store, region)
        waiting = workflows.held_visits(store, region)
    if as_json:
        told = {"region": region, "held": [_held_json(one) for one in waiting]}
        print_json(told if held else told | {"batches": [one.as_json() for one in batches]})
        return
    lines = [] if held else [_batch_text(one) for one in batches] or ["No visits are imported."]
    lines += [_held_text(one) for one in waiting]
    if held and not waiting:
        lines = ["Nothing waits for a choice."]
    typer.echo("\n".join(lines))


def _choice(value: str) -> tuple[int, Any]:
    number, _, take = value.partition("=")
    if not number.isdigit() or take not in ("old", "new"):
        raise typer.BadParameter(
            f"'{value}' is no choice. Write the number, = and old or new.", param_hint="--settle"
        )
    return int(number), take


def _batch_text(batch: "Batch") -> str:
    days = f", {batch.first_day} to {batch.last_day}" if batch.first_day else ""
    invented = " (invented)" if batch.demonstration else ""
    return (
        f"{batch.number}. '{batch.filename}'{invented}, {batch.imported_at:%Y-%m-%d}: "
        f"{batch.visits:,} visits, {batch.observations:,} observations{days}; "
        f"{batch.already_there:,} were already there, {batch.held:,} held."
        f"{'' if batch.counts else ' Taken off: none of them counts.'}"
    )


def _held_text(held: "Held") -> str:
    lines = [
        f"Held {held.held_id}: visit '{held.visit_id}' came again from '{held.filename}' (row "
        f"{held.source_row}) with other content. Choose with --settle {held.held_id}=old or "
        f"--settle {held.held_id}=new."
    ]
    for one in held.differences:
        what = f"{one.practice} {one.field}" if one.practice else one.field
        lines.append(f"  {what}: old {_plain(one.old)}, new {_plain(one.new)}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return "no data" if value is None else f"'{value}'"


def _held_json(held: "Held") -> dict[str, Any]:
    return vars(held) | {
        "held_at": held.held_at.isoformat(),
        "settled_at": held.settled_at.isoformat() if held.settled_at else None,
        "differences": [vars(one) for one in held.differences],
    }


def form(
    out: Annotated[Path, typer.Option(help="Where to write the .xlsx.")],
    as_json: Json = False,
) -> None:
    """Write the form of a visit to a mine site, an XLSForm for KoboToolbox and ODK."""
    from dashboard import workflows  # noqa: PLC0415

    if out.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"'{out}' does not end in .xlsx.", param_hint="--out")
    content = workflows.visit_form()
    write_file(out, content)
    if as_json:
        print_json({"out": str(out), "bytes": len(content)})
    else:
        typer.echo(f"Written: {out}. Bring it to KoboToolbox or ODK as it is; see docs/visits.md.")
