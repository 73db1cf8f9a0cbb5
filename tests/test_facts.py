"""The files in data/ say what docs and pages rely on: rules, regions, kinds, practices."""

import datetime as dt
import itertools
import re
import tomllib
from dataclasses import dataclass

import numpy as np
import pyproj
import pytest

from geo.rules import Rule, rules_in_force
from layers.facts import (
    DATA,
    FactsError,
    Region,
    kind,
    kinds,
    region,
    regions,
    rule_pack,
    scenarios,
)
from tests.eyes import SEEN_BY, lab

GEOD = pyproj.Geod(ellps="WGS84")
REGIONS = list(regions().values())
PACKS = ["common", *sorted(path.stem for path in (DATA / "rules").glob("*.toml"))]


@dataclass(frozen=True)
class Expected:
    """One rule of the domain's table; a row there that names several things is several rules."""

    rule_id: str
    relation: str
    kind: str
    status: str
    lines_m: tuple[float | None, float | None]
    object_kind: str | None
    classes: tuple[str, ...]
    valid_from: dt.date | None
    valid_to: dt.date | None

    @property
    def pack(self) -> str:
        return self.rule_id[:2].lower()


# relation | kind | status | metres | object | its classes (* = also without class) | from | to
TABLE_TEXT = """
GH-RBZ-1         within_distance policy     secondary  60-90 water reservoir              2014 -
GH-RBZ-2         within_distance policy     secondary  10-60 water major_perennial_river  2014 -
GH-RBZ-3         within_distance policy     secondary  10-50 water forest_reserve_stream  2014 -
GH-RBZ-5a        within_distance policy     unverified 10-20 water minor_perennial_stream 2014 -
GH-RBZ-5b        within_distance policy     unverified 10-15 water seasonal_stream        2014 -
GH-RBZ-5c        within_distance policy     unverified 30    water wetland                2014 -
GH-DIR-100       within_distance directive  secondary  100   water -                      2021 -
GH-DIR-200       within_distance proposal   secondary  200   water -                      2024 -
GH-FOR-2         overlap         regulation secondary  - protected_areas forest_reserve   2022 \
                                                                                     2025-12-10
GH-FOR-3         overlap         regulation secondary  - protected_areas forest_reserve \
                                                                                   2025-12-10 -
GH-SSM-1         area_limit      regulation secondary  -     -     -                      2012 -
GH-SSM-2         checklist       manual     secondary  -     -     -                      2023 -
GH-SSM-3         checklist       manual     secondary  -     -     -                      -    -
GH-BLAST         checklist       regulation unverified -     -     -                      2012 -
TZ-60            within_distance law        unverified 60    water -                      2004 -
TZ-DIST-HOUSE    checklist       law        unverified -     -     -                      2010 -
TZ-DIST-CROP     within_distance law        unverified 50    farmland cropland,tree_crops,* 2010 -
TZ-DIST-DAM      within_distance law        unverified 100   water reservoir              2010 -
CD-279-BUILDING  checklist       law        unverified -     -     -                      2002 -
CD-279-DAM       within_distance law        unverified 90    water reservoir              2002 -
CD-279-FIELD     within_distance law        unverified 45    farmland cropland,*          2002 -
CD-V             checklist       regulation secondary  -     -     -                      2003 -
CD-ZEA           overlap         law        secondary  -     artisanal_zones -            2018 -
CI-113-WATER     within_distance law        secondary  100   water -                      2014 -
CI-113-PROTECTED within_distance law        secondary  100   protected_areas -            2014 -
"""


def expected(line: str) -> Expected:
    rule_id, relation, kind_of_rule, status, metres, layer, classes, start, end = line.split()
    lines = [float(number) for number in metres.split("-") if number]
    return Expected(
        rule_id=rule_id,
        relation=relation,
        kind={"directive": "ministerial directive"}.get(kind_of_rule, kind_of_rule),
        status=status,
        lines_m=(lines[0] if len(lines) == 2 else None, lines[-1] if lines else None),
        object_kind=None if layer == "-" else layer,
        classes=() if classes == "-" else tuple(classes.replace("*", "").split(",")),
        valid_from=day(start),
        valid_to=day(end),
    )


