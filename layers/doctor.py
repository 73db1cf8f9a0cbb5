"""Looks for damage in an embedded store, and removes what interrupted writes left behind."""

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import version as library_version
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from layers import migrations, schema
from layers.catalogue import is_picture
from layers.field import notes
from layers.files import sha256_of
from layers.ledger import examining

if TYPE_CHECKING:
    from layers.embedded import EmbeddedStore

LOW_DISK_BYTES = 1 << 30
LIBRARIES = (
    "geopandas",
    "shapely",
    "pyogrio",
    "rasterio",
    "pyproj",
    "pyarrow",
    "SQLAlchemy",
    "streamlit",
)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at. `ok` False means damage; `sentences` say what and what to do."""

    name: str
    ok: bool
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The check as plain JSON types."""
        return {"name": self.name, "ok": self.ok, "sentences": list(self.sentences)}


def examine(store: "EmbeddedStore", *, clean: bool = False) -> tuple[Check, ...]:
    """Every check, in a fixed order. Reads every file of the store once."""
    return (
        _catalogue(store),
        _versions(store),
        _originals(store),
        _leftovers(store, clean=clean),
        _ledger(store),
        _disk(store),
        _libraries(),
    )


def _catalogue(store: "EmbeddedStore") -> Check:
    with store.engine.connect() as connection:
        told = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        revision = migrations.current_revision(connection)
    wrong = [f"The catalogue is damaged: {line}." for line in told if line != "ok"]
    if lost:
        wrong.append(f"{len(lost)} rows of the catalogue point to rows that are not there.")
    if wrong:
        wrong.append("Put catalogue.sqlite back from a backup.")
    fine = f"The catalogue is whole (schema {revision})."
    return Check(name="catalogue", ok=not wrong, sentences=tuple(wrong) or (fine,))


def _versions(store: "EmbeddedStore") -> Check:
    table = schema.layer_version
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.version_id)).all()
    wrong = []
    for row in rows:
        told = f"Version {row.number} of '{row.layer_id}'"
        again = f"Import '{row.filename}' again, or put the file back from a backup."
        if not store.files.exists(row.features_file):
            wrong.append(f"{told}: its file {row.features_file} is missing. {again}")
            continue
        with store.files.open(row.features_file) as file:
            if sha256_of(file) != row.features_sha256:
                wrong.append(f"{told}: its file {row.features_file} has changed. {again}")
                continue
        there, expected, what = _counted(store, row)
        if there != expected:
            wrong.append(f"{told}: its file holds {there} {what}, the catalogue {expected}.")
    fine = f"{len(rows)} layer versions, each with its file, checksum and count."
    return Check(name="versions", ok=not wrong, sentences=tuple(wrong) or (fine,))


def _counted(store: "EmbeddedStore", row: Any) -> tuple[int, int, str]:
    """What the file of a version holds, what the catalogue says it does, and of what."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - one command only

    from layers.raster import CLASS_BANDS, PICTURE_BANDS, pixel_count  # noqa: PLC0415

    if row.features_file.endswith(".tif"):
        bands = PICTURE_BANDS if is_picture(row.mapping) else CLASS_BANDS
        there = pixel_count(store.files.path(row.features_file), bands=bands)
        return there, row.rows_read, "pixels"
    with store.files.open(row.features_file) as file:
        there = int(pq.ParquetFile(file).metadata.num_rows)
    return there, row.rows_imported + row.rows_repaired, "features"


def _originals(store: "EmbeddedStore") -> Check:
    table = schema.original
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.sha256)).all()
    wrong = []
    for row in rows:
        name = f"originals/{row.sha256}"
        if not store.files.exists(name):
            wrong.append(f"The original '{row.filename}' ({name}) is missing. Put it back.")
            continue
        with store.files.open(name) as file:
            if sha256_of(file) != row.sha256:
                wrong.append(f"The original '{row.filename}' ({name}) has changed. Put it back.")
    fine = f"{len(rows)} originals, each as it came."
    return Check(name="originals", ok=not wrong, sentences=tuple(wrong) or (fine,))


def _leftovers(store: "EmbeddedStore", *, clean: bool) -> Check:
    """Files no version or import of visits points to. No damage: a write was cut off early."""
    with store.lock(exclusive=True, wait=False) as alone:
        if not alone:
            busy = "An import is running, so leftovers were not looked for. Run this again later."
            return Check(name="leftovers", ok=True, sentences=(busy,))
        with store.engine.connect() as connection:
            known = set(
                connection.execute(sa.select(schema.layer_version.c.features_file)).scalars()
            )
            sums = connection.execute(sa.select(schema.original.c.sha256)).scalars()
            known |= {f"originals/{sha256}" for sha256 in sums}
            known |= examining.known_files(connection)
            known |= {f"originals/{one}" for one in notes.kept_files(connection)}
        orphans = [
            name
            for folder in ("layers", "originals", examining.FOLDER)
            for name in store.files.names(folder)
            if name not in known
        ]
        partial = store.files.leftovers()
        told = [*orphans, *(path.relative_to(store.home).as_posix() for path in partial)]
        if not told:
            return Check(name="leftovers", ok=True, sentences=("No leftovers.",))
        if not clean:
            sentences = [f"Left behind by an interrupted import, safe to remove: {n}" for n in told]
            sentences.append("`python -m dashboard doctor --clean` removes them.")
            return Check(name="leftovers", ok=True, sentences=tuple(sentences))
        for name in orphans:
            store.files.remove(name)
        for path in partial:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return Check(name="leftovers", ok=True, sentences=tuple(f"Removed {n}" for n in told))


def _ledger(store: "EmbeddedStore") -> Check:
    with store.engine.begin() as connection:
        wrong, fine = examining.damage(connection, store.files)
    return Check(name="ledger", ok=not wrong, sentences=tuple(wrong) or (fine,))


def _disk(store: "EmbeddedStore") -> Check:
    free = shutil.disk_usage(store.home).free
    told = f"{free / 1e9:.1f} GB free where the store lies ({store.home})."
    if free < LOW_DISK_BYTES:
        return Check(name="disk", ok=False, sentences=(told, "Make room before importing more."))
    return Check(name="disk", ok=True, sentences=(told,))


def _libraries() -> Check:
    import shapely  # noqa: PLC0415

    told = [f"{name} {library_version(name)}" for name in LIBRARIES]
    geos = ".".join(str(part) for part in shapely.geos_version)
    return Check(
        name="libraries",
        ok=True,
        sentences=(f"Python {platform.python_version()}, GEOS {geos}, {', '.join(told)}.",),
    )
