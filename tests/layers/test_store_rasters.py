"""The store with rasters: a tiled GeoTIFF a version, opened, refused, checked like any other."""

import io
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.crs import CRS

from layers.catalogue import BAND_KEY
from layers.embedded import EmbeddedStore
from layers.store import StoreError
from tests.layers.raster_samples import add_raster, grid, write_tif
from tests.layers.samples import add, new_version

VALUES = np.array([[0, 1, 1], [9, 9, 2]], dtype="uint8")
CLASSES = {1: "forest", 2: "water", 9: "cropland"}


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "home")


def test_a_raster_comes_back_pixel_for_pixel_in_its_own_grid(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    with store.open_raster(version.version_id) as dataset:
        assert (dataset.read(1) == VALUES).all()
        assert dataset.crs == CRS.from_epsg(32630)
        assert dataset.transform == grid()
        assert dataset.nodata == 0


def test_a_raster_version_knows_its_class_table_and_a_layer_of_features_has_none(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    again = store.version(version.version_id)
    assert again.is_raster
    assert again.raster_classes == CLASSES
    assert again.as_json()["raster"] is True
    wells = add(
        store,
        [{"feature_id": "w", "geometry": shapely.Point(-2, 5.3)}],
        region_id="tarkwa",
        kind="water",
        name="Wells",
    )
    assert not wells.is_raster
    assert wells.raster_classes is None


def test_a_value_that_was_left_out_is_no_class(store: EmbeddedStore, tmp_path: Path) -> None:
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES | {2: ""})
    assert version.raster_classes == {1: "forest", 9: "cropland"}


def test_features_of_a_raster_and_the_raster_of_features_are_refused(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    raster = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    with pytest.raises(StoreError, match="is a raster: it has pixels, no features"):
        store.read_features(raster.version_id)
    rows = [{"feature_id": "w", "geometry": shapely.Point(-2, 5.3)}]
    wells = add(store, rows, region_id="tarkwa", kind="water", name="Wells")
    with (
        pytest.raises(StoreError, match="holds features, not a raster"),
        store.open_raster(wells.version_id),
    ):
        pass


def test_a_raster_there_is_not_and_one_whose_file_is_gone_are_told_apart(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    with (
        pytest.raises(StoreError, match="no layer version 'nothing'"),
        store.open_raster("nothing"),
    ):
        pass
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    file = store.home / "layers" / version.layer_id / f"{version.version_id}.tif"
    file.unlink()
    with (
        pytest.raises(StoreError, match="missing from the store"),
        store.open_raster(version.version_id),
    ):
        pass
    with pytest.raises(StoreError, match="missing from the"):
        store.set_current(version.layer_id, version.version_id, actor="a test")
    (check,) = [one for one in store.examine() if one.name == "versions"]
    assert not check.ok
    assert "is missing" in check.sentences[0]


@pytest.mark.parametrize("content", [b"not a raster at all", b"II*\x00\x08\x00\x00\x00"])
def test_a_damaged_raster_is_told_in_a_sentence_and_found_by_the_doctor(
    store: EmbeddedStore, tmp_path: Path, content: bytes
) -> None:
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    file = store.home / "layers" / version.layer_id / f"{version.version_id}.tif"
    file.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"), store.open_raster(version.version_id):
        pass
    assert [one.ok for one in store.examine() if one.name == "versions"] == [False]


def test_pixels_that_cannot_be_read_any_more_are_told_while_the_block_reads(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = np.random.default_rng(1).integers(1, 10, (400, 400)).astype("uint8")
    classes = dict.fromkeys(range(1, 10), "forest")
    version = add_raster(store, tmp_path, values, classes=classes)
    file = store.home / "layers" / version.layer_id / f"{version.version_id}.tif"
    file.write_bytes(file.read_bytes()[:90_000])
    with (
        pytest.raises(StoreError, match="is damaged"),
        store.open_raster(version.version_id) as dataset,
    ):
        dataset.read(1)


def test_a_sound_store_with_a_raster_has_nothing_wrong(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    add_raster(store, tmp_path, VALUES, classes=CLASSES)
    assert all(one.ok for one in store.examine())


@pytest.mark.parametrize(
    ("read", "message"), [(5, "counted 5 pixels"), (7, "counted 7 pixels of 'sample.tif'")]
)
def test_a_raster_with_another_number_of_pixels_than_counted_is_refused_and_leaves_nothing(
    store: EmbeddedStore, tmp_path: Path, read: int, message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        add_raster(store, tmp_path, VALUES, classes=CLASSES, read=read, rejected=read - 5)
    assert store.layers() == ()
    assert not list((store.home / "layers").rglob("*.tif"))


def test_a_file_that_is_no_raster_is_never_kept_as_one(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    sha256 = store.put_original(io.BytesIO(b"x"))
    told = new_version(
        gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=4326),
        sha256=sha256,
        region_id="tarkwa",
        kind="landcover",
        name="Land",
    )
    new = replace(told, mapping={BAND_KEY: "1"})
    with pytest.raises(StoreError, match="wrote -1"):
        store.add_version(new, io.BytesIO(b"PAR1 not a raster"))


def test_the_same_raster_is_never_kept_twice_and_another_table_is_another_version(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    first = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    assert add_raster(store, tmp_path, VALUES, classes=CLASSES).version_id == first.version_id
    other = add_raster(store, tmp_path, VALUES, classes=CLASSES | {9: "tree_crops"})
    assert other.version_id != first.version_id
    assert other.number == 2
    assert other.raster_classes == {1: "forest", 2: "water", 9: "tree_crops"}


def test_nothing_beside_a_raster_of_the_store_is_read(store: EmbeddedStore, tmp_path: Path) -> None:
    version = add_raster(store, tmp_path, VALUES, classes=CLASSES)
    folder = store.home / "layers" / version.layer_id
    file = folder / f"{version.version_id}.tif"
    file.with_name(file.name + ".aux.xml").write_text(
        "<PAMDataset><SRS>EPSG:4326</SRS>"
        "<PAMRasterBand band='1'><NoDataValue>9</NoDataValue></PAMRasterBand></PAMDataset>"
    )
    write_tif(folder / f"{file.name}.msk", np.zeros((2, 3), dtype="uint8"))
    with store.open_raster(version.version_id) as dataset:
        assert dataset.nodata == 0
        assert dataset.crs.to_epsg() == 32630
        assert dataset.files == [str(file)]
        assert (dataset.read_masks(1) > 0).sum() == 5
