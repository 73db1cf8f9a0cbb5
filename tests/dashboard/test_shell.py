"""Streamlit's page as we send it: everything it names is there, and nothing is stale or unsafe."""

import base64
import hashlib
import re
from typing import Any

import brotli
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard import assets, packing, shell
from dashboard.middleware import SecurityHeaders
from tests.dashboard.test_packing import in_a_thread

PLAIN = (shell.STATIC / "index.html").read_text(encoding="utf-8")


def _page(_request: Any) -> Response:
    return HTMLResponse(PLAIN)


def _other(_request: Any) -> Response:
    return Response("<html>of somebody else</html>", media_type="text/html")


APP = Starlette(
    routes=[
        Route("/other", _other),
        Route("/text", lambda _: PlainTextResponse("plain")),
        Route("/{rest:path}", _page),
    ],
    middleware=[
        Middleware(SecurityHeaders, inline=(shell.BOOT,)),
        Middleware(shell.Shell),
        Middleware(shell.Component),
    ],
)


def ask(path: str, query: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope |= {"headers": pairs, "scheme": "http", "server": ("testserver", 80), "root_path": ""}
    in_a_thread(APP(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:])


def links(body: bytes, kind: str) -> list[str]:
    """The addresses a page names under a `rel`."""
    found = re.findall(r"<link[^>]*>", body.decode())
    chosen = [tag for tag in found if f'rel="{kind}"' in tag]
    return [re.search(r'href="\./([^"]+)"', tag)[1] for tag in chosen]  # type: ignore[index]


@pytest.mark.parametrize("name", list(shell.PARTS))
def test_every_script_a_page_names_is_a_file_of_the_streamlit_that_is_installed(name: str) -> None:
    body = shell.page(name, region="tarkwa")
    named = links(body, "modulepreload")
    assert len(named) == len(set(named)) > PLAIN.count("modulepreload")
    assert all((shell.STATIC / file).is_file() for file in named)


def test_every_part_a_page_has_is_known_to_streamlits_build() -> None:
    for part in {part for parts in shell.PARTS.values() for part in parts}:
        assert shell._chunks((part,)), part


def test_a_page_with_a_map_names_the_files_of_the_frame_and_its_base_map_once() -> None:
    named = links(shell.page("map", region="ituri"), "preload")
    assert named == [
        *(f"{shell.frame_path()}/{name}" for name in shell.frame_files() if name.endswith(".js")),
        assets.url("map.js")[1:],
        assets.url("map.css")[1:],
        assets.basemap_url("ituri")[1:],
    ]
    assert links(shell.page("data", region="ituri"), "preload") == []


def test_without_streamlits_list_of_files_the_page_is_still_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell, "_manifest", dict)
    shell._chunks.cache_clear()
    body = shell.page("map", region="tarkwa").decode()
    shell._chunks.cache_clear()
    assert body.count("modulepreload") == PLAIN.count("modulepreload")
    assert shell.BOOT in body


def test_the_page_follows_the_region_of_its_address_and_nothing_else_of_it() -> None:
    _, _, body = ask("/map", "region=ituri&x=%3Cscript%3E")
    assert b"/cg/basemap/ituri.json" in body
    _, _, body = ask("/map", "region=%22%3E%3Cscript%3Ealert(1)")
    assert b"alert" not in body
    assert b"/cg/basemap/tarkwa.json" in body


def test_only_the_scripts_of_the_page_itself_may_run() -> None:
    _, headers, body = ask("/map")
    scripts = re.findall(r"<script>(.*?)</script>", body.decode(), re.DOTALL)
    assert scripts[0] == shell.BOOT
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    for digest in digests:
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in headers["content-security-policy"]


def test_the_page_is_packed_asked_for_again_and_not_sent_twice() -> None:
    status, headers, body = ask("/map", accept_encoding="br, gzip")
    assert (status, headers["content-encoding"], headers["cache-control"]) == (
        (200, "br", "no-cache")
    )
    assert brotli.decompress(body) == ask("/map")[2]
    again = ask("/map", accept_encoding="br", if_none_match=headers["etag"])
    assert (again[0], again[2]) == (304, b"")
    # one coding is never taken for another, nor one page for another
    assert ask("/map", if_none_match=headers["etag"])[0] == 200
    assert ask("/data", accept_encoding="br", if_none_match=headers["etag"])[0] == 200


def test_the_cookie_against_forged_requests_comes_with_the_page() -> None:
    _, headers, _ = ask("/map")
    assert headers["set-cookie"].startswith("_streamlit_xsrf=2|")
    assert "SameSite=Lax" in headers["set-cookie"]


@pytest.mark.parametrize("path", ["/other", "/text", "/static/js/x.js", "/media/index.html"])
def test_what_is_not_streamlits_page_passes_as_it_is(path: str) -> None:
    _, headers, body = ask(path)
    assert shell.BOOT.encode() not in body
    assert "set-cookie" not in headers


def test_the_frame_is_kept_for_ever_under_a_name_that_changes_with_it() -> None:
    where = f"/{shell.frame_path()}"
    status, headers, body = ask(f"{where}/index.html")
    assert (status, headers["cache-control"]) == (200, packing.KEEP)
    assert body == shell.frame_files()["index.html"]
    assert "unsafe-eval" in headers["content-security-policy"]
    for name in shell.frame_files():
        assert ask(f"{where}/{name}")[0] == 200
    old = where[:-1] + ("0" if where[-1] != "0" else "1")
    assert ask(f"{old}/index.html")[2] != body


def test_small_files_do_not_carry_the_policy_of_a_page() -> None:
    _, headers, _ = ask("/static/js/index.js")
    assert "script-src" not in headers["content-security-policy"]
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert sum(len(name) + len(value) for name, value in headers.items()) < 420
