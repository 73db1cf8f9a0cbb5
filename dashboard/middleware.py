"""What every answer passes through: security headers, and compression that is done once.

Plain ASGI, so that websockets, streamed downloads and uploads pass untouched.
"""

import asyncio
import base64
import hashlib
import re
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import packing

Headers = list[tuple[bytes, bytes]]

SMALLEST = 1024
"""Bytes below which compression is not worth its header."""
CACHE_BYTES = 64 * 1024 * 1024
COMPRESSIBLE = re.compile(rb"^(text/|application/(javascript|json|manifest\+json|wasm)|image/svg)")
_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:]{1,255}$")


class Compression:
    """Send text compressed with brotli or gzip; files that never change are compressed once.

    Streamlit leaves its own 2.9 MB of scripts uncompressed. Only whole answers with status 200 to
    GET are touched, and only below `prefixes`; everything else passes as it is. Answers marked
    `immutable` are kept compressed, at most CACHE_BYTES of them, the longest unused dropped first.
    """

    def __init__(self, app: ASGIApp, *, prefixes: Iterable[str]) -> None:
        self.app = app
        self.prefixes = tuple(prefixes)
        self._kept: OrderedDict[tuple[str, bytes], tuple[Headers, bytes]] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = dict(scope["headers"])
        coding = best_coding(headers.get(b"accept-encoding", b""))
        if not coding or b"range" in headers or not path.startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        query = scope.get("query_string", b"").decode("latin-1")
        key = (f"{path}?{query}", coding)
        if key in self._kept and b"if-none-match" not in headers:
            self._kept.move_to_end(key)
            kept_headers, body = self._kept[key]
            await _send_whole(send, kept_headers, body)
            return
        # The inner app must not compress as well; without the header it sends plain bytes.
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        held = _Held(send)
        await self.app({**scope, "headers": plain}, receive, held)
        if held.passed or held.start is None:
            return
        start, body = held.start, b"".join(held.chunks)
        if not _worth_it(start, body):
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        packed = await asyncio.to_thread(compressed, body, coding)
        sent = _replaced(start["headers"], packed, coding)
        if _is_immutable(start["headers"]):
            self._keep(key, sent, packed)
        await _send_whole(send, sent, packed)

    def _keep(self, key: tuple[str, bytes], headers: Headers, body: bytes) -> None:
        if key in self._kept:
            return
        self._kept[key] = (headers, body)
        self._bytes += len(body)
        while self._bytes > CACHE_BYTES and len(self._kept) > 1:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= len(dropped)


class _Held:
    """Holds an answer back until it is whole; lets anything but a 200 through at once."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: dict[str, Any] | None = None
        self.chunks: list[bytes] = []
        self.passed = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 200:
                self.start = dict(message)
                return
            self.passed = True
        if self.passed or message["type"] != "http.response.body":
            await self.send(message)
            return
        self.chunks.append(message.get("body", b""))


def best_coding(accepted: bytes) -> bytes:
    """The best coding a browser takes: br, gzip, or none."""
    offered = {part.split(b";")[0].strip() for part in accepted.lower().split(b",")}
    return next((coding for coding in (b"br", b"gzip") if coding in offered), b"")


def _worth_it(start: dict[str, Any], body: bytes) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return (
        len(body) >= SMALLEST
        and b"content-encoding" not in headers
        and COMPRESSIBLE.match(headers.get(b"content-type", b"")) is not None
    )


def _is_immutable(headers: Headers) -> bool:
    found = (value for name, value in headers if name.lower() == b"cache-control")
    return any(b"immutable" in value for value in found)


def compressed(body: bytes, coding: bytes) -> bytes:
    """A body as br, as it was packed at set-up where it was, or as gzip."""
    if coding == b"br":
        return packing.find(body) or bytes(brotli.compress(body, quality=6))
    return gzipped(body)


def gzipped(body: bytes) -> bytes:
    """Bytes as gzip, the same each time: no clock and no file name in it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _replaced(headers: Headers, body: bytes, coding: bytes) -> Headers:
    kept = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"vary")]
    return [
        *kept,
        (b"content-length", str(len(body)).encode()),
        (b"content-encoding", coding),
        (b"vary", b"Accept-Encoding"),
    ]


