"""Ways over roads and the order of stops: towns one can walk in the head, and every order tried."""

from itertools import permutations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import GeoError
from geo.routes.itinerary import Day, propose, timed
from geo.routes.travel import Pace, travel_between

L_ROAD = shapely.LineString([(0, 0), (3000, 0), (3000, 4000)])
PACE = Pace(road_kmh=36, off_road_kmh=3.6, straight_kmh=18, straight_detour=1.0)
EIGHT_TO_FIVE = Day(start_min=8 * 60, end_min=17 * 60)


def ways(places, roads=(), **options):
    return travel_between(np.array(places, dtype=float), roads, pace=PACE, **options)


def test_the_way_follows_the_road_and_not_the_crow() -> None:
    travel = ways([(0, 0), (3000, 4000)], [L_ROAD])
    assert travel.on_road[0, 1]
    assert travel.metres[0, 1] == pytest.approx(7000)
    assert travel.seconds[0, 1] == pytest.approx(700)
    assert travel.path(0, 1).length == pytest.approx(7000)


def test_the_ground_between_a_place_and_its_road_is_walked() -> None:
    travel = ways([(1000, 100), (2000, -50)], [L_ROAD])
    assert travel.metres[0, 1] == pytest.approx(100 + 1000 + 50)
    assert travel.seconds[0, 1] == pytest.approx(100 + 100 + 50)
    assert travel.off_road_m == pytest.approx([100, 50])
    assert travel.path(0, 1).coords[0] == (1000, 100)


def test_places_on_the_same_straight_piece_do_not_go_round_by_its_ends() -> None:
    travel = ways([(100, 0), (200, 0), (2900, 0)], [L_ROAD])
    assert travel.metres[0] == pytest.approx([0, 100, 2800])
    assert travel.metres[2] == pytest.approx([2800, 2700, 0])


def test_roads_that_are_not_joined_give_a_straight_line_that_says_so() -> None:
    apart = [shapely.LineString([(0, 0), (1000, 0)]), shapely.LineString([(2000, 0), (3000, 0)])]
    travel = ways([(0, 0), (3000, 0)], apart)
    assert not travel.on_road[0, 1]
    assert travel.metres[0, 1] == pytest.approx(3000)
    assert travel.seconds[0, 1] == pytest.approx(600)
    assert travel.path(0, 1).equals(shapely.LineString([(0, 0), (3000, 0)]))


def test_a_place_beyond_reach_of_any_road_goes_straight() -> None:
    travel = ways([(0, 0), (-5001, 0)], [L_ROAD])
    assert not travel.on_road.any()
    assert np.isnan(travel.off_road_m[1])
    assert ways([(1000, 0), (-4999, 0)], [L_ROAD]).on_road[0, 1]


def test_neighbours_far_from_a_road_walk_across() -> None:
    travel = ways([(1000, 2000), (1000, 2100), (0, 0)], [L_ROAD])
    assert not travel.on_road[0, 1]
    assert travel.metres[0, 1] == pytest.approx(100)
    assert travel.on_road[0, 2]


def test_without_roads_every_way_is_straight() -> None:
    travel = ways([(0, 0), (3, 4)])
    assert not travel.on_road.any()
    assert travel.metres[0, 1] == pytest.approx(5)


def test_lines_that_cross_without_a_common_corner_are_a_bridge() -> None:
    bridge = [
        shapely.LineString([(-5, 0), (5000, 0)]),
        shapely.LineString([(2500, -9), (2500, 5000)]),
    ]
    assert not ways([(0, 0), (2500, 5000)], bridge).on_road[0, 1]
    meets = [
        shapely.LineString([(-5, 0), (2500, 0), (5000, 0)]),
        shapely.LineString([(2500, 0), (2500, 5000)]),
    ]
    assert ways([(0, 0), (2500, 5000)], meets).on_road[0, 1]


def test_a_drawing_that_stops_short_of_a_road_is_joined_to_it() -> None:
    short = [L_ROAD, shapely.LineString([(3000 - 8, 4000), (0, 4000)])]
    assert ways([(0, 0), (0, 4000)], short).on_road[0, 1]
    shorter = [L_ROAD, shapely.LineString([(3000 - 12, 4000), (0, 4000)])]
    assert not ways([(0, 0), (0, 4000)], shorter).on_road[0, 1]


def test_the_quicker_road_is_taken_though_it_is_longer() -> None:
    straight = shapely.LineString([(0, 0), (6000, 0)])
    round_about = shapely.LineString([(0, 0), (3000, 2000), (6000, 0)])
    travel = ways([(0, 0), (6000, 0)], [straight, round_about], kmh=np.array([10.0, 80.0]))
    assert travel.metres[0, 1] == pytest.approx(2 * np.hypot(3000, 2000))
    assert travel.path(0, 1).length == pytest.approx(travel.metres[0, 1])
    slow = ways([(0, 0), (6000, 0)], [straight, round_about], kmh=np.array([np.nan, np.nan]))
    assert slow.metres[0, 1] == pytest.approx(6000)


