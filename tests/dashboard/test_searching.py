"""Large layers are searched, listed and measured without ever being read whole."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from bench.map_store import _new
from dashboard import workflows
from dashboard.workflows import features, searching
from layers.store import Store, StoreError, opened

NAMES = ["Été", "Kɛta", "Keta", "Bogoso North", "bogoso", None, "Osu", "Prestea"]


def add_points(home: Path, count: int) -> None:
    """A layer of so many points around Tarkwa; every eighth has no name."""
    rng = np.random.default_rng(1)
    frame = gpd.GeoDataFrame(
        {
            "feature_id": [f"F{number:07d}" for number in range(count)],
            "source_row": np.arange(1, count + 1),
            "name": [NAMES[number % len(NAMES)] for number in range(count)],
            "feature_class": None,
            "holder": None,
            "radius_m": np.nan,
        },
        geometry=shapely.points(rng.uniform((-2.3, 5.1), (-1.7, 5.6), (count, 2))),
        crs=4326,
    )
    frame["feature_class"] = frame["feature_class"].astype("str").where(frame.index < 0, None)
    # in Hilbert order as every version is, or a box would meet every piece
    frame = frame.iloc[np.argsort(frame.hilbert_distance().to_numpy(), kind="stable")]
    stream = io.BytesIO()
    frame.to_parquet(
        stream,
        index=False,
        write_covering_bbox=True,
        schema_version="1.1.0",
        row_group_size=8192 if count > 10_000 else 16,
    )
    with opened(home) as store:
        stream.seek(0)
        original = store.put_original(stream)
        stream.seek(0)
        store.add_version(_new(frame, original), stream)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    add_points(tmp_path / "home", 100)
    with opened(tmp_path / "home") as store:
        yield store


@pytest.mark.parametrize("text", ["keta", "ETE", "bogoso", "o", "F0000042", "f00000", "n", "\n"])
def test_a_search_in_pieces_finds_what_a_search_in_memory_finds(
    store: Store, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = workflows.search(store, "tarkwa", text, limit=7)
    monkeypatch.setattr(searching, "LARGE", 10)
    monkeypatch.setattr(searching, "load", None)
    assert workflows.search(store, "tarkwa", text, limit=7) == whole
    assert bool(whole) == (text != "\n")


def test_an_area_of_a_large_layer_is_measured_from_what_lies_around_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = json.loads(shapely.to_geojson(shapely.box(-2.1, 5.2, -1.9, 5.4)))
    whole = workflows.area_figures(store, "tarkwa", drawn)
    monkeypatch.setattr(features, "LARGE", 50)
    assert workflows.area_figures(store, "tarkwa", drawn) == whole
    monkeypatch.setattr(features, "LARGE", 5)
    told = workflows.area_figures(store, "tarkwa", drawn)
    assert told.rows == ()
    assert any("Too many features" in note and "Fields" in note for note in told.notes)


def test_a_large_layer_is_no_single_document(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "LARGE", 99)
    (layer,) = store.layers()
    assert layer.current is not None
    with pytest.raises(StoreError, match=r"100 features: too many for one document"):
        workflows.features_geojson(store, layer.current.version_id)


def test_pieces_hold_every_feature_once_and_in_order(store: Store) -> None:
    (layer,) = store.layers()
    assert layer.current is not None
    version_id = layer.current.version_id
    pieces = list(store.read_pieces(version_id, columns=["feature_id"]))
    assert [len(piece) for piece in pieces] == [16] * 6 + [4]
    ids = [one for piece in pieces for one in piece["feature_id"].to_pylist()]
    assert ids == store.read_features(version_id)["feature_id"].tolist()
    (last,) = store.read_pieces(version_id, columns=["feature_id"], only=[6])
    assert last["feature_id"].to_pylist() == ids[-4:]


PROBE = """
import os, sys
from pathlib import Path
from bench.meter import high_water_kb
from dashboard import workflows
from dashboard.workflows.cache import load
from layers.store import opened

def peak_mb():
    return high_water_kb(os.getpid()) / 1024

home, small, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def ask(store):
    assert workflows.search(store, "tarkwa", "bogoso north")
    assert workflows.search(store, "tarkwa", "e")
    assert workflows.in_view(store, "tarkwa", (-2.005, 5.3, -1.995, 5.31)).hits
    layers = [layer.layer_id for layer in store.layers()]
    workflows.identify(store, "tarkwa", -2.0, 5.3, tolerance_m=2000, layer_ids=layers)

with opened(small) as store:
    ask(store)  # what the modules take is not what the layer takes
before = peak_mb()
with opened(home) as store:
    if what == "ask":
        ask(store)
    else:
        load(store, store.layers()[0].current).folded
print(peak_mb() - before)
"""


def test_questions_about_a_large_layer_take_little_memory(tmp_path: Path) -> None:
    home, small = tmp_path / "home", tmp_path / "small"
    add_points(home, 150_000)
    add_points(small, 4_000)

    def megabytes(what: str) -> float:
        command = [sys.executable, "-c", PROBE, str(home), str(small), what]
        root = Path(__file__).resolve().parents[2]
        told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        return float(told.stdout)

    asked, read_whole = megabytes("ask"), megabytes("load")
    assert read_whole > 75  # or the test could not tell
    assert asked < min(60, read_whole / 1.5), (asked, read_whole)
