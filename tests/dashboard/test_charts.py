"""Charts: every number of the table stands in them, none that is kept back, and words for both."""

import dataclasses
import re
from collections.abc import Callable
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely

from dashboard.brief.model import Target
from dashboard.charts import (
    Chart,
    adoption_map,
    area_intervals,
    figures,
    panel_change,
    practice_multiples,
    practice_overview,
    region_comparison,
)
from dashboard.charts.drawing import Sheet, fitted, plain, text_width, wrapped
from dashboard.charts.ground import drawn_ground, round_length
from dashboard.charts.labels import Label, place_labels
from tests.dashboard import take_away_world as world

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script> <img src=x onerror=alert(1)> &amp; \x00\x1b\u202e ]]> Ɛ'
RETORT = next(one for one in world.practices() if one.code == "HG-RET")
WHOLE_ORE = next(one for one in world.practices() if one.code == "HG-WOA")
TARGET = Target(share=0.6, due=world.AS_OF)
CRS = world.brief_input().measuring_crs


def multiples(**more: object) -> Chart:
    table = more.pop("rates", world.rates_of())
    return practice_multiples(table, world.practices(), title="Practices", **more)


def areas(**more: object) -> Chart:
    return area_intervals(more.pop("areas", world.areas_of()), RETORT, title="Retort", **more)


def regions(**more: object) -> Chart:
    return region_comparison(more.pop("areas", world.areas_of()), RETORT, title="Two", **more)


def the_map(**more: object) -> Chart:
    table, shapes = more.pop("areas", world.areas_of()), more.pop("shapes", world.shapes())
    return adoption_map(shapes, table, RETORT, measuring_crs=CRS, title="Map", **more)


def panel(**more: object) -> Chart:
    rates = more.pop("rates", world.rates_of())
    table = more.pop("panels", world.panels_of())
    return panel_change(table, rates, world.practices(), title="Change", **more)


def overview(**more: object) -> Chart:
    table = more.pop("rates", world.rates_of())
    return practice_overview(table, world.practices(), title="All", **more)


ALL: list[Callable[..., Chart]] = [multiples, areas, regions, the_map, panel, overview]


def texts(chart: Chart) -> list[str]:
    """The words drawn in a chart, a line each, narrow blanks as blanks."""
    root = ElementTree.fromstring(chart.svg(embed=False))
    found = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    return [line.replace("\u202f", " ") for line in found]


def said(chart: Chart) -> str:
    """Everything a chart says: drawn, in its alternative and in its table."""
    table = chart.table.to_csv(index=False)
    return " ".join([*texts(chart), chart.alt, table]).replace("\u202f", " ")


# --- what every chart is --------------------------------------------------------------------------


@pytest.mark.parametrize("draw", ALL)
@pytest.mark.parametrize("width", [360.0, 720.0, 1200.0])
def test_every_word_lies_on_the_sheet(draw: Callable[..., Chart], width: float) -> None:
    chart = draw(width=width)
    root = ElementTree.fromstring(chart.svg(embed=False))
    assert float(root.get("width", 0)) == width
    height = float(root.get("height", 0))
    for one in root.iter(f"{SVG}text"):
        told, size = "".join(one.itertext()), float(one.get("font-size", 0))
        wide = text_width(told, size, bold=one.get("font-weight") == "700")
        x = float(one.get("x", 0))
        anchor = one.get("text-anchor", "start")
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        assert left >= -1, told
        assert left + wide <= width + 1, told
        assert 0 < float(one.get("y", 0)) <= height, told


@pytest.mark.parametrize("draw", ALL)
def test_a_chart_has_a_title_words_and_a_table(draw: Callable[..., Chart]) -> None:
    chart = draw()
    root = ElementTree.fromstring(chart.svg())
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == chart.title
    described = root.findtext(f"{SVG}desc")
    assert described is not None
    assert described.startswith(plain(chart.sentences[0]))
    assert len(chart.table)
    assert chart.alt.startswith(f"{chart.title}.")
    assert not re.search(r"\bnan\b|\bNaT\b|\bNone\b|<NA>", said(chart))


