"""Commands of field visits: which there are, and the briefing pack of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.cli_parts import Json, RegionOption, home_store, print_json

if TYPE_CHECKING:
    from layers.field.records import FieldVisit


def field_visits(*, region: RegionOption, as_json: Json = False) -> None:
    """The field visits of a region."""
    with home_store() as store:
        found = store.field_visits(region)
    if as_json:
        print_json({"region": region, "visits": [one.as_json() for one in found]})
        return
    if not found:
        typer.echo(f"No field visit is planned in region '{region}' yet.")
    for one in found:
        typer.echo(_line(one))


def briefing(
    *,
    visit: Annotated[str, typer.Option(help="Id of the visit; `field-visits` lists them.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; made where it is not there.")],
    as_json: Json = False,
) -> None:
    """Write the briefing pack of a field visit: HTML, PDF (A4 and A3), GPX, KML and CSV."""
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        made = workflows.write_pack(store, visit, out)
    if as_json:
        print_json({"visit": visit, **made.as_json()})
        return
    for sentence in made.left_out:
        typer.echo(sentence)
    for name, size in made.files.items():
        typer.echo(f"{out / name}  {size / 1_000:,.0f} kB")
    typer.echo(f"{made.stops} stops are in the pack.")


def _line(visit: "FieldVisit") -> str:
    days = ", ".join(day.day.isoformat() for day in visit.days) or "no day yet"
    many = "1 stop" if len(visit.stops) == 1 else f"{len(visit.stops)} stops"
    return f"{visit.visit_id}  {visit.title}  ({days}; {many})"
