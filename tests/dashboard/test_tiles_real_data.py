"""Tiles of the real layers of Ituri, read by GDAL: all there, and where they are."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows import tiles as tile_work
from layers.importing import ImportRequest
from layers.read import ReadRequest
from layers.store import Store
from layers.tiled import TiledLayer, make_tiled, open_tiled
from tests.geo.tile_reading import decoded, filled, pixel_m, tiles_over

pytestmark = pytest.mark.real

LAYERS = {
    "mine_sites": "mine_sites",
    "artisanal_zones_2020": "artisanal_zones",
    "protected_areas": "protected_areas",
    "farmland": "farmland",
    "rivers_gshhg": "water",
    "admin2": "districts",
}


@pytest.fixture(scope="module")
def ituri(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = workflows.open_home(tmp_path_factory.mktemp("ituri"))
    path = real_data / "ituri" / "ituri.gpkg"
    for layer, kind in LAYERS.items():
        read = ReadRequest(
            region_id="ituri", kind=kind, source_layer=layer, accept_suggestions=True
        )
        request = ImportRequest(read=read, layer_name=layer)
        report = workflows.run_import(store, path, request, filename=path.name)
        assert report.version_id, report.findings
    return store


def ready(store: Store, name: str) -> tuple[TiledLayer, gpd.GeoDataFrame]:
    """A layer's tiles, and its features in the order of the file."""
    (layer,) = (one for one in store.layers("ituri") if one.name == name)
    assert layer.current is not None
    version_id = layer.current.version_id
    file = tile_work.tiled_name(version_id)
    make_tiled(store, version_id, name=file, named=layer.kind in tile_work.NAMED_KINDS)
    tiled = open_tiled(store, file)
    assert tiled is not None
    return tiled, store.read_features(version_id)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("zoom", [5, 8, 10])
def test_every_feature_is_drawn_or_counted_and_lies_where_it_is(
    ituri: Store, name: str, zoom: int
) -> None:
    tiled, features = ready(ituri, name)
    metric = features.geometry.to_crs(3857).to_numpy()
    near = shapely.buffer(metric, pixel_m(zoom), quad_segs=8)
    drawn: set[int] = set()
    counted = 0
    for tile in tiles_over(tuple(features.total_bounds), zoom):
        found = decoded(tiled.tile(*tile), tile)
        if "cells" in found:
            counted += int(found["cells"]["count"].sum())
        if "features" not in found:
            continue
        rows = found["features"]["mvt_id"].astype(int).to_numpy()
        drawn |= set(rows.tolist())
        # without the buffer: along its edge the parts of what was cut stay joined
        edges = _tile_box(tile)
        for row, shape in zip(rows, found["features"].geometry, strict=True):
            shown = shapely.intersection(filled(shape), edges)
            assert shapely.difference(shown, near[row]).is_empty, (name, row)
    assert len(drawn) + counted == len(features)


def _tile_box(tile: tuple[int, int, int]) -> shapely.Geometry:
    """The tile without its buffer, EPSG:3857."""
    zoom, column, row = tile
    side = pixel_m(zoom) * 256
    half = 20_037_508.342789244
    west, north = column * side - half, half - row * side
    return shapely.box(west, north - side, west + side, north)


def test_districts_carry_their_names(ituri: Store) -> None:
    tiled, features = ready(ituri, "admin2")
    assert tiled.about["attributes"]["n"] == "text"
    told: dict[int, str] = {}
    for tile in tiles_over(tuple(features.total_bounds), 7):
        frame = decoded(tiled.tile(*tile), tile).get("features")
        if frame is not None:
            told |= dict(zip(frame["mvt_id"].astype(int), frame["n"], strict=True))
    assert told == features["name"].reset_index(drop=True).to_dict()
