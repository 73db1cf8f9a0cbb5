"""Addresses below /pack/: a visit's pack behind a link, without Streamlit.

Whoever has the link sees the pack, nobody else; a link that is wrong, ended or revoked is answered
like any other address there is not, so that nothing is learned by trying.
"""

import html
import mimetypes
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard import assets
from dashboard.asking import Handler, spoken
from dashboard.field import served
from dashboard.field.model import PackError

NOWHERE = "There is no pack at this address. A link ends after some days; ask those who sent it."
MEDIA = {
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript; charset=utf-8",
    ".gpx": "application/gpx+xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
SHOWN = (".html", ".webmanifest", ".js", ".svg")
"""Files a browser uses; the others it keeps."""
# asked for again each time: a link that was revoked gives nothing more
HEADERS = {"cache-control": "private, no-cache", "x-robots-tag": "noindex, nofollow"}


def pack_routes(*, base: str, work: Any) -> list[Route]:
    """The routes of packs; `base` is the path the app is served under, "" for the root."""
    packs = Packs(work)
    table: dict[str, Handler] = {
        "/pack/{token}/{name:path}": packs.file,
        "/pack/{token}": packs.slash,
        "/pack/": packs.nothing_here,
        "/pack": packs.nothing_here,
    }
    return [Route(f"{base}{path}", spoken(handler)) for path, handler in table.items()]


class Packs:
    """The handlers; plain functions run in Starlette's threads, so none of them blocks the loop."""

    def __init__(self, work: Any) -> None:
        self.work = work
        self._store: Any = None

    @property
    def store(self) -> Any:
        """The store, opened at the first question and then shared."""
        if self._store is None:
            self._store = self.work.open_home()
        return self._store

    def file(self, request: Request) -> Response:
        """A file of the pack; the page where no name is given."""
        visit = self.work.linked_visit(self.store, request.path_params["token"])
        if visit is None:
            return _nowhere()
        name = request.path_params["name"] or self.work.PACK_PAGE
        if name == served.ICON:
            icon = assets.read(f"pack/{served.ICON}") or b""
            return Response(icon, media_type="image/svg+xml", headers=HEADERS)
        try:
            pack = self.work.served_pack(self.store, visit)
        except PackError:
            # those who sent the link have no stop left to show; the page of visits tells them why
            return _nowhere()
        return self._answer(request, pack, name)

    def slash(self, request: Request) -> Response:
        """The address without its last slash: files beside the page would not be found."""
        if self.work.linked_visit(self.store, request.path_params["token"]) is None:
            return _nowhere()
        return RedirectResponse(f"{request.url.path}/", headers=HEADERS)

    def nothing_here(self, _request: Request) -> Response:
        """No list of packs: they are found by their links alone."""
        return _nowhere()

    def _answer(self, request: Request, pack: Any, name: str) -> Response:
        if name not in pack.names:
            return _nowhere()
        ending = Path(name).suffix
        media = MEDIA.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = HEADERS | {"etag": f'"{pack.key}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if ending not in SHOWN:
            headers["content-disposition"] = f'attachment; filename="{name}"'
        where = self.store.derived_url(pack.names[name])
        if where is not None and Path(where).is_file():
            return FileResponse(where, media_type=media, headers=headers)
        body = self.work.read_served(self.store, pack, name)
        return _nowhere() if body is None else Response(body, media_type=media, headers=headers)


def _nowhere() -> Response:
    """The same answer whatever the reason."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>No pack here</title><p>{html.escape(NOWHERE)}</p></html>"
    )
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
    return Response(page, status_code=404, media_type="text/html", headers=headers)
