"""What the commands share: options, the store, how JSON and files are written."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def region_or_refuse(value: str | None) -> str | None:
    """The id of a region; an unknown one is wrong usage."""
    from layers import facts  # noqa: PLC0415

    if value is not None and value not in facts.regions():
        raise typer.BadParameter(f"'{value}' is none of: {', '.join(facts.regions())}.")
    return value


def date_or_refuse(value: str | None) -> str | None:
    """A day as 2021-06-30; anything else is wrong usage."""
    if value is not None:
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            raise typer.BadParameter(f"'{value}' is no date. Write 2021-06-30.") from None
    return value


Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]
RegionOption = Annotated[str, typer.Option(help="Id of the region.", callback=region_or_refuse)]


def home_store() -> Any:
    """The store of this machine, closed at the end of a `with`."""
    from layers.store import opened  # noqa: PLC0415

    return opened()


def user_name() -> str:
    """Who runs the command, for the audit trail."""
    import getpass  # noqa: PLC0415

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user of that number
        return "local"


def write_file(out: Path, content: bytes) -> None:
    """Write a file whole or not at all; StoreError where it cannot be written."""
    from layers.store import StoreError  # noqa: PLC0415

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = out.with_name(f".{out.name}.part")
        part.write_bytes(content)
        part.replace(out)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise StoreError(f"'{out}' cannot be written: {reason}. Choose another place.") from error


def print_json(record: Any) -> None:
    """JSON on standard output; no number that JSON does not have."""
    typer.echo(json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False))


def progress_line(as_json: bool) -> Any:
    """One line on a terminal that says what is going on; nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        return None

    def tell(share: float, sentence: str) -> None:
        typer.echo(f"\r\033[K{share:4.0%} {sentence}", nl=False, err=True)
        if share >= 1:
            typer.echo("\r\033[K", nl=False, err=True)

    return tell