@pytest.mark.parametrize("draw", ALL)
def test_nothing_from_the_data_becomes_markup(draw: Callable[..., Chart]) -> None:
    table = world.areas_of().assign(area=HOSTILE, selection=HOSTILE)
    shapes = world.shapes().assign(area=HOSTILE)
    panels = world.panels_of().assign(warning=HOSTILE)
    rates = world.rates_of()
    rates["round"] = rates["round"] + HOSTILE
    given = {
        multiples: {"rates": rates},
        overview: {"rates": rates},
        areas: {"areas": table},
        regions: {"areas": table},
        the_map: {"areas": table, "shapes": shapes},
        panel: {"panels": panels},
    }
    chart = draw(**given[draw], notes=[HOSTILE])
    svg = chart.svg()
    root = ElementTree.fromstring(svg)
    known = {"svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "circle", "text"}
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= known
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on")]
    assert b"<script" not in svg
    assert "\u202e".encode() not in svg
    assert b"http" not in svg.replace(b"http://www.w3.org/2000/svg", b"")


@pytest.mark.parametrize("draw", ALL)
def test_the_same_table_gives_the_same_picture(draw: Callable[..., Chart]) -> None:
    assert draw().svg() == draw().svg()


def test_a_picture_brings_the_letters_it_uses() -> None:
    svg = areas().svg().decode()
    assert svg.count("@font-face") == 2
    assert "src:url(data:font/woff2;base64," in svg
    assert len(svg) < 40_000
    assert "@font-face" not in areas().svg(embed=False).decode()


def test_a_chart_can_be_a_png_of_its_size() -> None:
    picture = areas(width=400).png(scale=2)
    assert picture.startswith(b"\x89PNG")
    wide = int.from_bytes(picture[16:20], "big")
    high = int.from_bytes(picture[20:24], "big")
    chart = areas(width=400)
    assert abs(wide - 800) <= 1
    assert abs(high - 2 * chart.sheet.height) <= 2


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [multiples, overview])
def test_every_rate_with_its_n_and_days_stands_in_the_chart(draw: Callable[..., Chart]) -> None:
    drawn = " ".join(texts(draw()))
    table = world.rates_of()
    if draw is overview:
        table = table[(table["round"] == "Round 2") | (table["practice"] == "CN-HG")]
    for row in table.to_dict("records"):
        if row["shown_as"].startswith("rate") and row["practice"] != "CN-HG":
            low, high = row["low"] * 100, row["high"] * 100
            assert f"{row['rate'] * 100:.0f} % ({low:.0f}–{high:.0f} %)" in drawn
            assert f"{row['used']:.0f} of {row['applicable']:.0f} sites" in drawn
    assert "counts only: 7 of 12 sites" in drawn
    assert "24 Feb – 2 Apr 2025" in drawn


def test_unknown_is_told_beside_and_no_data_in_words() -> None:
    chart = multiples()
    rows = chart.table[chart.table["practice"] == "Cyanide on mercury tailings"]
    assert list(rows["shown"])[1] == "no data"
    assert list(rows["unknown"]) == ["4 unknown", "4 unknown"]
    drawn = texts(chart)
    assert "no data" in drawn
    assert "none unknown" in drawn


def test_the_grey_bar_is_the_share_of_sites_that_are_unknown() -> None:
    row = world.rate_row("A", "HG-RET", "Round 1", used=10, of=30, unknown=10)
    svg = areas(areas=pd.DataFrame([row])).svg(embed=False).decode()
    width = r'<rect [^>]*width="([\d.]+)" height="7.0" fill="'
    (whole,), (grey,) = (
        re.findall(f"{width}{color}", svg)[-1:] for color in ("#eef1f2", "#8b979d")
    )
    assert float(grey) / float(whole) == pytest.approx(0.25)


def test_a_practice_nobody_recorded_is_no_data_not_zero() -> None:
    table = world.rates_of()
    chart = multiples(rates=table[table["practice"] != "HG-RET"])
    row = chart.table[chart.table["practice"] == "Retort in use"].iloc[0]
    assert (row["shown"], row["counts"]) == ("no data", "")
    empty = multiples(rates=table.head(0))
    assert set(empty.table["shown"]) == {"no data"}
    assert texts(empty).count("no data") == len(world.practices())
    assert "0 %" not in texts(empty)


