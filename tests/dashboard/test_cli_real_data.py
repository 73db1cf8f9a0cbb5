"""The real layers of Ituri through the command line, against counts made with another program."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from dashboard import cli
from layers.store import HOME_VARIABLE

pytestmark = pytest.mark.real

LAYERS = {
    "mine_sites": ("mine_sites", 496),
    "titles_2016": ("licences", 123),
    "titles_2020": ("licences", 146),
    "artisanal_zones_2020": ("artisanal_zones", 43),
    "protected_areas": ("protected_areas", 2),
    "farmland": ("farmland", 144),
    "lakes": ("water", 1),
    "rivers_naturalearth": ("water", 4),
    "rivers_gshhg": ("water", 20),
    "water_osm": ("water", 51),
    "settlements": ("settlements", 3),
    "admin2": ("districts", 5),
    "amw_detections": ("detections", 387),
}


class Home:
    """A store of its own, driven by the command line in this process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: object) -> tuple[int, Any]:
        with pytest.MonkeyPatch.context() as patch, _captured() as told:
            patch.setenv(HOME_VARIABLE, str(self.path))
            patch.setattr(sys, "argv", ["dashboard", *map(str, arguments), "--json"])
            with pytest.raises(SystemExit) as ended:
                cli.main()
        return int(ended.value.code or 0), json.loads(told.getvalue())


def _captured() -> Any:
    import contextlib
    import io

    return contextlib.redirect_stdout(io.StringIO())


@pytest.fixture(scope="module")
def ituri(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("ituri") / "home")
    path = real_data / "ituri" / "ituri.gpkg"
    for layer, (kind, count) in LAYERS.items():
        code, told = home.run(
            "import", path, "--region", "ituri", "--kind", kind, "--layer", layer, "--yes"
        )
        assert code == 0, told
        counts = told["counts"]
        assert counts["read"] == count
        assert counts["imported"] + counts["repaired"] == count, (layer, told["findings"])
    return home


@pytest.fixture(scope="module")
def rules(ituri: Home) -> dict[tuple[str, str, str], Any]:
    """Summary rows by rule, subject layer and object layer (names without region and kind)."""
    code, told = ituri.run("conflicts", "--region", "ituri", "--on", "2026-11-23")
    assert code == 0

    def short(layer_id: str | None) -> str:
        return layer_id.rsplit(".", 1)[1] if layer_id else ""

    return {
        (row["rule"], short(row["subject_layer"]), short(row["object_layer"])): row
        for row in told["rules"]
    }


def test_neighbouring_titles_that_share_an_edge_do_not_overlap(
    rules: dict[tuple[str, str, str], Any],
) -> None:
    """As drawn in degrees, one pair of 2020 overlaps and none of 2016: moving corners made 138."""
    assert rules["licence-on-licence", "titles-2016", "titles-2016"]["pairs"] == 0
    later = rules["licence-on-licence", "titles-2020", "titles-2020"]
    assert later["pairs"] == 1
    assert later["area_ha"] == pytest.approx(1025.35, abs=0.05)


@pytest.mark.parametrize(
    ("pair", "counted", "expected"),
    [
        (("site-in-licence", "mine-sites", "titles-2016"), "subjects", 347),
        (("site-in-licence", "mine-sites", "titles-2020"), "subjects", 364),
        (("site-in-artisanal-zone", "mine-sites", "artisanal-zones-2020"), "subjects", 15),
        (("site-in-protected-area", "mine-sites", "protected-areas"), "subjects", 8),
        (("licence-on-farmland", "titles-2016", "farmland"), "objects", 48),
        (("licence-on-farmland", "titles-2020", "farmland"), "objects", 42),
    ],
)
def test_the_counts_of_ituri_are_those_of_the_first_measurement(
    rules: dict[tuple[str, str, str], Any],
    pair: tuple[str, str, str],
    counted: str,
    expected: int,
) -> None:
    row = rules[pair]
    assert row[counted] == expected
    assert sum(row["verdicts"].values()) == row["pairs"]


