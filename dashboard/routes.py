"""Our own addresses below /cg/: what the map's script fetches. JSON, and a sentence on every error.

Every parameter is checked here; what is asked is answered by workflows. Addresses that hold a
version or a fingerprint never change what they say, so browsers may keep the answers for ever.
"""

import datetime as dt
import math
import mimetypes
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard import asking, assets, basemap
from dashboard.asking import ASK_AGAIN, KEEP, BadRequest, Handler, hotspot_question, ruled, same
from dashboard.tile_cache import TileCache
from dashboard.workflows.conflict_filter import ConflictFilter, filter_of
from dashboard.workflows.kept import Kept
from layers.facts import region as region_facts
from layers.store import StoreError

KINDS_KEPT = 500
"""Versions of which is remembered what kind of layer they are; it never changes."""
CARDS_PER_CLICK = 8
"""Hits of a click whose attributes are sent along; more hits are named only."""


def routes(*, base: str, work: Any, cache: TileCache | None = None) -> list[Route]:
    """The routes of the map; `base` is the path the app is served under, "" for the root.

    `work` is the workflows module, or what stands in for it in a test; `cache` keeps tiles.
    """
    answers = Answers(work, cache or TileCache())
    table: dict[str, Handler] = {
        "/cg/health": answers.health,
        "/cg/static/{version}/{path:path}": answers.static,
        "/cg/basemap/{region}.json": answers.basemap,
        "/cg/features/{version_id}.json": answers.features,
        "/cg/conflicts/{fingerprint}.json": answers.conflicts,
        "/cg/overlap/{fingerprint}/{conflict_id}.json": answers.overlap,
        "/cg/raster/{version_id}/{zoom}/{column}/{row}.{ending}": answers.raster,
        "/cg/hotspots/{fingerprint}.json": answers.hotspots,
        "/cg/card": answers.card,
        "/cg/identify": answers.identify,
        "/cg/in-view": answers.in_view,
        "/cg/{rest:path}": answers.nothing_here,
    }
    ours = [Route(f"{base}{path}", asking.spoken(handler)) for path, handler in table.items()]
    return [*ours, Route(f"{base}/overview", _to_first_page(base))]


