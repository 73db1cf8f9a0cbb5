"""The store: which layers there are, their versions and files. See docs/decisions/0002-store.md.

Nothing above this module knows a path inside the store or writes SQL; `Store` is what another
backend has to offer.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from layers.catalogue import AuditEntry, Bounds, Layer, LayerVersion, NewVersion
from layers.field.protocol import FieldStore
from layers.ledger.protocol import LedgerStore

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa
    from rasterio.io import DatasetReader

    from layers.doctor import Check

HOME_VARIABLE = "COMMONGROUND_HOME"


class StoreError(ValueError):
    """The store cannot do what was asked; the message says why and what to do."""


class Store(LedgerStore, FieldStore, Protocol):
    """Layers, versions and files, the adoption ledger and field visits. Every change is one
    transaction: all of it is seen, or nothing.

    Actors are names for the audit trail. Methods raise StoreError with a sentence for the screen.
    """

    location: str
    """An address under which another process opens the same store: `open_store(location)`."""

    def workspace(self) -> contextlib.AbstractContextManager[Path]:
        """A scratch folder for one import; while it is open nothing is taken for a leftover."""

    def put_original(self, stream: BinaryIO) -> str:
        """Keep the bytes of a file as they came; returns their sha256. The same bytes once."""

    def open_original(self, sha256: str) -> BinaryIO:
        """The bytes of an original, open for reading."""

    def find_import(self, sha256: str, request_fingerprint: str) -> LayerVersion | None:
        """The version that the same bytes and the same request made before, current or not."""

    def add_version(self, new: NewVersion, features: BinaryIO) -> tuple[LayerVersion, bool]:
        """Add a version and make it current, in one transaction; the original must be put before.

        `features` holds the canonical frame as GeoParquet, or of a raster the tiled GeoTIFF that
        the reader made. Returns the version and True, or, where
        the layer has a version of the same content from the same original, that one and False.
        """

    def layers(self, region_id: str | None = None, *, deleted: bool = False) -> tuple[Layer, ...]:
        """The layers shown, by region, kind and name; with `deleted` also those taken off."""

    def layer(self, layer_id: str) -> Layer:
        """One layer, deleted or not; StoreError when there never was one."""

    def versions(self, layer_id: str) -> tuple[LayerVersion, ...]:
        """Every version of a layer, newest first."""

    def version(self, version_id: str) -> LayerVersion:
        """One version; StoreError when there is none."""

    def set_current(self, layer_id: str, version_id: str, *, actor: str) -> LayerVersion:
        """Make a version current; a deleted layer is shown again."""

    def delete_layer(self, layer_id: str, *, actor: str) -> Layer:
        """Take a layer off; its versions and files stay and `set_current` brings it back."""

    def audit(self, layer_id: str | None = None, *, limit: int = 200) -> tuple[AuditEntry, ...]:
        """What was done, newest first."""

    def read_features(
        self,
        version_id: str,
        *,
        columns: Sequence[str] | None = None,
        bbox: Bounds | None = None,
        feature_ids: Sequence[str] | None = None,
    ) -> "gpd.GeoDataFrame":
        """Features of a version in EPSG:4326, in the order of the file; a raster is refused.

        `columns` are attribute columns, those the version has not are left out (None = all; the
        geometry always comes too); `bbox` keeps what meets the box; `feature_ids` keeps those.
        """

    def read_pieces(
        self, version_id: str, *, columns: Sequence[str], only: Sequence[int] | None = None
    ) -> "Iterator[pa.Table]":
        """Columns of a version, a piece of some thousand features at a time, in the order of the
        file; never more than one piece is in memory. A raster is refused.

        The geometry is a column as any other here, WKB in EPSG:4326. `only` are the numbers of the
        pieces to read, from 0 (None = all). StoreError where the file is missing or damaged.
        """

    def open_raster(self, version_id: str) -> "contextlib.AbstractContextManager[DatasetReader]":
        """A raster version, open for reading in its own grid and CRS; features are refused.

        One band; the dataset belongs to the thread that opened it. StoreError where the file is
        missing, or damaged on opening or while the block reads it.
        """

    def read_derived(self, name: str) -> bytes | None:
        """A file that can be computed again, None when it was not kept."""

    def write_derived(self, name: str, content: bytes) -> None:
        """Keep a file that can be computed again; readers see all of it or nothing."""

    def deriving(self) -> contextlib.AbstractContextManager[None]:
        """While the block runs no other process with the store makes derived files in one; waits.

        Look again inside whether the file is there: another may have made it meanwhile.
        """

    def derived_url(self, name: str) -> str | None:
        """Where fsspec, on any machine with the store, reads a derived file; None = not kept."""

    def examine(self, *, clean: bool = False) -> "tuple[Check, ...]":
        """Look for damage; with `clean` remove what interrupted writes left behind."""

    def close(self) -> None:
        """Let go of connections."""


def open_store(home: str | os.PathLike[str] | None = None) -> Store:
    """The store in the folder `home`, else COMMONGROUND_HOME, else ./var; made if absent."""
    from layers.embedded import EmbeddedStore  # noqa: PLC0415 - SQLAlchemy takes 0.3 s to import

    return EmbeddedStore(home_path(home))


def home_path(home: str | os.PathLike[str] | None = None) -> Path:
    """The folder that `open_store` would open."""
    return Path(home if home is not None else os.environ.get(HOME_VARIABLE) or "var")


@contextlib.contextmanager
def opened(home: str | os.PathLike[str] | None = None) -> Iterator[Store]:
    """`open_store`, closed at the end of the block."""
    store = open_store(home)
    try:
        yield store
    finally:
        store.close()
