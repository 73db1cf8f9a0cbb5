"""No two signs of the map look alike: not to eyes that tell few colours apart, not in print.

A sign is told by its shape, hatch or edge; where two share these, by colour for every eye and by
darkness in black and white.
"""

import itertools
from typing import Any

import numpy as np
import pytest

from layers.facts import FactsError, _looks, kinds, symbols
from tests.eyes import SEEN_BY, ciede2000, difference, lab, mixed

LAND = symbols()["base"]["full"]["land"]
LEAST_DIFFERENCE = 9.0
"""CIEDE2000; some 2 can just be seen side by side, 9 is told apart in small signs."""
LEAST_LIGHTNESS = 8.0
"""Steps of L* between two tints that share a hatch."""
HATCHES = {"none", "back", "forward", "cross", "dots", "upright", "level", "gaps"}

POINTS = {
    name: symbols()["kinds"][name] for name, kind in kinds().items() if "point" in kind.geometry
}
AREAS: dict[str, dict[str, Any]] = {
    name: {**looks["area"], "color": looks["color"]}
    for name, looks in symbols()["kinds"].items()
    if "area" in looks
} | symbols()["hotspots"]


def tint(sign: dict[str, Any]) -> str:
    """The colour of an area's tint over land."""
    return mixed(sign["color"], sign["fill"], LAND)


def pairs(signs: dict[str, Any]) -> list[tuple[str, str]]:
    return list(itertools.combinations(signs, 2))


def test_every_kind_has_a_symbol_and_no_symbol_is_of_no_kind() -> None:
    assert set(symbols()["kinds"]) == set(kinds())
    with pytest.raises(FactsError, match=r"no symbol.*data/symbols\.toml"):
        _looks("glaciers")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_of_colours_are_those_of_the_published_pairs(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=5e-5)


def test_every_kind_of_point_has_a_shape_of_its_own() -> None:
    shapes = [looks["symbol"] for looks in POINTS.values()]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("eye", SEEN_BY)
def test_points_differ_in_colour_too_for_every_eye(eye: str) -> None:
    close = {
        (a, b): round(difference(POINTS[a]["color"], POINTS[b]["color"], SEEN_BY[eye]), 1)
        for a, b in pairs(POINTS)
    }
    assert {pair: far for pair, far in close.items() if far < LEAST_DIFFERENCE} == {}


def edge(sign: dict[str, Any]) -> tuple[float, ...]:
    return tuple(sign.get("dash", ()))


def test_hatches_are_those_the_map_can_draw() -> None:
    assert {sign["hatch"] for sign in AREAS.values()} <= HATCHES


@pytest.mark.parametrize(("one", "other"), pairs(AREAS))
def test_areas_differ_in_black_and_white(one: str, other: str) -> None:
    a, b = AREAS[one], AREAS[other]
    if a["hatch"] != b["hatch"]:
        return
    if not a["fill"] and not b["fill"]:
        assert edge(a) != edge(b)
        return
    assert abs(lab(tint(a))[0] - lab(tint(b))[0]) >= LEAST_LIGHTNESS or edge(a) != edge(b)


@pytest.mark.parametrize("eye", SEEN_BY)
def test_areas_that_share_a_hatch_and_an_edge_differ_for_every_eye(eye: str) -> None:
    for one, other in pairs(AREAS):
        a, b = AREAS[one], AREAS[other]
        if a["hatch"] == b["hatch"] and edge(a) == edge(b):
            assert difference(tint(a), tint(b), SEEN_BY[eye]) >= 6, (one, other)


def test_a_river_and_a_road_differ_without_colour() -> None:
    lines = symbols()["kinds"]
    assert "core" in lines["roads"]["line"]
    assert "core" not in lines["water"]["line"]


def test_too_close_to_call_and_not_surveyed_have_signs_of_their_own() -> None:
    verdicts = symbols()["verdicts"]
    assert verdicts["inside"]["shape"] != verdicts["too_close"]["shape"]
    assert verdicts["too_close"]["mark"] == "?"
    with_gaps = [name for name, sign in AREAS.items() if sign["hatch"] == "gaps"]
    assert with_gaps == ["not_surveyed"]


@pytest.mark.parametrize("eye", SEEN_BY)
def test_words_and_marks_of_signs_can_be_read(eye: str) -> None:
    for name, sign in symbols()["verdicts"].items():
        ground = sign.get("fill", sign["color"])
        assert abs(lab(sign["ink"], SEEN_BY[eye])[0] - lab(ground, SEEN_BY[eye])[0]) >= 45, name


@pytest.mark.parametrize("name", ["full", "pale"])
def test_names_of_the_base_map_stand_out_from_the_land_and_stay_behind_the_data(name: str) -> None:
    style = symbols()["base"][name]
    for what, ground in (("town", "land"), ("country", "land"), ("water", "sea")):
        contrast = lab(style[ground])[0] - lab(style[what])[0]
        assert 20 <= contrast <= 70, what
    for what in ("land", "sea", "lake", "river"):
        assert lab(style[what])[0] > 70, "the base map is lighter than any data"


@pytest.mark.parametrize("direction", ["adopt", "stop"])
@pytest.mark.parametrize("eye", SEEN_BY)
def test_the_steps_of_a_share_are_told_apart_by_every_eye_and_in_grey(
    eye: str, direction: str
) -> None:
    colors = symbols()["adoption"][direction]["colors"]
    for one, other in itertools.pairwise(colors):
        assert lab(one)[0] - lab(other)[0] >= LEAST_LIGHTNESS, (one, other)
        assert difference(one, other, SEEN_BY[eye]) >= 6, (one, other)


def test_not_enough_data_and_never_visited_have_patterns_of_their_own() -> None:
    signs = symbols()["adoption"]
    hatches = [signs[name]["hatch"] for name in ("not_enough", "not_visited")]
    assert hatches == ["back", "gaps"]
    for name in ("not_enough", "not_visited"):
        assert lab("#ffffff")[0] - lab(signs[name]["ink"])[0] >= 45, name
