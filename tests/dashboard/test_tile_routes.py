"""The addresses below /tiles/: answers, kept copies, compression, and a sentence on every error."""

import datetime as dt
import gzip
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brotli
import geopandas as gpd
import numpy as np
import pytest
import shapely
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import workflows
from dashboard.middleware import Compression, SecurityHeaders
from dashboard.tile_cache import OVERHEAD, TileCache
from dashboard.tile_routes import MEDIA, tile_routes
from dashboard.workflows import kept
from dashboard.workflows import tiles as tile_work
from geo.tiles.grid import DEEPEST, to_grid
from layers.store import Store
from layers.tiled import make_tiled
from tests.dashboard.hotspot_world import filled
from tests.dashboard.test_routes import Answer, Client
from tests.geo.tile_reading import decoded, tiles_over
from tests.layers.raster_samples import add_raster
from tests.layers.samples import add, square

DAY = dt.date(2025, 6, 1)
Get = Callable[..., Answer]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path / "home")


@pytest.fixture
def client(store: Store) -> Client:
    """The routes and middleware of the app on a store of its own, without Streamlit."""
    work = SimpleNamespace(
        **{name: getattr(workflows, name) for name in workflows.__all__}
        | {"open_home": lambda: store}
    )
    middleware = [Middleware(SecurityHeaders), Middleware(Compression, prefixes=["/cg/"])]
    return Client(Starlette(routes=tile_routes(base="", work=work), middleware=middleware))


