"""The store in one folder: SQLite for the catalogue, files beside it. Needs nothing installed."""

import contextlib
import datetime as dt
import fcntl
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa

from layers import migrations, records, schema
from layers.catalogue import AuditEntry, Bounds, Layer, LayerVersion, NewVersion
from layers.field.embedded import EmbeddedField
from layers.files import LocalFiles, sha256_of
from layers.ledger.embedded import EmbeddedLedger
from layers.store import StoreError

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa
    from rasterio.io import DatasetReader

    from layers.doctor import Check

BUSY_TIMEOUT_S = 30
RASTER = ".tif"


class EmbeddedStore(EmbeddedLedger, EmbeddedField):
    """A `Store` in a folder of this machine; several processes may use it at once."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.location = str(self.home)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.files = LocalFiles(self.home)
            self.engine = _engine(self.home / "catalogue.sqlite")
            self._migrate()
        except (OSError, sa.exc.OperationalError) as error:
            raise StoreError(
                f"The store '{self.home}' cannot be opened: {_reason(error)}. Check that the folder"
                " can be written and the disk has room, or name another in COMMONGROUND_HOME."
            ) from error
        except sa.exc.DatabaseError as error:
            raise StoreError(
                f"The catalogue '{self.home / 'catalogue.sqlite'}' is damaged: {_reason(error)}. "
                "Put it back from a backup; the layers' files beside it are kept apart from it."
            ) from error

    # -- files ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        with self.lock(exclusive=False), self.files.scratch() as folder:
            yield folder

    def put_original(self, stream: BinaryIO) -> str:
        with self.disk():
            return self.files.put_by_sha256("originals", stream)[0]

    def open_original(self, sha256: str) -> BinaryIO:
        try:
            return self.files.open(f"originals/{sha256}")
        except FileNotFoundError:
            raise StoreError(f"The original {sha256[:12]} is not in the store.") from None

    def read_derived(self, name: str) -> bytes | None:
        try:
            with self.files.open(f"derived/{name}") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def write_derived(self, name: str, content: bytes) -> None:
        with self.disk(), self.lock(exclusive=False):
            self.files.put(f"derived/{name}", io.BytesIO(content))

    @contextlib.contextmanager
    def deriving(self) -> Iterator[None]:
        with (self.home / "deriving.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield  # closing the file lets go of the lock, as does the death of the process

    def derived_url(self, name: str) -> str | None:
        path = self.files.path(f"derived/{name}")
        return str(path) if path.is_file() else None

    def read_features(
        self,
        version_id: str,
        *,
        columns: Sequence[str] | None = None,
        bbox: Bounds | None = None,
        feature_ids: Sequence[str] | None = None,
    ) -> "gpd.GeoDataFrame":
        import geopandas as gpd  # noqa: PLC0415 - the catalogue alone does not need it
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        name = self._features_of(version_id)
        filters = None if feature_ids is None else [("feature_id", "in", [*feature_ids, ""])]
        try:
            with self.files.open(name) as file:
                there = pq.read_schema(file).names
                wanted = None
                if columns is not None:
                    wanted = [*(one for one in columns if one in there), "geometry"]
                file.seek(0)
                frame = gpd.read_parquet(file, columns=wanted, bbox=bbox, filters=filters)
        except FileNotFoundError:
            raise _lost(version_id, "missing from the store") from None
        except pa.ArrowException as error:
            raise _lost(version_id, "damaged") from error
        return frame

    def read_pieces(
        self, version_id: str, *, columns: Sequence[str], only: Sequence[int] | None = None
    ) -> "Iterator[pa.Table]":
        import pyarrow as pa  # noqa: PLC0415 - the catalogue alone does not need it
        import pyarrow.parquet as pq  # noqa: PLC0415

        name = self._features_of(version_id)
        try:
            with self.files.open(name) as file:
                whole = pq.ParquetFile(file)
                for number in range(whole.num_row_groups) if only is None else only:
                    yield whole.read_row_group(number, columns=[*columns], use_threads=False)
        except FileNotFoundError:
            raise _lost(version_id, "missing from the store") from None
        except pa.ArrowException as error:
            raise _lost(version_id, "damaged") from error

    def _features_of(self, version_id: str) -> str:
        """The file of a version's features; StoreError where it is a raster."""
        name = self._file_of(version_id)
        if name.endswith(RASTER):
            raise StoreError(
                f"Layer version '{version_id}' is a raster: it has pixels, no features. Choose a "
                "layer of features, or look at the raster on the map."
            )
        return name

    @contextlib.contextmanager
    def open_raster(self, version_id: str) -> Iterator["DatasetReader"]:
        from rasterio.errors import RasterioIOError  # noqa: PLC0415 - loads GDAL

        from layers.raster import opened_raster  # noqa: PLC0415

        name = self._file_of(version_id)
        if not name.endswith(RASTER):
            raise StoreError(
                f"Layer version '{version_id}' holds features, not a raster. Choose a raster layer."
            )
        if not self.files.exists(name):
            raise _lost(version_id, "missing from the store")
        try:
            with opened_raster(self.files.path(name)) as dataset:
                yield dataset
        except RasterioIOError as error:
            raise _lost(version_id, "damaged") from error

    def _file_of(self, version_id: str) -> str:
        with self.engine.connect() as connection:
            name = connection.execute(
                sa.select(schema.layer_version.c.features_file).where(
                    schema.layer_version.c.version_id == version_id
                )
            ).scalar()
        if name is None:
            raise StoreError(f"There is no layer version '{version_id}'.")
        return str(name)

    # -- reading the catalogue --------------------------------------------------------------

    def find_import(self, sha256: str, request_fingerprint: str) -> LayerVersion | None:
        table = schema.layer_version
        with self.engine.connect() as connection:
            row = connection.execute(
                sa.select(table)
                .where(table.c.sha256 == sha256, table.c.request_fingerprint == request_fingerprint)
                .order_by(table.c.imported_at.desc())
            ).first()
            # bytes whose features were lost are not "already imported": reading them again heals
            return records.version(connection, row) if row and self._whole(row) else None

    def layers(self, region_id: str | None = None, *, deleted: bool = False) -> tuple[Layer, ...]:
        table = schema.layer
        query = sa.select(table).order_by(table.c.region_id, table.c.kind, table.c.layer_id)
        if region_id is not None:
            query = query.where(table.c.region_id == region_id)
        if not deleted:
            query = query.where(table.c.current_version_id.is_not(None))
        with self.engine.begin() as connection:  # one snapshot: a layer and its version agree
            return tuple(records.layer(connection, row) for row in connection.execute(query).all())

    def layer(self, layer_id: str) -> Layer:
        with self.engine.begin() as connection:
            return records.layer_or_refuse(connection, layer_id)

    def versions(self, layer_id: str) -> tuple[LayerVersion, ...]:
        table = schema.layer_version
        with self.engine.begin() as connection:
            records.layer_or_refuse(connection, layer_id)
            rows = connection.execute(
                sa.select(table).where(table.c.layer_id == layer_id).order_by(table.c.number.desc())
            ).all()
            return tuple(records.version(connection, row) for row in rows)

    def version(self, version_id: str) -> LayerVersion:
        with self.engine.begin() as connection:
            return records.version_or_refuse(connection, version_id)

    def audit(self, layer_id: str | None = None, *, limit: int = 200) -> tuple[AuditEntry, ...]:
        table = schema.audit
        query = sa.select(table).order_by(table.c.audit_id.desc()).limit(limit)
        if layer_id is not None:
            query = query.where(table.c.layer_id == layer_id)
        with self.engine.connect() as connection:
            return tuple(
                AuditEntry(
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    layer_id=row.layer_id,
                    version_id=row.version_id,
                    details=row.details,
                )
                for row in connection.execute(query)
            )

    # -- changing it ------------------------------------------------------------------------

    def add_version(self, new: NewVersion, features: BinaryIO) -> tuple[LayerVersion, bool]:
        with self.disk(), self.lock(exclusive=False):
            features_sha256 = sha256_of(features)
            features.seek(0)
            version_id = _version_id(new, features_sha256)
            with self.engine.connect() as connection:
                known = records.row_of_version(connection, version_id)
                if known:
                    if not self._whole(known):
                        self.files.put(known.features_file, features)
                    return records.version_or_refuse(connection, version_id), False
            if not new.is_raster:
                _refuse_other_count(
                    new, new.imported + new.repaired, _parquet_rows(features), "features"
                )
            if not self.files.exists(f"originals/{new.sha256}"):
                raise StoreError(f"The original of '{new.filename}' was not kept; import it again.")
            ending = RASTER if new.is_raster else ".parquet"
            name = f"layers/{new.layer_id}/{version_id}{ending}"
            # the file first: a version that is in the catalogue always has its file
            _, size = self.files.put(name, features)
            if new.is_raster:
                self._refuse_other_pixels(new, name)
            with self.writing() as connection:
                if records.row_of_version(connection, version_id):
                    return records.version_or_refuse(connection, version_id), False
                self._insert(
                    connection,
                    new,
                    version_id=version_id,
                    name=name,
                    features_sha256=features_sha256,
                    size=size,
                )
                return records.version_or_refuse(connection, version_id), True

    def _refuse_other_pixels(self, new: NewVersion, name: str) -> None:
        """A raster is counted where it lies: GDAL wants a path, and it may not fit into memory."""
        from layers.raster import CLASS_BANDS, PICTURE_BANDS, pixel_count  # noqa: PLC0415 - GDAL

        bands = PICTURE_BANDS if new.is_picture else CLASS_BANDS
        written = pixel_count(self.files.path(name), bands=bands)
        try:
            _refuse_other_count(new, new.read, written, "pixels")
        except StoreError:
            self.files.remove(name)
            raise

    def _whole(self, row: Any) -> bool:
        """Whether the file of a version is there, byte for byte."""
        if not self.files.exists(row.features_file):
            return False
        with self.files.open(row.features_file) as file:
            return sha256_of(file) == str(row.features_sha256)

    def _insert(
        self,
        connection: sa.Connection,
        new: NewVersion,
        *,
        version_id: str,
        name: str,
        features_sha256: str,
        size: int,
    ) -> None:
        now = dt.datetime.now(dt.UTC)
        original = self.files.path(f"originals/{new.sha256}")
        size_of_original = original.stat().st_size
        records.ensure_original(
            connection, sha256=new.sha256, filename=new.filename, now=now, size=size_of_original
        )
        known = connection.execute(
            sa.select(schema.layer.c.layer_id).where(schema.layer.c.layer_id == new.layer_id)
        ).scalar()
        if known is None:
            connection.execute(
                schema.layer.insert().values(
                    layer_id=new.layer_id,
                    region_id=new.region_id,
                    kind=new.kind,
                    name=new.layer_name,
                    created_at=now,
                )
            )
        number = 1 + (
            connection.execute(
                sa.select(sa.func.max(schema.layer_version.c.number)).where(
                    schema.layer_version.c.layer_id == new.layer_id
                )
            ).scalar()
            or 0
        )
        connection.execute(
            schema.layer_version.insert().values(
                **records.columns(new),
                version_id=version_id,
                number=number,
                imported_at=now,
                features_file=name,
                features_sha256=features_sha256,
                features_size=size,
            )
        )
        records.add_findings(connection, version_id, new.findings)
        records.point(connection, new.layer_id, version_id)
        counts = {"read": new.read, "imported": new.imported, "repaired": new.repaired}
        details = counts | {"rejected": new.rejected, "number": number, "filename": new.filename}
        entry = AuditEntry(
            at=now,
            actor=new.imported_by,
            action="import",
            layer_id=new.layer_id,
            version_id=version_id,
            details=details,
        )
        records.note(connection, entry)

    def set_current(self, layer_id: str, version_id: str, *, actor: str) -> LayerVersion:
        with self.disk(), self.writing() as connection:
            layer = records.layer_or_refuse(connection, layer_id)
            version = records.version_or_refuse(connection, version_id)
            if version.layer_id != layer_id:
                raise StoreError(
                    f"Version '{version_id}' belongs to layer '{version.layer_id}', "
                    f"not to '{layer_id}'."
                )
            if not self.files.exists(records.row_of_version(connection, version_id).features_file):
                raise StoreError(
                    f"The file of version {version.number} of '{layer.name}' is missing from the "
                    "store, so it cannot be shown. Run `python -m dashboard doctor`."
                )
            before = layer.current.version_id if layer.current else None
            if before != version_id:
                records.point(connection, layer_id, version_id)
                action = "roll back" if before else "restore"
                entry = AuditEntry(
                    at=dt.datetime.now(dt.UTC),
                    actor=actor,
                    action=action,
                    layer_id=layer_id,
                    version_id=version_id,
                    details={"before": before},
                )
                records.note(connection, entry)
            return version

    def delete_layer(self, layer_id: str, *, actor: str) -> Layer:
        with self.disk(), self.writing() as connection:
            layer = records.layer_or_refuse(connection, layer_id)
            if layer.current is None:
                raise StoreError(f"Layer '{layer.name}' was already deleted.")
            now = dt.datetime.now(dt.UTC)
            connection.execute(
                schema.layer.update()
                .where(schema.layer.c.layer_id == layer_id)
                .values(current_version_id=None, deleted_at=now)
            )
            entry = AuditEntry(
                at=now,
                actor=actor,
                action="delete",
                layer_id=layer_id,
                version_id=layer.current.version_id,
                details={"name": layer.name},
            )
            records.note(connection, entry)
            return records.layer_or_refuse(connection, layer_id)

    # -- upkeep -----------------------------------------------------------------------------

    def examine(self, *, clean: bool = False) -> "tuple[Check, ...]":
        from layers.doctor import examine  # noqa: PLC0415 - used by one command only

        return examine(self, clean=clean)

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def lock(self, *, exclusive: bool, wait: bool = True) -> Iterator[bool]:
        """Writers share this lock between file and transaction; cleaning up needs it alone.

        Gives False when `wait` is False and others hold it.
        """
        mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        with (self.home / "writers.lock").open("a") as file:
            try:
                fcntl.flock(file, mode if wait else mode | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True  # closing the file lets go of the lock, as does the death of the process

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its start."""
        with (
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextlib.contextmanager
    def disk(self) -> Iterator[None]:
        """What the disk or SQLite refuses, as a sentence."""
        try:
            yield
        except (OSError, sa.exc.OperationalError) as error:
            raise StoreError(
                f"The store could not be written: {_reason(error)}. Nothing was changed; make room "
                "or wait for other imports to finish, then try again."
            ) from error

    def _migrate(self) -> None:
        with self.engine.connect() as connection:
            revision = migrations.current_revision(connection)
        if revision == migrations.HEAD:
            return
        if revision is not None and revision > migrations.HEAD:
            raise StoreError(
                f"The store '{self.home}' was made by a newer version of this program "
                f"(catalogue {revision}, this program knows {migrations.HEAD}). Update the program."
            )
        # the write lock makes a second process wait; it then finds the work done
        with self.writing() as connection:
            if migrations.current_revision(connection) != migrations.HEAD:
                migrations.upgrade(connection)


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S})

    @sa.event.listens_for(engine, "connect")
    def _(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # BEGIN is ours: the driver's own takes the write lock too late
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(getattr(error, "orig", None) or error).lower()


def _version_id(new: NewVersion, features_sha256: str) -> str:
    """An id that the same content from the same original always has, here and in another store."""
    told: list[Any] = [new.layer_id, new.sha256, features_sha256, str(new.data_date)]
    told.append(new.source_note)
    if new.is_raster:
        # the class table is not in the pixels, and another table is another statement about them
        told.append(sorted(new.mapping.items()))
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return f"{new.layer_id}.{digest[:12]}"


def _lost(version_id: str, how: str) -> StoreError:
    return StoreError(
        f"The file of layer version '{version_id}' is {how}. "
        "Run `python -m dashboard doctor` to see what else is, then import it again."
    )


def _refuse_other_count(new: NewVersion, counted: int, written: int, what: str) -> None:
    if written != counted:
        raise StoreError(
            f"The reader counted {counted} {what} of '{new.filename}' but wrote {written}. "
            "Nothing was imported; please report this."
        )


def _parquet_rows(features: BinaryIO) -> int:
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        return int(pq.ParquetFile(features).metadata.num_rows)
    finally:
        features.seek(0)
