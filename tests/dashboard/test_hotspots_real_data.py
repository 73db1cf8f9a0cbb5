"""Hotspots of the real layers of Ituri and south-west Ghana, against geopandas and plain numpy."""

import datetime as dt
from collections import Counter
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyproj
import pytest

from dashboard import workflows
from dashboard.workflows.hotspot_types import OUTSIDE, HotspotRun
from layers import facts
from layers.importing import ImportRequest
from layers.read import ReadRequest
from layers.store import Store

pytestmark = pytest.mark.real

DAY = dt.date(2026, 11, 23)
ITURI = {
    "mine_sites": "mine_sites",
    "artisanal_zones_2020": "artisanal_zones",
    "protected_areas": "protected_areas",
    "farmland": "farmland",
    "rivers_gshhg": "water",
    "admin2": "districts",
    "amw_detections": "detections",
}
GHANA = {
    "admin2_geoboundaries": "districts",
    "water_osm250m": "water",
    "rivers_gshhg": "water",
}


def bring(store: Store, path: Path, layer: str, kind: str, region_id: str, **more: object) -> str:
    read = ReadRequest(region_id=region_id, kind=kind, source_layer=layer, accept_suggestions=True)
    request = ImportRequest(read=read, **({"layer_name": layer} | more))  # type: ignore[arg-type]
    report = workflows.run_import(store, path, request, filename=path.name)
    assert report.version_id, report.findings
    return report.version_id


