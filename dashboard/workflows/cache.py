"""Features of layer versions kept in memory; a version never changes, so its id is the key."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import STRtree

from layers.catalogue import LayerVersion, fold
from layers.store import Store

MAX_FEATURES = 1_500_000
"""Features kept at once over all versions; some 300 bytes each without their outlines."""

LARGE = 50_000
"""Features above which a version is not read whole for one question of the map: the file is asked
for the box in question instead, which keeps nothing in memory (a million features take 2 GB)."""

SLIM = ("feature_id", "name", "feature_class", "holder", "radius_m")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A version without the file's own columns. Never change `frame`: it is shared."""

    version: LayerVersion
    frame: gpd.GeoDataFrame = field(repr=False)

    @cached_property
    def tree(self) -> STRtree:
        """A search tree over the geometries, in degrees."""
        return STRtree(self.frame.geometry.to_numpy())

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each feature id."""
        return {feature: row for row, feature in enumerate(self.frame["feature_id"])}

    @cached_property
    def folded(self) -> pd.Series:
        """Name and id of each feature, fit for searching whatever the case and the accents."""
        text = self.frame["name"].fillna("") + "\n" + self.frame["feature_id"].fillna("")
        return text.map(fold)

    @cached_property
    def points(self) -> np.ndarray:
        """(n, 2) longitudes and latitudes of a point on each feature."""
        on = self.frame.geometry.representative_point()
        return np.column_stack([on.x.to_numpy(), on.y.to_numpy()])


_loaded: OrderedDict[str, Loaded] = OrderedDict()
_guard = threading.Lock()


def load(store: Store, version: LayerVersion) -> Loaded:
    """A version's features, from memory where they are there."""
    with _guard:
        if version.version_id in _loaded:
            _loaded.move_to_end(version.version_id)
            return _loaded[version.version_id]
    frame = store.read_features(version.version_id, columns=SLIM)
    entry = Loaded(version=version, frame=frame.reset_index(drop=True))
    with _guard:
        _loaded[version.version_id] = entry
        while len(_loaded) > 1 and sum(len(one.frame) for one in _loaded.values()) > MAX_FEATURES:
            _loaded.popitem(last=False)
    return entry
