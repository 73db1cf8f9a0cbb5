"""Known sites and visits in their districts: first district on a border, nothing silently lost."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows.adoption_places import (
    Ground,
    ground,
    operation_groups,
    placed,
    where_visits_say,
)
from dashboard.workflows.types import WorkflowError
from geo.adoption.frames import Ledger
from layers.store import Store
from tests.dashboard.adoption_world import EAST, GHANA, WEST, landscape, ledger_of, site, visit
from tests.layers.samples import add


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path / "home")


def test_each_known_site_lies_in_its_district_and_those_outside_are_told(store: Store) -> None:
    there = ground(landscape(store), "tarkwa")
    assert there.sites["district"].value_counts().to_dict() == {WEST: 40, EAST: 30}
    assert there.sites["district"].isna().sum() == 1
    assert list(there.districts["district_id"]) == ["d1", "d2", "d3"]
    assert set(there.sites["operations"]) == {"alluvial"}
    assert there.notes == (
        "1 known site lies outside every district; the region counts them, no district does.",
    )


def test_a_site_on_the_line_between_districts_counts_in_the_first_alone(store: Store) -> None:
    rows = [site("on the line", -2.0, 5.3)]
    add(store, rows, kind="mine_sites", name="Sites", **GHANA)
    # the layer has the second district first
    districts = [
        {"feature_id": "b", "name": "B", "geometry": shapely.box(-2.0, 5, -1.8, 6)},
        {"feature_id": "a", "name": "A", "geometry": shapely.box(-2.2, 5, -2.0, 6)},
    ]
    add(store, districts, kind="districts", name="Districts", **GHANA)
    there = ground(store, "tarkwa")
    assert list(there.sites["district"]) == ["A"]


def test_a_site_id_of_two_layers_counts_once_and_is_told(store: Store) -> None:
    landscape(store)
    add(store, [site("w1", -1.9, 5.3)], kind="mine_sites", name="Sites again", **GHANA)
    there = ground(store, "tarkwa")
    assert len(there.sites) == 71
    assert "1 site id stands in more than one layer" in " ".join(there.notes)
    assert there.sites.set_index("site_id").loc["w1", "district"] == WEST


def test_a_stated_district_comes_before_the_position_and_that_before_the_site(
    store: Store,
) -> None:
    there = ground(landscape(store), "tarkwa")
    ledger = ledger_of(
        [
            visit("w1", "2025-01-01", "r", {}, district_id="d2", longitude=-2.1, latitude=5.3),
            visit("w1", "2025-01-01", "r", {}, longitude=-1.9, latitude=5.3),
            visit("w1", "2025-01-01", "r", {}),
            visit(None, "2025-01-01", "r", {}, district_id="d3"),
            visit(None, "2025-01-01", "r", {}),
            visit(None, "2025-01-01", "r", {}, district_id="gone", district="Old name"),
        ]
    )
    moved, told = placed(ledger, there)
    assert moved.visits["district_id"].astype(object).where(
        moved.visits["district_id"].notna(), None
    ).tolist() == ["d2", "d2", "d1", "d3", None, "gone"]
    assert moved.visits["district"].tolist()[:4] == [EAST, EAST, WEST, "Nobody's"]
    assert moved.visits["district"].tolist()[5] == "Old name"
    assert told == (
        "1 visit lies in no district; the region counts them, no district does.",
        "1 visit names a district that the layer of districts does not have any more.",
    )
    # the caller's own frames stay as they were
    assert ledger.visits["district_id"].notna().sum() == 3


def test_the_ground_is_another_one_as_soon_as_a_layer_changes(store: Store) -> None:
    before = ground(landscape(store), "tarkwa")
    assert ground(store, "tarkwa") is before
    add(
        store,
        [site("w0", -2.1, 5.3)],
        kind="mine_sites",
        name="Sites",
        data_date=dt.date(2026, 1, 1),
        **GHANA,
    )
    assert len(ground(store, "tarkwa").sites) == 1


def test_without_layers_nothing_is_known_and_it_says_so(store: Store) -> None:
    there = ground(store, "geita")
    assert there.sites.empty
    assert there.districts.empty
    assert any("No layer of mine sites" in note for note in there.notes)
    assert any("No districts are loaded" in note for note in there.notes)


def test_an_unknown_layer_of_districts_is_refused_with_those_there_are(store: Store) -> None:
    with pytest.raises(WorkflowError, match=r"There is: tarkwa\.districts\.districts"):
        ground(landscape(store), "tarkwa", district_layer="tarkwa.districts.other")


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("alluvial dig and wash", "alluvial"),
        ("Chamfi", "surface"),
        ("abandoned shaft; panning", "alluvial|underground"),
        ("mill-house", "mill-house"),
        ("something else", ""),
        ("", ""),
    ],
)
def test_operations_are_read_from_the_words_of_the_owner(text: str, groups: str) -> None:
    assert operation_groups(text) == groups


def test_a_site_lies_where_its_latest_visit_says() -> None:
    sites = pd.DataFrame(
        {
            "site_id": ["a", "b", "c", "d"],
            "district_id": ["1", "1", "1", "1"],
            "district": ["One"] * 4,
        }
    )
    districts = pd.DataFrame({"district_id": ["1", "2"], "district": ["One", "Two"]})
    there = Ground(
        region_id="tarkwa", district_layer="x", districts=districts, outlines=np.array([]),
        sites=sites, notes=(), demonstration=False,
    )  # fmt: skip
    visits = pd.DataFrame(
        {
            "site_id": ["a", "a", "b", "c", None],
            "district_id": ["2", "1", None, None, "2"],
            "district": ["Two", "One", "Elsewhere", None, "Two"],
            "visited_on": pd.to_datetime(["2025-01-02", "2024-01-01", None, None, "2025-01-01"]),
        }
    )
    told = where_visits_say(Ledger(visits=visits, observations=pd.DataFrame()), there).sites
    assert told["district_id"].fillna("none").tolist() == ["2", "none", "1", "1"]
    assert told["district"].fillna("none").tolist() == ["Two", "none", "One", "One"]
    assert sites["district_id"].tolist() == ["1"] * 4