@pytest.mark.parametrize("draw", [multiples, overview, areas, regions, the_map])
def test_a_suppressed_number_stands_nowhere(draw: Callable[..., Chart]) -> None:
    name = "rates" if draw in (multiples, overview) else "areas"
    table = world.rates_of() if name == "rates" else world.areas_of()
    hidden = table["shown_as"] == "suppressed"
    # left in the row by mistake; they occur nowhere else
    numbers = ["used", "applicable", "unknown", "partly", "observations", "women", "men"]
    table.loc[hidden, numbers] = [713, 9371, 517, 615, 8123, 419, 928]
    table.loc[hidden, ["rate", "low", "high"]] = [0.076, 0.071, 0.082]
    told = said(draw(**{name: table}))
    for number in ("713", "9371", "9,371", "517", "615", "8123", "8,123", "419", "928"):
        assert number not in told
    for share in ("8 % (7–8 %)", "7–8 %"):
        assert share not in told
    assert "not shown" in told


def test_counts_only_never_get_a_dot_or_an_interval() -> None:
    table = world.areas_of()
    table.loc[3, ["rate", "low", "high"]] = [7 / 12, 0.3, 0.8]
    told = said(areas(areas=table))
    assert "58 %" not in told
    assert "counts only: 7 of 12 sites" in told


def test_a_small_sample_has_a_hollow_dot_and_a_rate_a_full_one() -> None:
    dots = re.findall(r'<circle [^>]*r="4.6" fill="(#\w+)"', areas().svg(embed=False).decode())
    assert dots == ["#0f5c63", "#ffffff"]


def test_the_dot_of_a_rate_and_the_target_lie_where_they_should() -> None:
    table = world.areas_of().iloc[[1]]
    svg = areas(areas=table, target=TARGET).svg(embed=False).decode()
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"[^>]*r="4.6"', svg)]
    # rate and target are both 60 %
    assert table.iloc[0]["rate"] == pytest.approx(0.6)
    marks = [float(x) for x in re.findall(r'<path d="M([\d.]+) [^>]*stroke="#4d3a8f"', svg)]
    assert dots == pytest.approx(marks[-1:], abs=0.2)
    # the scale reaches from 0 to 100 %, where its faint lines stand
    lines = re.findall(r'<path d="M([\d.]+) [^>]*stroke="#c9d1d5"', svg)
    left, right = min(map(float, lines)), max(map(float, lines))
    assert dots[0] == pytest.approx(left + 0.6 * (right - left), abs=0.2)


def test_what_is_to_be_stopped_says_that_lower_is_better() -> None:
    chart = multiples(targets={"HG-WOA": TARGET, "HG-RET": TARGET})
    drawn = " ".join(texts(chart))
    assert "↓ lower is better · target: at most 60 % by 31 Mar 2026" in drawn
    assert "↑ higher is better · target: at least 60 % by 31 Mar 2026" in drawn
    assert "Whole-ore amalgamation, lower is better (target: at most 60 %" in said(chart)


# --- areas and regions ----------------------------------------------------------------------------


def test_areas_come_best_first_and_without_a_rate_last() -> None:
    assert list(areas().table["area"]) == [
        "Tarkwa-Nsuaem",
        "Prestea/Huni Valley",
        "Mpohor",
        "Wassa Amenfi East",
        "Ɔdɔ Ɛho",
    ]
    table = world.areas_of("HG-WOA")
    low_first = area_intervals(table, WHOLE_ORE, title="Whole-ore")
    assert list(low_first.table["area"])[:2] == ["Prestea/Huni Valley", "Tarkwa-Nsuaem"]


def test_the_latest_round_of_an_area_is_shown_or_the_one_asked_for() -> None:
    assert areas().table.iloc[0]["counts"].startswith("39 of 65")
    earlier = areas(round="Round 1").table
    assert list(earlier["counts"]) == ["10 of 60 sites, 3 partly"]


