"""Packs of real places: three stops in Ituri, three around Tarkwa."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyogrio
import pypdfium2
import pytest

from dashboard import workflows
from dashboard.workflows.field_pack import build_pack, pack_contents
from dashboard.workflows.field_plan import proposed, put_field_visit, record_consent
from dashboard.workflows.field_sites import all_sites
from layers.field.records import FieldVisit, PlannedStop, SiteConsent, VisitDay
from layers.importing import ImportRequest, run_import
from layers.read import ReadRequest
from layers.store import Store

pytestmark = pytest.mark.real
DAY = VisitDay(day=dt.date(2026, 12, 2))


def brought(store: Store, path: Path, layer: str, region: str, kind: str) -> None:
    asked = ReadRequest(region_id=region, kind=kind, source_layer=layer, accept_suggestions=True)
    report = run_import(store, path, ImportRequest(read=asked), filename=path.name)
    assert report.ok, [finding.message for finding in report.blocking]


def packed(store: Store, region: str, base: tuple[str, float, float]) -> Any:
    """The four sites nearest to the base, and the pack of the three whose people agreed."""
    sites = sorted(
        all_sites(store, region),
        key=lambda one: (one.longitude - base[1]) ** 2 + (one.latitude - base[2]) ** 2,
    )[:4]
    for site in sites[:3]:
        told = SiteConsent(
            region_id=region, layer_id=site.layer_id, feature_id=site.feature_id,
            answer="agreed", how="a test",
        )  # fmt: skip
        record_consent(store, told, actor="test")
    stops = tuple(PlannedStop(layer_id=one.layer_id, feature_id=one.feature_id) for one in sites)
    days = tuple(
        VisitDay(day=DAY.day + dt.timedelta(days=n), start_min=0, end_min=1439) for n in range(4)
    )
    visit = FieldVisit(
        region_id=region, title="A test", days=days, stops=stops, base=base, languages=("fr",)
    )
    kept = put_field_visit(store, proposed(store, visit), actor="test")
    return sites, build_pack(store, kept.visit_id)


def holds(made: Any, sites: Any, tmp_path: Path) -> None:
    """Three stops in every file, the fourth in none, read by other programs."""
    pack, left_out = made
    assert len(pack.stops) == 3
    assert any("Not agreed" in sentence for sentence in left_out)
    files = pack_contents(pack)
    assert len(files["briefing.html"]) < 3_000_000
    assert len(files["briefing.pdf"]) < 5_000_000
    assert len(pypdfium2.PdfDocument(files["briefing.pdf"])) == 5
    (tmp_path / "stops.gpx").write_bytes(files["stops.gpx"])
    points = pyogrio.read_dataframe(tmp_path / "stops.gpx", layer="waypoints")
    assert sorted(points.geometry.x) == pytest.approx(
        sorted(site.longitude for site in sites[:3]), abs=1e-5
    )
    assert f'"id":"{sites[3].feature_id}"'.encode() not in files["briefing.html"]


@pytest.mark.slow
def test_three_stops_in_ituri(real_data: Path, tmp_path: Path) -> None:
    store = workflows.open_home(tmp_path / "home")
    file = real_data / "ituri" / "ituri.gpkg"
    for layer, kind in (
        ("mine_sites", "mine_sites"), ("titles_2020", "licences"),
        ("rivers_gshhg", "water"), ("settlements", "settlements"), ("admin2", "districts"),
    ):  # fmt: skip
        brought(store, file, layer, "ituri", kind)
    sites, made = packed(store, "ituri", ("Bunia", 30.25, 1.57))
    holds(made, sites, tmp_path)
    assert {near.kind for stop in made[0].stops for near in stop.card.nearest} >= {"water"}
    assert all("clinics" in stop.card.missing for stop in made[0].stops)


def test_three_stops_around_tarkwa_go_by_road_where_roads_are_joined(
    real_data: Path, tmp_path: Path
) -> None:
    store = workflows.open_home(tmp_path / "home")
    file = real_data / "ghana_sw" / "ghana_sw.gpkg"
    for layer, kind in (
        ("mines_earthrise_2024", "mine_sites"), ("roads_osm_primary_secondary", "roads"),
        ("health_sites_osm", "health_sites"), ("settlements_geonames", "settlements"),
        ("rivers_gshhg", "water"),
    ):  # fmt: skip
        brought(store, file, layer, "tarkwa", kind)
    sites, made = packed(store, "tarkwa", ("Tarkwa", -1.99, 5.30))
    holds(made, sites, tmp_path)
    clinics = [near for stop in made[0].stops for near in stop.card.nearest]
    assert {one.kind for one in clinics} == {"water", "settlements", "clinics"}
