"""The catalogue's schema, step by step (alembic). `HEAD` is the newest step; a test holds it so."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0003"


def current_revision(connection: "Connection") -> str | None:
    """The step a catalogue is at; None for an empty one. Asks without importing alembic."""
    from sqlalchemy import inspect, text  # noqa: PLC0415 - keeps the command line's start quick

    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(revision) if revision else None


def upgrade(connection: "Connection") -> None:
    """Bring a catalogue to HEAD on a connection that is already inside a transaction."""
    from pathlib import Path  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415 - 0.2 s that a current catalogue need not spend
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
