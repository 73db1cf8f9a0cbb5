"""What is in view as a list; large layers are asked for a box and answer the same."""

from pathlib import Path

import pytest
import shapely

from dashboard import workflows
from dashboard.workflows import features as feature_work
from dashboard.workflows import listing as view_work
from layers.store import Store
from tests.layers.samples import add, square

REGION = {"region_id": "ituri"}


@pytest.fixture
def loaded(tmp_path: Path) -> Store:
    """A hundred sites on a grid, and two licences over some of them."""
    store = workflows.open_home(tmp_path)
    sites = [
        {
            "feature_id": f"s{i}-{j}",
            "geometry": shapely.Point(29 + i * 0.01, 2 + j * 0.01),
        }
        for i in range(10)
        for j in range(10)
    ]
    add(store, sites, kind="mine_sites", name="Sites", **REGION)
    licences = [
        {"feature_id": "L1", "name": "West", "geometry": square(29.0, 2.0, size=0.05)},
        {"feature_id": "L2", "name": "Far", "geometry": square(29.5, 2.5, size=0.1)},
    ]
    add(store, licences, kind="licences", name="Titles", **REGION)
    return store


def test_what_touches_the_view_is_listed_the_nearest_to_its_middle_first(loaded: Store) -> None:
    seen = workflows.in_view(loaded, "ituri", (28.995, 1.995, 29.025, 2.025))
    assert seen.total == 10
    assert seen.hits[0].title == "West"  # it covers the middle
    assert (seen.hits[0].longitude, seen.hits[0].latitude) == (29.01, 2.01)
    assert seen.hits[1].feature_id == "s1-1"
    assert {hit.feature_id for hit in seen.hits} >= {"s0-0", "s2-2", "L1"}
    assert "L2" not in {hit.feature_id for hit in seen.hits}
    assert seen.too_many == ()


def test_of_many_the_nearest_are_named_and_all_are_counted(loaded: Store) -> None:
    seen = workflows.in_view(loaded, "ituri", (28.9, 1.9, 29.2, 2.2), limit=3)
    assert (len(seen.hits), seen.total) == (3, 101)


def test_only_the_layers_that_are_shown_are_listed(loaded: Store) -> None:
    view = (28.9, 1.9, 29.2, 2.2)
    seen = workflows.in_view(loaded, "ituri", view, layer_ids=["ituri.licences.titles"])
    assert [hit.feature_id for hit in seen.hits] == ["L1"]
    assert workflows.in_view(loaded, "ituri", view, layer_ids=[]).total == 0


def test_a_large_layer_gives_the_same_list_and_says_where_it_is_too_much(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = (29.0, 2.0, 29.02, 2.02)
    small = workflows.in_view(loaded, "ituri", view)
    monkeypatch.setattr(view_work, "LARGE", 1)
    assert workflows.in_view(loaded, "ituri", view) == small
    monkeypatch.setattr(view_work, "MOST_READ", 50)
    wide = workflows.in_view(loaded, "ituri", (28.9, 1.9, 29.2, 2.2))
    assert wide.too_many == ("Sites",)
    assert [hit.feature_id for hit in wide.hits] == ["L1"]


@pytest.mark.parametrize("tolerance_m", [0.5, 60, 1_500, 40_000])
def test_a_click_finds_the_same_in_a_large_layer_as_in_a_small_one(
    loaded: Store, monkeypatch: pytest.MonkeyPatch, tolerance_m: float
) -> None:
    def found() -> tuple[object, ...]:
        places = [(29.05, 2.05), (29.0502, 2.0501), (29.004, 2.004), (30.0, 3.0)]
        return tuple(
            workflows.identify(loaded, "ituri", *place, tolerance_m=tolerance_m, limit=5)
            for place in places
        )

    small = found()
    monkeypatch.setattr(feature_work, "LARGE", 1)
    assert found() == small
