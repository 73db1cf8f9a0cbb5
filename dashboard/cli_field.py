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


def field_notes(
    *,
    visit: Annotated[str, typer.Option(help="Id of the visit; `field-visits` lists them.")],
    import_: Annotated[
        Path | None, typer.Option("--import", help="A file of notes that a pack saved.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who brings the file.")] = "command line",
    as_json: Json = False,
) -> None:
    """What came back from a field visit; with --import, bring a file of notes in first."""
    from dashboard import workflows  # noqa: PLC0415

    with home_store() as store:
        done = None
        if import_ is not None:
            content = _content(import_)
            done = workflows.import_feedback(store, visit, content, filename=import_.name, actor=by)
        beside = workflows.notes_beside(store, visit)
    if as_json:
        told = {"added": done.added, "already_there": done.already_there} if done else {}
        problems = {"problems": list(done.problems)} if done else {}
        notes = [one.as_json() for one in beside]
        print_json({"visit": visit, **told, **problems, "notes": notes})
        return
    if done:
        typer.echo(f"{done.added} notes added, {done.already_there} were there already.")
        for problem in done.problems:
            typer.echo(problem)
    if not beside:
        typer.echo("Nothing has come back yet.")
    for one in beside:
        place = f"stop {one.stop}" if one.stop else "no stop"
        note = one.note
        typer.echo(f"{note.decision}  {note.kind}  {place} {one.site_name}: {note.text[:120]}")


def _content(path: Path) -> bytes:
    from dashboard.workflows import WorkflowError  # noqa: PLC0415

    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkflowError(
            f"'{path}' could not be read: {error.strerror or error}. Check its name."
        ) from error


def _line(visit: "FieldVisit") -> str:
    days = ", ".join(day.day.isoformat() for day in visit.days) or "no day yet"
    many = "1 stop" if len(visit.stops) == 1 else f"{len(visit.stops)} stops"
    return f"{visit.visit_id}  {visit.title}  ({days}; {many})"
