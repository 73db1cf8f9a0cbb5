"""Counts and areas from another program: SQL in SpatiaLite, reached through GDAL.

SpatiaLite uses GEOS too, so the last test counts pixels instead, which shares no geometry code.
"""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin

from bench.landscape import Size, landscape
from bench.questions import rules
from geo.conflicts import LayerFrame, find_conflicts
from tests.geo.conflict_layers import CRS, find, layer, rule


@pytest.fixture(scope="module")
def country():
    return landscape(Size(mines=300, fields=3_000), seed=7)


@pytest.fixture(scope="module")
def found(country):
    layers = [
        LayerFrame(layer_id=f"x.{kind}", kind=kind, features=features)
        for kind, features in country.items()
    ]
    return find_conflicts(layers, rules(), measuring_crs=CRS).set_index("rule_id")


@pytest.fixture(scope="module")
def database(country, tmp_path_factory):
    path = tmp_path_factory.mktemp("sql") / "country.gpkg"
    for kind, features in country.items():
        features.to_file(path, layer=kind, engine="pyogrio")
    try:
        ask(path, "select spatialite_version()")
    except pyogrio.errors.DataSourceError:
        pytest.skip("GDAL was built without SpatiaLite here")
    return path


def ask(path, sql):
    return pyogrio.read_dataframe(path, sql=sql, sql_dialect="SQLITE", read_geometry=False)


def joined(left, right, *, grow="0"):
    """Candidates by their boxes, so that SQL stays quick without an index."""
    return (
        f"from {left} a join {right} b on ST_MinX(a.geom) - {grow} <= ST_MaxX(b.geom) "
        f"and ST_MaxX(a.geom) + {grow} >= ST_MinX(b.geom) "
        f"and ST_MinY(a.geom) - {grow} <= ST_MaxY(b.geom) "
        f"and ST_MaxY(a.geom) + {grow} >= ST_MinY(b.geom) "
    )


@pytest.mark.parametrize(
    ("rule_id", "right", "where"),
    [
        ("licence-in-protected-area", "protected_areas", "1"),
        ("licence-on-licence", "licences", "a.feature_id < b.feature_id"),
        (
            "licence-on-farmland",
            "farmland",
            "coalesce(b.feature_class, '') <> 'not_cropland'",
        ),
    ],
)
def test_shared_areas_are_those_of_spatialite(database, found, rule_id, right, where):
    sql = (
        "select s, o, ha from (select a.feature_id s, b.feature_id o, "
        f"ST_Area(ST_Intersection(a.geom, b.geom)) / 10000.0 ha {joined('licences', right)} "
        f"where {where}) where ha > 0 order by s, o"
    )
    expected = ask(database, sql)
    rows = found.loc[[rule_id]]
    assert len(rows) == len(expected) > 0
    assert rows["subject_id"].tolist() == expected["s"].tolist()
    assert rows["object_id"].tolist() == expected["o"].tolist()
    assert rows["area_ha"].to_numpy() == pytest.approx(
        expected["ha"].to_numpy(), rel=1e-7, abs=1e-8
    )


@pytest.mark.parametrize(
    ("rule_id", "right"),
    [
        ("site-in-licence", "licences"),
        ("site-in-artisanal-zone", "artisanal_zones"),
        ("site-in-protected-area", "protected_areas"),
    ],
)
def test_sites_in_areas_are_those_of_spatialite(database, found, rule_id, right):
    sql = (
        "select * from (select a.feature_id s, b.feature_id o, 1.64 * a.position_sd_m e, "
        "case when ST_Intersects(a.geom, b.geom) then -1 else 1 end "
        f"* ST_Distance(a.geom, ST_Boundary(b.geom)) d {joined('mine_sites', right, grow='40')}) "
        "where d - e <= 0 order by s, o"
    )
    expected = ask(database, sql)
    rows = found.loc[[rule_id]]
    assert rows["subject_id"].tolist() == expected["s"].tolist()
    assert rows["object_id"].tolist() == expected["o"].tolist()
    sure = (expected["d"] + expected["e"] < 0).tolist()
    assert (rows["verdict"] == "inside").tolist() == sure


def test_sites_near_water_are_those_of_spatialite(database, found):
    sql = (
        "select * from (select a.feature_id s, b.feature_id o, 1.64 * a.position_sd_m e, "
        "ST_Distance(a.geom, b.geom) - coalesce(b.width_m, 0) / 2 d "
        f"{joined('mine_sites', 'water', grow='180')}) where d - e <= 100 order by s, o"
    )
    expected = ask(database, sql)
    rows = found.loc[["GH-DIR-100"]]
    assert rows["subject_id"].tolist() == expected["s"].tolist()
    assert rows["object_id"].tolist() == expected["o"].tolist()
    assert rows["distance_m"].tolist() == pytest.approx(expected["d"].clip(0).tolist(), abs=1e-6)
    assert (rows["verdict"] == "inside").tolist() == (expected["d"] + expected["e"] < 100).tolist()


def test_counted_pixels_cover_the_shared_ground():
    rng = np.random.default_rng(11)
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    shapes = [
        shapely.Polygon(
            centre
            + 150
            * (1 + 0.3 * np.sin(lobes * turn))[:, None]
            * np.column_stack([np.cos(turn), np.sin(turn)])
        )
        for centre, lobes in zip(rng.uniform(200, 300, (2, 2)), (3, 5), strict=True)
    ]
    row = find(
        [layer("mine_sites", shapes[:1]), layer("licences", shapes[1:])], rule("overlap")
    ).iloc[0]
    grid = {"out_shape": (2_000, 2_000), "transform": from_origin(0, 500, 0.25, 0.25)}
    both = rasterize(shapes[:1], **grid) & rasterize(shapes[1:], **grid)
    assert row.area_ha == pytest.approx(both.sum() * 0.25**2 / 10_000, rel=1e-3)


def test_the_landscape_is_the_same_every_time():
    first, second = (landscape(Size(mines=100, fields=500)) for _ in range(2))
    for kind, features in first.items():
        assert isinstance(features, gpd.GeoDataFrame)
        assert features.geometry.geom_equals_exact(second[kind].geometry, 0).all()
        assert features.geometry.is_valid.all()
