"""Vector tiles for the map: of layer versions, of conflicts and of hotspot units.

A layer version is made ready once, by a process of its own, and kept as a derived file; while that
lasts `TilesNotReady` is raised. Conflicts and units are few: their tiles are cut in memory.
"""

import datetime as dt
import threading
import time
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.workflows.conflict_filter import ConflictFilter
from dashboard.workflows.hotspot_files import unit_shapes
from dashboard.workflows.hotspot_types import HotspotRun
from dashboard.workflows.kept import ROOT, Kept, run_apart
from dashboard.workflows.measured import code_of
from dashboard.workflows.types import ConflictRun, WorkflowError
from geo.tiles.choose import choose
from geo.tiles.clusters import CLOSEST, Gathered, gather
from geo.tiles.cut import cut
from geo.tiles.grid import DEEPEST, tile_box
from geo.tiles.index import Index
from geo.tiles.mvt import Attribute, TileLayer, encode
from geo.tiles.ragged import Array
from geo.tiles.shapes import POINT, Shapes, shapes_of
from layers.store import Store
from layers.tiled import TiledLayer, open_tiled

NAMED_KINDS = ("settlements", "districts")
"""Kinds whose features are written on the map by name."""
KEPT_OPEN = 64
"""Layer versions whose files stay mapped; a mapped file takes memory only where it is read."""
KEPT_RUNS = 6
FAILED_S = 60
"""How long a version that could not be made ready is not tried again."""


class TilesNotReady(WorkflowError):
    """The tiles are being made; ask again after `retry_s` seconds."""

    retry_s = 1


@cache
def tiles_fingerprint() -> str:
    """A hash of the code that makes tiles, for addresses that browsers keep for ever."""
    files = sorted((ROOT / "geo" / "tiles").glob("*.py"))
    beside = [ROOT / "layers" / name for name in ("tiled.py", "arrays.py")]
    return code_of(*files, *beside, Path(__file__))[:12]


def layer_tile(
    store: Store,
    layer_id: str,
    version_id: str,
    *,
    zoom: int,
    column: int,
    row: int,
    days: bool = False,
) -> bytes:
    """A tile of a layer version (MVT: layers `features` and `cells`), b"" where nothing lies.

    With `days` features say when they were observed.

    Raises TilesNotReady while the version is made ready for tiles, StoreError where there is no
    such version, WorkflowError where it is a raster or there is no such tile.
    """
    _check_tile(zoom, column, row, deepest=DEEPEST)
    return _tiled(store, layer_id, version_id).tile(zoom, column, row, days=days)


