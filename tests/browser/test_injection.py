"""Forty payloads in every name, class, holder, column, layer, file and note: none ever runs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Page

from dashboard import workflows
from layers.import_model import ImportRequest
from layers.read import ReadRequest
from layers.store import Store
from tests.browser.conftest import Server, Tab, start_server, stop_server
from tests.browser.test_pages import settled

pytestmark = pytest.mark.browser
OPEN = Callable[..., Tab]
RUN = "window.top.pwned=(window.top.pwned||0)+1"

PAYLOADS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f'"><img src=x onerror="{RUN}">',
    f"'><img src=x onerror={RUN}>",
    f"<svg onload='{RUN}'>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin='{RUN}' attributeName=x dur=1s>",
    f"<body onload='{RUN}'>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe>",
    f"<iframe src='javascript:{RUN}'></iframe>",
    f"<object data='javascript:{RUN}'></object>",
    f"<embed src='javascript:{RUN}'>",
    f"<a href='javascript:{RUN}' autofocus>go</a>",
    f"[go](javascript:{RUN})",
    f"![x](x'onerror='{RUN})",
    f"<input autofocus onfocus='{RUN}'>",
    f"<details open ontoggle='{RUN}'>",
    f"<video><source onerror='{RUN}'></video>",
    f"<audio src=x onerror='{RUN}'>",
    f"<marquee onstart='{RUN}'>",
    f"<style>@import 'javascript:{RUN}'</style>",
    f"<link rel=stylesheet href='javascript:{RUN}'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<math><mtext><img src=x onerror='{RUN}'></mtext></math>",
    f"<template><img src=x onerror='{RUN}'></template>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'></noscript>",
    f"<!--><img src=x onerror='{RUN}'>-->",
    f"<![CDATA[<img src=x onerror='{RUN}'>]]>",
    f"${{{RUN}}}",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"`;{RUN};`",
    f"';{RUN};'",
    f'";{RUN};"',
    f"\\';{RUN};//",
    f"\u2028{RUN}\u2029",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;img src=x onerror='{RUN}'&#62;",
    f"<sCrIpT\t>{RUN}</ScRiPt >",
    f"<x onpointerover='{RUN}' style='position:fixed;inset:0'>x</x>",
]
CENTRE = (-2.0, 5.3)


def bring(store: Store, folder: Path, kind: str, frame: gpd.GeoDataFrame, payload: str) -> None:
    """Import a frame under a hostile layer name, file name and note."""
    path = folder / f"{kind}.geojson"
    frame.to_file(path, driver="GeoJSON")
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind=kind, accept_suggestions=True),
        layer_name=payload,
        source_note=payload,
    )
    report = workflows.run_import(
        store, path, request, filename=f"{payload}.geojson".replace("/", "∕"), actor=payload
    )
    assert report.ok, report.message


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard on a landscape where every word is a payload."""
    folder = tmp_path_factory.mktemp("hostile")
    store = workflows.open_home(folder / "home")
    count = len(PAYLOADS)
    points = shapely.points(
        [(CENTRE[0] + 0.004 * (n % 8), CENTRE[1] + 0.004 * (n // 8)) for n in range(count)]
    )
    squares = shapely.buffer(points, 0.0015, cap_style="square")
    words: dict[str, Any] = {"name": PAYLOADS, "remark": PAYLOADS[::-1]}
    odd = {payload: [f"value {n}" for n in range(count)] for payload in PAYLOADS[:12]}
    for place, (kind, shapes, more) in enumerate(
        [
            ("licences", squares, {"code": PAYLOADS, "parties": PAYLOADS, "type": PAYLOADS}),
            ("mine_sites", points, {"site_id": PAYLOADS, "mineral": PAYLOADS, **odd}),
            ("farmland", squares, {"class": PAYLOADS}),
            ("settlements", points, {}),
            ("districts", [shapely.box(-2.2, 5.1, -1.8, 5.5)] * 1, {}),
        ]
    ):
        columns = words | more
        frame = gpd.GeoDataFrame(
            {name: values[: len(shapes)] for name, values in columns.items()},
            geometry=list(shapes),
            crs=4326,
        )
        bring(store, folder, kind, frame, PAYLOADS[place * 7])
    store.close()
    process, url = start_server(
        "dashboard.app:app", home=folder / "home", log=folder / "server.log"
    )
    yield Server(url=url, home=folder / "home", log=folder / "server.log")
    stop_server(process)


def runs(page: Page) -> int:
    """How many scripts of ours ran."""
    return int(page.evaluate("window.pwned || 0"))


@pytest.mark.parametrize(
    "address",
    ["/", "/map?conflicts=yes&view=-1.986,5.31,14", "/conflicts", "/hotspots?by=h3", "/data"],
)
def test_no_payload_runs_wherever_words_are_shown(
    server: Server, open_tab: OPEN, address: str
) -> None:
    joint = "&" if "?" in address else "?"
    tab = open_tab(f"{server.url}{address}{joint}region=tarkwa&on=2026-01-01")
    page = tab.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    settled(page)
    frames = [frame for frame in page.frames if "/component/" in frame.url]
    for frame in frames:
        frame.wait_for_function("window.CommonGround?.session?.layers?.size > 0", timeout=60_000)
        box = page.locator("iframe").first.bounding_box()
        assert box is not None
        for share in (0.3, 0.45, 0.6):  # clicks open cards, the pointer wakes hover traps
            page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
            page.wait_for_timeout(600)
    for opener in page.locator("summary, [data-testid=stPopoverButton]").all()[:8]:
        if opener.is_visible():
            opener.click()
            page.wait_for_timeout(150)
    settled(page)
    shown = page.content() + "".join(frame.content() for frame in frames)
    assert "pwned" in shown, "the page shows none of the words, so nothing was tried"
    assert runs(page) == 0
    assert dialogs == []
    assert tab.left_the_host == []


def test_the_trap_itself_would_be_seen(open_tab: OPEN, server: Server) -> None:
    tab = open_tab(f"{server.url}/cg/health")
    tab.page.evaluate(f"() => {{ {RUN} }}")
    assert runs(tab.page) == 1