def day(text: str) -> dt.date | None:
    """A day, or the first of a year, or none."""
    if text == "-":
        return None
    return dt.date(int(text), 1, 1) if len(text) == 4 else dt.date.fromisoformat(text)


TABLE = [expected(line) for line in TABLE_TEXT.strip().splitlines()]
CHECKLIST_METRES = {"GH-BLAST": "500 m", "TZ-DIST-HOUSE": "200 m", "CD-279-BUILDING": "180 m"}


def rule(rule_id: str, pack: str) -> Rule:
    return next(each for each in rule_pack(pack) if each.rule_id == rule_id)


def ids_on(pack: str, day: dt.date, *chosen: str) -> set[str]:
    return {each.rule_id for each in rules_in_force(rule_pack(pack), on=day, scenarios=chosen)}


# --- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule_id)
def test_a_rule_says_what_the_table_of_rules_says(row: Expected) -> None:
    found = rule(row.rule_id, row.pack)
    assert (found.relation, found.kind, found.status) == (row.relation, row.kind, row.status)
    assert (found.inner_m, found.outer_m) == row.lines_m
    assert found.object_classes == row.classes
    assert (found.valid_from, found.valid_to) == (row.valid_from, row.valid_to)
    assert found.object_kind == row.object_kind


def test_no_rule_of_a_country_stands_outside_the_table() -> None:
    in_files = {
        each.rule_id for pack in ("gh", "tz", "cd", "ci", "mg") for each in rule_pack(pack)
    } - {each.rule_id for each in rule_pack("common")}
    assert in_files == {row.rule_id for row in TABLE}


@pytest.mark.parametrize(("rule_id", "words"), CHECKLIST_METRES.items())
def test_a_distance_that_cannot_be_measured_still_stands_in_the_rule_s_text(
    rule_id: str, words: str
) -> None:
    pack = rule_id[:2].lower()
    assert words in rule(rule_id, pack).text
    assert "not measured" in (rule(rule_id, pack).note or "")


def test_a_small_scale_licence_covers_at_most_twelve_cadastral_units() -> None:
    limit = rule("GH-SSM-1", "gh")
    assert limit.max_area_ha == pytest.approx(12 * 2.1 * 0.40468564224, abs=5e-4)
    assert limit.max_area_ha == 10.198
    assert limit.subject_classes == ("small_scale",)


def test_every_rule_of_a_country_names_its_source_and_how_well_it_is_known() -> None:
    for pack in PACKS:
        for each in rule_pack(pack):
            if each.country is None:
                assert (each.status, each.effect, each.kind) == ("ours", "none", "observation")
                continue
            assert each.status in {"secondary", "unverified"}
            assert each.source is not None, each.rule_id
            assert each.source.title, each.rule_id
            # "Read in press" has a day on which it was read; what is recalled has none.
            assert (each.source.checked_on is not None) == (each.status == "secondary")


def test_only_law_is_called_law_and_an_overlap_is_never_called_illegal() -> None:
    law = {row.rule_id for row in TABLE if row.kind == "law"}
    for pack in PACKS:
        for each in rule_pack(pack):
            said = f"{each.title} {each.text} {each.note or ''}".lower()
            assert "illegal" not in said.replace("illegality", ""), each.rule_id
            assert (each.kind == "law") == (each.rule_id in law)


def test_rules_speak_of_kinds_and_classes_that_exist() -> None:
    for pack in PACKS:
        for each in rule_pack(pack):
            for subject in each.subject_kinds:
                assert subject in kinds(), each.rule_id
                _assert_classes_exist(subject, each.subject_classes)
            if each.object_kind:
                assert each.object_kind in kinds(), each.rule_id
                _assert_classes_exist(each.object_kind, each.object_classes)


def _assert_classes_exist(kind_id: str, classes: tuple[str, ...]) -> None:
    known = kind(kind_id).fields["feature_class"].classes if classes else {}
    assert {name for name in classes if name} <= set(known)


