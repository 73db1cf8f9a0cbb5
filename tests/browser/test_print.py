"""The picture for paper: true to scale, complete, small, and legible without colour."""

import io
import struct
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Frame, expect
from pyproj import Geod

from tests.browser import share_world
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_share import SLOW, TITLES, map_of, tool

pytestmark = pytest.mark.browser

OPEN = Callable[..., Tab]
INK = (28, 37, 39)
SIZES = {"A4": (2339, 1654), "A3": (3307, 2339)}
"""Pixels of 297 x 210 and 420 x 297 mm at 200 dots an inch."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the landscape that has a past."""
    folder = tmp_path_factory.mktemp("print")
    share_world.fill(folder / "home", folder)
    process, url = start_server(
        "dashboard.app:app", home=folder / "home", log=folder / "server.log"
    )
    yield Server(url=url, home=folder / "home", log=folder / "server.log")
    stop_server(process)


def picture(tab: Tab, frame: Frame, *, paper: str = "A4", title: str = "A title") -> bytes:
    """The PNG that the button saves."""
    tool(frame, "Picture of the map for printing").click()
    frame.get_by_role("textbox", name="Title").fill(title)
    frame.get_by_label("Paper").select_option(paper)
    with tab.page.expect_download(timeout=SLOW) as waiting:
        frame.get_by_role("button", name="Make and save").click()
    assert waiting.value.suggested_filename.endswith(f"-{paper.lower()}.png")
    expect(frame.locator(".cg-panel")).to_contain_text("Saved:")
    path = waiting.value.path()
    return path.read_bytes()


def only_titles(frame: Frame) -> None:
    frame.evaluate(
        f"""() => {{ for (const id of CommonGround.session.layers.keys())
            CommonGround.session.setVisible(id, id === '{TITLES}'); }}"""
    )


