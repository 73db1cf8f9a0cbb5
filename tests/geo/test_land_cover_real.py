"""Land cover of the two real rasters: their codes differ, and each is read by its own table.

Which number means what is not published with them. The tables here are for trying only; the one
thing known is that 9 is cropland in the second.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from geo.landcover import RasterLayer, assess_cover
from geo.measure import LayerFrame, to_measuring_crs
from geo.zonal import land_cover
from layers.facts import kind, region, rule_pack

pytestmark = pytest.mark.real
RASTERS = {
    "ghana_landcover_thld_100m.tif": {value: f"class {value}" for value in range(1, 10)},
    "ghana_landcover_asante_akim_100m.tif": {
        value: "cropland" if value == 9 else f"class {value}" for value in range(1, 12)
    },
}


@pytest.mark.parametrize("name", RASTERS)
def test_districts_hold_all_pixels_of_the_raster(real_data: Path, name: str) -> None:
    path = real_data / "ghana_sw" / "ghana_sw.gpkg"
    districts = gpd.read_file(path, layer="admin2_geoboundaries")
    table = RASTERS[name]
    with rasterio.open(real_data / "rasters" / name) as dataset:
        found = land_cover(districts, dataset, table)
        together = gpd.GeoDataFrame(geometry=[districts.union_all()], crs=districts.crs)
        union = land_cover(together, dataset, table)
        values = dataset.read(1)
    parts = found.drop(columns="zone_ha").sum(axis=1)
    assert parts.to_numpy() == pytest.approx(found["zone_ha"].to_numpy(), rel=1e-5)
    assert (found["unclassified_ha"] == 0).all()
    # a pixel is a hectare; the districts overlap by 0.2 % here, their union does not
    for value, class_name in table.items():
        pixels = (values == value).sum()
        total = union[f"{class_name}_ha"][0]
        assert 0.99 * pixels < total <= pixels * 1.0005
        assert total <= found[f"{class_name}_ha"].sum() * (1 + 1e-6)
    elsewhere = found["outside_ha"] == found["zone_ha"]
    assert elsewhere.any()
    assert found.loc[elsewhere, f"{class_name}_ha"].isna().all()


def test_detections_on_cropland_are_found_and_most_are_not_assessed(real_data: Path) -> None:
    tarkwa = region("tarkwa")
    path = real_data / "ghana_sw" / "ghana_sw.gpkg"
    detections = gpd.read_file(path, layer="amw_detections")
    detections = detections.assign(
        feature_id=[f"d{n}" for n in range(len(detections))], position_sd_m=139.0
    )
    detections = to_measuring_crs(detections, measuring_crs=tarkwa.measuring_crs)
    layer = LayerFrame(layer_id="x.detections.a", kind="detections", features=detections)
    name = "ghana_landcover_asante_akim_100m.tif"
    rules = [rule for rule in rule_pack("gh") if rule.rule_id == "site-on-farmland"]
    with rasterio.open(real_data / "rasters" / name) as dataset:
        raster = RasterLayer(
            layer_id="x.landcover.a",
            dataset=dataset,
            classes=RASTERS[name],
            counts_as=kind("landcover").counts_as,
        )
        found = assess_cover([layer], [raster], rules, measuring_crs=tarkwa.measuring_crs)
    record = found.summary[0]
    # 59 pixels of cropland, and an error of 230 m: nothing can be said to lie inside
    assert record["pairs"] > 0
    assert record["verdicts"]["inside"] == 0
    assert np.isnan(found.conflicts["area_ha"]).all()
    assert record["not_assessed"]["detections where the land cover has no data"] > 3000
    assert found.caveats["x.landcover.a"]