def fields(store: Store, *, count: int = 400, ready: bool = True) -> Any:
    """A layer of fields around 30 E, 1 N; by default made ready for tiles."""
    rows = [
        {
            "feature_id": f"f{n}",
            "feature_class": "cropland" if n % 2 else None,
            "geometry": square(30 + n % 20 * 0.002, 1 + n // 20 * 0.002, size=0.0015),
        }
        for n in range(count)
    ]
    version = add(store, rows, region_id="ituri", kind="farmland", name="Fields")
    if ready:
        name = tile_work.tiled_name(version.version_id)
        make_tiled(store, version.version_id, name=name, named=False)
    return version


def address(version: Any, zoom: int = 14, place: tuple[float, float] = (30.001, 1.001)) -> str:
    column, row = (to_grid(np.array([place]))[0] >> (DEEPEST - zoom + 12)).tolist()
    return f"/tiles/{version.layer_id}/{version.version_id}/{zoom}/{column}/{row}.pbf?s=1"


def tile_in(url: str) -> tuple[int, int, int]:
    zoom, column, row = url.partition("?")[0].removesuffix(".pbf").rsplit("/", 3)[1:]
    return int(zoom), int(column), int(row)


def test_a_tile_holds_the_features_that_lie_there(client: Client, store: Store) -> None:
    version = fields(store)
    url = address(version)
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    frame = decoded(answer.content, tile_in(url))["features"]
    assert 0 in frame["mvt_id"].tolist()
    told = dict(zip(frame["mvt_id"].astype(int), frame["c"], strict=True))
    assert told[1] == "cropland"
    assert told[0] is None or told[0] != told[0]


@pytest.mark.parametrize(
    ("coding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_a_tile_comes_as_the_browser_takes_it(
    client: Client, store: Store, coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    url = address(fields(store))
    plain = client.get(url, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = client.get(url, headers={"accept-encoding": coding})
    assert packed.headers["content-encoding"] == coding
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-length"] == str(len(packed.content))
    assert unpack(packed.content) == plain.content
    assert len(packed.content) < len(plain.content)
    assert packed.headers["etag"] != plain.headers["etag"]


def test_what_the_browser_has_is_not_sent_again(client: Client, store: Store) -> None:
    url = address(fields(store))
    tag = client.get(url).headers["etag"]
    assert not tag.startswith("W/")
    for told in (tag, f'"x", {tag}'):
        again = client.get(url, headers={"if-none-match": told})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200
    other = client.get(url, headers={"if-none-match": tag, "accept-encoding": "br"})
    assert other.status_code == 200


def test_an_address_without_the_code_is_asked_again_each_time(client: Client, store: Store) -> None:
    url = address(fields(store)).partition("?")[0]
    assert client.get(url).headers["cache-control"] == "no-cache"


def test_an_empty_tile_is_204_and_kept(client: Client, store: Store) -> None:
    version = fields(store)
    answer = client.get(address(version, place=(-60.0, 40.0)))
    assert answer.status_code == 204
    assert answer.content == b""
    assert "immutable" in answer.headers["cache-control"]


def test_a_tile_is_cut_once(client: Client, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    version = fields(store)
    cuts = []
    cut = tile_work.TiledLayer.tile
    monkeypatch.setattr(
        tile_work.TiledLayer,
        "tile",
        lambda self, *at, **more: cuts.append(at) or cut(self, *at, **more),
    )
    empty = address(version, place=(-60.0, 40.0))
    for _ in range(3):
        client.get(address(version))
        client.get(empty)
    assert len(cuts) == 2


def test_about_says_what_is_drawn_and_what_is_counted(client: Client, store: Store) -> None:
    version = fields(store)
    base = f"/tiles/{version.layer_id}/{version.version_id}"
    told = client.get(f"{base}/about.json?s=1").json()
    assert told["features"] == 400
    assert (told["minzoom"], told["maxzoom"]) == (0, 14)
    assert told["attributes"] == {"c": ["cropland"]}
    assert told["days"] is None
    assert [one["z"] for one in told["zooms"]] == list(range(15))
    assert {one["drawn"] + one["merged"] for one in told["zooms"]} == {400}
    assert told["bounds"] == pytest.approx([30, 1, 30.0395, 1.0395])


def test_over_a_whole_zoom_nothing_is_lost_on_the_way(client: Client, store: Store) -> None:
    version = fields(store)
    for zoom in (8, 11, 13):
        drawn: set[int] = set()
        counted = 0
        for tile in tiles_over((30, 1, 30.04, 1.04), zoom):
            path = "/".join(map(str, tile))
            url = f"/tiles/{version.layer_id}/{version.version_id}/{path}.pbf"
            found = decoded(client.get(url).content, tile)
            drawn |= set(found.get("features", {"mvt_id": []})["mvt_id"])
            counted += sum(found.get("cells", {"count": []})["count"])
        assert len(drawn) + counted == 400


def test_cells_are_counted_under_a_filter_and_kept_by_the_browser(
    client: Client, store: Store
) -> None:
    version = fields(store)
    tile = next(iter(tiles_over((30, 1, 30.04, 1.04), 8)))
    path = "/".join(map(str, tile))
    url = f"/tiles/{version.layer_id}/{version.version_id}/{path}/cells.json?s=1"
    every = client.get(url)
    assert "immutable" in every.headers["cache-control"]
    assert sum(every.json()["count"]) == 400
    some = client.get(f"{url}&only=cropland").json()["count"]
    rest = client.get(f"{url}&less=cropland&until=2020-01-01").json()["count"]
    assert [a + b for a, b in zip(some, rest, strict=True)] == every.json()["count"]
    assert 0 < sum(some) < 400
    assert sum(client.get(f"{url}&only=").json()["count"]) == sum(rest)
    assert sum(client.get(f"{url}&dated=1").json()["count"]) == 0
    wrong = client.get(f"{url}&until=soon")
    assert wrong.status_code == 400
    assert "'until' must be a day" in wrong.json()["error"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/tiles/{layer}/nobody/3/1/1.pbf", 404, "no layer version 'nobody'"),
        ("/tiles/nobody/{version}/3/1/1.pbf", 404, "There is no layer"),
        ("/tiles/ituri.farmland.other/{version}/3/1/1.pbf", 404, "There is no layer"),
        ("/tiles/{layer}/{version}/15/1/1.pbf", 400, "zoom of a tile is a whole number from 0 to"),
        ("/tiles/{layer}/{version}/3/8/1.pbf", 400, "column of a tile is a whole number from 0 to"),
        ("/tiles/{layer}/{version}/3/1/-1.pbf", 400, "row of a tile"),
        ("/tiles/{layer}/{version}/3/1/x.pbf", 400, "row of a tile"),
        ("/tiles/{layer}/{version}/3/1/1٣.pbf", 400, "row of a tile"),
        ("/tiles/{layer}/a b/3/1/1.pbf", 400, "letters, digits"),
        ("/tiles/../../etc/passwd", 404, "nothing at"),
        ("/tiles/{layer}/..%2f..%2fx/3/1/1.pbf", 404, "nothing at"),
        ("/tiles/{layer}/{version}/3/1/1.png", 404, "nothing at"),
        ("/tiles/", 404, "nothing at"),
        ("/tiles/conflicts/x/3/1/1.pbf?region=ituri&on=2025-06-01", 400, "fingerprint"),
        ("/tiles/conflicts/ffffffff/3/1/1.pbf?on=2025-06-01", 400, "'region'"),
        ("/tiles/conflicts/ffffffff/3/1/1.pbf?region=ituri&on=soon", 400, "2025-12-10"),
        (
            "/tiles/conflicts/ffffffff/3/1/1.pbf?region=ituri&on=2025-06-01&verdicts=inside,no",
            400,
            "no verdict 'no'",
        ),
        ("/tiles/hotspots/ffffffff/3/1/1.pbf?region=ituri&on=2025-06-01", 400, "'by'"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_sentence(
    client: Client, store: Store, path: str, status: int, words: str
) -> None:
    version = fields(store, count=2)
    answer = client.get(path.format(layer=version.layer_id, version=version.version_id))
    body = answer.json()
    assert answer.status_code == status, body
    assert list(body) == ["error"]
    assert words in body["error"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_version_of_another_layer_and_a_raster_are_refused(
    client: Client, store: Store, tmp_path: Path
) -> None:
    version = fields(store, count=2)
    other = add(
        store,
        [{"feature_id": "a", "geometry": square(30, 1, size=1)}],
        region_id="ituri",
        kind="licences",
        name="Titles",
    )
    answer = client.get(f"/tiles/{other.layer_id}/{version.version_id}/0/0/0.pbf")
    assert answer.status_code == 404
    assert "has no version" in answer.json()["error"]
    raster = add_raster(
        store, tmp_path, np.full((30, 30), 9, dtype="uint8"), classes={9: "cropland"}
    )
    answer = client.get(f"/tiles/{raster.layer_id}/{raster.version_id}/0/0/0.pbf")
    assert answer.status_code == 404
    assert "is a raster" in answer.json()["error"]


def test_while_a_version_is_made_ready_the_answer_says_when_to_ask_again(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []
    run = kept.subprocess.run
    monkeypatch.setattr(
        kept.subprocess, "run", lambda *a, **more: starts.append(a) or run(*a, **more)
    )
    version = fields(store, ready=False)
    answers = [client.get(address(version)) for _ in range(4)]
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["retry-after"] == "1"
    assert answers[0].headers["cache-control"] == "no-store"
    assert "'Fields' is being made ready" in answers[0].json()["error"]
    deadline = time.monotonic() + 60
    while (answer := client.get(address(version))).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert answer.status_code == 200
    assert len(starts) == 1


def test_a_version_that_cannot_be_made_ready_is_told_and_not_tried_at_once(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []

    def fails(*_: object, **__: object) -> Any:
        starts.append(1)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(kept.subprocess, "run", fails)
    version = fields(store, ready=False)
    deadline = time.monotonic() + 10
    while (answer := client.get(address(version))).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert answer.status_code == 404
    assert "'Fields' could not be made ready" in answer.json()["error"]
    assert client.get(address(version)).status_code == 404
    assert len(starts) == 1


# --- conflicts and hotspots -----------------------------------------------------------------------


@pytest.fixture
def run(store: Store) -> workflows.ConflictRun:
    filled(store)
    return workflows.conflicts(store, "tarkwa", on=DAY, in_process=True)


def conflict_layers(
    client: Client, run: workflows.ConflictRun, zoom: int, more: str = ""
) -> dict[str, gpd.GeoDataFrame]:
    """Everything the tiles of a zoom hold, layer by layer."""
    query = f"region=tarkwa&on={DAY.isoformat()}&scenarios={more}"
    found: dict[str, list[gpd.GeoDataFrame]] = {}
    for tile in tiles_over((-2.3, 5.1, -1.5, 5.5), zoom):
        path = "/".join(map(str, tile))
        answer = client.get(f"/tiles/conflicts/{run.fingerprint}/{path}.pbf?{query}&s=1")
        assert answer.status_code in (200, 204)
        for name, frame in decoded(answer.content, tile).items():
            found.setdefault(name, []).append(frame)
    return {name: gpd.pd.concat(frames) for name, frames in found.items()}


@pytest.mark.parametrize("zoom", [6, 9, 12])
def test_conflicts_are_all_there_alone_or_in_clusters(
    client: Client, run: workflows.ConflictRun, zoom: int
) -> None:
    found = conflict_layers(client, run, zoom)
    alone, clusters = found.get("conflicts"), found.get("clusters")
    inside = close = many = 0
    if clusters is not None:
        inside, close = int(clusters["inside"].sum()), int(clusters["close"].sum())
        many = int(clusters["count"].sum())
        assert set(clusters["best"]) <= set(run.table["conflict_id"])
    if alone is not None:
        many += len(alone)
        inside += int((alone["v"] == "inside").sum())
        close += int((alone["v"] == "too_close").sum())
        rows = run.table.set_index("conflict_id").loc[alone["id"]]
        assert alone["k"].tolist() == rows["rule_id"].tolist()
        assert alone["q"].tolist() == rows["rank"].tolist()
        assert alone["b"].tolist() == rows["breach_level"].tolist()
        places = gpd.GeoSeries.from_xy(rows["longitude"], rows["latitude"], crs=4326)
        apart = (
            places.to_crs(3857)
            .reset_index(drop=True)
            .distance(alone.geometry.reset_index(drop=True))
        )
        assert apart.max() < 40_075_016 / 2**zoom / 256
    verdicts = run.table["verdict"].value_counts()
    assert many == len(run.table) > 3
    assert (inside, close) == (verdicts.get("inside", 0), verdicts.get("too_close", 0))


def test_conflicts_of_layers_that_changed_since_are_refused(
    client: Client, run: workflows.ConflictRun
) -> None:
    answer = client.get(f"/tiles/conflicts/ffffffff/0/0/0.pbf?region=tarkwa&on={DAY.isoformat()}")
    assert answer.status_code == 404
    assert "Reload the page" in answer.json()["error"]


def test_rules_and_verdicts_are_left_out_before_conflicts_are_gathered(
    client: Client, run: workflows.ConflictRun
) -> None:
    rule = run.table["rule_id"].iloc[0]
    found = conflict_layers(client, run, 9, f"&rules={rule}&verdicts=inside")
    kept = run.table[(run.table["rule_id"] == rule) & (run.table["verdict"] == "inside")]
    counted = sum(int(one["count"].sum()) for one in (found.get("clusters"),) if one is not None)
    alone = found.get("conflicts")
    assert counted + (0 if alone is None else len(alone)) == len(kept) > 0
    if alone is not None:
        assert set(alone["k"]) == {rule}
        assert set(alone["v"]) == {"inside"}


def test_units_are_in_the_tiles_with_their_class_and_rank(
    client: Client, store: Store, run: workflows.ConflictRun
) -> None:
    hot = workflows.hotspots(store, "tarkwa", on=DAY, in_process=True)
    query = f"region=tarkwa&on={DAY.isoformat()}&by=districts&measure={hot.measure}"
    url = f"/tiles/hotspots/{hot.fingerprint}/{{}}.pbf?{query}&s=1"
    seen: dict[str, Any] = {}
    for tile in tiles_over((-2.5, 4.9, -1.7, 6.1), 9):
        answer = client.get(url.format("/".join(map(str, tile))))
        frames = decoded(answer.content, tile)
        if "units" in frames:
            for row in frames["units"].itertuples():
                seen[row.unit_id] = (row[frames["units"].columns.get_loc("class") + 1], row.rank)
    expected = {
        row.unit_id: (row.unit_class, row.rank) for row in hot.rows if row.unit_id != "outside"
    }
    assert seen == expected
    assert len(seen) == 3


# --- the cache ------------------------------------------------------------------------------------


def test_the_cache_stays_within_its_bytes_and_drops_what_was_longest_unused() -> None:
    cache = TileCache(10 * (1_000 + OVERHEAD))
    for number in range(10):
        cache.keep(number, bytes(1_000))
    assert cache.find(0) is not None
    cache.keep(10, bytes(1_000))
    assert cache.find(0) is not None
    assert cache.find(1) is None
    assert cache.bytes <= cache.most_bytes
    cache.keep("large", bytes(cache.most_bytes))
    assert cache.find("large") is None
    assert cache.find(5) is not None
    for number in range(100_000):
        cache.keep(("empty", number), b"")
    assert cache.bytes <= cache.most_bytes
    assert cache.find(("empty", 99_999)) == b""


def test_the_code_that_cuts_is_in_the_address() -> None:
    assert len(workflows.tiles_fingerprint()) == 12
    assert workflows.tiles_fingerprint() in tile_work.tiled_name("v")


def test_a_point_of_the_store_is_where_it_is(client: Client, store: Store) -> None:
    version = add(
        store,
        [{"feature_id": "a", "name": "Bunia", "geometry": shapely.Point(30.25, 1.56)}],
        region_id="ituri",
        kind="settlements",
        name="Towns",
    )
    name = tile_work.tiled_name(version.version_id)
    make_tiled(store, version.version_id, name=name, named=True)
    url = address(version, place=(30.25, 1.56))
    found = decoded(client.get(url).content, tile_in(url))["features"]
    assert found["n"].tolist() == ["Bunia"]
    place = found.set_crs(3857, allow_override=True).to_crs(4326).geometry.iloc[0]
    assert (place.x, place.y) == pytest.approx((30.25, 1.56), abs=1e-5)
