"""A visit of the store as plan and pack: ways, times, and who is in no byte of it."""

import datetime as dt
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import shapely

from dashboard import workflows
from dashboard.field.model import Pack, PackError
from dashboard.workflows import WorkflowError
from dashboard.workflows.field_pack import build_pack, pack_contents, write_pack, zipped_pack
from dashboard.workflows.field_plan import plan, proposed, put_field_visit, record_consent
from dashboard.workflows.field_sites import all_sites
from layers.field.records import FieldVisit, PlannedStop, SiteConsent, VisitDay
from layers.store import Store, StoreError
from tests.layers.samples import add

GHANA = {"region_id": "tarkwa"}
LAYER = "tarkwa.mine_sites.sites"
RIVER = 5.3
OPEN, SHUT, SILENT = "Open pit", "Hidden-Pit-Zz", "Unasked-Pit-Yy"
SECRET = (-1.98765, 5.31234)
SITES = [
    {"feature_id": "a", "name": OPEN, "geometry": shapely.Point(-2.0, RIVER + 0.0005)},
    {"feature_id": "b", "name": "Second", "geometry": shapely.Point(-1.96, 5.31)},
    {"feature_id": "secret-Zz", "name": SHUT, "geometry": shapely.Point(*SECRET)},
    {"feature_id": "secret-Yy", "name": SILENT, "geometry": shapely.Point(-1.97531, 5.32468)},
    {"feature_id": "c", "name": "Third", "geometry": shapely.Point(-1.94, 5.31)},
]
DAY = dt.date(2026, 12, 2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    opened = workflows.open_home(tmp_path_factory.mktemp("field") / "home")
    rows = [site | {"position_sd_m": 5.0} for site in SITES]
    add(opened, rows, kind="mine_sites", name="Sites", data_date=dt.date(2025, 1, 1), **GHANA)
    river = {"feature_id": "r", "geometry": shapely.LineString([(-2.2, RIVER), (-1.7, RIVER)])}
    add(opened, [river | {"name": "Bonsa"}], kind="water", name="Rivers", **GHANA)
    lease = {"feature_id": "L1", "name": "Lease 1", "holder": "Gold Co"}
    add(
        opened,
        [lease | {"geometry": shapely.box(-2.02, 5.29, -1.99, 5.31)}],
        kind="licences",
        name="Licences",
        **GHANA,
    )
    road = shapely.LineString([(-2.0, RIVER + 0.0005), (-1.96, 5.31), (-1.95, 5.31)])
    add(opened, [{"feature_id": "road", "geometry": road}], kind="roads", name="Roads", **GHANA)
    add(
        opened,
        [{"feature_id": "v", "geometry": shapely.Point(*SECRET)}],
        kind="visits",
        name="Visits",
        **GHANA,
    )
    for feature_id, answer in (("a", "agreed"), ("b", "agreed"), ("c", "agreed")):
        consent(opened, feature_id, answer)
    consent(opened, "secret-Zz", "refused")
    return opened


def consent(store: Store, feature_id: str, answer: Any) -> None:
    told = SiteConsent(
        region_id="tarkwa", layer_id=LAYER, feature_id=feature_id, answer=answer, how="in person"
    )
    record_consent(store, told, actor="ama")


def visit(store: Store, *ids: str, **other: Any) -> FieldVisit:
    stops = tuple(PlannedStop(layer_id=LAYER, feature_id=one, day=0) for one in ids)
    told: dict[str, Any] = {"title": "Bonsa", "languages": ("en",), "days": (VisitDay(day=DAY),)}
    return put_field_visit(
        store, FieldVisit(region_id="tarkwa", stops=stops, **{**told, **other}), actor="ama"
    )


EVERY = ("a", "secret-Zz", "b", "secret-Yy", "c")


@pytest.fixture(scope="module")
def built(store: Store) -> tuple[Pack, tuple[str, ...]]:
    return build_pack(store, visit(store, *EVERY).visit_id)


def told(name: str, content: bytes) -> str:
    if name.endswith(".pdf"):
        pages = pypdfium2.PdfDocument(content)
        return "\n".join(page.get_textpage().get_text_bounded() for page in pages)
    return content.decode()


def test_who_did_not_agree_is_in_no_byte_of_any_file(built) -> None:
    pack, _ = built
    assert [stop.feature_id for stop in pack.stops] == ["a", "b", "c"]
    files = pack_contents(pack)
    assert set(files) == {
        "briefing.html", "briefing.pdf", "briefing-a3.pdf", "stops.gpx", "stops.kml", "stops.csv",
    }  # fmt: skip
    for name, content in files.items():
        text = told(name, content)
        for secret in (SHUT, SILENT, "secret-Zz", "secret-Yy", "1.9876", "5.3123", "1.9753"):
            assert secret not in text, (name, secret)
        assert OPEN in text, name


def test_no_way_leads_to_or_from_a_site_that_is_not_shown(built) -> None:
    pack, _ = built
    ends = {tuple(round(x, 5) for x in way.points[at]) for way in pack.ways for at in (0, -1)}
    assert tuple(round(x, 5) for x in SECRET) not in ends
    # a and b do not follow one another: the refused site lies between them
    assert [stop.way_m for stop in pack.stops] == [None, None, None]


def test_what_is_left_out_is_told(built) -> None:
    _, left_out = built
    assert any(SHUT in sentence and SILENT in sentence for sentence in left_out)


def test_a_card_takes_from_layers_and_conflicts(built) -> None:
    card = built[0].stops[0].card
    [licence] = card.licences
    assert (licence.name, licence.holder, licence.verdict) == ("Lease 1", "Gold Co", "inside")
    [near] = [one for one in card.nearest if one.kind == "water"]
    assert near.name == "Bonsa"
    assert near.distance_m == pytest.approx(55.3, abs=0.5)
    assert near.bearing_deg == pytest.approx(180, abs=1)
    assert {one.title for one in card.conflicts} >= {"100 m from any water body"}
    assert set(card.missing) == {"settlements", "clinics"}
    assert card.visited_on is None


def test_visits_and_detections_are_in_no_pack(built) -> None:
    assert {layer.kind for layer in built[0].layers} == {"mine_sites", "water", "licences", "roads"}


def test_one_way_is_a_road_and_the_other_a_line(store) -> None:
    made = plan(store, visit(store, "a", "b", "secret-Zz"))
    legs = [call.leg for call in made.calls]
    assert legs[0] is None
    assert legs[1].by_road
    assert legs[1].metres == pytest.approx(4_560, rel=0.02)
    assert next(call.arrive for call in made.calls) == dt.time(8, 0)
    assert made.calls[1].arrive == dt.time(9, 10)  # an hour there, ten minutes at 30 km/h


def test_the_order_is_proposed_and_what_does_not_fit_is_in_no_day(store) -> None:
    hours = VisitDay(day=DAY, start_min=480, end_min=480 + 140)
    short = proposed(store, visit(store, "b", "c", "a", days=(hours,)))
    assert [stop.day for stop in short.stops] == [0, 0, None]
    whole = proposed(store, visit(store, "b", "a", "c", base=("Base", -2.01, 5.3)))
    assert [stop.feature_id for stop in whole.stops] in (["a", "b", "c"], ["c", "b", "a"])
    with pytest.raises(WorkflowError, match="no stop yet"):
        proposed(store, visit(store))


def test_a_withdrawn_consent_empties_the_next_pack(store) -> None:
    alone = visit(store, "c")
    consent(store, "c", "refused")
    with pytest.raises(PackError, match="no stop that may be shown"):
        build_pack(store, alone.visit_id)
    consent(store, "c", "agreed")
    assert len(build_pack(store, alone.visit_id)[0].stops) == 1


def test_a_site_that_is_gone_is_named(store) -> None:
    lost = replace(visit(store, "a"), stops=(PlannedStop(layer_id=LAYER, feature_id="zz"),))
    with pytest.raises(WorkflowError, match="Site 'zz' is not in layer 'Sites' any more"):
        plan(store, lost)


def test_the_pack_is_written_whole_or_not_at_all(store, tmp_path: Path) -> None:
    made = write_pack(store, visit(store, "a").visit_id, tmp_path / "out")
    there = {path.name: path.stat().st_size for path in (tmp_path / "out").iterdir()}
    assert there == dict(made.files)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkflowError, match="could not be written"):
        write_pack(store, visit(store, "a").visit_id, tmp_path / "file")


def test_the_zip_holds_the_same_files(store) -> None:
    content, made = zipped_pack(store, visit(store, "a").visit_id)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert {one.filename: one.file_size for one in archive.infolist()} == dict(made.files)


def test_who_changes_a_plan_says_so(store) -> None:
    with pytest.raises(WorkflowError, match="who you are"):
        put_field_visit(store, FieldVisit(region_id="tarkwa", title="x"), actor=" ")
    with pytest.raises(WorkflowError, match="no words in 'xx'"):
        put_field_visit(
            store, FieldVisit(region_id="tarkwa", title="x", languages=("xx",)), actor="ama"
        )
    with pytest.raises(StoreError, match="no field visit 'none'"):
        build_pack(store, "none")


def test_every_site_can_be_chosen_and_says_whether_it_agreed(store) -> None:
    answers = {one.feature_id: one.consent for one in all_sites(store, "tarkwa")}
    assert answers["secret-Zz"] == "refused"
    assert answers["secret-Yy"] == "not asked"
    assert len(answers) == len(SITES)
