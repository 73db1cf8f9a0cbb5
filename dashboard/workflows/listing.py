"""What is in view of a map, as a list: the way to the features for people who do not see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from dashboard.workflows.cache import LARGE, SLIM, Loaded, load
from dashboard.workflows.features import DECIMALS, current, hit_of, share_of, shown_layers
from dashboard.workflows.types import Hit
from layers.catalogue import Bounds, Layer
from layers.store import Store

MOST_READ = 20_000
"""Features of a large layer that are read for one list; a wider view is counted as "too many"."""


@dataclass(frozen=True, kw_only=True)
class InView:
    """The features that touch a box, the nearest to its middle first; `total` counts all of them.

    A hit's longitude and latitude are those of its place nearest to the middle: the middle itself
    where the feature covers it.
    `too_many` names the layers of which so many are in view that they were not looked through:
    they are in neither.
    """

    hits: tuple[Hit, ...]
    total: int
    too_many: tuple[str, ...]


def in_view(
    store: Store,
    region_id: str,
    bounds: Bounds,
    *,
    layer_ids: Sequence[str] | None = None,
    limit: int = 50,
) -> InView:
    """What of the layers touches `bounds` (degrees, EPSG:4326), at most `limit` of it named.

    Near is measured in degrees from the middle, longitude shortened by the latitude. Rasters have
    no features and are left out.
    """
    box = shapely.box(*bounds)
    middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    near: list[tuple[float, Layer, Loaded, int, np.ndarray]] = []
    total = 0
    too_many = []
    for layer, loaded in _parts(store, region_id, bounds, layer_ids):
        if loaded is None:
            too_many.append(layer.name)
            continue
        rows = loaded.tree.query(box, predicate="intersects")
        total += len(rows)
        away, places = _away(loaded, rows, middle)
        order = np.argsort(away, kind="stable")[:limit]
        near += [(float(away[i]), layer, loaded, int(rows[i]), places[i]) for i in order]
    near.sort(key=lambda one: (one[0], one[1].layer_id, one[3]))
    return InView(
        hits=tuple(
            replace(hit_of(layer, loaded, row), longitude=float(at[0]), latitude=float(at[1]))
            for _, layer, loaded, row, at in near[:limit]
        ),
        total=total,
        too_many=tuple(too_many),
    )


def _parts(
    store: Store, region_id: str, bounds: Bounds, layer_ids: Sequence[str] | None
) -> Iterator[tuple[Layer, Loaded | None]]:
    """Each layer with what of it may be in view; None where that is too much to read."""
    for layer in shown_layers(store, region_id, layer_ids):
        version = current(layer)
        if version.is_raster:
            continue
        if version.features <= LARGE:
            yield layer, load(store, version)
        elif version.features * share_of(version.bounds, bounds) > MOST_READ:
            yield layer, None
        else:
            frame = store.read_features(version.version_id, columns=SLIM, bbox=bounds)
            yield layer, Loaded(version=version, frame=frame.reset_index(drop=True))


def _away(
    loaded: Loaded, rows: np.ndarray, middle: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """How far each row lies from the middle (degrees of latitude), and its place nearest to it
    (n, 2; longitude and latitude)."""
    shapes = loaded.frame.geometry.to_numpy()[rows]
    shrink = np.array([float(np.cos(np.radians(middle[1]))), 1.0])
    flat = shapely.transform(shapes, lambda at: (at - middle) * shrink)
    lines = shapely.shortest_line(flat, shapely.Point(0, 0))
    nearest = shapely.get_coordinates(shapely.get_point(lines, 0)).reshape(-1, 2)
    return shapely.length(lines), np.round(nearest / shrink + middle, DECIMALS)
