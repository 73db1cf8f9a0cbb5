"""Addresses below /tiles/: vector tiles of layer versions, conflicts and hotspot units.

What an address with a version or a fingerprint says never changes, so browsers keep it for ever;
`s` in the address stands for the code that cut it (`workflows.tiles_fingerprint`).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.asking import (
    ASK_AGAIN,
    KEEP,
    BadRequest,
    Handler,
    as_json,
    error,
    hotspot_question,
    hotspot_step,
    id_of,
    ruled,
    same,
    spoken,
    tile_number,
)
from dashboard.middleware import best_coding, gzipped
from dashboard.tile_cache import TileCache
from dashboard.workflows.conflict_filter import filter_of
from dashboard.workflows.kept import Kept
from dashboard.workflows.tiles import CellFilter, TilesNotReady

MEDIA = "application/vnd.mapbox-vector-tile"
DEEPEST_LAYER, DEEPEST_CONFLICT = 14, 18
VERDICTS = ("inside", "too_close")
BROTLI_QUALITY = 5
KEPT_RUNS = 8

Tile = tuple[int, int, int]


def tile_routes(*, base: str, work: Any, cache: TileCache | None = None) -> list[Route]:
    """The routes of vector tiles; `base` is the path the app is served under, "" for the root.

    `work` is the workflows module, or what stands in for it in a test; `cache` keeps tiles.
    """
    tiles = Tiles(work, cache or TileCache())
    table: dict[str, Handler] = {
        "/tiles/conflicts/{fingerprint}/{zoom}/{column}/{row}.pbf": tiles.conflicts,
        "/tiles/hotspots/{fingerprint}/{zoom}/{column}/{row}.pbf": tiles.hotspots,
        "/tiles/{layer_id}/{version_id}/about.json": tiles.about,
        "/tiles/{layer_id}/{version_id}/{zoom}/{column}/{row}.pbf": tiles.layer,
        "/tiles/{layer_id}/{version_id}/{zoom}/{column}/{row}/cells.json": tiles.cells,
        "/tiles/{rest:path}": tiles.nothing_here,
    }
    return [Route(f"{base}{path}", spoken(_patient(handler))) for path, handler in table.items()]


def _patient(handler: Handler) -> Handler:
    """A handler that says when to ask again where tiles are still being made."""

    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except TilesNotReady as soon:
            waiting = error(503, str(soon))
            waiting.headers["retry-after"] = str(soon.retry_s)
            return waiting

    return answer


class Tiles:
    """The handlers; plain functions run in Starlette's threads, so none of them blocks the loop."""

    def __init__(self, work: Any, cache: TileCache) -> None:
        self.work = work
        self.cache = cache
        self._store: Any = None
        self._runs: Kept[Any] = Kept(KEPT_RUNS)

    @property
    def store(self) -> Any:
        """The store, opened at the first question and then shared."""
        if self._store is None:
            self._store = self.work.open_home()
        return self._store

    def layer(self, request: Request) -> Response:
        """A tile of a layer version."""
        layer_id = id_of(request, "layer_id", what="layer")
        version_id = id_of(request, "version_id", what="version of a layer")
        zoom, column, row = _tile(request, deepest=DEEPEST_LAYER)
        days = request.query_params.get("days") == "1"
        return self._answer(
            request,
            key=f"{layer_id}/{version_id}/{zoom}/{column}/{row}{'/days' if days else ''}",
            make=lambda: self.work.layer_tile(
                self.store, layer_id, version_id, zoom=zoom, column=column, row=row, days=days
            ),
        )

    def cells(self, request: Request) -> Response:
        """What the cells of a tile count of the features that pass the filter of the address."""
        layer_id = id_of(request, "layer_id", what="layer")
        version_id = id_of(request, "version_id", what="version of a layer")
        zoom, column, row = _tile(request, deepest=DEEPEST_LAYER)
        chosen = _cell_filter(request)

        def make() -> bytes:
            told = self.work.layer_cells(
                self.store, layer_id, version_id, zoom=zoom, column=column, row=row, chosen=chosen
            )
            return json.dumps(told, separators=(",", ":")).encode()

        filtered = hashlib.sha256(repr(chosen).encode()).hexdigest()
        key = f"{layer_id}/{version_id}/{zoom}/{column}/{row}/{filtered}"
        return self._answer(request, key=key, make=make, media="application/json")

    def about(self, request: Request) -> Response:
        """What the tiles of a layer version hold, for the legend."""
        layer_id = id_of(request, "layer_id", what="layer")
        version_id = id_of(request, "version_id", what="version of a layer")
        told = as_json(self.work.layer_tiles_about(self.store, layer_id, version_id))
        if request.query_params.get("s"):
            told.headers["cache-control"] = KEEP
        return told

    def conflicts(self, request: Request) -> Response:
        """A tile of the conflicts of a run, of those that pass the filter of the address."""
        region_id, on, scenarios = ruled(request)
        zoom, column, row = _tile(request, deepest=DEEPEST_CONFLICT)
        chosen = filter_of(request.query_params.multi_items())
        unknown = sorted(set(chosen.verdicts) - set(VERDICTS))
        if unknown:
            raise BadRequest(
                f"There is no verdict '{unknown[0][:40]}'. Use {' or '.join(VERDICTS)}."
            )
        asked = f"{request.path_params['fingerprint']}?{region_id}&{on}&{sorted(scenarios)}"

        def make() -> bytes:
            run = self._run(
                request,
                asked,
                lambda: self.work.conflicts(self.store, region_id, on=on, scenarios=scenarios),
            )
            return self.work.conflict_tile(run, zoom=zoom, column=column, row=row, chosen=chosen)

        return self._answer(
            request, key=f"{asked}&{chosen.query()}/{zoom}/{column}/{row}", make=make
        )

    def hotspots(self, request: Request) -> Response:
        """A tile of the units of a hotspot run."""
        region_id, on, scenarios = ruled(request)
        zoom, column, row = _tile(request, deepest=DEEPEST_LAYER)
        question = {"on": on, "scenarios": scenarios, **hotspot_question(request)}
        step = hotspot_step(request)
        asked = f"{request.path_params['fingerprint']}?{region_id}&{sorted(question.items())}"
        then = question | {"since": None, "step": step}

        def make() -> bytes:
            run = self._run(
                request, asked, lambda: self.work.hotspots(self.store, region_id, **question)
            )
            if step:
                run = self.work.hotspots(self.store, region_id, **then)
            return self.work.hotspot_tile(self.store, run, zoom=zoom, column=column, row=row)

        return self._answer(request, key=f"{asked}&{step}/{zoom}/{column}/{row}", make=make)

    def nothing_here(self, request: Request) -> Response:
        """Without this, Streamlit would answer an unknown address with its page and a 200."""
        return error(404, f"There is nothing at {request.url.path[:200]}.")

    def _run(self, request: Request, asked: str, find: Callable[[], Any]) -> Any:
        """The run a fingerprint stands for; the last few asked for are kept, they never change."""

        def checked() -> Any:
            run = find()
            same(request, run)
            return run

        return self._runs.get(asked, checked)

    def _answer(
        self, request: Request, *, key: str, make: Callable[[], bytes], media: str = MEDIA
    ) -> Response:
        """A tile as this browser takes it: compressed, kept for ever, 204 where it is empty."""
        coding = best_coding(request.headers.get("accept-encoding", "").encode("latin-1"))
        headers = {
            "cache-control": KEEP if request.query_params.get("s") else ASK_AGAIN,
            "etag": self._tag(key, coding),
            "vary": "Accept-Encoding",
        }
        body = self.cache.find((key, coding))
        if body is None:
            body = _packed(make(), coding)
            self.cache.keep((key, coding), body)
        if _has(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        if not body:
            return Response(status_code=204, headers=headers)
        if coding:
            headers["content-encoding"] = coding.decode()
        return Response(body, media_type=media, headers=headers)

    def _tag(self, key: str, coding: bytes) -> str:
        told = f"{self.work.tiles_fingerprint()} {key} {coding!r}"
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'


def _tile(request: Request, *, deepest: int) -> Tile:
    zoom = tile_number(request, "zoom", most=deepest)
    column = tile_number(request, "column", most=2**zoom - 1)
    return zoom, column, tile_number(request, "row", most=2**zoom - 1)


def _cell_filter(request: Request) -> CellFilter:
    """The filter of an address: `only` and `less` (classes, empty = no class), each as often as
    needed, `since`, `until` (ISO days) and `dated`."""
    asked = request.query_params

    def classes(name: str) -> tuple[str | None, ...]:
        return tuple(sorted({one[:400] or None for one in asked.getlist(name)[:100]}, key=str))

    return CellFilter(
        classes=classes("only") if "only" in asked else None,
        without=classes("less"),
        since=_day(request, "since"),
        until=_day(request, "until"),
        dated=asked.get("dated") == "1",
    )


def _day(request: Request, name: str) -> dt.date | None:
    text = request.query_params.get(name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(f"'{name}' must be a day, written like 2025-12-10.") from None


def _has(request: Request, tag: str) -> bool:
    """Whether the browser says that it has this very answer."""
    told = request.headers.get("if-none-match", "")
    return tag in [one.strip().removeprefix("W/") for one in told.split(",")] or told == "*"


def _packed(body: bytes, coding: bytes) -> bytes:
    if not body or not coding:
        return body
    if coding == b"br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    return gzipped(body)