def test_missing_roads_are_passed_over_and_areas_refused() -> None:
    assert ways([(0, 0), (3000, 0)], np.array([None, L_ROAD], dtype=object)).on_road[0, 1]
    with pytest.raises(GeoError, match="must be lines"):
        ways([(0, 0), (1, 1)], [shapely.box(0, 0, 1, 1)])
    with pytest.raises(GeoError, match="no coordinates"):
        ways([(0, np.nan), (1, 1)])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2000, 5000), st.integers(-2000, 6000)), min_size=2, max_size=6)
)
def test_ways_are_as_long_back_as_there_and_never_shorter_than_the_crow(places) -> None:
    travel = ways(places, [L_ROAD])
    crow = np.linalg.norm(np.subtract.outer(*[np.array(places)[:, 0]] * 2)[..., None], axis=2)
    assert np.allclose(travel.metres, travel.metres.T)
    assert np.allclose(travel.seconds, travel.seconds.T)
    assert (travel.metres + 1e-6 >= np.abs(crow)).all()
    for one in range(len(places)):
        for other in range(len(places)):
            if one != other:
                assert travel.path(one, other).length == pytest.approx(
                    travel.metres[one, other], abs=0.1
                )


def minutes(table) -> np.ndarray:
    return np.array(table, dtype=float) * 60


def test_a_line_of_stops_is_driven_from_one_end() -> None:
    at = np.array([0, 30, 10, 20])
    proposed = propose(
        minutes(abs(at[:, None] - at)), stay_min=[0, 60, 60, 60], days=[EIGHT_TO_FIVE], base=0
    )
    order = [call.place for call in proposed.calls]
    assert order in ([2, 3, 1], [1, 3, 2])
    assert proposed.back_min == (8 * 60 + 60 + 180,)
    assert not proposed.left_over


def test_times_are_those_of_the_clock() -> None:
    told = timed(
        [[1, 2]],
        minutes([[0, 10, 5], [10, 0, 7.2], [5, 7.2, 0]]),
        stay_min=[0, 30, 45],
        days=[EIGHT_TO_FIVE],
        base=0,
    )
    first, second = told.calls
    assert (first.arrive_min, first.leave_min) == (490, 520)
    assert (second.arrive_min, second.leave_min) == (528, 573)  # 7.2 minutes are 8
    assert told.back_min == (578,)


@pytest.mark.parametrize("seed", range(6))
def test_no_order_takes_less_travelling(seed) -> None:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 60, (7, 2))
    table = np.linalg.norm(at[:, None] - at, axis=2).round() * 60
    proposed = propose(table, stay_min=[0] * 7, days=[EIGHT_TO_FIVE], base=0)

    def length(order):
        return sum(table[a, b] for a, b in zip((0, *order), (*order, 0), strict=True))

    best = min(length(order) for order in permutations(range(1, 7)))
    assert length([call.place for call in proposed.calls]) == best


def test_what_does_not_fit_into_the_days_is_left_over_and_named() -> None:
    day = Day(start_min=480, end_min=480 + 150)
    proposed = propose(
        minutes(np.full((5, 5), 10) * (1 - np.eye(5))),
        stay_min=[0, 60, 60, 60, 60],
        days=[day],
        base=0,
    )
    assert len(proposed.calls) == 2
    assert len(proposed.left_over) == 2
    assert not proposed.late


def test_two_days_hold_what_one_cannot() -> None:
    day = Day(start_min=480, end_min=480 + 150)
    proposed = propose(
        minutes(np.full((5, 5), 10) * (1 - np.eye(5))),
        stay_min=[0, 60, 60, 60, 60],
        days=[day, day],
        base=0,
    )
    assert not proposed.left_over
    assert {call.day for call in proposed.calls} == {0, 1}


def test_without_a_base_a_day_begins_at_its_first_stop() -> None:
    at = np.array([0, 30, 10])
    proposed = propose(minutes(abs(at[:, None] - at)), stay_min=[5, 5, 5], days=[EIGHT_TO_FIVE])
    assert proposed.calls[0].arrive_min == 480
    assert proposed.back_min == (480 + 30 + 15,)


def test_the_same_question_has_the_same_answer() -> None:
    rng = np.random.default_rng(3)
    table = rng.uniform(60, 3600, (12, 12))
    asked = {"stay_min": [30] * 12, "days": [EIGHT_TO_FIVE, EIGHT_TO_FIVE], "base": 0}
    assert propose(table, **asked) == propose(table, **asked)


def test_an_order_by_hand_that_ends_late_says_so() -> None:
    day = Day(start_min=480, end_min=500)
    told = timed([[0, 1]], minutes([[0, 30], [30, 0]]), stay_min=[5, 5], days=[day])
    assert told.late == (0,)
    with pytest.raises(GeoError, match="once"):
        timed([[0, 0]], minutes([[0, 30], [30, 0]]), stay_min=[5, 5], days=[day])


def test_one_stop_or_none_is_a_visit_too() -> None:
    assert propose(np.zeros((1, 1)), stay_min=[0], days=[EIGHT_TO_FIVE], base=0).calls == ()
    one = propose(minutes([[0, 20], [20, 0]]), stay_min=[0, 30], days=[EIGHT_TO_FIVE], base=0)
    assert [call.arrive_min for call in one.calls] == [500]


def test_unusable_questions_are_refused_in_a_sentence() -> None:
    for table, stays, days, base in [
        (np.zeros((2, 3)), [0, 0], [EIGHT_TO_FIVE], None),
        (np.full((2, 2), np.nan), [0, 0], [EIGHT_TO_FIVE], None),
        (np.zeros((2, 2)), [0], [EIGHT_TO_FIVE], None),
        (np.zeros((2, 2)), [0, 0], [], None),
        (np.zeros((2, 2)), [0, 0], [EIGHT_TO_FIVE], 5),
    ]:
        with pytest.raises(GeoError):
            propose(table, stay_min=stays, days=days, base=base)
    with pytest.raises(GeoError, match="begin after midnight"):
        Day(start_min=600, end_min=500)
