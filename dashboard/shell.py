"""Streamlit's page as this server sends it: what it is going to ask for is named at once.

Sent as it comes, the page asks for the map in nine steps, each as long as the way to the server
and back: its scripts, its server, its socket, the parts of the page, the map's frame, and the
frame's scripts one after another. Here all files stand in the page's head, and the socket opens
without asking first whether there is a server. Names are read from the packages that are installed.
See docs/decisions/0016-page-weight.md.
"""

import hashlib
import importlib.util
import json
import mimetypes
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

import streamlit
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_routes import _ensure_xsrf_cookie

from dashboard import assets, packing
from dashboard.middleware import best_coding, compressed
from layers.facts import regions

STATIC = Path(streamlit.__file__).parent / "static"
COMPONENT = "component/streamlit_folium.st_folium"

BOOT = (
    'window.__streamlit={BACKEND_BASE_URL:new URL("./",location.href).href,'
    "HOST_CONFIG:{allowedOrigins:[location.origin],useExternalAuthToken:false}}"
)
"""Streamlit's own switch for hosts that know their server: the socket opens at once, and the server
is asked for its health beside it. Without it a page below the root asks in vain for
/map/_stcore/health first. Messages from a page around ours are taken from this host only."""

EVERYWHERE = ("Html", "PageLink", "Selectbox")
PARTS: Mapping[str, tuple[str, ...]] = {
    "": (*EVERYWHERE, "Radio", "Progress", "Metric"),
    "map": (*EVERYWHERE, "TextInput", "Checkbox", "ComponentInstance"),
    "conflicts": (*EVERYWHERE, "ButtonGroup", "ComponentInstance"),
    "hotspots": (*EVERYWHERE, "ButtonGroup", "Button", "ComponentInstance"),
    "data": (*EVERYWHERE, "FileUploader", "Button", "DownloadButton"),
}
"""The parts of Streamlit that a page always has, by the name of their source, besides those its
page names itself. One that is not there any more is left out; tests/browser holds the list."""
EMBEDDED = ("Html", "ComponentInstance")


def page(name: str, *, region: str, embedded: bool = False, parts: Mapping = PARTS) -> bytes:
    """Streamlit's page with what `name`, the last part of its path, asks for first in its head.

    `region` is the one whose base map a page with a map shows.
    """
    plain = (STATIC / "index.html").read_text(encoding="utf-8")
    wanted = EMBEDDED if embedded else parts.get(name, ())
    scripts = [
        f'<link rel="modulepreload" crossorigin href="./{file}">'
        for file in _chunks(wanted)
        if file not in plain
    ]
    later = [*_frame(region)] if "ComponentInstance" in wanted else []
    # the font is asked for when there is text to show, and text is shown without it until then
    text = re.sub(r'\s*<link\s+rel="preload"[^>]*as="font"[^>]*>', "", plain)
    head = "\n    ".join([*scripts, *later])
    # before Streamlit's script: that one reads it when it starts
    text = text.replace("<head>", f"<head>\n    <script>{BOOT}</script>", 1)
    return text.replace("</head>", f"  {head}\n  </head>", 1).encode()


def _early(where: str, what: str) -> str:
    shared = " crossorigin" if what == "fetch" else ""
    return f'<link rel="preload" as="{what}"{shared} fetchpriority="low" href="./{where}">'


def _frame(region: str) -> Iterator[str]:
    """What the map's frame loads, in its order."""
    for script in frame_files():
        if script.endswith(".js"):
            yield _early(f"{frame_path()}/{script}", "script")
    for name in assets.MAP_SCRIPTS:
        yield _early(assets.url(name)[1:], "script")
    for name in assets.MAP_STYLES:
        yield _early(assets.url(name)[1:], "style")
    yield _early(assets.basemap_url(region)[1:], "fetch")


@cache
def frame_files() -> Mapping[str, bytes]:
    """streamlit-folium's frame: its page and the scripts it names; none where it has another form.

    Found and not imported: its pages import it themselves, and it is heavy.
    """
    found = importlib.util.find_spec("streamlit_folium")
    built = Path(found.origin).parent / "frontend" / "build" if found and found.origin else None
    if built is None or not (built / "index.html").is_file():
        return {}
    text = (built / "index.html").read_text(encoding="utf-8")
    names = ["index.html", *re.findall(r'<script[^>]* src="\./([^"]+)"', text)]
    return {name: (built / name).read_bytes() for name in names if (built / name).is_file()}