def _to_first_page(base: str) -> Handler:
    """The overview has no address of its own in Streamlit, as the default page; people type one."""

    def answer(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{base}/{query}")

    return answer


class Answers:
    """The handlers; plain functions run in Starlette's threads, so none of them blocks the loop."""

    def __init__(self, work: Any, cache: TileCache) -> None:
        self.work = work
        self.cache = cache
        self._kinds: Kept[str] = Kept(KINDS_KEPT)
        self._store: Any = None

    @property
    def store(self) -> Any:
        """The store, opened at the first question and then shared."""
        if self._store is None:
            self._store = self.work.open_home()
        return self._store

    def health(self, _request: Request) -> Response:
        """Whether the server can reach its store."""
        where = self.store is not None
        return asking.as_json({"status": "ok" if where else "no store", "assets": assets.version()})

    def static(self, request: Request) -> Response:
        """One of our own or vendored files; kept for ever when asked for by its version."""
        name = request.path_params["path"]
        body = assets.read(name)
        if body is None:
            raise StoreError(f"There is no file '{name[:200]}' here.")
        media = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if media.startswith("text/") or media == "application/javascript":
            media += "; charset=utf-8"
        current = request.path_params["version"] == assets.version()
        cache = KEEP.replace("private", "public") if current else ASK_AGAIN
        return Response(body, media_type=media, headers={"cache-control": cache})

    def basemap(self, request: Request) -> Response:
        """Land, coasts, borders and names around a region."""
        region_id = asking.id_of(request, "region", what="region")
        return _bytes(
            request, basemap.basemap_json(region_id), tag=f"{region_id}-{assets.version()}"
        )

    def features(self, request: Request) -> Response:
        """The features of a layer version, all of them: large layers go to the map as tiles."""
        version_id = asking.id_of(request, "version_id", what="version of a layer")
        body = self.work.features_geojson(self.store, version_id)
        return _bytes(request, body, tag=version_id)

    def conflicts(self, request: Request) -> Response:
        """The conflicts of a run that pass the filter of the address, as points."""
        run = self._run(request)
        chosen = filter_of(request.query_params.multi_items())
        ids = None
        if chosen != ConflictFilter():
            ids = chosen.rows(run.table)["conflict_id"].tolist()
        body = self.work.conflicts_geojson(run, conflict_ids=ids)
        return _bytes(request, body, tag=run.fingerprint)

    def overlap(self, request: Request) -> Response:
        """The shared ground of one conflict; `overlap` is null where there is none."""
        run = self._run(request)
        conflict_id = asking.id_of(request, "conflict_id", what="conflict")
        sheet = self.work.conflict_sheet(self.store, run, conflict_id)
        features = [sheet.subject, *([sheet.object] if sheet.object else [])]
        body = {
            "headline": sheet.headline,
            "overlap": sheet.overlap,
            "features": [[card.layer_id, card.feature_id] for card in features],
        }
        return asking.as_json(body)

    def raster(self, request: Request) -> Response:
        """A tile of a raster: a picture, or land cover in its colours; clear where it has none."""
        version_id = asking.id_of(request, "version_id", what="version of a layer")
        ending = request.path_params["ending"]
        media = self.work.RASTER_ENDINGS.get(ending)
        if media is None:
            raise BadRequest(f"Tiles of a raster end in {' or '.join(self.work.RASTER_ENDINGS)}.")
        zoom = asking.tile_number(request, "zoom", most=22)
        column = asking.tile_number(request, "column", most=2**zoom - 1)
        row = asking.tile_number(request, "row", most=2**zoom - 1)
        kind = self._kinds.get(version_id, lambda: self._kind_of(version_id))
        tag = f"{version_id}-{self.work.style_fingerprint(kind)}"
        headers = {"cache-control": KEEP, "etag": f'"{tag}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        key = ("raster", tag, zoom, column, row, ending)
        body = self.cache.find(key)
        if body is None:
            body = self.work.raster_tile(
                self.store, version_id, zoom=zoom, column=column, row=row, ending=ending
            )
            self.cache.keep(key, body)
        return Response(body, media_type=media, headers=headers)

    def _kind_of(self, version_id: str) -> str:
        return str(self.store.layer(self.store.version(version_id).layer_id).kind)

    def hotspots(self, request: Request) -> Response:
        """The units of a hotspot run with their classes and reasons; of `unit` that one alone."""
        region_id, on, scenarios = self._ruled(request)
        asked = {"on": on, "scenarios": scenarios, **hotspot_question(request)}
        run = self.work.hotspots(self.store, region_id, **asked)
        self._same(request, run)
        step = asking.hotspot_step(request)
        if step:
            # its versions are those of the run that was asked about, or it has another name
            run = self.work.hotspots(self.store, region_id, **asked | {"since": None, "step": step})
        unit_id = asking.query(request, "unit", default="") or None
        body = self.work.hotspots_geojson(self.store, run, unit_id=unit_id)
        return _bytes(request, body, tag=run.fingerprint)

    def card(self, request: Request) -> Response:
        """One feature with its attributes and its geometry."""
        layer_id = asking.query(request, "layer")
        feature_id = asking.query(request, "feature")
        card = self.work.feature_card(self.store, layer_id, feature_id)
        return asking.as_json(
            _card(card)
            | {"geometry": card.geometry, "bounds": list(card.bounds)}
            | {"source": _plain(card.source), "caveats": list(card.caveats)}
        )

    def identify(self, request: Request) -> Response:
        """What lies within `tolerance_m` metres of a click, in the layers that are shown."""
        region_id = region_facts(asking.query(request, "region")).region_id
        lon = asking.number(request, "lon", low=-180, high=180)
        lat = asking.number(request, "lat", low=-90, high=90)
        tolerance_m = asking.number(request, "tolerance_m", low=0, high=50_000, default=0)
        layers = asking.listed(request, "layers")
        if not layers:
            return asking.as_json({"hits": []})
        hits = self.work.identify(
            self.store, region_id, lon, lat, tolerance_m=tolerance_m, layer_ids=layers
        )
        found = []
        for place, hit in enumerate(hits):
            record = {
                "layer_id": hit.layer_id,
                "layer_name": hit.layer_name,
                "kind": hit.kind,
                "feature_id": hit.feature_id,
                "title": hit.title,
                "distance_m": hit.distance_m,
            }
            if place < CARDS_PER_CLICK:
                record |= _card(self.work.feature_card(self.store, hit.layer_id, hit.feature_id))
            found.append(record)
        return asking.as_json({"hits": found})

    def in_view(self, request: Request) -> Response:
        """What of the layers that are shown lies in a box, nearest to its middle first."""
        region_id = region_facts(asking.query(request, "region")).region_id
        limit = int(asking.number(request, "limit", low=1, high=200, default=50))
        layers = asking.listed(request, "layers")
        seen = self.work.in_view(
            self.store,
            region_id,
            _bbox(asking.query(request, "bbox")),
            layer_ids=layers,
            limit=limit,
        )
        rows = [
            {
                "layer_id": hit.layer_id,
                "layer_name": hit.layer_name,
                "feature_id": hit.feature_id,
                "title": hit.title,
                "longitude": hit.longitude,
                "latitude": hit.latitude,
            }
            for hit in seen.hits
        ]
        return asking.as_json({"rows": rows, "total": seen.total, "too_many": list(seen.too_many)})

    def nothing_here(self, request: Request) -> Response:
        """Without this, Streamlit would answer an unknown address with its page and a 200."""
        return asking.error(404, f"There is nothing at {request.url.path[:200]}.")

    def _run(self, request: Request) -> Any:
        """The conflict run a fingerprint stands for."""
        region_id, on, scenarios = self._ruled(request)
        run = self.work.conflicts(self.store, region_id, on=on, scenarios=scenarios)
        self._same(request, run)
        return run

    def _ruled(self, request: Request) -> tuple[str, dt.date, list[str]]:
        return ruled(request)

    def _same(self, request: Request, run: Any) -> None:
        same(request, run)


def _card(card: Any) -> dict[str, Any]:
    return {
        "layer_id": card.layer_id,
        "layer_name": card.layer_name,
        "kind": card.kind,
        "kind_title": card.kind_title,
        "feature_id": card.feature_id,
        "title": card.title,
        "fields": _plain(card.fields),
        "demonstration": card.demonstration,
    }


def _plain(values: Any) -> list[list[Any]]:
    """Fields as [label, value] pairs of plain JSON types, their order kept."""
    return [[str(label), _value(value)] for label, value in values.items()]


def _value(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def _bbox(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = (float("nan"),) * 4
    if not (-540 <= west < east <= 540 and -90 <= south < north <= 90):
        raise BadRequest("'bbox' must be west,south,east,north in degrees, west < east.")
    return west, south, east, north


def _bytes(request: Request, body: bytes, *, tag: str | None) -> Response:
    """JSON that is bytes already; with a tag it never changes and the browser may keep it."""
    headers = {"cache-control": ASK_AGAIN if tag is None else KEEP}
    if tag is not None:
        headers["etag"] = f'"{tag}"'
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
