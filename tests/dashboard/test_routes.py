"""The routes answer with JSON and a sentence, check what is asked, and are compressed once."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import brotli
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import assets
from dashboard.middleware import Compression, SecurityHeaders
from dashboard.routes import routes
from layers.embedded import EmbeddedStore
from tests.layers.raster_samples import add_raster

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import map_world

RUN = f"{map_world.FINGERPRINT}.json?region=tarkwa&on=2025-06-01&scenarios="


@dataclass
class Answer:
    """What an app sent."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Asks an ASGI app directly, as bytes: nothing is decompressed behind the test's back."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> Answer:
        # In a thread of its own: Playwright's tests leave a loop running in the main one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._get(url, headers or {})).result()

    async def _get(self, url: str, headers: dict[str, str]) -> Answer:
        path, _, query = url.partition("?")
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": "GET",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "scheme": "http",
            "server": ("test", 80),
            "http_version": "1.1",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "root_path": "",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return Answer(
            status_code=sent[0]["status"],
            headers={name.decode().lower(): value.decode() for name, value in sent[0]["headers"]},
            content=b"".join(message.get("body", b"") for message in sent[1:]),
        )


@pytest.fixture
def client() -> Client:
    """The routes and middleware of the app, on the invented world, without Streamlit."""
    map_world.calls.clear()
    return Client(
        Starlette(
            routes=routes(base="", work=map_world),
            middleware=[
                Middleware(SecurityHeaders),
                Middleware(Compression, prefixes=["/cg/"]),
            ],
        )
    )