async def _send_whole(send: Send, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


class SecurityHeaders:
    """Tell the browser that this page talks to this host only, and may not be framed elsewhere.

    `embed_origins` are the hosts that may show the pages in a frame all the same; answers of our
    own routes and what people brought stay out of theirs.
    `inline` are the scripts we put into Streamlit's page ourselves.
    `pictures_from` is the origin of the online base map, if one is set (`online.py`): the map's
    frame may show its pictures, and nothing else may come from there. `component` is the path
    below which streamlit-folium's frame lives: it runs its script with `eval`, which nothing else
    may.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        base: str = "",
        pictures_from: str | None = None,
        embed_origins: Iterable[str] = (),
        inline: Iterable[str] = (),
    ) -> None:
        self.app = app
        self.pictures_from = pictures_from
        self.ancestors = " ".join(["'self'", *embed_origins])
        self.component = f"{base}/component/"
        self.ours = (f"{base}/cg/", f"{base}/tiles/")
        self.media = f"{base}/media/"
        self.files = (f"{base}/static/", f"{base}/_stcore/")
        self.packs = f"{base}/pack/"
        self.shell_hashes = " ".join(_inline_script_hashes(inline))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() not in _REPLACED]
                message = {**message, "headers": [*kept, *self._headers(scope)]}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _headers(self, scope: Scope) -> Headers:
        policy = self._policy(scope)
        headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]
        if scope["path"].startswith(self.files):
            # never a page: of a hundred small files the other headers were a twentieth of all bytes
            return headers
        headers.append((b"cross-origin-opener-policy", b"same-origin"))
        if policy.endswith("frame-ancestors 'self'"):
            # the older header cannot name a host: it is left out where one is named
            headers.append((b"x-frame-options", b"SAMEORIGIN"))
        return headers

    def _policy(self, scope: Scope) -> str:
        path: str = scope["path"]
        if path.startswith(self.media):
            # Something a person brought: shown or saved, never run.
            return "default-src 'none'; sandbox; frame-ancestors 'self'"
        if path.startswith(self.ours):
            return "default-src 'none'; frame-ancestors 'self'"
        if path.startswith(self.files):
            return "default-src 'self'; object-src 'none'; frame-ancestors 'self'"
        if path.startswith(self.packs):
            # the page's own policy names its scripts by their hashes; both hold (field/served.py)
            return (
                "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; "
                "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; "
                "worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
            )
        common = {
            "default-src": "'self'",
            "img-src": "'self' data: blob:",
            "font-src": "'self' data:",
            "style-src": "'self' 'unsafe-inline'",
            "connect-src": f"'self' {_socket_of(scope)}".strip(),
            "worker-src": "'self' blob:",
            "frame-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'self'",
            "form-action": "'self'",
        }
        if path.startswith(self.component):
            # streamlit-folium puts the map's script into the page and evaluates messages to it.
            common["script-src"] = "'self' 'unsafe-inline' 'unsafe-eval'"
            if self.pictures_from:
                common["img-src"] += f" {self.pictures_from}"
        else:
            common["script-src"] = f"'self' 'wasm-unsafe-eval' {self.shell_hashes}"
        # every page around a frame counts: the map's frame needs the named hosts as the page does
        common["frame-ancestors"] = self.ancestors
        return "; ".join(f"{name} {value}" for name, value in common.items())


_REPLACED = {
    b"content-security-policy",
    b"x-content-type-options",
    b"referrer-policy",
    b"x-frame-options",
    b"cross-origin-opener-policy",
}


def _socket_of(scope: Scope) -> str:
    """This host's websocket address; older Safari does not count it as 'self'."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    name = host.decode("latin-1")
    return f"ws://{name} wss://{name}" if _HOST.match(name) else ""


def _inline_script_hashes(ours: Iterable[str]) -> list[str]:
    """The hashes of the inline scripts in Streamlit's page, its own and ours: no other may run."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in (*scripts, *ours)]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