@pytest.fixture(scope="module")
def ituri(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = workflows.open_home(tmp_path_factory.mktemp("ituri"))
    for layer, kind in ITURI.items():
        bring(store, real_data / "ituri" / "ituri.gpkg", layer, kind, "ituri")
    return store


@pytest.fixture(scope="module")
def ghana(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """The mines of 2017-2020, then those of 2024 as the newer version of the same layer."""
    store = workflows.open_home(tmp_path_factory.mktemp("ghana"))
    path = real_data / "ghana_sw" / "ghana_sw.gpkg"
    for layer, kind in GHANA.items():
        bring(store, path, layer, kind, "tarkwa")
    versions = [
        bring(
            store,
            path,
            f"mines_earthrise_{years}",
            "detections",
            "tarkwa",
            layer_name="Mines",
            data_date=dt.date(year, 12, 31),
        )
        for years, year in (("2017_2020", 2020), ("2024", 2024))
    ]
    return store, versions[0]


def run(store: Store, region_id: str, by: str, **more: object) -> HotspotRun:
    return workflows.hotspots(store, region_id, on=DAY, by=by, in_process=True, **more)  # type: ignore[arg-type]


def test_sites_of_the_territories_of_ituri_are_those_geopandas_counts(
    ituri: Store, real_data: Path
) -> None:
    path = real_data / "ituri" / "ituri.gpkg"
    sites, territories = (gpd.read_file(path, layer=name) for name in ("mine_sites", "admin2"))
    joined = sites[["pcode", "geometry"]].sjoin(territories[["name", "geometry"]], how="left")
    expected = Counter(joined.drop_duplicates("pcode")["name"].fillna("outside"))
    found = {
        "outside" if row.unit_id == OUTSIDE else row.name: row.known_sites
        for row in run(ituri, "ituri", "districts").rows
    }
    assert {name: count for name, count in found.items() if count} == dict(expected)
    assert sum(found.values()) == 496


@pytest.mark.parametrize("by", ["districts", "h3"])
def test_sites_in_conflict_are_those_of_the_conflict_run_each_counted_once(
    ituri: Store, by: str
) -> None:
    found = run(ituri, "ituri", by)
    table = workflows.conflicts(ituri, "ituri", on=DAY, in_process=True).table
    table = table[table["rule_id"].isin(found.rules)]
    for kind, count in (
        ("mine_sites", sum(row.in_conflict for row in found.rows)),
        ("detections", sum(row.detections_in_conflict for row in found.rows)),
    ):
        assert count == table[table["subject_kind"] == kind]["subject_id"].nunique()
    # the first measurement found 15 sites in artisanal zones and 8 in protected areas
    totals: Counter[str] = Counter()
    for row in found.rows:
        totals.update({rule: sum(counts.values()) for rule, counts in row.by_rule.items()})
    assert totals["site-in-protected-area"] == 8
    assert totals["CD-ZEA"] >= 15
    if by == "districts":
        mine = table[table["subject_kind"] == "mine_sites"]
        for row in found.rows:
            here = mine[mine["district"] == row.name] if row.district else mine.head(0)
            assert row.unit_id == OUTSIDE or row.in_conflict == here["subject_id"].nunique()


def test_scores_of_ituri_are_those_of_the_formula_written_out(ituri: Store) -> None:
    found = run(ituri, "ituri", "h3")
    assert found.tested
    judged = {"hot_99", "hot_95", "not_significant"}
    tested = [row for row in found.rows if row.unit_class in judged]
    assert len(tested) == found.units_with_data
    to_plane = pyproj.Transformer.from_crs(
        4326, facts.region("ituri").measuring_crs, always_xy=True
    )
    middles = [h3.cell_to_latlng(row.unit_id) for row in tested]
    x, y = to_plane.transform([lon for _, lon in middles], [lat for lat, _ in middles])
    near = (np.hypot(np.subtract.outer(x, x), np.subtract.outer(y, y)) <= 5_000).astype(float)
    value = np.array([row.in_conflict / row.known_sites for row in tested])
    many, n = near.sum(axis=1), len(tested)
    expected = (near @ value - value.mean() * many) / (
        value.std() * np.sqrt((n * many - many**2) / (n - 1))
    )
    for row, z, count in zip(tested, expected, many, strict=True):
        assert row.neighbours == count - 1
        assert row.z is None if count == 1 else row.z == pytest.approx(z, rel=1e-3, abs=1e-4)


def test_the_hotspot_of_ituri_is_where_artisanal_zones_are_worked(ituri: Store) -> None:
    found = run(ituri, "ituri", "h3")
    hot = [row for row in found.rows if row.unit_class in ("hot_99", "hot_95")]
    assert 5 <= len(hot) <= 40
    assert {row.district for row in hot} == {"Mambasa"}
    assert all(row.p_fdr is not None and row.p_fdr <= 0.05 for row in hot)
    assert found.rows[: len(hot)] == tuple(hot)
    # five territories are too few for a test, and that is said
    assert not run(ituri, "ituri", "districts").tested
    assert found.cells_without_data is not None
    assert found.cells_without_data > 200_000


def test_what_a_satellite_saw_in_ghana_is_never_a_rate(ghana: tuple[Store, str]) -> None:
    found = run(ghana[0], "tarkwa", "districts")
    assert {row.unit_class for row in found.rows} == {"not_surveyed"}
    assert all(row.value is None for row in found.rows)
    assert sum(row.detections for row in found.rows) == 685
    assert any("No mine site is loaded" in note for note in found.notes)


def test_detections_near_water_are_those_geopandas_finds(
    ghana: tuple[Store, str], real_data: Path
) -> None:
    """Possible: nearer than 100 m plus 1.64 standard errors of 139 m. Another plane: UTM 30N."""
    path = real_data / "ghana_sw" / "ghana_sw.gpkg"
    frames = [gpd.read_file(path, layer=name) for name in ("water_osm250m", "rivers_gshhg")]
    water = pd.concat([one[["geometry"]].to_crs(32630) for one in frames])
    mines = gpd.read_file(path, layer="mines_earthrise_2024").to_crs(32630)
    near = mines.sjoin_nearest(water, distance_col="m")["m"].groupby(level=0).min()
    expected = int((near <= 100 + 1.64 * 139).sum())
    found = run(ghana[0], "tarkwa", "districts")
    count = sum(sum(row.detections_by_rule.get("GH-DIR-100", {}).values()) for row in found.rows)
    assert count == pytest.approx(expected, abs=1)
    assert expected > 100


@pytest.mark.parametrize("by", ["districts", "h3"])
def test_the_two_dates_of_ghana_differ_by_what_was_drawn_and_that_is_said(
    ghana: tuple[Store, str], by: str
) -> None:
    store, older = ghana
    found = run(store, "tarkwa", by, since=older)
    assert found.changes is not None
    counts = found.changes.totals["detections"]
    assert (counts["listed_before"], counts["listed"]) == (407, 685)
    # both are drawn anew, without ids of their own: no conflict can be followed by its id
    assert counts["new"] == counts["new_unlisted"] > 100
    assert counts["gone"] == counts["gone_unlisted"] > 50
    assert counts["verdict"] == counts["line"] == 0
    told = "\n".join(found.changes.sentences)
    assert f"{counts['new']} at detections the older data do not list" in told
    assert "lie where they list another detection" in told
    by_day = run(store, "tarkwa", by, since="2021-01-01")
    assert by_day.changes is not None
    assert by_day.changes.totals == found.changes.totals
