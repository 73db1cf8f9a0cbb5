"""The pack on paper: pages, words, and a scale bar measured on the page itself."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pypdfium2
import pyproj
import pytest

from dashboard.field.model import Card, PracticeSeen
from dashboard.field.paper import SIDE_MM, SIZES_MM, paper
from dashboard.field.paper_map import (
    POINT_MM,
    Window,
    bar_length,
    paper_map,
    shapes_of,
    stop_window,
    window_of,
)
from dashboard.field.words import Words
from tests.dashboard.field_world import CARD, pack, stop

EN = Words("en")
GEOD = pyproj.Geod(ellps="WGS84")


def pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded() for page in document]


@pytest.fixture(scope="module")
def printed() -> bytes:
    return paper(pack(), EN, size="a4")


def test_there_is_an_overview_a_sheet_a_stop_and_one_for_notes(printed) -> None:
    told = pages(printed)
    assert len(told) == 1 + 3 + 1
    assert "Page 2 of 5" in told[1]
    assert "Pit 1" in told[1]
    assert "Bonsa; too close to call: check it there; 92 m away" in " ".join(told[1].split())
    assert "Notes by hand" in told[4]
    assert "a survey" in told[2]


def test_a3_is_a3() -> None:
    document = pypdfium2.PdfDocument(paper(pack(stop(1)), EN, size="a3"))
    size_mm = [side * 25.4 / 72 for side in document[0].get_size()]
    assert size_mm == pytest.approx(SIZES_MM["a3"], abs=0.5)


def test_the_bar_on_the_page_is_as_long_as_the_ground_says(printed) -> None:
    """Dark pixels of the bar's filled half against the geodesic between the places it spans."""
    resolution = 6.0
    page = pypdfium2.PdfDocument(printed)[1]
    grey = np.asarray(page.render(scale=resolution).to_pil().convert("L")) < 100
    left = round(SIDE_MM / POINT_MM * resolution)
    # rows in which a dark run starts at the margin and is neither the frame nor a letter
    runs = [_run(row, left) for row in grey]
    window = stop_window(pack().stops[0], width_mm=210 - 2 * SIDE_MM, height_mm=0.34 * 297)
    half_m = bar_length(window) / 2
    expected = half_m * window.points_of_metre * resolution
    near = [run for run in runs if 0.9 * expected < run < 1.1 * expected]
    assert len(near) >= 3 * resolution  # the bar is 4 points high
    points = float(np.median(near)) / resolution
    metres = points * POINT_MM / 1_000 * window.scale
    longitude, latitude = window.middle
    east, north, _ = GEOD.fwd(longitude, latitude, 90, half_m)
    geodesic = GEOD.inv(longitude, latitude, east, north)[2]
    assert metres == pytest.approx(geodesic, rel=0.01)


def _run(row: np.ndarray, start: int) -> int:
    dark = row[start - 2 :]
    first = int(np.argmax(dark[:12])) if dark[:12].any() else -1
    if first < 0:
        return 0
    ends = np.flatnonzero(~dark[first:])
    return int(ends[0]) if len(ends) else len(dark) - first


@pytest.mark.parametrize("latitude", [0.0, 5.3, -18.0, 45.0])
def test_a_window_is_true_in_every_direction(latitude) -> None:
    window = Window(middle=(29.0, latitude), scale=50_000, width_mm=180, height_mm=100)
    for bearing in (0, 45, 90, 200):
        lon, lat, _ = GEOD.fwd(29.0, latitude, bearing, 3_000)
        (x, y), (mx, my) = window.at(np.array([(lon, lat), (29.0, latitude)]))
        metres = np.hypot(x - mx, y - my) * POINT_MM / 1_000 * 50_000
        assert metres == pytest.approx(3_000, rel=1e-4)
        assert np.degrees(np.arctan2(x - mx, my - y)) % 360 == pytest.approx(bearing, abs=0.05)


def test_the_overview_holds_its_area_at_the_largest_scale_that_does() -> None:
    bounds = (-2.05, 5.25, -1.90, 5.35)
    window = window_of(bounds, width_mm=184, height_mm=118)
    assert window.scale == 100_000
    corners = window.at(np.array([bounds[:2], bounds[2:]]))
    assert (corners >= 0).all()
    assert (corners <= np.array(window.size)).all()


def test_a_stop_by_the_water_is_seen_nearer() -> None:
    near = stop_window(stop(1), width_mm=184, height_mm=100)
    far = stop_window(stop(1, card=Card()), width_mm=184, height_mm=100)
    assert near.scale == 10_000
    assert far.scale == 50_000


def test_the_legend_names_what_is_drawn_and_nothing_else() -> None:
    told = pack()
    window = Window(middle=(20.0, 40.0), scale=10_000, width_mm=100, height_mm=100)
    elsewhere = paper_map(told, window, EN, title="t", shapes=shapes_of(told)).svg(embed=False)
    assert b"Mine sites" not in elsewhere
    assert b"way by road" in elsewhere


def test_letters_of_west_africa_and_hostile_names_are_print() -> None:
    name = "Ɛyɛ Ɔkɔ #set page() ] $x$ <b> \\u{0}"
    told = " ".join(pages(paper(pack(stop(1, name=name)), EN, size="a4"))[1].split())
    assert "Ɛyɛ Ɔkɔ" in told
    assert "#set page() ] $x$ <b>" in told


def test_a_long_card_still_fits_its_sheet() -> None:
    many = tuple(
        PracticeSeen(code=f"C{n}", title=f"A practice with a long name, number {n}", state="used")
        for n in range(24)
    )
    card = replace(CARD, practices=many, conflicts=CARD.conflicts * 5)
    told = pages(paper(pack(stop(1, card=card)), EN, size="a4"))
    assert len(told) == 3
    assert "Who holds the right to mine here?" in told[1]


@pytest.mark.parametrize("language", ["fr", "sw"])
def test_every_word_of_ours_is_in_the_language(language) -> None:
    words = Words(language)
    paper(pack(), words, size="a4")
    assert words.fallen_back == set()


def test_the_same_pack_gives_the_same_bytes(printed) -> None:
    assert paper(pack(), EN, size="a4") == printed
    later = pack(made_at=dt.datetime(2026, 11, 26, tzinfo=dt.UTC))
    assert paper(later, EN, size="a4") != printed