def test_ground_under_two_titles_is_counted_in_pairs_and_once(
    ituri: Home, rules: dict[tuple[str, str, str], Any], tmp_path: Path
) -> None:
    for row in rules.values():
        assert (row["area_ha"] is None) == (row["union_ha"] is None)
        if row["area_ha"] is not None:
            assert row["union_ha"] <= row["area_ha"] * (1 + 1e-9)

    # a field laid over the ground that two titles of 2020 share
    later = rules["licence-on-licence", "titles-2020", "titles-2020"]
    assert later["union_ha"] == pytest.approx(later["area_ha"])
    out = tmp_path / "conflicts.gpkg"
    ituri.run("conflicts", "--region", "ituri", "--out", out)
    shared = gpd.read_file(out, layer="conflicts_areas").query("rule_id == 'licence-on-licence'")
    middle = shared.geometry.iloc[0].representative_point()
    path = tmp_path / "field.geojson"
    field = middle.buffer(0.002, cap_style="square")
    gpd.GeoSeries([field], crs=4326).to_file(path)
    code, told = ituri.run(
        "import", path, "--region", "ituri", "--kind", "farmland", "--name", "Shared", "--yes"
    )
    assert code == 0, told
    layers = "ituri.licences.titles-2020,ituri.farmland.shared"
    _, found = ituri.run("conflicts", "--region", "ituri", "--layers", layers)
    (row,) = (one for one in found["rules"] if one["rule"] == "licence-on-farmland")
    ituri.run("delete", "ituri.farmland.shared")
    assert row["pairs"] == 2
    assert row["area_ha"] == pytest.approx(2 * row["union_ha"], rel=1e-6)


def test_the_zipped_titles_are_the_titles(ituri: Home, real_data: Path) -> None:
    code, told = ituri.run(
        "import",
        real_data / "ituri" / "titres_2016.zip",
        *("--region", "ituri", "--kind", "licences", "--name", "Zipped titles", "--yes"),
    )
    assert code == 0, told
    assert told["counts"]["read"] == 123
    layers = ["ituri.mine_sites.mine-sites", "ituri.licences.zipped-titles"]
    _, found = ituri.run("conflicts", "--region", "ituri", "--layers", ",".join(layers))
    (row,) = (one for one in found["rules"] if one["rule"] == "site-in-licence")
    assert row["subjects"] == 347
    ituri.run("delete", "ituri.licences.zipped-titles")


def test_visits_become_the_latest_visit_of_each_site(ituri: Home, real_data: Path) -> None:
    path = real_data / "ituri" / "ipis_visits.csv"
    arguments = ("import", path, "--region", "ituri", "--kind", "mine_sites", "--name", "Visits")
    asked = ituri.run(*arguments)
    assert asked[0] == 1
    assert "--latest" in asked[1]["to_confirm"]
    code, told = ituri.run(*arguments, "--yes", "--crs", "EPSG:4326")
    assert code == 0, told
    raw = pd.read_csv(path)
    assert told["counts"]["read"] == len(raw) == 1161
    assert told["counts"]["imported"] == raw["pcode"].nunique()
    ituri.run("delete", "ituri.mine_sites.visits")


def test_every_conflict_is_in_the_geopackage(ituri: Home, tmp_path: Path) -> None:
    out = tmp_path / "ituri.gpkg"
    on = dt.date(2026, 11, 23)
    code, told = ituri.run("conflicts", "--region", "ituri", "--on", on, "--out", out)
    assert code == 0
    pairs = sum(row["pairs"] for row in told["rules"])
    areas = gpd.read_file(out, layer="conflicts_areas")
    points = gpd.read_file(out, layer="conflicts_points")
    assert len(areas) + len(points) == pairs
    assert areas.is_valid.all()
    named = pd.concat([areas, points])
    assert named["conflict_id"].is_unique
    # the five territories cover the whole area, so every subject in it has one
    assert named["district"].notna().mean() > 0.95
