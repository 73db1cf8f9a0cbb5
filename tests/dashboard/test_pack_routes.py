"""Packs behind links: open to who has the link, the same nothing to everybody else."""

import datetime as dt
import json
import re
import time
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import pack_routes, workflows
from dashboard.field import page, served
from dashboard.middleware import Compression, SecurityHeaders
from dashboard.workflows import pack_links
from layers.field.records import SiteConsent
from tests.dashboard.adoption_world import REGION
from tests.dashboard.field_back_world import VISIT, accept, bring, visited, voice
from tests.dashboard.field_world import BASEMAP
from tests.dashboard.test_routes import Client

NOW = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)


class Home:
    """The workflows on a store of the test; the files of a pack are small and counted."""

    PACK_PAGE = workflows.PACK_PAGE

    def __init__(self, store):
        self.store = store

    def open_home(self):
        return self.store

    def __getattr__(self, name):
        return getattr(workflows, name)


@pytest.fixture
def store(tmp_path):
    opened = visited(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def built(monkeypatch) -> list[str]:
    """The visits whose packs were built; no paper, which has tests of its own."""
    done = []

    def contents(pack):
        done.append(pack.visit_id)
        return {"briefing.html": page.page(pack, base=BASEMAP), "briefing.pdf": b"%PDF-" * 400}

    monkeypatch.setattr(pack_links, "pack_contents", contents)
    return done


@pytest.fixture
def client(store, built) -> Client:
    return Client(
        Starlette(
            routes=pack_routes.pack_routes(base="", work=Home(store)),
            middleware=[
                Middleware(SecurityHeaders),
                Middleware(Compression, prefixes=["/pack/"]),
            ],
        )
    )


def link(store, **other):
    return workflows.make_pack_link(store, VISIT, **({"days": 14, "actor": "ama"} | other))


def test_a_link_opens_the_pack_and_its_files_and_they_are_built_once(store, built, client) -> None:
    token, _ = link(store)
    first = client.get(f"/pack/{token}/")
    assert first.status_code == 200
    assert "West 1" in first.text
    assert 'href="briefing.pdf"' in first.text
    paper = client.get(f"/pack/{token}/briefing.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["content-disposition"] == 'attachment; filename="briefing.pdf"'
    assert paper.content.startswith(b"%PDF-")
    assert built == [VISIT]
    again = client.get(f"/pack/{token}/", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_secret_part_is_long_and_kept_nowhere(store, tmp_path) -> None:
    token, made = link(store)
    assert re.fullmatch(r"[\w-]{32}", token)
    assert token != link(store)[0]
    kept = [path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert not any(token.encode() in content for content in kept)
    assert made.token_hash not in token


def test_wrong_ended_and_revoked_links_are_one_and_the_same_nothing(store, built, client) -> None:
    token, made = link(store)
    assert client.get(f"/pack/{token}/").status_code == 200
    gone, _ = link(store)
    store.end_pack_link(made.token_hash, actor="ama")
    soon = dt.datetime.now(dt.UTC) - dt.timedelta(days=1) + dt.timedelta(seconds=1)
    past, _ = link(store, now=soon, days=1)
    time.sleep(1.2)
    addresses = [
        f"/pack/{token}/",
        f"/pack/{token}",
        f"/pack/{past}/",
        f"/pack/{'a' * 32}/",
        "/pack/x/",
        "/pack/",
        "/pack",
        f"/pack/{gone}/../../catalogue.sqlite",
        f"/pack/{gone}/%2e%2e/index.json",
        f"/pack/{gone}/index.json",
        f"/pack/{made.token_hash}/",
    ]
    answers = [client.get(address) for address in addresses]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert pack_routes.NOWHERE in answers[0].text
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


def test_a_link_has_an_end_and_a_maker(store) -> None:
    with pytest.raises(workflows.WorkflowError, match="1 to 90 days, not 91"):
        link(store, days=91)
    with pytest.raises(workflows.WorkflowError, match="Say who you are"):
        link(store, actor=" ")
    token, made = link(store, now=NOW, days=80)
    last = made.expires_at
    assert workflows.linked_visit(store, token, now=last - dt.timedelta(seconds=1)) is not None
    assert workflows.linked_visit(store, token, now=last) is None


def test_a_visit_taken_off_takes_its_links_along(store, built, client) -> None:
    token, _ = link(store)
    store.put_field_visit(replace(store.field_visit(VISIT), shown=False), actor="ama")
    assert client.get(f"/pack/{token}/").status_code == 404


def test_a_site_that_takes_its_consent_back_is_out_at_the_next_look(store, built, client) -> None:
    token, _ = link(store)
    assert "West 2" in client.get(f"/pack/{token}/").text
    stop = store.field_visit(VISIT).stops[1]
    answer = SiteConsent(
        region_id=REGION,
        layer_id=stop.layer_id,
        feature_id=stop.feature_id,
        answer="refused",
        how="the owner, by phone",
    )
    store.record_consent(answer, actor="ama")
    later = client.get(f"/pack/{token}/")
    assert later.status_code == 200
    assert "West 2" not in later.text
    assert built == [VISIT, VISIT]


def test_a_voice_that_is_narrowed_is_out_at_the_next_look(store, built, client) -> None:
    token, _ = link(store)
    bring(store, voice("1", "group"))
    accept(store, "1")
    assert "Said for the group ears" in client.get(f"/pack/{token}/").text
    accept(store, "1", consent="organisers")
    assert "Said for the group ears" not in client.get(f"/pack/{token}/").text


def test_the_page_runs_its_own_scripts_alone_and_can_be_installed(store, built, client) -> None:
    token, _ = link(store)
    answer = client.get(f"/pack/{token}/")
    meta = re.search(r'Content-Security-Policy" content="([^"]*)"', answer.text)
    assert meta
    inside = meta[1]
    script = next(part for part in inside.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in script
    assert script.count("'sha256-") == answer.text.count("<script>")
    outside = answer.headers["content-security-policy"]
    assert outside.startswith("default-src 'none'")
    assert "frame-ancestors 'self'" in outside
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "private, no-cache"
    told = json.loads(client.get(f"/pack/{token}/{served.MANIFEST}").content)
    assert told["scope"] == told["start_url"] == "./"
    worker = client.get(f"/pack/{token}/{served.WORKER}")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "service-worker-allowed" not in worker.headers
    assert "$" not in worker.text
    icon = client.get(f"/pack/{token}/{told['icons'][0]['src']}")
    assert icon.headers["content-type"] == "image/svg+xml"
