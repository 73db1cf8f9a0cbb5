"""The part of a large layer that is in view: the features that touch a box, the largest first."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from layers.catalogue import Bounds

KEPT_LAYERS = 3
"""Large layers whose features are held in memory, ready to be cut; some 0.4 kB a feature."""


@dataclass(frozen=True)
class _Pieces:
    """Each feature of a layer as JSON text, with its bounds in degrees."""

    texts: list[str]
    bounds: npt.NDArray[np.float64]
    extent: npt.NDArray[np.float64]


class FeatureWindows:
    """Cuts windows out of layer versions; the last few layers asked for are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Pieces] = OrderedDict()
        self._lock = threading.Lock()

    def window(
        self, version_id: str, load: Callable[[], bytes], *, bounds: Bounds, limit: int
    ) -> bytes:
        """A GeoJSON document of at most `limit` features that touch `bounds`.

        `load` gives the whole version as GeoJSON. The largest features come first, so that what is
        left out is small; equal ones, as points are, are thinned evenly. `in_view` tells how many
        there are, `features_total` how many the layer has.
        """
        pieces = self._pieces(version_id, load)
        west, south, east, north = bounds
        box = pieces.bounds
        touching = np.flatnonzero(
            (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        )
        chosen = touching
        if len(touching) > limit:
            # A fixed shuffle, then a stable sort: the same features every time, no stripes.
            order = np.random.default_rng(0).permutation(len(touching))
            order = order[np.argsort(-pieces.extent[touching][order], kind="stable")]
            chosen = np.sort(touching[order[:limit]])
        features = ",".join(pieces.texts[i] for i in chosen)
        return (
            f'{{"type":"FeatureCollection","in_view":{len(touching)},'
            f'"features_total":{len(box)},"features":[{features}]}}'
        ).encode()

    def _pieces(self, version_id: str, load: Callable[[], bytes]) -> _Pieces:
        with self._lock:
            if version_id not in self._kept:
                self._kept[version_id] = _cut(load())
                while len(self._kept) > KEPT_LAYERS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(version_id)
            return self._kept[version_id]


def _cut(document: bytes) -> _Pieces:
    features = json.loads(document)["features"]
    geometry = [json.dumps(feature["geometry"]) for feature in features]
    bounds = shapely.bounds(shapely.from_geojson(geometry)).reshape(-1, 4)
    return _Pieces(
        texts=[json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features],
        bounds=bounds,
        extent=(bounds[:, 2] - bounds[:, 0]) + (bounds[:, 3] - bounds[:, 1]),
    )
