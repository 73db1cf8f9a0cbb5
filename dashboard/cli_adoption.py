"""Commands of the adoption ledger: who uses what, the road map, and the brief of a region."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.cli_parts import Json, RegionOption, home_store, print_json, write_file

if TYPE_CHECKING:
    from dashboard.workflows.adoption_types import AdoptionRun, RoadMap

BY = ("district", "region", "operation", "sex")
ENDINGS = (".csv", ".xlsx")
NO_DATA = "no data"


def _by(value: str) -> str:
    if value not in BY:
        raise typer.BadParameter(f"'{value}' is none of: {', '.join(BY)}.")
    return value


def _ending(out: Path | None, endings: tuple[str, ...]) -> str:
    if out is None:
        return ""
    if out.suffix.lower() not in endings:
        raise typer.BadParameter(
            f"'{out}' ends in none of: {', '.join(endings)}.", param_hint="--out"
        )
    return out.suffix.lower()


def adoption(
    *,
    region: RegionOption,
    by: Annotated[
        str, typer.Option(help="Areas: district, region, operation or sex.", callback=_by)
    ] = "district",
    practice: Annotated[
        str | None, typer.Option(help="Code of one practice, as HG-RET; default: all.")
    ] = None,
    round: Annotated[
        str | None,
        typer.Option(help="One round, or all: the latest known state of each site."),
    ] = None,
    districts: Annotated[
        str | None, typer.Option(help="Layer of districts, where there are several.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a .csv or .xlsx file.")] = None,
    as_json: Json = False,
) -> None:
    """What share of sites uses which practice, by area and round, and how sure that is."""
    from dashboard import workflows  # noqa: PLC0415

    ending = _ending(out, ENDINGS)
    with home_store() as store:
        run = workflows.adoption(
            store, region, by=by, practice=practice, round=round, district_layer=districts
        )
        if out is not None:
            write_file(out, workflows.export_adoption(store, run, form=ending[1:]))
    if as_json:
        print_json(run.as_json() | ({"out": str(out)} if out else {}))
    else:
        typer.echo(adoption_text(run))
        if out:
            typer.echo(f"Written: {out} ({len(run.table)} rows).")


def actions(*, region: RegionOption, as_json: Json = False) -> None:
    """The road map of a region: actions, targets, and whether they are on track."""
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        found = workflows.road_map(store, region)
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(actions_text(found))


def brief(
    *,
    region: RegionOption,
    out: Annotated[Path, typer.Option(help="Write a .pdf file: two pages, A4.")],
    practice: Annotated[
        str | None, typer.Option(help="Code of the practice the map shows; default: best known.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A brief of two pages on a region: map, charts and plain sentences."""
    from dashboard import workflows  # noqa: PLC0415

    _ending(out, (".pdf",))
    with home_store() as store:
        content = workflows.adoption_brief(store, region, practice=practice)
    write_file(out, content)
    if as_json:
        print_json({"region": region, "out": str(out), "bytes": len(content)})
    else:
        typer.echo(f"Written: {out} ({len(content):,} bytes).")


def adoption_text(run: "AdoptionRun") -> str:
    """A block an area: a line a practice and round; then what must not be read into it."""
    from dashboard.workflows.adoption_types import WORDING  # noqa: PLC0415
    from dashboard.workflows.types import INVENTED  # noqa: PLC0415

    lines = [_head(run), *([INVENTED] if run.demonstration else []), WORDING]
    for area, rows in run.table.groupby("area", sort=False, observed=True):
        lines += ["", str(area)]
        lines += [f"  {_row_text(row)}" for row in rows.to_dict("records")]
    return "\n".join([*lines, *([""] if run.notes else []), *run.notes])


def _head(run: "AdoptionRun") -> str:
    if not run.visits:
        return f"{run.region_name}: no visits are recorded."
    days = " to ".join(str(one) for one in (run.first_day, run.last_day) if one)
    return (
        f"{run.region_name}: {run.visits:,} visits to {run.sites_visited:,} of "
        f"{run.known_sites:,} known sites" + (f", {days}" if days else ", days not stated")
    )


def _row_text(row: dict[str, Any]) -> str:
    from dashboard.charts.figures import shown  # noqa: PLC0415

    direction = ", lower is better" if row["direction"] == "stop" else ""
    return f"{row['practice']} ({row['round']}{direction}): {shown(row).sentence}"


def actions_text(found: "RoadMap") -> str:
    """A block an action."""
    from dashboard.workflows.types import INVENTED  # noqa: PLC0415

    if not found.states:
        return f"{found.region_name}: the road map has no action yet."
    lines = [f"{found.region_name}, as of {found.as_of}"]
    lines += [INVENTED] if found.demonstration else []
    for one in found.states:
        action = one.action
        where = action.area or "the whole region"
        lines += ["", f"{action.title} ({action.status}); {action.owner}; {where}"]
        if action.target_share is not None:
            lines.append(
                f"  target: {action.practice} at {action.target_share:.0%} by {action.target_day}"
            )
        if one.progress:
            lines.append(f"  {one.progress}: {one.reason}")
    return "\n".join(lines)
