"""The page of field visits: nothing yet, a plan, a site that did not agree, a pack."""

from pathlib import Path
from typing import Any

import pytest
import shapely
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from dashboard.workflows.field_plan import put_field_visit, record_consent
from layers.field.records import FieldVisit, PlannedStop, SiteConsent
from layers.store import Store
from tests.layers.samples import add

ROOT = Path(__file__).resolve().parent.parent.parent
LAYER = "tarkwa.mine_sites.sites"
SITES = [
    {"feature_id": f"s{n}", "name": f"Pit {n}", "geometry": shapely.Point(-2.0 + n / 50, 5.3)}
    for n in range(3)
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(ROOT))
    opened = workflows.open_home(tmp_path / "home")
    rows = [one | {"position_sd_m": 5.0} for one in SITES]
    add(opened, rows, region_id="tarkwa", kind="mine_sites", name="Sites")
    return opened


def said(test: AppTest) -> str:
    every = (*test.markdown, *test.caption, *test.warning, *test.info, *test.success, *test.error)
    return "\n".join(str(one.value) for one in every).replace("\\", "")


def alone() -> None:
    import datetime as dt

    from dashboard import state
    from dashboard.views import visits

    state.start("visits", today=dt.date(2026, 11, 25))
    visits.render()


def run(**kept: Any) -> AppTest:
    test = AppTest.from_function(alone, default_timeout=90)
    test.session_state["header.region"] = "tarkwa"
    for key, value in kept.items():
        test.session_state[key] = value
    return test.run()


def visit(store: Store, *ids: str, agreed: tuple[str, ...] = ()) -> FieldVisit:
    for feature_id in agreed:
        told = SiteConsent(
            region_id="tarkwa", layer_id=LAYER, feature_id=feature_id, answer="agreed", how="asked"
        )
        record_consent(store, told, actor="ama")
    stops = tuple(PlannedStop(layer_id=LAYER, feature_id=one, day=0) for one in ids)
    plan = FieldVisit(region_id="tarkwa", title="Bonsa", stops=stops)
    return put_field_visit(store, plan, actor="ama")


def test_without_a_visit_the_page_says_what_one_is_and_offers_the_form(store) -> None:
    test = run()
    assert not test.exception
    assert "is in no pack" in said(test)
    assert [one.label for one in test.text_input][:1] == ["Title"]


def test_a_visit_needs_a_title_and_a_name(store) -> None:
    test = run()
    test.button[0].click().run()
    assert "who you are" in said(test)
    test.text_input[-1].set_value("ama")
    test.button[0].click().run()
    assert "no title" in said(test)
    assert store.field_visits("tarkwa") == ()


def test_a_saved_visit_is_shown(store) -> None:
    test = run()
    test.text_input[0].set_value("Two days")
    test.text_input[-1].set_value("ama")
    test.button[0].click().run()
    assert not test.exception
    assert [one.title for one in store.field_visits("tarkwa")] == ["Two days"]
    assert "No stop yet" in said(test)


def test_who_did_not_agree_is_named_before_the_pack_is_made(store) -> None:
    visit(store, "s0", "s1", agreed=("s0",))
    test = run()
    assert not test.exception
    assert "so in no pack: Pit 1" in said(test)
    assert "No roads are loaded" in said(test)


def test_a_pack_without_anybody_who_agreed_is_refused_in_a_sentence(store) -> None:
    visit(store, "s0")
    test = run()
    next(one for one in test.button if one.key == "visits.pack").click().run()
    assert "no stop that may be shown" in said(test)


def test_a_stop_is_moved_and_taken_out_by_hand(store) -> None:
    made = visit(store, "s0", "s1", "s2", agreed=("s0", "s1", "s2"))
    test = run()
    next(one for one in test.selectbox if one.key == "visits.way").set_value("down").run()
    next(one for one in test.button if one.key == "visits.move").click().run()
    order = [stop.feature_id for stop in store.field_visit(made.visit_id).stops]
    assert order == ["s1", "s0", "s2"]
    next(one for one in test.selectbox if one.key == "visits.way").set_value("out").run()
    next(one for one in test.button if one.key == "visits.move").click().run()
    order = [stop.feature_id for stop in store.field_visit(made.visit_id).stops]
    assert order == ["s0", "s2"]


def test_an_answer_is_kept_with_who_wrote_it_down(store) -> None:
    visit(store, "s0")
    test = run()
    next(one for one in test.radio if one.key == "visits.consent.answer").set_value("agreed")
    next(one for one in test.text_input if one.key == "visits.consent.how").set_value("by phone")
    next(one for one in test.text_input if one.key == "visits.consent.actor").set_value("ama")
    next(one for one in test.button if one.label == "Keep the answer").click().run()
    assert store.consents("tarkwa")[LAYER, "s0"].recorded_by == "ama"


def test_the_order_is_proposed_on_a_click(store) -> None:
    made = visit(store, "s1", "s0", "s2", agreed=("s0", "s1", "s2"))
    test = run()
    next(one for one in test.button if one.key == "visits.propose").click().run()
    order = [stop.feature_id for stop in store.field_visit(made.visit_id).stops]
    assert order in (["s0", "s1", "s2"], ["s2", "s1", "s0"])