def runs_of(mask: np.ndarray) -> list[tuple[int, int]]:
    """The stretches of a row that are true, as (first, past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def is_color(pixels: np.ndarray, color: tuple[int, int, int], *, within: int = 12) -> np.ndarray:
    return (np.abs(pixels[..., :3].astype(int) - color).max(axis=-1)) <= within


@pytest.mark.parametrize(
    ("paper", "size", "latitude"),
    [("A4", DESKTOP, None), ("A3", DESKTOP, None), ("A4", PHONE, None), ("A4", DESKTOP, 60)],
    ids=["A4", "A3", "phone", "60 degrees north"],
)
def test_the_scale_bar_is_true_to_one_percent_at_the_middle_of_the_map(
    server: Server, open_tab: OPEN, paper: str, size: tuple[int, int], latitude: int | None
) -> None:
    south = share_world.SOUTH if latitude is None else float(latitude)
    middle = (share_world.WEST + 0.02, south + 0.02)
    tab = open_tab(f"{server.url}/map?region=tarkwa", size=size)
    frame = map_of(tab.page)
    only_titles(frame)
    # a square of known longitudes at the middle of the picture, its edges one colour
    frame.evaluate(
        """([titles, west, south]) => {
            const { session } = CommonGround;
            const ring = [[west, south], [west + 0.04, south], [west + 0.04, south + 0.04],
                [west, south + 0.04], [west, south]];
            const feature = { type: "Feature", properties: { id: "known" },
                geometry: { type: "Polygon", coordinates: [ring] } };
            session.layers.get(titles).data = CommonGround.shapes({ features: [feature] });
            session.map.setView([south + 0.02, west + 0.02], 12, { animate: false });
            const { paddingTopLeft: [l, t], paddingBottomRight: [r, b] } = session.padding();
            session.map.panBy([(r - l) / 2, (b - t) / 2], { animate: false });
        }""",
        [TITLES, share_world.WEST, south],
    )
    content = picture(tab, frame, paper=paper)
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    told = frame.evaluate(
        f"CommonGround.printed(CommonGround.session, {{ paper: '{paper}', title: 'A title' }})"
        ".then(({ bar, frame, dense }) => ({ bar, frame, dense }))"
    )
    # the bar: its upper edge is one dark stroke from end to end
    row = round(told["bar"]["y"])
    dark = [run for run in runs_of(is_color(pixels[row], INK)) if run[1] - run[0] > 40]
    start, end = max(dark, key=lambda run: run[1] - run[0])
    assert start == pytest.approx(told["bar"]["x"], abs=2)
    # the square: its two upright edges, on the row through the picture's middle
    box = told["frame"]
    middle_row = round((box["y"] + box["height"] / 2) * told["dense"])
    edge = frame.evaluate(f"CommonGround.session.layers.get('{TITLES}').spec.color")
    color = tuple(int(edge[i : i + 2], 16) for i in (1, 3, 5))
    line = runs_of(is_color(pixels[middle_row], color))  # type: ignore[arg-type]
    width = (line[-1][0] + line[-1][1]) / 2 - (line[0][0] + line[0][1]) / 2
    geod = Geod(ellps="WGS84")
    _, _, metres = geod.inv(share_world.WEST, middle[1], share_world.WEST + 0.04, middle[1])
    measured = (end - start) * metres / width
    assert measured == pytest.approx(told["bar"]["metres"], rel=0.01)
    # a round length, and not so short that nobody could read it
    assert str(int(told["bar"]["metres"])).strip("0") in {"1", "2", "5"}
    assert end - start > 120


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_the_picture_fills_its_paper_and_stays_small(
    server: Server, open_tab: OPEN, paper: str
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa")
    content = picture(tab, map_of(tab.page), paper=paper)
    assert Image.open(io.BytesIO(content)).size == SIZES[paper]
    assert len(content) < 4_000_000
    at = content.index(b"pHYs")
    across, down, unit = struct.unpack(">IIB", content[at + 4 : at + 13])
    assert (across, down, unit) == (7874, 7874, 1)
    assert Image.open(io.BytesIO(content)).info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert tab.left_the_host == []


def test_title_legend_sources_date_and_marks_stand_in_the_picture(
    server: Server, open_tab: OPEN
) -> None:
    """What is written on the canvas is noted down as it is written."""
    tab = open_tab(f"{server.url}/map?region=tarkwa&day=2020-05-10&swipe=licences.titles,v1,40")
    frame = map_of(tab.page)
    frame.wait_for_function("CommonGround.session.swipe.sides()?.every((l) => l.data)")
    words = frame.evaluate(
        """async () => {
            const { session } = CommonGround;
            session.layers.forEach((layer) => { layer.spec.invented = true; });
            const point = { type: "Point", coordinates: [-1.95, 5.33] };
            const found = (id) => ({ type: "Feature", geometry: point,
                properties: { id, verdict: "too_close" } });
            session.conflicts = Object.assign(Object.create(CommonGround.Conflicts.prototype), {
                spec: { url: "/x?on=2025-06-01" }, state: "ready", shown: new Set(["a"]),
                data: CommonGround.shapes({ features: [found("a"), found("b")] }) });
            session.hotspots = { spec: {}, state: "ready", data: CommonGround.shapes({ features: [
                { type: "Feature", properties: { id: "u", class: "not_surveyed", rank: 1 },
                  geometry: point }] }) };
            const said = [];
            const fill = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
                if (this.canvas.width > 2000) said.push(text);
                return fill.call(this, text, ...at);
            };
            await CommonGround.printed(session, { paper: "A4", title: "What <b>was</b> seen" });
            CanvasRenderingContext2D.prototype.fillText = fill;
            return said.join(" ");
        }"""
    )
    for wanted in (
        "What <b>was</b> seen",
        "Invented for demonstration: not real places",
        "Possible conflicts",
        "Under the rules of 1 Jun 2025",
        "1 of 2 are shown: the page filters them",
        "Too close to call",
        "Not surveyed",
        "left: Titles",
        "right: Titles",
        "version 1, 30 Jun 2016",
        "Until 10 May 2020",
        "Sources:",
        "Titles, a test",
        "(30 Jun 2020)",
        "date not stated",
        "Base map",
        "made on",
        "1 : ",
        "km",
        "An overlap is not illegality",
        "Web Mercator",
    ):
        assert wanted in words, wanted
    assert frame.evaluate("window.pwned") is None


def test_the_signs_of_the_picture_differ_without_colour(server: Server, open_tab: OPEN) -> None:
    frame = map_of(open_tab(f"{server.url}/map?region=tarkwa").page)
    greys = frame.evaluate(
        """() => {
            const kinds = ["licences", "artisanal_zones", "protected_areas", "water", "districts"];
            const signs = { inside: CommonGround.verdictSwatch("inside"),
                too_close: CommonGround.verdictSwatch("too_close"),
                not_surveyed: CommonGround.hotspotSwatch("not_surveyed") };
            for (const kind of kinds) signs[kind] =
                CommonGround.layerSwatch({ kind, variant: 0, color: "#555555", symbol: "area" });
            return Object.fromEntries(Object.entries(signs).map(([name, canvas]) => {
                const { data } = canvas.getContext("2d").getImageData(0, 0, 56, 40);
                const grey = [];
                for (let i = 0; i < data.length; i += 4) {
                    const alpha = data[i + 3] / 255;
                    const luma = 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
                    grey.push(alpha * luma + (1 - alpha) * 255);
                }
                return [name, grey];
            }));
        }"""
    )
    for one, other in combinations(greys, 2):
        apart = np.abs(np.array(greys[one]) - np.array(greys[other])).mean()
        assert apart > 4, (one, other, apart)


def test_a_picture_that_lacks_pieces_says_so(server: Server, open_tab: OPEN) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa")
    frame = map_of(tab.page)
    tab.page.route("**/cg/raster/**", lambda route: route.abort())
    frame.evaluate("CommonGround.session.map.setView([5.3, -2.04], 13, { animate: false })")
    tool(frame, "Picture of the map for printing").click()
    with tab.page.expect_download(timeout=SLOW):
        frame.get_by_role("button", name="Make and save").click()
    expect(frame.locator(".cg-panel")).to_contain_text("pieces of the map did not come")


def test_bars_have_round_lengths(server: Server, open_tab: OPEN) -> None:
    frame = map_of(open_tab(f"{server.url}/map?region=tarkwa").page)
    lengths = [
        frame.evaluate(f"CommonGround.roundLength({most})") for most in (0.7, 1, 9.9, 51, 2e6)
    ]
    assert lengths == pytest.approx([0.5, 1, 5, 50, 2e6])
