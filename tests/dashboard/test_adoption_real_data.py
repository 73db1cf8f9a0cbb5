"""Ituri's visits 2009-2023: each campaign went elsewhere, and it has to be said."""

from pathlib import Path

import pytest

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest
from layers.store import Store
from layers.visits.importing import import_visits
from layers.visits.model import VisitRequest

MERCURY = "HG-USE"


@pytest.fixture(scope="module")
def store(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ituri's sites, territories and visits, as somebody would bring them."""
    store = workflows.open_home(tmp_path_factory.mktemp("ituri"))
    layers = real_data / "ituri" / "ituri.gpkg"
    for name, kind in (("mine_sites", "mine_sites"), ("admin2", "districts")):
        read = ReadRequest(region_id="ituri", kind=kind, source_layer=name, accept_suggestions=True)
        done = workflows.run_import(store, layers, ImportRequest(read=read), filename=layers.name)
        assert done.ok, done.message
    asked = VisitRequest(
        region_id="ituri",
        practices={MERCURY: "mercury"},
        states={f"{MERCURY}:1": "used", f"{MERCURY}:0": "not used"},
        accept_suggestions=True,
    )
    visits = real_data / "ituri" / "ipis_visits.csv"
    report = import_visits(store, visits, asked, filename=visits.name)
    assert report.ok, report.message
    return store


def test_every_visit_and_every_observation_of_mercury_is_there(store: Store) -> None:
    run = workflows.adoption(store, "ituri", by="region", practice=MERCURY, round="all")
    assert (run.visits, run.sites_visited, run.known_sites) == (1161, 496, 496)
    row = run.table.iloc[0]
    assert (row["observations"], row["used"], row["applicable"], row["unknown"]) == (
        869,
        118,
        352,
        144,
    )
    # nobody said how the sites were chosen: counts, no share
    assert row["shown_as"] == "counts"
    assert run.table["rate"].isna().all()


def test_territories_differ_as_their_sites_do(store: Store) -> None:
    run = workflows.adoption(store, "ituri", by="district", practice=MERCURY, round="all")
    table = run.table.set_index("area")
    shares = (table["used"] / table["applicable"]).astype(float).round(2)
    # the latest known state of each site
    assert shares[["Djugu", "Mambasa", "Irumu"]].tolist() == [0.71, 0.27, 0.13]
    visits = (table["used_observations"] / table["applicable_observations"]).astype(float).round(2)
    # as published, by visit; sites whose visits name Beni or Lubero count in none of these, though
    # they lie in Irumu as its boundary is drawn here
    assert visits[["Djugu", "Mambasa", "Irumu"]].tolist() == [0.73, 0.27, 0.17]


def test_a_fall_that_comes_from_visiting_others_is_called_that(store: Store) -> None:
    panel = workflows.panel(store, "ituri", practice=MERCURY, earlier="2022", later="2023").table
    change = panel.iloc[0]
    assert (change["n"], change["used_before"], change["used_after"]) == (89, 48, 43)
    assert (change["cross_before_used"], change["cross_before"]) == (86, 138)
    assert "mostly from visiting other sites" in change["warning"]


def test_comparing_with_the_demonstration_says_that_one_is_invented_or_silent(
    store: Store,
) -> None:
    run = workflows.compare(store, ["ituri", "tarkwa"], practice=MERCURY)
    assert run.silent == ("Tarkwa-Nsuaem",)
    assert run.table["area"].tolist() == ["Ituri"]
