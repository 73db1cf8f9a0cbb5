"""Which of many boxes meet one of many others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.boxes import BoxIndex


def boxes(rng: np.random.Generator, count: int, *, largest: float) -> np.ndarray:
    low = rng.uniform(-1_000, 1_000, (count, 2)).round(1)
    return np.concatenate([low, low + rng.uniform(0, largest, (count, 2)).round(1)], axis=1)


@given(st.integers(0, 100_000), st.integers(0, 60), st.sampled_from([0.0, 5.0, 400.0]))
def test_a_box_that_meets_one_is_never_left_out(seed: int, count: int, largest: float):
    rng = np.random.default_rng(seed)
    own, asked = boxes(rng, count, largest=largest), boxes(rng, 80, largest=50)
    meets = [bool(((a[:2] <= own[:, 2:]) & (a[2:] >= own[:, :2])).all(axis=1).any()) for a in asked]
    said = BoxIndex(own).meets(asked)
    assert not (np.array(meets, dtype=bool) & ~said).any()


def test_what_lies_far_from_every_box_is_left_out():
    own = np.array([[0.0, 0, 10, 10], [1_000, 1_000, 1_010, 1_010]])
    asked = np.array(
        [[500.0, 500, 510, 510], [9, 9, 12, 12], [-50, -50, -40, -40], [10, 10, 11, 11]]
    )
    assert BoxIndex(own).meets(asked).tolist() == [False, True, False, True]


def test_one_box_is_asked_exactly_and_none_meets_nothing():
    asked = np.array([[10.0, 0, 20, 5], [10.001, 0, 20, 5]])
    assert BoxIndex(np.array([[0.0, 0, 10, 10]])).meets(asked).tolist() == [True, False]
    assert BoxIndex(np.zeros((0, 4))).meets(asked).tolist() == [False, False]


def test_a_box_is_held_by_one_box_not_by_two_together():
    halves = BoxIndex(np.array([[0.0, 0, 5, 10], [5, 0, 10, 10]]))
    assert halves.one_holds(np.array([0.0, 0, 5, 10]))
    assert not halves.one_holds(np.array([1.0, 1, 9, 9]))