def test_a_distance_rule_says_where_the_distance_starts() -> None:
    for pack in PACKS:
        for each in rule_pack(pack):
            assert (each.measure_from is not None) == (each.relation == "within_distance"), (
                each.rule_id
            )


# --- which rules hold when -------------------------------------------------------------------


def test_under_the_rules_of_2021_the_directive_holds_and_forests_have_no_rule_yet() -> None:
    held = ids_on("gh", dt.date(2021, 6, 1))
    assert "GH-DIR-100" in held
    assert not {"GH-FOR-2", "GH-FOR-3", "GH-SSM-2"} & held


def test_the_directive_does_not_hold_the_day_before_it_began() -> None:
    assert "GH-DIR-100" not in ids_on("gh", dt.date(2020, 12, 31))
    assert "GH-DIR-100" in ids_on("gh", dt.date(2021, 1, 1))


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (dt.date(2021, 12, 31), set()),
        (dt.date(2022, 1, 1), {"GH-FOR-2"}),
        (dt.date(2025, 12, 9), {"GH-FOR-2"}),
        (dt.date(2025, 12, 10), {"GH-FOR-3"}),
        (dt.date(2030, 1, 1), {"GH-FOR-3"}),
    ],
)
def test_mining_in_forest_reserves_was_allowed_until_the_day_of_the_revocation(
    day: dt.date, holds: set[str]
) -> None:
    assert {each for each in ids_on("gh", day) if each.startswith("GH-FOR")} == holds


def test_the_proposal_of_200_m_is_off_until_its_scenario_is_chosen() -> None:
    for day in (dt.date(2021, 6, 1), dt.date(2024, 6, 1), dt.date(2026, 6, 1)):
        assert "GH-DIR-200" not in ids_on("gh", day)
        assert "GH-DIR-200" in ids_on("gh", day, "200m")
    assert scenarios("gh") == ("200m",)


def test_a_scenario_adds_to_the_rules_in_force_and_takes_none_away() -> None:
    day = dt.date(2026, 1, 1)
    assert ids_on("gh", day, "200m") - ids_on("gh", day) == {"GH-DIR-200"}
    assert ids_on("gh", day) <= ids_on("gh", day, "200m")


def test_overlaps_of_our_own_hold_on_every_day_and_in_every_country() -> None:
    common = {each.rule_id for each in rule_pack("common")}
    for each in REGIONS:
        assert common <= ids_on(each.rule_pack, dt.date(1990, 1, 1))


def test_no_distance_is_measured_where_none_was_found() -> None:
    assert rule_pack("mg") == rule_pack("common")


def test_an_unknown_pack_region_or_kind_is_refused_with_a_sentence() -> None:
    with pytest.raises(FactsError, match="no rule pack 'xx'"):
        rule_pack("xx")
    with pytest.raises(FactsError, match=r"no region 'mars'.*tarkwa"):
        region("mars")
    with pytest.raises(FactsError, match=r"no kind of layer 'gold'.*mine_sites"):
        kind("gold")


# --- regions ---------------------------------------------------------------------------------


def test_the_regions_are_the_four_that_were_asked_for() -> None:
    assert {each.country for each in REGIONS} == {"GH", "TZ", "MG", "CD"}
    assert {"tarkwa", "geita", "ituri"} <= set(regions())


@pytest.mark.parametrize("each", REGIONS, ids=lambda each: each.region_id)
def test_a_region_lies_inside_its_country(each: Region) -> None:
    west, south, east, north = each.bounds
    country_west, country_south, country_east, country_north = each.country_bounds
    assert country_west < west < east < country_east
    assert country_south < south < north < country_north


@pytest.mark.parametrize("each", REGIONS, ids=lambda each: each.region_id)
def test_a_region_is_measured_in_metres(each: Region) -> None:
    crs = pyproj.CRS.from_user_input(each.measuring_crs)
    assert crs.is_projected
    assert {axis.unit_conversion_factor for axis in crs.axis_info} == {1.0}
    assert crs.to_epsg() != 3857
    assert crs.ellipsoid.name.startswith("WGS 84")


