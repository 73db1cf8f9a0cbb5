"""Who may show the map in a frame, and the short way to ask for the map alone."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import PlainTextResponse

from dashboard import embedding
from dashboard.middleware import SecurityHeaders

ALIAS = embedding.EmbedAlias(PlainTextResponse("x"))


def ancestors(path: str, *origins: str) -> tuple[str, str | None]:
    """The frame-ancestors of an answer, and its older header."""
    told = answered(start(path, app=SecurityHeaders(PlainTextResponse("x"), embed_origins=origins)))
    headers = {name.decode(): value.decode() for name, value in told["headers"]}
    rules = headers["content-security-policy"].split("; ")
    found = [rule for rule in rules if rule.startswith("frame-ancestors")]
    assert len(found) == 1
    return found[0], headers.get("x-frame-options")


@pytest.mark.parametrize("path", ["/map", "/component/x/index.html", "/cg/health", "/media/a"])
def test_nobody_else_may_frame_anything_by_default(path: str) -> None:
    assert ancestors(path) == ("frame-ancestors 'self'", "SAMEORIGIN")


def test_named_hosts_may_frame_pages_and_never_data_or_what_people_brought() -> None:
    named = ("https://a.example", "https://b.example:8443")
    wanted = ("frame-ancestors 'self' https://a.example https://b.example:8443", None)
    assert ancestors("/map", *named) == wanted
    assert ancestors("/component/x/index.html", *named) == wanted
    for path in ("/cg/health", "/media/a"):
        assert ancestors(path, *named) == ("frame-ancestors 'self'", "SAMEORIGIN")


def test_origins_are_read_with_spaces_or_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    assert embedding.origins("") == ()
    text = "https://a.example/, http://localhost:8080 https://a.example"
    assert embedding.origins(text) == ("https://a.example", "http://localhost:8080")
    monkeypatch.setenv(embedding.ORIGINS_VARIABLE, "https://c.example")
    assert embedding.origins() == ("https://c.example",)


@pytest.mark.parametrize(
    "text", ["*", "a.example", "https://", "https://a.example/path", "https://a; script-src *"]
)
def test_what_is_no_host_stops_the_start_with_a_sentence(text: str) -> None:
    with pytest.raises(embedding.EmbedError, match=r"no host of a page\. Write each as"):
        embedding.origins(text)


@pytest.mark.parametrize(
    ("asked", "sent_to"),
    [
        ("/map?embed=1&region=tarkwa", "/map?embed=true&region=tarkwa"),
        ("/?region=a%26b&embed=1", "/?region=a%26b&embed=true"),
        ("//evil.example/?embed=1", "/evil.example/?embed=true"),
    ],
)
def test_embed_1_is_sent_to_what_streamlit_calls_it(asked: str, sent_to: str) -> None:
    path, _, query = asked.partition("?")
    started = answered(start(path, query, app=ALIAS))
    assert started["status"] == 307
    assert dict(started["headers"])[b"location"] == sent_to.encode()


@pytest.mark.parametrize("query", ["", "embed=true", "embed=10", "xembed=1", "view=1,2,3"])
def test_any_other_address_passes_as_it_is(query: str) -> None:
    assert answered(start("/map", query, app=ALIAS))["status"] == 200


def answered(asked: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """What was asked, in a thread of its own: a browser test may have left a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asked).result()


async def start(path: str, query: str = "", *, app: Any) -> dict[str, Any]:
    """The start of an app's answer to an address."""
    told: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http", "method": "GET", "path": path, "headers": [],
        "query_string": query.encode(),
    }  # fmt: skip
    await app(scope, receive, send)
    return told[0]
