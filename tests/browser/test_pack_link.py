"""A pack at its link in a browser: kept by the phone, opened with no network, gone when revoked."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dashboard import workflows
from layers.store import HOME_VARIABLE
from tests.dashboard.field_back_world import VISIT, visited

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from dashboard import pack_routes, workflows
from dashboard.middleware import Compression, SecurityHeaders
from dashboard.workflows import pack_links
from dashboard.field import page
from tests.dashboard.field_world import BASEMAP
pack_links.pack_contents = lambda pack: {"briefing.html": page.page(pack, base=BASEMAP)}
app = Starlette(
    routes=pack_routes.pack_routes(base="", work=workflows),
    middleware=[Middleware(SecurityHeaders), Middleware(Compression, prefixes=["/pack/"])],
)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A store with a visit, and the address of a server that serves its packs alone."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    store = visited(tmp_path / "home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/pack", timeout=5).close()
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.2)
    yield store, address
    server.terminate()
    server.wait(timeout=20)
    store.close()


def test_a_phone_keeps_the_pack_without_a_network_until_the_link_is_revoked(
    served, chromium
) -> None:
    store, address = served
    token, link = workflows.make_pack_link(store, VISIT, days=2, actor="ama")
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/pack/{token}/")
    page.locator("#pk-tab-about").click()
    page.locator("#pk-kept").wait_for(state="visible", timeout=30_000)
    scopes = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => one.scope))"
    )
    assert scopes == [f"{address}/pack/{token}/"]
    assert faults == []

    context.set_offline(True)
    page.goto(f"{address}/pack/{token}/")
    assert page.title() == "Bonsa valley"
    assert page.evaluate("window.packFaults") == 0

    context.set_offline(False)
    workflows.end_pack_link(store, link.token_hash, actor="ama")
    page.goto(f"{address}/pack/{token}/")
    assert "There is no pack at this address" in page.content()
    kept = page.evaluate("caches.keys()")
    assert kept == []
    context.close()
