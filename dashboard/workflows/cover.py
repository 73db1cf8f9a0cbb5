"""Conflicts with the classes of land-cover rasters, as a run of a region wants them."""

import contextlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geo.conflicts import LayerFrame
from geo.landcover import KIND, CoverResult, RasterLayer, assess_cover
from geo.rules import Rule
from layers import facts
from layers.store import Store


def rasters_of(store: Store, versions: Mapping[str, str]) -> dict[str, str]:
    """The versions of raster layers with classes among these, by layer id."""
    return {
        layer_id: version_id
        for layer_id, version_id in versions.items()
        if facts.kind(store.layer(layer_id).kind).kind_id == KIND
    }


def cover_conflicts(
    store: Store,
    versions: Mapping[str, str],
    subjects: Sequence[LayerFrame],
    rules: Sequence[Rule],
    *,
    measuring_crs: str,
) -> CoverResult:
    """What the rules find on the raster versions, each read in its own grid.

    `subjects` are in the measuring CRS; those without a rule about farmland or water do not count.
    """
    with contextlib.ExitStack() as stack:
        rasters = [
            RasterLayer(
                layer_id=layer_id,
                dataset=stack.enter_context(store.open_raster(version_id)),
                classes=store.version(version_id).raster_classes or {},
                counts_as=facts.kind(store.layer(layer_id).kind).counts_as,
                around=facts.region(store.layer(layer_id).region_id).country_bounds,
            )
            for layer_id, version_id in sorted(versions.items())
        ]
        return assess_cover(subjects, rasters, rules, measuring_crs=measuring_crs)


def class_titles(table: pd.DataFrame) -> np.ndarray:
    """The class in words where the object is one of a raster, None elsewhere."""
    covers = (table["object_kind"] == KIND).to_numpy(dtype=bool, na_value=False)
    words = table["object_id"].astype(object).str.replace("_", " ").str.capitalize()
    return np.where(covers, words.to_numpy(dtype=object), None)
