"""What a link says of the map: taken where it is what it must be, refused where it is not."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import maps, sharing
from layers.catalogue import slug
from layers.facts import kinds, region

NAMES = st.builds(
    lambda kind, name: f"{kind}.{slug(name)}", st.sampled_from(sorted(kinds())), st.text()
)


@given(st.dictionaries(NAMES, st.integers(0, 100), min_size=1, max_size=20))
def test_layers_and_their_strength_come_back_as_they_were_written(shown: dict[str, int]) -> None:
    text = ",".join(f"{name}~{part}" if part < 100 else name for name, part in shown.items())
    assert sharing.opacities(sharing.layers_text([text])) == {
        name: part / 100 for name, part in shown.items()
    }


def test_no_layer_is_not_the_same_as_no_word_about_layers() -> None:
    assert sharing.opacities(None) is None
    assert sharing.opacities(sharing.layers_text(["none"])) == {}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (sharing.layers_text, "<script>"),
        (sharing.layers_text, ""),
        (sharing.layers_text, "a.b,,c.d"),
        (sharing.layers_text, ",".join(["a.b"] * 101)),
        (sharing.base_text, "pale; x"),
        (sharing.swipe_text, "licences.a"),
        (sharing.swipe_text, "licences.a,../x,50"),
        (sharing.day_text, "2020-13-01"),
        (sharing.day_text, "2020-01-01,all"),
        (sharing.language_text, "xx"),
    ],
)
def test_what_no_map_wrote_is_refused(read: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read([text or "x,"])


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused_and_never_changed(text: str) -> None:
    for read in (sharing.layers_text, sharing.base_text, sharing.swipe_text, sharing.day_text):
        try:
            assert read(["x", text]) == text
        except ValueError:
            continue


def test_a_comparison_names_a_layer_or_a_version() -> None:
    for text in ("licences.cadastre,v3,50", "licences.cadastre,licences.of-2016,7"):
        assert sharing.swipe_text([text]) == text


def version(number: int, day: dt.date | None) -> Any:
    return SimpleNamespace(
        version_id=f"tarkwa.licences.a.{number}", number=number, features=number, data_date=day,
        demonstration=False, is_raster=False, is_picture=False,
    )  # fmt: skip


def test_versions_go_to_the_map_oldest_first_and_only_where_there_are_several() -> None:
    assert maps.map_versions([version(1, None)]) == ()
    told = maps.map_versions([version(2, dt.date(2020, 6, 30)), version(1, None)])
    assert [(one.number, one.day, one.dated) for one in told] == [
        (1, None, None),
        (2, dt.date(2020, 6, 30), "2020-06-30"),
    ]
    many = maps.map_versions([version(number, None) for number in range(500)])
    assert [many[0].number, many[-1].number] == [500 - maps.MOST_VERSIONS, 499]


def test_a_message_holds_versions_their_addresses_and_what_the_link_said() -> None:
    facts = kinds()["licences"]
    layer = maps.MapLayer(
        layer_id="tarkwa.licences.a", version_id="tarkwa.licences.a.2", kind="licences", title="A",
        color=facts.color, symbol=facts.symbol, order=1, features=2,
        versions=maps.map_versions([version(1, dt.date(2016, 1, 2)), version(2, None)]),
    )  # fmt: skip
    place = region("tarkwa")
    spec = maps.MapSpec(
        region_id="tarkwa", region_name=place.name, bounds=place.bounds, layers=(layer,),
        shared=sharing.Shared(layers={"licences.a": 0.5}, day="2020-01-01"), embedded=True,
    )  # fmt: skip
    message = maps._message(spec, base="/b")
    first, second = message["layers"][0]["versions"]
    assert first["url"] == "/b/cg/features/tarkwa.licences.a.1.json"
    assert (first["day"], second["day"]) == ("2016-01-02", None)
    assert first["tiles"] is None
    assert message["shared"] == {
        "layers": {"licences.a": 0.5}, "base": None, "swipe": None, "day": "2020-01-01",
    }  # fmt: skip
    assert message["embedded"] is True
    # licences have no day of observation, visits have
    assert message["layers"][0]["dates"] is False
    assert "observed_on" in kinds()["visits"].fields
