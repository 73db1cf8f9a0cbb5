"""What goes to the map and what comes back from it."""

import datetime as dt
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard import maps
from layers.facts import kinds, region

HOSTILE = (
    "</script><img src=x onerror=alert(1)> {{ 'x' }} _div alert(coords); \u2028\u2029 ' \" \\ 😀"
)


def test_a_script_literal_holds_data_and_nothing_a_browser_or_folium_could_act_on() -> None:
    value = {"title": HOSTILE, HOSTILE: [1, 2.5, None, True, ["a_b"]]}
    literal = maps.script_literal(value)
    assert json.loads(literal) == value
    assert re.search(r"[<>'_&;(){}\[\]]", re.sub(r'"[^"]*"', '""', literal)) is not None
    inside_strings = "".join(re.findall(r'"([^"]*)"', literal))
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\u[0-9a-f]{4})*", inside_strings)
    assert literal.isascii()


def test_numbers_that_are_not_finite_never_reach_a_script() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        maps.script_literal({"opacity": float("nan")})


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "click",
        {"what": "boom", "number": 1},
        {"what": "click"},
        {"what": "click", "number": float("inf")},
        {"what": "click", "number": -3},
        {"what": "click", "number": "1"},
    ],
)
def test_a_malformed_report_of_the_browser_is_nothing_that_happened(value: Any) -> None:
    assert maps.event_of(value) == maps.MapEvent()


def test_a_click_is_read_with_place_features_and_conflict() -> None:
    event = maps.event_of(
        {
            "what": "click",
            "number": 1700000000000,
            "clicked": [-1.99, 5.3],
            "found": [["tarkwa.licences.a", "L1"], ["bad"], 7],
            "conflict": "0123456789abcdef",
        }
    )
    assert event.number == 1700000000000
    assert event.clicked == (-1.99, 5.3)
    assert event.found == (("tarkwa.licences.a", "L1"),)
    assert event.conflict_id == "0123456789abcdef"
    assert event.polygon is None


@pytest.mark.parametrize("place", [[200, 5], [0, 91], ["1", 2], [1], None, [float("nan"), 1], "ab"])
def test_a_click_outside_the_world_has_no_place(place: Any) -> None:
    assert maps.event_of({"what": "click", "number": 1, "clicked": place}).clicked is None


def test_a_conflict_id_that_is_none_is_dropped() -> None:
    event = maps.event_of({"what": "click", "number": 1, "conflict": "../../etc"})
    assert event.conflict_id is None


def test_a_drawing_becomes_a_closed_polygon_longitude_first() -> None:
    event = maps.event_of({"what": "draw", "number": 1, "polygon": [[-2, 5], [-1.9, 5], [-1.9, 6]]})
    assert event.polygon == {
        "type": "Polygon",
        "coordinates": [[[-2, 5], [-1.9, 5], [-1.9, 6], [-2, 5]]],
    }


@pytest.mark.parametrize(
    "ring",
    [
        [[0, 0], [1, 1]],
        [[0, 0], [1, 1], [0, 0]],
        [[0, 0], [1, 1], [999, 0]],
        [[0, 0]] * 5000,
        "abc",
    ],
)
def test_a_drawing_without_an_area_is_none(ring: Any) -> None:
    assert maps.event_of({"what": "draw", "number": 1, "polygon": ring}).polygon is None


@pytest.mark.parametrize(
    "text", ["", None, "1,2", "1,2,3,4", "a,b,c", "181,0,5", "0,86,5", "0,0,23"]
)
def test_a_link_with_a_broken_view_has_none(text: str | None) -> None:
    assert maps.view_of(text) is None


def test_a_link_carries_a_view() -> None:
    assert maps.view_of("-1.99,5.3,11.5") == maps.View(longitude=-1.99, latitude=5.3, zoom=11.5)


def test_a_layer_without_a_date_has_none_and_one_with_a_date_says_it() -> None:
    def layer(date: dt.date | None) -> Any:
        version = SimpleNamespace(
            version_id="v1", imported=3, features=4, demonstration=True, source_note=None,
            filename="titles.zip", data_date=date, is_raster=False, is_picture=False,
        )  # fmt: skip
        return SimpleNamespace(layer_id="l", name="Titles", kind="licences", current=version)

    assert maps.map_layer(layer(None)).dated is None
    shown = maps.map_layer(layer(dt.date(2016, 5, 1)))
    assert shown.dated == "data of 2016-05-01"
    assert shown.source == "titles.zip"
    assert shown.features == 4  # a repaired feature is on the map like any other
    assert shown.demonstration


def test_a_message_names_what_to_fetch_and_holds_no_geometry() -> None:
    layer = maps.MapLayer(
        layer_id="tarkwa.licences.a", version_id="v1", kind="licences", title="A", color="#111111",
        symbol="area", order=1, features=3,
    )  # fmt: skip
    conflicts = maps.MapConflicts(
        region_id="tarkwa", fingerprint="abc-2025-01-02", on=dt.date(2025, 1, 2), scenarios=("w",)
    )
    spec = maps.map_spec(region("tarkwa"), layers=[layer], conflicts=conflicts)
    message = maps._message(spec, base="/under")
    assert message["layers"][0]["url"] == "/under/cg/features/v1.json"
    assert message["conflicts"]["url"] == (
        "/under/cg/conflicts/abc-2025-01-02.json?region=tarkwa&on=2025-01-02&scenarios=w"
    )
    assert message["region"]["basemap"].startswith("/under/cg/basemap/tarkwa.json?v=")
    assert "coordinates" not in json.dumps(message)


def test_the_frame_is_the_same_in_every_run() -> None:
    import streamlit_folium

    from dashboard.frame import MapFrame

    def script() -> str:
        frame = MapFrame(base="")
        frame.get_root().render()
        frame.render()
        return streamlit_folium._get_map_string(frame)

    assert script() == script()
    assert "CommonGround.attach(map_div)" in script()


def test_every_symbol_of_a_kind_can_be_drawn() -> None:
    drawn = {"diamond", "circle", "square", "cross", "water", "area", "line", "outline", "flag"}
    drawn |= {"raster", "picture"}
    assert {kind.symbol for kind in kinds().values()} <= drawn
