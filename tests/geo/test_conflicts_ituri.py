"""One real area. The counts were measured once with plain geopandas in EPSG:32735."""

import geopandas as gpd
import pandas as pd
import pytest

from geo.conflicts import LayerFrame, find_conflicts, summarise
from geo.measure import to_measuring_crs
from layers import facts
from tests.geo.conflict_layers import rule

pytestmark = pytest.mark.real

CRS = facts.region("ituri").measuring_crs
KINDS = {
    "mine_sites": "mine_sites",
    "titles_2016": "licences",
    "titles_2020": "licences",
    "artisanal_zones_2020": "artisanal_zones",
    "protected_areas": "protected_areas",
    "farmland": "farmland",
    "rivers_gshhg": "water",
}
RULES = [
    *facts.rule_pack("common"),
    rule("within_distance", rule_id="water-1km", object_kind="water", outer_m=1_000.0),
]


@pytest.fixture(scope="module")
def layers(real_data):
    made = []
    for name, kind in KINDS.items():
        raw = gpd.read_file(real_data / "ituri" / "ituri.gpkg", layer=name)
        features = to_measuring_crs(raw[["geometry"]], measuring_crs=CRS)
        features["feature_id"] = [f"{n:04d}" for n in range(len(raw))]
        features["position_sd_m"] = 10.0 if name == "mine_sites" else 0.0
        if name == "farmland":
            features["feature_class"] = raw["Class"].map(
                {"crop": "cropland", "non-crop": "not_cropland"}
            )
        made.append(LayerFrame(layer_id=f"ituri.{kind}.{name}", kind=kind, features=features))
    return made


@pytest.fixture(scope="module")
def found(layers):
    return find_conflicts(layers, RULES, measuring_crs=CRS)


@pytest.fixture(scope="module")
def summary(found, layers):
    records = summarise(found, layers, RULES)
    keys = [
        (r["rule"], r["subject_layer"].split(".")[2], (r["object_layer"] or "..").split(".")[2])
        for r in records
    ]
    return dict(zip(keys, records, strict=True))


@pytest.mark.parametrize(
    ("rule_id", "name", "sites"),
    [
        ("site-in-licence", "titles_2016", 347),
        ("site-in-licence", "titles_2020", 364),
        ("site-in-artisanal-zone", "artisanal_zones_2020", 15),
        ("site-in-protected-area", "protected_areas", 8),
    ],
)
def test_sites_in_areas_are_as_many_as_measured(found, rule_id, name, sites):
    rows = found[(found["rule_id"] == rule_id) & found["object_layer"].str.endswith(name)]
    assert rows.loc[rows["distance_m"] == 0, "subject_id"].nunique() == sites


def test_sites_in_and_outside_of_titles_make_all_496(found, summary):
    titles = found[found["rule_id"] == "site-in-licence"]
    outside = found[found["rule_id"] == "site-outside-licences"]
    sure = set(titles.loc[titles["verdict"] == "inside", "subject_id"])
    apart = set(outside.loc[outside["verdict"] == "inside", "subject_id"])
    close = set(outside.loc[outside["verdict"] == "too_close", "subject_id"])
    assert not sure & apart
    assert len(set(titles["subject_id"]) | apart | close) == 496
    # one stands on the line between two titles: in neither for sure, yet not outside both
    assert len(sure | apart | close) == 495
    assert summary["site-in-licence", "mine_sites", "titles_2016"]["verdicts"]["too_close"] == 4


@pytest.mark.parametrize(("name", "fields"), [("titles_2016", 48), ("titles_2020", 42)])
def test_fields_under_titles_are_as_many_as_measured(summary, name, fields):
    record = summary["licence-on-farmland", name, "farmland"]
    assert record["objects"] == fields
    assert record["union_ha"] == pytest.approx(record["area_ha"])


def test_sites_within_a_kilometre_of_a_river_are_as_many_as_measured(found):
    rows = found[found["rule_id"] == "water-1km"]
    assert rows.loc[rows["distance_m"] <= 1_000, "subject_id"].nunique() == 47
    assert set(rows.loc[rows["distance_m"] > 1_000, "verdict"]) == {"too_close"}


def test_neighbouring_titles_share_edges_and_do_not_overlap(summary):
    # straight in degrees is not straight in metres: moving the corners alone finds 68 and 70 pairs
    assert summary["licence-on-licence", "titles_2016", "titles_2016"]["pairs"] == 0
    record = summary["licence-on-licence", "titles_2020", "titles_2020"]
    assert record["pairs"] == 1
    assert record["area_ha"] == pytest.approx(1_025.35, abs=0.01)


def test_titles_of_both_years_together_are_counted_twice_in_pairs_and_once_on_the_ground(layers):
    both = pd.concat([layers[1].features, layers[2].features], ignore_index=True)
    both["feature_id"] = [f"{n:04d}" for n in range(len(both))]
    together = [
        LayerFrame(layer_id="ituri.licences.both", kind="licences", features=both),
        layers[4],
    ]
    rules = [r for r in RULES if r.rule_id in ("licence-on-licence", "licence-in-protected-area")]
    rows = find_conflicts(together, rules, measuring_crs=CRS)
    records = {r["rule"]: r for r in summarise(rows, together, rules)}
    protected = records["licence-in-protected-area"]
    assert protected["union_ha"] < 0.9 * protected["area_ha"]
    dissolved = both.geometry.union_all()
    parks = layers[4].features.geometry.union_all()
    expected = dissolved.intersection(parks).area / 10_000
    assert protected["union_ha"] == pytest.approx(expected, rel=1e-6)
    own = records["licence-on-licence"]
    assert own["union_ha"] < own["area_ha"]