def distortion(crs: str, bounds: tuple[float, float, float, float]) -> tuple[np.ndarray, ...]:
    """Relative errors of area and of length, of squares of 0.01 degrees all over the bounds."""
    west, south, east, north = bounds
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    areas, lengths = [], []
    for lon in np.linspace(west, east - 0.01, 11):
        for lat in np.linspace(south, north - 0.01, 11):
            lons = np.array([lon, lon + 0.01, lon + 0.01, lon])
            lats = np.array([lat, lat, lat + 0.01, lat + 0.01])
            x, y = to_plane.transform(lons, lats)
            plane = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
            areas.append(plane / abs(GEOD.polygon_area_perimeter(lons, lats)[0]) - 1)
            for a, b in ((0, 1), (0, 3), (0, 2), (1, 3)):
                true = GEOD.inv(lons[a], lats[a], lons[b], lats[b])[2]
                lengths.append(np.hypot(x[a] - x[b], y[a] - y[b]) / true - 1)
    return np.array(areas), np.array(lengths)


@pytest.mark.parametrize("each", REGIONS, ids=lambda each: each.region_id)
def test_areas_are_true_to_a_fifth_of_a_percent_anywhere_in_a_region(each: Region) -> None:
    areas, lengths = distortion(each.measuring_crs, each.bounds)
    assert np.abs(areas).max() < 0.002
    # 0.1 % of the widest buffer in force, 200 m, is 20 cm: less than any GPS can tell.
    assert np.abs(lengths).max() < 0.001


def test_utm_would_miss_that_in_ituri_and_web_mercator_everywhere() -> None:
    ituri = region("ituri")
    for zone in ("EPSG:32635", "EPSG:32636"):
        assert np.abs(distortion(zone, ituri.bounds)[0]).max() > 0.005
    for each in REGIONS:
        assert np.abs(distortion("EPSG:3857", each.bounds)[0]).max() > 0.01


@pytest.mark.parametrize("each", REGIONS, ids=lambda each: each.region_id)
def test_every_candidate_of_a_region_is_a_crs_and_degrees_come_first(each: Region) -> None:
    assert each.candidate_crs[0] == "EPSG:4326"
    assert len(set(each.candidate_crs)) == len(each.candidate_crs)
    for code in each.candidate_crs:
        pyproj.CRS.from_user_input(code)


def test_the_candidates_of_ghana_know_the_old_datum_in_degrees_feet_and_metres() -> None:
    assert {"EPSG:4168", "EPSG:4250", "EPSG:2136", "EPSG:25000", "EPSG:32630"} <= set(
        region("tarkwa").candidate_crs
    )


def test_accra_degrees_read_as_wgs_84_are_about_311_m_off() -> None:
    shift = pyproj.Transformer.from_crs("EPSG:4168", "EPSG:4326", always_xy=True)
    lon, lat = shift.transform(-1.99, 5.30)
    assert GEOD.inv(-1.99, 5.30, lon, lat)[2] == pytest.approx(311, abs=3)


def test_what_is_said_of_a_dialogue_says_how_well_it_is_known() -> None:
    for each in REGIONS:
        assert each.dialogue.status in {"secondary", "unverified"}
        assert each.dialogue.note
        assert bool(each.dialogue.held) == (each.dialogue.status == "secondary")


def test_one_region_carries_the_demonstration() -> None:
    assert [each.region_id for each in REGIONS if each.demonstration] == ["tarkwa"]


# --- kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("each", kinds().values(), ids=lambda each: each.kind_id)
def test_a_kind_is_complete(each) -> None:
    assert each.is_raster or set(each.geometry) <= {"point", "line", "polygon"}
    assert each.geometry
    assert each.sensitivity in {"open", "protected"}
    assert each.position_sd_m >= 0
    assert re.fullmatch(r"#[0-9a-f]{6}", each.color)
    assert each.title
    assert each.one == each.one.lower()
    assert each.is_raster or {"feature_id", "name"} <= set(each.fields)