def test_all_rounds_together_are_no_round_unless_asked_for() -> None:
    table = world.areas_of()
    every = table.iloc[[1]].assign(round="all", used=50, applicable=70)
    every["first_day"] = pd.Timestamp(2023, 3, 3)
    both = pd.concat([every, table, every.assign(last_day=pd.Timestamp(2026, 1, 1))])
    assert areas(areas=both).table.iloc[0]["round"] == "Round 2"
    alone = areas(areas=both, round="all").table.iloc[0]
    assert (alone["round"], alone["counts"]) == ("all rounds", "50 of 70 sites, 3 partly")
    assert areas(areas=every).table.iloc[0]["round"] == "all rounds"


def test_a_comparison_of_regions_keeps_their_order_and_says_how_sites_were_chosen() -> None:
    table = world.areas_of()
    table.loc[2, "selection"] = "convenience"
    table.loc[3, "selection"] = None
    chart = regions(areas=table)
    assert list(chart.table["area"]) == list(world.DISTRICTS)[:3] + list(world.DISTRICTS)[3:]
    drawn = texts(chart)
    assert "Round 2, random sample" in drawn
    assert "Round 2, convenience" in drawn
    assert "Round 2, selection not stated" in " ".join(drawn)


# --- the same sites -------------------------------------------------------------------------------


def test_the_same_sites_stand_beside_all_sites_of_each_round() -> None:
    chart = panel()
    row = chart.table.iloc[0]
    assert row["same sites"] == "8 → 20 of 41 sites: +29 points (+12 to +45); 14 started, 2 stopped"
    assert row["all sites"] == "+43 points (+29 to +56)"
    assert "Only 6 sites were visited in both rounds" in " ".join(texts(chart))


def test_the_dots_of_the_same_sites_lie_where_they_were_and_where_they_are() -> None:
    svg = panel(panels=world.panels_of().head(1)).svg(embed=False).decode()
    after, before = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)[:2])
    lines = [float(x) for x in re.findall(r'<path d="M([\d.]+) [^>]*stroke-width="0.6"', svg)]
    quarter, three = min(lines), max(lines)
    # the faint lines stand at 25 and 75 %; 8 and then 20 of 41 sites used it
    shares = [0.25 + 0.5 * (x - quarter) / (three - quarter) for x in (before, after)]
    assert shares == pytest.approx([8 / 41, 20 / 41], abs=0.002)


def test_a_change_that_is_kept_back_is_no_data_and_its_warning_stands() -> None:
    panels = world.panels_of().head(1).astype(object)
    hidden = ["used_before", "used_after", "started", "stopped", "change", "low", "high", "p"]
    panels.loc[0, hidden] = None
    panels.loc[0, "warning"] = "Kept back: few people work there."
    row = panel(panels=panels).table.iloc[0]
    assert (row["same sites"], row["warning"]) == ("no data", "Kept back: few people work there.")


def test_no_site_visited_twice_is_said() -> None:
    chart = panel(panels=world.panels_of().head(0))
    assert "No site was visited in two rounds" in " ".join(texts(chart))


# --- the map --------------------------------------------------------------------------------------


def test_districts_have_a_class_or_one_of_two_patterns() -> None:
    classes = the_map().table.set_index("area")["class"].str.replace("\u202f", " ")
    assert dict(classes) == {
        "Tarkwa-Nsuaem": "60 to 79 %",
        "Prestea/Huni Valley": "20 to 39 %",
        "Wassa Amenfi East": "not enough data",
        "Mpohor": "not enough data",
        "Ɔdɔ Ɛho": "never visited",
    }


@pytest.mark.parametrize(
    ("used", "step"),
    [
        *((0, "under 20 %"), (19, "under 20 %"), (20, "20 to 39 %"), (59, "40 to 59 %")),
        *((60, "60 to 79 %"), (80, "80 % and more"), (100, "80 % and more")),
    ],
)
def test_a_class_begins_at_its_lower_edge(used: int, step: str) -> None:
    row = world.rate_row(world.DISTRICTS[0], "HG-RET", "Round 2", used=used, of=100)
    table = pd.DataFrame([row])
    classes = the_map(areas=table).table.set_index("area")["class"]
    assert classes[world.DISTRICTS[0]].replace("\u202f", " ") == step