def test_features_are_kept_by_the_browser_for_ever(client: Client) -> None:
    answer = client.get("/cg/features/v-sites.json")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["etag"] == '"v-sites"'
    again = client.get("/cg/features/v-sites.json", headers={"if-none-match": '"v-sites"'})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("coding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_answers_are_compressed_once_and_are_the_same_bytes(
    client: Client, coding: str, unpack: object
) -> None:
    url = "/cg/features/v-many.json"
    headers = {"accept-encoding": coding}
    plain = client.get(url, headers={"accept-encoding": "identity"}).content
    calls = len(map_world.calls)
    for _ in range(3):
        answer = client.get(url, headers=headers)
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-length"] == str(len(answer.content))
        assert unpack(answer.content) == plain  # type: ignore[operator]
    assert len(answer.content) < len(plain) / 4
    assert len(map_world.calls) == calls + 1


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/cg/features/nobody.json", 404, "There is no version 'nobody'"),
        ("/cg/features/..%2f..%2fetc.json", 404, "nothing at"),
        ("/cg/features/a b.json", 400, "letters, digits"),
        ("/cg/identify?region=tarkwa&lat=5&layers=a", 400, "'lon' must be a number"),
        ("/cg/identify?region=tarkwa&lon=500&lat=5&layers=a", 400, "from -180 to 180"),
        ("/cg/identify?region=tarkwa&lon=nan&lat=5&layers=a", 400, "from -180 to 180"),
        ("/cg/identify?lon=1&lat=5&layers=a", 400, "'region'"),
        ("/cg/identify?region=nowhere&lon=1&lat=5&layers=a", 404, "no region 'nowhere'"),
        ("/cg/basemap/nowhere.json", 404, "no region 'nowhere'"),
        ("/cg/card?layer=x", 400, "'feature'"),
        ("/cg/card?layer=nobody&feature=1", 404, "There is no layer"),
        ("/cg/conflicts/x.json?region=tarkwa&on=2025-06-01", 400, "fingerprint"),
        ("/cg/conflicts/ffffffff-2025.json?region=tarkwa&on=2025-06-01", 404, "Reload the page"),
        (f"/cg/conflicts/{map_world.FINGERPRINT}.json?region=tarkwa&on=soon", 400, "2025-12-10"),
        (f"/cg/overlap/{map_world.FINGERPRINT}/cccc.json?region=tarkwa&on=2025-06-01", 404, "cccc"),
        ("/cg/static/x/nothing.js", 404, "no file 'nothing.js'"),
        ("/cg/static/x/../../app.py", 404, "no file"),
        ("/cg/anything/else", 404, "nothing at"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(
    client: Client, path: str, status: int, words: str
) -> None:
    answer = client.get(path)
    body = answer.json()
    assert answer.status_code == status
    assert list(body) == ["error"]
    assert words in body["error"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_fault_of_our_own_is_a_sentence_without_a_traceback(client: Client) -> None:
    answer = client.get("/cg/card?layer=tarkwa.mine_sites.sites&feature=not-there")
    assert answer.status_code == 500
    assert "fault of its own" in answer.json()["error"]
    assert "StopIteration" not in answer.text


def test_a_click_tells_names_ids_and_attributes_with_absent_ones_as_null(
    client: Client,
) -> None:
    layers = "tarkwa.mine_sites.sites,tarkwa.licences.cadastre"
    hits = client.get(
        f"/cg/identify?region=tarkwa&lon=-2&lat=5.3&tolerance_m=25&layers={layers}"
    ).json()["hits"]
    assert [hit["feature_id"] for hit in hits] == ["f1"]
    assert hits[0]["distance_m"] == 25
    assert dict(hits[0]["fields"][1:]) == {"Workers": 12, "Depth (m)": None, "Date": None}
    assert client.get("/cg/identify?region=tarkwa&lon=-2&lat=5.3&layers=").json() == {"hits": []}


def test_a_conflict_comes_with_its_shared_ground_and_its_two_sides(client: Client) -> None:
    assert len(client.get(f"/cg/conflicts/{RUN}").json()["features"]) == 2
    path = RUN.replace(".json", "/bbbbbbbbbbbbbbbb.json")
    body = client.get(f"/cg/overlap/{path}").json()
    assert body["overlap"]["type"] == "Polygon"
    assert body["features"] == [
        ["tarkwa.mine_sites.sites", "f2"],
        ["tarkwa.licences.cadastre", "f2"],
    ]


def test_static_files_are_kept_for_ever_only_under_their_own_version(client: Client) -> None:
    current = client.get(assets.url("map.js"))
    assert current.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert "immutable" in current.headers["cache-control"]
    assert "CommonGround" in current.text
    assert client.get("/cg/static/old/map.js").headers["cache-control"] == "no-cache"
    assert client.get(assets.url("vendor/leaflet/leaflet.css")).status_code == 200


def test_every_answer_says_what_the_browser_may_do(client: Client) -> None:
    for path in ("/cg/health", "/cg/nothing", assets.url("map.js")):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]


def _policy(path: str, host: str = "map.example:8501") -> str:
    scope = {"path": path, "headers": [(b"host", host.encode())]}
    return SecurityHeaders(SimpleNamespace())._policy(scope)  # type: ignore[arg-type]


def test_only_the_component_frame_may_evaluate_and_no_page_may_talk_to_another_host() -> None:
    assert "unsafe-eval" in _policy("/component/streamlit_folium.st_folium/index.html")
    shell = _policy("/")
    assert "'unsafe-eval'" not in shell
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in shell
    assert "connect-src 'self' ws://map.example:8501 wss://map.example:8501;" in shell
    assert "https:" not in shell.replace("wss:", "")
    assert "sandbox" in _policy("/media/abc.html")


def test_a_forged_host_adds_nothing_to_the_policy() -> None:
    assert "evil" not in _policy("/", host="x https://evil.example")
    assert "evil" not in _policy("/", host="x;script-src evil")


def test_streamlit_run_finds_the_app() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app

    found = discover_asgi_app(assets.ROOT / "dashboard" / "app.py")
    assert found.is_asgi_app
    assert found.app_name == "app"


def test_from_any_folder_and_below_any_path_our_configuration_holds(tmp_path: Path) -> None:
    code = (
        "from dashboard import app\n"
        "from streamlit import config\n"
        "print([route.path for route in app.app._user_routes][0], config.get_option('theme.base'),"
        " config.get_option('browser.gatherUsageStats'), config.get_option('server.maxUploadSize'))"
    )
    environment = os.environ | {
        "PYTHONPATH": str(assets.ROOT),
        "STREAMLIT_SERVER_BASE_URL_PATH": "/common/",
        "COMMONGROUND_HOME": str(tmp_path / "home"),
    }
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["/common/cg/health", "light", "False", "200"]


def test_the_address_overview_opens_the_first_page_and_keeps_its_filters(client: Client) -> None:
    answer = client.get("/overview?region=ituri&on=2021-06-30")
    assert answer.status_code in (302, 307)
    assert answer.headers["location"] == "/?region=ituri&on=2021-06-30"


# --- tiles of rasters --------------------------------------------------------------------------


@pytest.fixture
def raster(tmp_path: Path) -> tuple[Client, str]:
    """The routes on a store with one raster, and the id of its version."""
    from dashboard import workflows

    store = EmbeddedStore(tmp_path / "home")
    classes = {9: "cropland"}
    values = np.full((300, 300), 9, dtype="uint8")
    version = add_raster(store, tmp_path, values, classes=classes)
    work = SimpleNamespace(
        **{name: getattr(workflows, name) for name in workflows.__all__}
        | {"open_home": lambda: store}
    )
    app = Starlette(
        routes=routes(base="", work=work),
        middleware=[Middleware(SecurityHeaders), Middleware(Compression, prefixes=["/cg/"])],
    )
    return Client(app), version.version_id


def test_a_tile_is_a_picture_that_the_browser_keeps_for_ever(raster: tuple[Client, str]) -> None:
    client, version_id = raster
    answer = client.get(f"/cg/raster/{version_id}/12/2025/1986.png?c=1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "immutable" in answer.headers["cache-control"]
    headers = {"if-none-match": answer.headers["etag"]}
    again = client.get(f"/cg/raster/{version_id}/12/2025/1986.png?c=1", headers=headers)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("tile", "status", "words"),
    [
        ("23/0/0", 400, "zoom of a tile is a whole number from 0 to 22"),
        ("3/8/0", 400, "column of a tile is a whole number from 0 to 7"),
        ("3/0/-1", 400, "row of a tile"),
        ("x/0/0", 400, "zoom of a tile"),
        ("3/1.5/0", 400, "column of a tile"),
    ],
)
def test_a_tile_there_is_not_ends_in_a_sentence(
    raster: tuple[Client, str], tile: str, status: int, words: str
) -> None:
    client, version_id = raster
    answer = client.get(f"/cg/raster/{version_id}/{tile}.png")
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_tile_of_no_version_and_features_of_a_raster_are_404_with_a_sentence(
    raster: tuple[Client, str],
) -> None:
    client, version_id = raster
    assert client.get("/cg/raster/nothing/3/0/0.png").status_code == 404
    assert client.get("/cg/raster/..%2F..%2Fx/3/0/0.png").status_code in (400, 404)
    answer = client.get(f"/cg/features/{version_id}.json")
    assert answer.status_code == 404
    assert "has pixels, no features" in answer.json()["error"]


def test_a_click_on_a_raster_is_answered_with_its_class(raster: tuple[Client, str]) -> None:
    client, version_id = raster
    layer_id = version_id.rsplit(".", 1)[0]
    query = f"region=tarkwa&lon=-2.0&lat=5.25&tolerance_m=10&layers={layer_id}"
    (hit,) = client.get(f"/cg/identify?{query}").json()["hits"]
    assert hit["title"] == "cropland"
    assert ["Pixel (m)", "100.0 x 100.0"] in hit["fields"]
    card = client.get(f"/cg/card?layer={layer_id}&feature={hit['feature_id']}").json()
    assert card["geometry"]["type"] == "Polygon"
