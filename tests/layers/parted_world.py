"""A small invented country in files of parts, and the conflicts of it, for tests."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from bench.landscape import CRS, Size, landscape
from geo.comparisons import Comparison, comparisons
from geo.conflicts import LayerFrame
from geo.rules import Rule
from layers.facts import rule_pack
from layers.parted import PartFile, write_parts

Country = dict[str, gpd.GeoDataFrame]


def rules() -> list[Rule]:
    """Every rule of Ghana's pack, the scenario too."""
    return list(rule_pack("gh"))


def country(*, mines: int = 150, fields: int = 1_500, seed: int = 7) -> Country:
    """Layers by kind; some mines have a radius, some licences are uncertain."""
    made = landscape(Size(mines=mines, fields=fields), seed=seed)
    rng = np.random.default_rng(seed)
    sites = made["mine_sites"]
    made["mine_sites"] = sites.assign(radius_m=rng.choice([np.nan, 15.0, 80.0], len(sites)))
    licences = made["licences"]
    made["licences"] = licences.assign(position_sd_m=rng.choice([0.0, 12.0], len(licences)))
    return made


def frames(layers: Country) -> list[LayerFrame]:
    """The layers as the engine takes them."""
    return [
        LayerFrame(layer_id=f"t.{kind}", kind=kind, features=frame)
        for kind, frame in layers.items()
    ]


def work(layers: Country) -> list[Comparison]:
    """What the rules compare."""
    return comparisons(frames(layers), rules())


def written(layers: Country, folder: Path) -> dict[str, PartFile]:
    """The layers as files of parts."""
    folder.mkdir(exist_ok=True)
    for frame in frames(layers):
        content = write_parts(frame, measuring_crs=CRS)
        (folder / f"{frame.layer_id}.parquet").write_bytes(content)
    return {
        frame.layer_id: PartFile(str(folder / f"{frame.layer_id}.parquet"))
        for frame in frames(layers)
    }


def altered(frame: gpd.GeoDataFrame, *, seed: int, share: float = 0.05) -> gpd.GeoDataFrame:
    """The layer with some features moved, some gone, some new, some renamed in their attributes."""
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(frame))[: max(4, int(len(frame) * share))]
    moved, gone, doubled, told = np.array_split(some, 4)
    shapes = frame.geometry.to_numpy().copy()
    shapes[moved] = shapely.transform(shapes[moved], lambda xy: xy + rng.uniform(-400, 400, 2))
    changed = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    if "holder" in frame:
        holder = changed["holder"].to_numpy(dtype=object).copy()
        holder[told] = "Somebody Else"
        changed = changed.assign(holder=holder)
    new = changed.iloc[doubled].copy()
    new["feature_id"] = ["A" + one for one in new["feature_id"]]
    new = new.set_geometry(new.geometry.translate(300, -200))
    kept = changed.drop(index=changed.index[gone])
    return gpd.GeoDataFrame(pd.concat([new, kept], ignore_index=True), crs=frame.crs)