@pytest.mark.parametrize("each", [one for one in kinds().values() if one.is_raster])
def test_each_class_of_a_raster_has_a_colour_and_counts_as_something_that_exists(each) -> None:
    assert set(each.colors) == set(each.classes)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in each.colors.values())
    assert set(each.counts_as) <= set(each.classes)
    for told in each.counts_as.values():
        kind_id, _, name = told.partition("/")
        assert not kind(kind_id).is_raster
        assert not name or name in kind(kind_id).classes


def test_land_cover_counts_as_farmland_and_water_and_never_as_more() -> None:
    assert kind("landcover").counts_as == {
        "cropland": "farmland/cropland",
        "tree_crops": "farmland/tree_crops",
        "fallow": "farmland/fallow",
        "water": "water",
        "wetland": "water/wetland",
    }


@pytest.mark.parametrize("eye", SEEN_BY)
def test_colours_of_land_cover_are_told_apart_by_eyes_that_see_few_colours(eye: str) -> None:
    colors = kind("landcover").colors
    seen = {name: lab(color, SEEN_BY[eye]) for name, color in colors.items()}
    close = {
        (a, b): round(float(np.linalg.norm(seen[a] - seen[b])), 1)
        for a, b in itertools.combinations(seen, 2)
        if np.linalg.norm(seen[a] - seen[b]) < 12
    }
    assert close == {}


def test_places_of_informal_mining_are_protected() -> None:
    protected = {each.kind_id for each in kinds().values() if each.sensitivity == "protected"}
    assert protected == {"mine_sites", "detections", "visits"}


def test_no_two_kinds_share_a_place_in_the_drawing_order_or_a_title() -> None:
    assert len({each.order for each in kinds().values()}) == len(kinds())
    assert len({each.title for each in kinds().values()}) == len(kinds())


def test_aliases_are_folded_and_one_word_means_one_class() -> None:
    for each in kinds().values():
        for fact in each.fields.values():
            assert all(re.fullmatch(r"[a-z0-9_]+", alias) for alias in fact.aliases)
            assert len(set(fact.aliases)) == len(fact.aliases)
            seen = [word for words in fact.classes.values() for word in words]
            assert len(set(seen)) == len(seen), (each.kind_id, fact.field)


def test_a_detection_is_as_uncertain_as_its_patch_of_480_m() -> None:
    assert kind("detections").position_sd_m == pytest.approx(480 / 12**0.5, abs=0.5)


# --- practices -------------------------------------------------------------------------------


def test_the_practices_are_those_of_the_proposed_list_with_their_directions() -> None:
    with (DATA / "practices.toml").open("rb") as file:
        facts = tomllib.load(file)
    codes = [practice["code"] for practice in facts["practice"]]
    # The table of the domain, and before it the one thing that published site surveys record.
    assert codes == [
        "HG-USE",
        *("HG-WOA", "HG-OPEN", "HG-RES", "CN-HG", "HG-CONC", "HG-RET", "HG-HOOD", "HG-FREE"),
        *("HG-ACC", "WA-POND", "WA-RECY", "WA-SET", "LA-PLAN", "LA-FILL", "LA-VEG", "TA-LINE"),
        *("FU-SPILL", "SO-PPE", "SO-CHILD", "SO-WOM", "PE-EPA", "PE-WRC", "PE-OP"),
    ]
    stop = {each["code"] for each in facts["practice"] if each["direction"] == "stop"}
    assert stop == {"HG-USE", "HG-WOA", "HG-OPEN", "HG-RES", "CN-HG"}
    assert {each["applies"] for each in facts["practice"]} <= {"", *facts["flags"]}
    assert facts["states"] == [
        *("used", "partly", "tried-and-stopped", "not used", "not applicable", "unknown"),
    ]
    assert facts["evidence"] == ["claimed", "seen", "verified"]


def test_only_alluvial_and_surface_works_both_dig_and_process() -> None:
    with (DATA / "practices.toml").open("rb") as file:
        operations = tomllib.load(file)["operation"]
    does = {each["group"]: set(each["does"]) for each in operations}
    both = {group for group, flags in does.items() if {"digs", "processes"} <= flags}
    assert both == {"alluvial", "surface"}
    assert does["mill-house"] == {"processes"}
    assert does["underground"] == does["selection"] == {"digs"}