@cache
def frame_path() -> str:
    """Where the map's frame is, below the base: it changes with any of its files."""
    digest = hashlib.sha256(b"".join(frame_files().values())).hexdigest()[:12]
    return f"{COMPONENT}/{digest}"


class Component:
    """Answers with the files of the map's frame at `frame_path`, for browsers to keep for ever.

    Streamlit sends them as if they changed every day, 55 kB at each visit, and not before a page
    has declared the component.
    """

    def __init__(self, app: ASGIApp, *, base: str = "") -> None:
        self.app = app
        self.answers = {
            f"{base}/{frame_path()}/{name}": Response(
                body,
                media_type=mimetypes.guess_type(name)[0],
                headers={"cache-control": packing.KEEP},
            )
            for name, body in frame_files().items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["method"] == "GET"
        answer = self.answers.get(scope["path"]) if is_asked else None
        await (answer or self.app)(scope, receive, send)


@cache
def _manifest() -> Mapping[str, Mapping]:
    """What Streamlit's own build says of its files; nothing where it says it in another way."""
    path = STATIC / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@cache
def _chunks(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The files of parts and all they import, what is imported first."""
    files: dict[str, None] = {}
    seen: set[str] = set()

    def add(key: str) -> None:
        entry = _manifest().get(key, {})
        if key in seen:
            return
        seen.add(key)
        for other in entry.get("imports", ()):
            add(other)
        if entry.get("file", "").endswith(".js"):
            files[entry["file"]] = None

    for part in parts:
        for key, entry in _manifest().items():
            if entry.get("isDynamicEntry") and Path(entry.get("src", "")).stem == part:
                add(key)
    return tuple(files)


class Shell:
    """Answers with `page` wherever Streamlit would send its own.

    Revalidated at every visit, so nobody meets the page of yesterday's release; 304 where it is
    still the same. The cookie against forged requests comes with it, because the socket opens
    before the answer that brings it otherwise.
    """

    def __init__(self, app: ASGIApp, *, base: str = "", parts: Mapping = PARTS) -> None:
        self.app = app
        self.base = base
        self.parts = parts
        self.plain = (STATIC / "index.html").read_bytes()
        self._made: dict[tuple[str, str, bool, bytes], tuple[bytes, str]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._may_be_page(scope):
            await self.app(scope, receive, send)
            return
        # whole and plain, whatever the browser has of it
        headers = [pair for pair in scope["headers"] if pair[0] not in _CONDITIONS]
        start: Message = {}
        body = b""
        is_page = True

        async def look(message: Message) -> None:
            nonlocal start, body, is_page
            if message["type"] == "http.response.start":
                start = message
                kind = dict(message["headers"]).get(b"content-type", b"")
                is_page = message["status"] == 200 and kind.startswith(b"text/html")
                if not is_page:
                    await send(message)
            elif not is_page:
                await send(message)
            else:
                body += message.get("body", b"")

        await self.app({**scope, "headers": headers}, receive, look)
        if not is_page or not start:
            return
        if body != self.plain:
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        await self._answer(Request(scope, receive))(scope, receive, send)

    def _may_be_page(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        below = scope["path"].removeprefix(self.base)
        return not below.startswith(("/static/", "/cg/", "/tiles/", "/component/", "/media/"))

    def _answer(self, request: Request) -> Response:
        coding = best_coding(request.headers.get("accept-encoding", "").encode("latin-1"))
        body, tag = self._page(request, coding)
        headers = {"cache-control": "no-cache", "etag": tag, "vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            response = Response(status_code=304, headers=headers)
        else:
            if coding:
                headers["content-encoding"] = coding.decode()
            response = Response(body, media_type="text/html", headers=headers)
        _ensure_xsrf_cookie(request, response)
        return response

    def _page(self, request: Request, coding: bytes) -> tuple[bytes, str]:
        """The page an address stands for, packed, and its tag."""
        asked = parse_qs(request.url.query)
        name = request.url.path.removeprefix(self.base).strip("/")
        name = name if name in self.parts else ""
        known = regions()
        region = next((one for one in asked.get("region", ()) if one in known), next(iter(known)))
        key = (name, region, asked.get("embed") == ["true"], coding)
        if key not in self._made:
            body = page(name, region=region, embedded=key[2], parts=self.parts)
            tag = hashlib.sha256(body + coding).hexdigest()[:16]
            self._made[key] = (compressed(body, coding) if coding else body, f'"{tag}"')
        return self._made[key]


_CONDITIONS = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}
