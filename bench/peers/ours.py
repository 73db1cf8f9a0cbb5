"""Our engine: the one place where the benchmark calls it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from bench.landscape import CRS
from bench.questions import rules
from geo.conflicts import LayerFrame, find_conflicts


def missing() -> str | None:
    """Never missing."""
    return None


def versions() -> str:
    """What was measured."""
    return f"shapely {shapely.__version__}, GEOS {shapely.geos_version_string}"


@contextmanager
def loaded(folder: Path, *, threads: int) -> Iterator[Callable[[], pd.DataFrame]]:
    """The layers read into memory; trees and pieces are made while answering."""
    layers = [
        LayerFrame(layer_id=f"bench.{path.stem}", kind=path.stem, features=gpd.read_parquet(path))
        for path in sorted(folder.glob("*.parquet"))
    ]
    yield lambda: find_conflicts(layers, rules(), measuring_crs=CRS, threads=threads)
