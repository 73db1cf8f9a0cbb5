"""The page of hotspots: nothing yet, no districts, few units, a comparison, a chosen unit."""

from pathlib import Path
from typing import Any

import pytest
import shapely
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from dashboard.maps import MapEvent, MapSpec
from layers.store import Store
from tests.dashboard.hotspot_world import (
    EAST,
    EMPTY,
    GHANA,
    SITES,
    WEST,
    filled,
    site,
    without_districts,
)
from tests.layers.samples import add

ROOT = Path(__file__).resolve().parent.parent.parent


class Seen:
    """What the map was last asked to show, and what it is to report."""

    spec: MapSpec | None = None
    event = MapEvent()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()

    def show(spec: MapSpec, **_: Any) -> MapEvent:
        found.spec = spec
        return found.event

    monkeypatch.setattr("dashboard.views.hotspots.show_map", show)
    monkeypatch.setattr("dashboard.views.conflicts.show_map", lambda spec, **_: MapEvent())
    return found


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> Store:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(ROOT))
    return workflows.open_home(tmp_path / "home")


@pytest.fixture
def no_districts(store: Store) -> Store:
    return without_districts(store)


@pytest.fixture
def loaded(store: Store) -> Store:
    return filled(store)


def opened(**params: str) -> AppTest:
    """The page in a session of its own, as a visitor finds it under that address."""

    def script() -> None:
        import datetime as dt
        import importlib

        import streamlit as st

        from dashboard import state
        from dashboard.views import parts

        names = ("overview", "conflicts", "hotspots", "data")
        modules = {name: importlib.import_module(f"dashboard.views.{name}") for name in names}
        pages = {
            name: st.Page(module.render, title=name, url_path=name, default=name == "hotspots")
            for name, module in modules.items()
        }
        page = st.navigation(list(pages.values()), position="hidden")
        state.start(page.url_path or "hotspots", today=dt.date(2026, 11, 23))
        parts.header(pages, current=page)
        page.run()
        parts.footer()
        state.publish_link()

    at = AppTest.from_function(script, default_timeout=90)
    for name, value in params.items():
        at.query_params[name] = value
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert [error.value for error in at.exception] == []
    return at


def said(at: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in getattr(at, kind)).replace(
        "\\", ""
    )


def labels(at: AppTest) -> list[str]:
    return [one.label.replace("\\", "") for one in at.button]


def test_an_empty_region_tells_the_first_step(store: Store) -> None:
    told = said(opened())
    assert "Nothing is loaded for Tarkwa-Nsuaem yet" in told
    assert "Absence of data is not absence of mining" in told


def test_without_districts_the_list_is_one_of_hexagons_and_says_so(
    no_districts: Store, seen: Seen
) -> None:
    at = opened()
    told = said(at)
    assert "No districts are loaded, so the list below is one of hexagons" in told
    assert "Ranked list by hexagon" in told
    assert seen.spec is not None
    assert seen.spec.hotspots is not None
    assert seen.spec.hotspots.asked["by"] == "h3"


def test_the_list_has_one_sentence_a_district_and_says_why_nothing_was_tested(
    loaded: Store, seen: Seen
) -> None:
    at = opened()
    told = said(at)
    assert "Ranked list by district" in told
    assert "3 of 6 known sites lie within 100 m of water (2 surely, 1 too close to call)." in told
    assert "No test was made: 2 units have data and a test needs 30" in told
    assert "50\u202f% of known sites (95\u202f% interval 19 to 81\u202f%)" in told
    assert "social intensity: no data" in told
    assert [one for one in labels(at) if one[0].isdigit()] == [
        f"1. {WEST}",
        f"2. {EAST}",
        "4. Outside every district loaded",
    ]
    # nothing is known of the third: it is named, not ranked among those that are zero
    assert EMPTY in told
    # no rate where there are too few sites for one
    assert "100\u202f% of known sites" not in told
    assert seen.spec is not None
    assert {layer.kind for layer in seen.spec.layers if layer.visible} == {"water", "districts"}


def test_a_district_opens_its_conflicts(loaded: Store) -> None:
    at = opened()
    next(one for one in at.button if one.label == f"1\\. {WEST}" or WEST in one.label).click()
    run(at)
    assert at.title[0].value == "Possible conflicts"
    assert at.session_state["conflicts.districts"] == [WEST]
    assert set(at.dataframe[0].value["District"]) == {WEST}


@pytest.mark.slow
def test_units_and_options_are_restored_by_a_link(loaded: Store, seen: Seen) -> None:
    at = opened(by="h3", size="7", measure="per_km2", count="GH-DIR-100", on="2025-06-01")
    assert seen.spec is not None
    assert seen.spec.hotspots is not None
    asked = seen.spec.hotspots.asked
    assert asked == {
        "region": "tarkwa",
        "on": "2025-06-01",
        "by": "h3",
        "resolution": "7",
        "measure": "per_km2",
        "rules": "GH-DIR-100",
        "districts": "tarkwa.districts.districts",
    }
    assert {"by", "size", "measure", "count", "on", "region"} <= set(at.query_params)


def test_a_mistyped_link_opens_what_it_can(loaded: Store) -> None:
    at = opened(by="villages", size="nine", measure="counts", since="nothing", count="X-1")
    assert "3 of 6 known sites" in said(at)


def test_what_changed_stands_below_the_list(loaded: Store) -> None:
    old = loaded.layer("tarkwa.mine_sites.sites").current
    assert old is not None
    add(loaded, [*SITES, site("n", -2.1, 20)], kind="mine_sites", name="Sites", **GHANA)
    told = said(opened(since=old.version_id))
    assert "What changed since the version of 2025-06-30 of 'Sites'" in told
    assert "1 conflict is new: 1 at sites the older data do not list." in told
    assert "1 more site in conflict than in the version of 2025-06-30" in told
    plain = said(opened())
    assert "What changed" not in plain


def test_where_there_is_nothing_to_compare_with_that_is_told_and_the_list_stays(
    loaded: Store,
) -> None:
    told = said(opened(since="day", since_day="2030-01-01"))
    assert "Nothing to compare with" in told
    assert "3 of 6 known sites" in told


def test_a_unit_that_is_clicked_shows_its_reason(loaded: Store, seen: Seen) -> None:
    seen.event = MapEvent(number=7, what="click", unit_id="tarkwa.districts.districts/d2")
    at = opened()
    assert "None of the 5 known sites is in a possible conflict that counts." in said(at)
    assert "tarkwa.districts.districts/d2" in at.query_params["unit"]
    assert seen.spec is not None
    assert seen.spec.hotspots is not None
    assert seen.spec.hotspots.selected == "tarkwa.districts.districts/d2"
    assert f"Open the conflicts in {EAST}" in labels(at)


def test_no_name_of_a_district_becomes_markup(no_districts: Store) -> None:
    hostile = "<b>[W](http://x.example)</b> $x$"
    area = {"feature_id": "d", "name": hostile, "geometry": shapely.box(-2.4, 5, -1.7, 6)}
    add(no_districts, [area], kind="districts", name="D", **GHANA)
    at = opened()
    texts = [one.value for one in (*at.markdown, *at.caption)] + [one.label for one in at.button]
    assert not [text for text in texts if hostile in text or "<b>" in text.replace("\\<", "")]