def test_an_area_that_was_visited_but_not_for_this_practice_is_not_called_never_visited() -> None:
    table = world.areas_of()
    other = world.rate_row(world.DISTRICTS[4], "HG-WOA", "Round 1", used=5, of=40)
    classes = the_map(areas=pd.concat([table, pd.DataFrame([other])])).table.set_index("area")
    assert classes["class"][world.DISTRICTS[4]] == "not enough data"


def test_patterns_and_classes_stand_in_the_legend() -> None:
    chart = the_map()
    drawn = texts(chart)
    for name in ("under 20 %", "80 % and more", "not enough data", "never visited"):
        assert name in drawn
    svg = chart.svg(embed=False).decode()
    assert svg.count('fill="url(#never-visited)"') == 2  # the district, and the legend
    assert svg.count('fill="url(#not-enough-data)"') == 3


def test_a_row_without_a_shape_is_told_below_the_map() -> None:
    row = world.rate_row("District not known", "HG-RET", "Round 2", used=9, of=30, area_id=None)
    chart = the_map(areas=pd.concat([world.areas_of(), pd.DataFrame([row])]))
    told = " ".join(texts(chart))
    assert "Not on the map: District not known, Round 2: 30 % (17–48 %), 9 of 30 sites" in told


@pytest.mark.parametrize("latitude", [0.0, 5.4, -17.0, 60.0])
def test_the_scale_bar_is_as_long_as_it_says(latitude: float) -> None:
    # at 60 degrees north Web Mercator would be off by half
    square = shapely.box(-2.1, latitude - 0.1, -1.9, latitude + 0.1)
    shapes = gpd.GeoDataFrame({"area_id": ["a"], "area": ["A"], "geometry": [square]}, crs=4326)
    crs = f"+proj=laea +lat_0={latitude} +lon_0=-2 +datum=WGS84 +units=m"
    chart = adoption_map(shapes, world.areas_of(), RETORT, measuring_crs=crs, title="Map")
    svg = chart.svg(embed=False).decode()
    bar = re.search(r'd="M[\d.]+ [\d.]+v6h([\d.]+)v-6"', svg)
    outline = re.search(r'<path d="(M[^"]+z)" fill="url', svg)
    assert bar is not None
    assert outline is not None
    first, steps = outline.group(1)[1:-1].split("l")
    across = [float(first.split(",")[0])]
    for step in steps.split():
        across.append(across[-1] + float(step.split(",")[0]))
    drawn_width = max(across) - min(across)
    true_width = pyproj.Geod(ellps="WGS84").line_length([-2.1, -1.9], [latitude, latitude])
    told = next(line for line in texts(chart) if line.endswith(" km"))
    assert float(bar.group(1)) / drawn_width * true_width == pytest.approx(
        float(told[:-3]) * 1000, rel=0.01
    )


@pytest.mark.parametrize(
    ("longest", "length"), [(9.9, 5), (10, 10), (27_000, 20_000), (0.7, 0.5), (99_999, 50_000)]
)
def test_a_scale_bar_has_a_round_length(longest: float, length: float) -> None:
    assert round_length(longest) == pytest.approx(length)


def test_shapes_that_are_missing_or_no_areas_are_left_out() -> None:
    shapes = world.shapes()
    shapes.loc[0, "geometry"] = None
    shapes.loc[1, "geometry"] = shapely.Polygon()
    shapes.loc[2, "geometry"] = shapely.Point(-2, 5.4)
    chart = the_map(shapes=shapes)
    assert list(chart.table["area"]) == list(world.DISTRICTS[3:])
    empty = the_map(shapes=shapes.head(0))
    assert len(empty.table) == 0
    assert "Not on the map: Tarkwa-Nsuaem" in " ".join(texts(empty))


def test_a_bow_tie_does_not_stop_the_map() -> None:
    shapes = world.shapes()
    shapes.loc[0, "geometry"] = shapely.Polygon([(-2.2, 5), (-1.9, 5.4), (-1.9, 5), (-2.2, 5.4)])
    assert len(the_map(shapes=shapes).table) == 5


def crowded() -> gpd.GeoDataFrame:
    """Twelve by twelve small districts."""
    cells = [
        shapely.box(-2.2 + x * 0.05, 5 + y * 0.05, -2.15 + x * 0.05, 5.05 + y * 0.05)
        for y in range(12)
        for x in range(12)
    ]
    names = [f"District of a long name {number}" for number in range(len(cells))]
    frame = {"area_id": names, "area": names, "geometry": cells}
    return gpd.GeoDataFrame(frame, crs=4326)


