"""Our engine: the one place where the benchmark calls it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
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
def started(*, threads: int) -> Iterator[int]:
    """Nothing to start."""
    yield threads


def load(threads: int, folder: Path) -> tuple[list[LayerFrame], int]:
    """The layers read into memory; trees and pieces are made while answering."""
    layers = [
        LayerFrame(
            layer_id=f"bench.{path.stem}",
            kind=path.stem,
            features=gpd.read_parquet(path),
            checked=True,  # as layer versions are; no peer looks for invalid outlines either
        )
        for path in sorted(folder.glob("*.parquet"))
    ]
    # what Arrow read the files with is of no more use, but it would keep it
    pa.default_memory_pool().release_unused()
    return layers, threads


def answer(loaded: tuple[list[LayerFrame], int]) -> pd.DataFrame:
    """Conflicts, a superset of the columns asked for."""
    layers, threads = loaded
    return find_conflicts(layers, rules(), measuring_crs=CRS, threads=threads)