@dataclass(frozen=True, kw_only=True)
class CellFilter:
    """Which features cells count: of `classes` (None = all; None in it = no class) those not in
    `without`; of periods those whose last day lies from `since` to `until`, both included; with
    `dated` only features that have a day."""

    classes: tuple[str | None, ...] | None = None
    without: tuple[str | None, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    dated: bool = False


def layer_cells(
    store: Store,
    layer_id: str,
    version_id: str,
    *,
    zoom: int,
    column: int,
    row: int,
    chosen: CellFilter,
) -> dict[str, list[int]]:
    """What the cells of a tile count of the features that pass a filter, in the tile's order:
    `count` and `share` (see `TiledLayer.counted`). Raises as `layer_tile` does."""
    _check_tile(zoom, column, row, deepest=DEEPEST)
    told = {one.name: getattr(chosen, one.name) for one in fields(chosen)}
    return _tiled(store, layer_id, version_id).counted(zoom, column, row, **told)


def layer_tiles_about(store: Store, layer_id: str, version_id: str) -> dict[str, Any]:
    """What the tiles of a version hold: features, bounds in degrees, what is drawn and what is
    counted in cells at each zoom, attributes, and the days of observations."""
    return _tiled(store, layer_id, version_id).about


def conflict_tile(
    run: ConflictRun,
    *,
    zoom: int,
    column: int,
    row: int,
    chosen: ConflictFilter | None = None,
) -> bytes:
    """A tile of a run's conflicts (MVT: layers `conflicts` and `clusters`), b"" for none.

    Only those that pass `chosen` are gathered; None = all. Each sign is in one tile only, the one
    its place lies in.
    """
    _check_tile(zoom, column, row, deepest=CLOSEST)
    wanted = chosen or ConflictFilter()
    key = (run.fingerprint, wanted)
    signs = _signs.get(key, lambda: _Signs.of(run, wanted))
    return signs.tile(zoom, column, row)


def hotspot_tile(store: Store, run: HotspotRun, *, zoom: int, column: int, row: int) -> bytes:
    """A tile of a run's units (MVT: layer `units`), b"" for none."""
    _check_tile(zoom, column, row, deepest=DEEPEST)
    units = _units.get(run.fingerprint, lambda: _Units.of(store, run))
    return units.tile(zoom, column, row)


def _check_tile(zoom: int, column: int, row: int, *, deepest: int) -> None:
    if not (0 <= zoom <= deepest and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise WorkflowError(
            f"There is no tile {zoom}/{column}/{row}: zoom goes from 0 to {deepest}, column and "
            "row from 0 to 2 to the power of the zoom, less 1."
        )


# --- layer versions -----------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Build:
    """A version being made ready, or why and when that failed."""

    failed_at: float | None = None
    reason: str = ""


_open: Kept[TiledLayer] = Kept(KEPT_OPEN)
_builds: dict[tuple[str, str], _Build] = {}
_guard = threading.Lock()
_one_at_a_time = threading.Lock()


def tiled_name(version_id: str) -> str:
    """The name of the derived file with a version's tiles."""
    return f"tiles/{version_id}-{tiles_fingerprint()}.arrays"


def _tiled(store: Store, layer_id: str, version_id: str) -> TiledLayer:
    name = tiled_name(version_id)
    key = (store.location, layer_id, name)
    found = _open.find(key)
    if found is not None:
        return found
    version = store.version(version_id)
    layer = store.layer(layer_id)
    if version.layer_id != layer_id:
        raise WorkflowError(f"Layer '{layer_id}' has no version '{version_id}'.")
    if version.is_raster:
        raise WorkflowError(
            f"'{layer.name}' is a raster: its tiles are pictures, at /cg/raster/{version_id}/."
        )
    made = open_tiled(store, name)
    if made is not None:
        return _open.get(key, lambda: made)
    order = {
        "store": store.location,
        "version_id": version_id,
        "name": name,
        "named": layer.kind in NAMED_KINDS,
    }
    _ask_for(order, layer.name)
    raise TilesNotReady(
        f"'{layer.name}' is being made ready for the map, which takes some seconds for each "
        "hundred thousand features, once. Ask again in a moment."
    )


def _ask_for(order: dict[str, Any], title: str) -> None:
    """Start making a version ready unless that goes on; WorkflowError where it failed lately."""
    key = (order["store"], order["name"])
    with _guard:
        build = _builds.get(key)
        if build is not None and build.failed_at is None:
            return
        if build is not None and time.monotonic() - float(build.failed_at or 0) < FAILED_S:
            raise WorkflowError(
                f"'{title}' could not be made ready for the map ({build.reason}); the server's log "
                "says more. The layer itself is unchanged. Try again in a minute."
            )
        _builds[key] = _Build()
    threading.Thread(target=_made_ready, args=(order, key), daemon=True).start()


def _made_ready(order: dict[str, Any], key: tuple[str, str]) -> None:
    """Wait for a process that makes one version ready; note where it failed."""
    reason = ""
    try:
        with _one_at_a_time:
            code = run_apart("layers.tiled", order)
        if code:
            reason = f"its process ended with {code}"
    except OSError as error:
        reason = f"its process could not start: {error.strerror}"
    with _guard:
        if reason:
            _builds[key] = _Build(failed_at=time.monotonic(), reason=reason)
        else:
            _builds.pop(key, None)


# --- conflicts ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class _Signs:
    """The conflicts of a run, gathered for each zoom, and their attributes by row."""

    zooms: list[Gathered]
    tally: list[tuple[Array, Array]]
    attributes: dict[str, Attribute]

    @classmethod
    def of(cls, run: ConflictRun, chosen: ConflictFilter) -> "_Signs":
        table = chosen.rows(run.table)
        degrees = table[["longitude", "latitude"]].to_numpy(dtype="float64")
        placed = np.isfinite(degrees).all(axis=1)
        table, degrees = table[placed], degrees[placed]
        zooms = gather(degrees, np.argsort(table["rank"].to_numpy(), kind="stable"))
        inside = (table["verdict"] == "inside").to_numpy()
        tally = [
            tuple(
                np.bincount(one.sign_of[which], minlength=len(one.count))
                for which in (inside, ~inside)
            )
            for one in zooms
        ]
        columns = {
            "id": "conflict_id",
            "v": "verdict",
            "k": "rule_id",
            "b": "breach_level",
            "q": "rank",
        }
        attributes = {name: _attribute(table[column]) for name, column in columns.items()}
        return cls(zooms=zooms, tally=tally, attributes=attributes)

    def tile(self, zoom: int, column: int, row: int) -> bytes:
        """The signs of a tile: those that stand alone, and clusters."""
        signs = self.zooms[zoom]
        which = signs.of_tile(column, row)
        alone = signs.count[which] == 1
        one, many = which[alone], which[~alone]
        single = TileLayer(
            name="conflicts",
            shapes=_points(signs.xy[one]),
            attributes={
                name: Attribute(codes=told.codes[signs.place[one]], values=told.values)
                for name, told in self.attributes.items()
            },
        )
        inside, close = self.tally[zoom]
        ids = self.attributes["id"]
        clusters = TileLayer(
            name="clusters",
            shapes=_points(signs.xy[many]),
            attributes={
                "count": _whole(signs.count[many]),
                "inside": _whole(inside[many]),
                "close": _whole(close[many]),
                "best": Attribute(codes=ids.codes[signs.place[many]], values=ids.values),
            },
        )
        return encode([single, clusters])


def _attribute(column: Any) -> Attribute:
    codes, values = column.factorize(sort=False)
    plain = [one.item() if isinstance(one, np.generic) else one for one in values]
    numbers = all(isinstance(one, int | float) for one in plain)
    return Attribute(
        codes=np.asarray(codes), values=[int(one) if numbers else str(one) for one in plain]
    )


def _whole(numbers: Array) -> Attribute:
    values, codes = np.unique(numbers, return_inverse=True)
    return Attribute(codes=codes, values=[int(one) for one in values])


def _points(xy: Array) -> Shapes:
    count = len(xy)
    each = np.arange(count + 1)
    return Shapes(
        form=np.full(count, POINT, dtype="uint8"),
        rings=each,
        corners=each,
        xy=xy,
        is_hole=np.zeros(count, dtype=bool),
    )


_signs: Kept[_Signs] = Kept(KEPT_RUNS)


# --- hotspot units ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class _Units:
    """The units of a hotspot run on the grid; all are drawn at every zoom."""

    shapes: Shapes
    corner_from: Array
    index: Index
    attributes: dict[str, Attribute] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, run: HotspotRun) -> "_Units":
        outlines = unit_shapes(store, run)
        rows = [row for row in run.rows if row.unit_id in outlines]
        geometry = np.empty(len(rows), dtype=object)
        geometry[:] = [outlines[row.unit_id] for row in rows]
        shapes = shapes_of(geometry)
        choice = choose(shapes, everything=True)
        classes = sorted({row.unit_class for row in rows})
        each = np.arange(len(rows))
        return cls(
            shapes=shapes,
            corner_from=choice.corner_from,
            index=Index.of(shapes.boxes, choice.drawn_from),
            attributes={
                "unit_id": Attribute(codes=each, values=[row.unit_id for row in rows]),
                "class": Attribute(
                    codes=np.array([classes.index(row.unit_class) for row in rows], dtype="int64"),
                    values=classes,
                ),
                "rank": Attribute(codes=each, values=[row.rank for row in rows]),
                "seen": Attribute(
                    codes=np.where([row.detections > 0 for row in rows], each, -1),
                    values=[row.detections for row in rows],
                ),
            },
        )

    def tile(self, zoom: int, column: int, row: int) -> bytes:
        """The units that meet a tile; the id of each is its place in the run's order."""
        rows = self.index.meeting(tile_box(zoom, column, row), zoom)
        shapes, there = cut(self.shapes, self.corner_from, rows, zoom=zoom, column=column, row=row)
        attributes = {
            name: Attribute(codes=one.codes[there], values=one.values)
            for name, one in self.attributes.items()
        }
        return encode([TileLayer(name="units", shapes=shapes, ids=there, attributes=attributes)])


_units: Kept[_Units] = Kept(KEPT_RUNS)