def test_names_never_lie_on_one_another_and_numbers_stand_for_those_without_room() -> None:
    shapes = crowded()
    ground = drawn_ground(shapes, measuring_crs=CRS, at=(10, 40), size=(340, 300))
    labels = [Label(key=name, lines=(name, "60 % of 30")) for name in shapes["area"]]
    placed, spots = place_labels(labels, ground)
    assert len(placed) + len(spots) == 144
    boxes = [shapely.box(spot.x - 9, spot.y - 9, spot.x + 9, spot.y + 9) for spot in spots]
    tree = shapely.STRtree(boxes)
    left, right = tree.query(boxes, predicate="overlaps")
    assert not [pair for pair in zip(left, right, strict=True) if pair[0] < pair[1]]


def test_a_map_with_no_room_for_numbers_says_how_many_areas_have_no_name() -> None:
    shapes = crowded()
    table = pd.DataFrame(
        [
            world.rate_row(name, "HG-RET", "Round 2", used=18, of=30, area_id=name)
            for name in shapes["area"]
        ]
    )
    chart = the_map(shapes=shapes, areas=table, width=360, most_numbers=12)
    assert "132 more areas found no room for a name." in texts(chart)
    assert len(chart.table) == 144


# --- words and letters ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2023-03-03", "2023-03-14", "3–14 Mar 2023"),
        ("2023-03-03", "2023-03-03", "3 Mar 2023"),
        ("2023-03-03", "2023-04-02", "3 Mar – 2 Apr 2023"),
        ("2023-12-30", "2024-01-02", "30 Dec 2023 – 2 Jan 2024"),
        (None, "2024-01-02", "2 Jan 2024"),
        (None, None, "date not known"),
    ],
)
def test_days_are_told_as_short_as_they_can_be(
    first: str | None, last: str | None, words: str
) -> None:
    days = [pd.NaT if day is None else pd.Timestamp(day) for day in (first, last)]
    assert figures.span(*days) == words


def test_a_share_that_is_small_but_not_none_is_not_called_zero() -> None:
    row = world.rate_row("A", "HG-RET", "Round 1", used=1, of=400)
    assert figures.shown(row).headline.startswith("under 1\u202f% (0–1")


@pytest.mark.parametrize(("change", "words"), [(0.29, "+29"), (-0.05, "−5"), (0.001, "0")])
def test_a_change_has_its_sign(change: float, words: str) -> None:
    assert figures.points(change) == words


def test_words_are_broken_and_cut_where_they_are_too_wide() -> None:
    lines = wrapped("one two three four five six", 60, 10)
    assert len(lines) > 1
    assert all(text_width(line, 10) <= 60 for line in lines)
    assert " ".join(lines) == "one two three four five six"
    assert wrapped("one two three four", 40, 10, lines=1)[0].endswith("…")
    assert fitted("x" * 300, 50, 10).endswith("…")
    assert fitted("short", 500, 10) == "short"


def test_marks_that_no_xml_can_hold_are_left_out() -> None:
    sheet = Sheet(width=100, height=50)
    sheet.text((1, 10), "a\x00b\x0b\ud800\ufffe\u202ec")
    chart = Chart(sheet=sheet, title="T", sentences=("x",), table=pd.DataFrame())
    assert texts(chart)[0].split() == ["a", "b", "c"]


def test_an_unknown_practice_is_refused_with_the_codes_there_are() -> None:
    with pytest.raises(ValueError, match=r"Practice 'HG-NONE' is not in the list.*HG-RET"):
        figures.one_practice(world.practices(), "HG-NONE")


def test_a_practice_of_a_list_of_ones_own_is_drawn_like_any_other() -> None:
    mine = dataclasses.replace(RETORT, code="MY-OWN", title="Something of ours")
    table = pd.DataFrame([world.rate_row("A", "MY-OWN", "Round 1", used=30, of=60)])
    chart = practice_multiples(table, [mine], title="Mine")
    assert "50 % (38–62 %)" in texts(chart)
