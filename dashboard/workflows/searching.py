"""Features whose name or id holds a text: small layers from memory, large ones piece by piece."""

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from dashboard.workflows.cache import LARGE, SLIM, Loaded, load
from dashboard.workflows.features import current, hit_of, shown_layers
from dashboard.workflows.types import Hit
from layers import facts
from layers.catalogue import Layer, LayerVersion, fold
from layers.store import Store

Found = tuple[tuple[int, str, str], int, int]
"""How well a feature fits (0 whole, 1 at the start, 2 within; its title; its id), and where it is:
the number of the piece and the row in it."""


def search(store: Store, region_id: str, text: str, *, limit: int = 20) -> tuple[Hit, ...]:
    """Features whose name or id holds the text; case and accents make no difference.

    Whole names and ids first, then those that start with the text, then the rest, by layer.
    A layer of more than `LARGE` features is read in pieces and never as a whole.
    """
    wanted = fold(text.strip())
    if not wanted:
        return ()
    found: list[tuple[tuple[int, str, str], Hit]] = []
    for layer in shown_layers(store, region_id, None):
        version = current(layer)
        if version.is_raster:
            continue
        if version.features > LARGE:
            found += _in_pieces(store, layer, version, wanted, limit)
        else:
            found += _in_memory(layer, load(store, version), wanted, limit)
    found.sort(key=lambda one: one[0])
    return tuple(hit for _, hit in found[:limit])


def _in_memory(
    layer: Layer, loaded: Loaded, wanted: str, limit: int
) -> list[tuple[tuple[int, str, str], Hit]]:
    rows = np.flatnonzero(loaded.folded.str.contains(wanted, regex=False).to_numpy())
    found = []
    for row in rows[: 50 * limit]:
        hit = hit_of(layer, loaded, int(row), distance_m=None)
        rank = _rank(loaded.folded.iloc[row].split("\n"), wanted)
        found.append(((rank, hit.title, hit.feature_id), hit))
    return found


def _rank(parts: list[str], wanted: str) -> int:
    return 0 if wanted in parts else 1 if any(p.startswith(wanted) for p in parts) else 2


def _in_pieces(
    store: Store, layer: Layer, version: LayerVersion, wanted: str, limit: int
) -> list[tuple[tuple[int, str, str], Hit]]:
    one = facts.kind(layer.kind).one
    best: list[Found] = []
    pieces = store.read_pieces(version.version_id, columns=["feature_id", "name"])
    for number, piece in enumerate(pieces):
        holds = pc.or_(_holds(piece["name"], wanted), _holds(piece["feature_id"], wanted))
        rows = np.flatnonzero(holds.to_numpy(zero_copy_only=False))
        fits = piece.take(pa.array(rows))
        pairs = zip(fits["name"].to_pylist(), fits["feature_id"].to_pylist(), strict=True)
        for row, (name, feature_id) in zip(rows.tolist(), pairs, strict=True):
            rank = _rank([fold(name or ""), fold(feature_id or "")], wanted)
            best.append(((rank, name or f"{one} {feature_id}", feature_id), number, row))
        # only the best are kept: a single letter is in every name
        best = sorted(best)[:limit]
    return [
        (fit, hit_of(layer, _piece(store, version, number), row, distance_m=None))
        for fit, number, row in best
    ]


def _holds(column: pa.ChunkedArray, wanted: str) -> pa.Array:
    """Which texts hold `wanted` once folded; null holds nothing.

    Plain letters are folded all at once, and one by one only what has others.
    """
    texts = pc.fill_null(column.combine_chunks(), "")
    holds = pc.match_substring(pc.ascii_lower(texts), wanted)
    others = pc.indices_nonzero(pc.invert(pc.string_is_ascii(texts))).to_numpy()
    if not len(others):
        return holds
    told = holds.to_numpy(zero_copy_only=False).copy()
    told[others] = [wanted in fold(text) for text in texts.take(pa.array(others)).to_pylist()]
    return pa.array(told)


def _piece(store: Store, version: LayerVersion, number: int) -> Loaded:
    """A piece of a version, as if it were all of it."""
    columns = [*SLIM, "geometry"]
    (piece,) = store.read_pieces(version.version_id, columns=columns, only=[number])
    shapes = shapely.from_wkb(piece["geometry"].to_numpy())
    table = piece.drop_columns(["geometry"]).to_pandas()
    return Loaded(version=version, frame=gpd.GeoDataFrame(table, geometry=shapes, crs=4326))
