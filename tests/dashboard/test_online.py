"""Online tiles are off; when somebody turns them on, one host is let in and no more."""

from types import SimpleNamespace

import pytest

from dashboard import maps
from dashboard.middleware import SecurityHeaders
from dashboard.online import CREDIT_VARIABLE, URL_VARIABLE, OnlineTilesError, online_tiles
from layers.facts import region

GOOD = "https://tiles.example.org/{z}/{x}/{y}.png"


@pytest.fixture(autouse=True)
def _as_it_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(CREDIT_VARIABLE, raising=False)


def policy(path: str, *, pictures_from: str | None) -> str:
    """The content policy of an answer at a path."""
    scope = {"path": path, "headers": []}
    headers = SecurityHeaders(SimpleNamespace(), pictures_from=pictures_from)  # type: ignore[arg-type]
    return headers._policy(scope)


def test_as_it_ships_no_other_host_is_named_anywhere() -> None:
    assert online_tiles() is None
    message = maps._message(maps.map_spec(region("tarkwa")), base="")
    assert message["region"]["online"] is None
    assert "http" not in policy("/component/x", pictures_from=None)


def test_a_source_is_told_to_the_map_with_its_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, GOOD)
    monkeypatch.setenv(CREDIT_VARIABLE, "© Example")
    told = maps._message(maps.map_spec(region("tarkwa")), base="")["region"]["online"]
    assert told == {
        "url": GOOD,
        "host": "tiles.example.org",
        "credit": "© Example",
        "maxzoom": 19,
    }


def test_without_a_credit_the_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, GOOD)
    tiles = online_tiles()
    assert tiles is not None
    assert tiles.credit == "tiles.example.org"


def test_only_the_maps_frame_may_show_its_pictures_and_nothing_else_of_it() -> None:
    origin = "https://tiles.example.org"
    frame = policy("/component/x", pictures_from=origin)
    assert frame.count(origin) == 1
    assert f"img-src 'self' data: blob: {origin};" in frame
    for path in ("/", "/cg/x", "/media/x"):
        assert origin not in policy(path, pictures_from=origin)


@pytest.mark.parametrize(
    "url",
    [
        "tiles.example.org/{z}/{x}/{y}.png",
        "javascript:alert(1)//{z}{x}{y}",
        "file:///{z}/{x}/{y}",
        "https://tiles.example.org/{z}/{x}.png",
        "https://{s}.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/{z}/{x}/{y}.png?k={key}",
        "https://a.example; script-src *{z}{x}{y}",
        "https://user:secret@example.org/{z}/{x}/{y}.png",
    ],
)
def test_an_address_that_is_none_stops_the_start_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    with pytest.raises(OnlineTilesError, match=r"must be the address of one host.*Leave it out"):
        online_tiles()
