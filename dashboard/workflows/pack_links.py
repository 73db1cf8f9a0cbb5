"""Packs behind links: who may open one, and files that are built once for each state of a visit."""

import datetime as dt
import hashlib
import json
import logging
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dashboard import assets
from dashboard.field import served
from dashboard.workflows.adoption import adoption_fingerprint
from dashboard.workflows.field_pack import build_pack, pack_contents
from dashboard.workflows.field_voices import voices_for
from dashboard.workflows.types import WorkflowError
from layers.field.records import FieldVisit, PackLink
from layers.store import Store

log = logging.getLogger(__name__)

TOKEN_BYTES = 24
MOST_DAYS = 90
PAGE = "briefing.html"
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{32}$")
_building = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class ServedPack:
    """The files behind a link. `names` gives the derived file of each by its name, `key` the state
    of the visit they were built from."""

    key: str
    names: Mapping[str, str]


def make_pack_link(
    store: Store, visit_id: str, *, days: int, actor: str, now: dt.datetime | None = None
) -> tuple[str, PackLink]:
    """A new link to a visit's pack: its secret part, which is kept nowhere, and its record.

    WorkflowError where nobody says who makes it or the days are none of 1 to 90.
    """
    if not actor.strip():
        raise WorkflowError("Say who you are: a link keeps who made it.")
    if not 1 <= days <= MOST_DAYS:
        raise WorkflowError(f"A link lasts 1 to {MOST_DAYS} days, not {days}.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    until = (now or dt.datetime.now(dt.UTC)) + dt.timedelta(days=days)
    link = store.add_pack_link(_hash(token), visit_id, expires_at=until, actor=actor.strip())
    return token, link


def end_pack_link(store: Store, token_hash: str, *, actor: str) -> PackLink:
    """Revoke a link; what phones have kept stays on them until they ask again."""
    if not actor.strip():
        raise WorkflowError("Say who you are: a link keeps who revoked it.")
    return store.end_pack_link(token_hash, actor=actor.strip())


def linked_visit(store: Store, token: str, *, now: dt.datetime | None = None) -> FieldVisit | None:
    """The visit behind the secret part of a link; None where it leads nowhere, whatever the reason.

    What is looked up is a hash of 144 random bits, so the time it takes tells nothing of others.
    """
    if not _TOKEN.match(token):
        return None
    link = store.pack_link(_hash(token))
    if link is None or not link.is_open(now or dt.datetime.now(dt.UTC)):
        return None
    visit = store.field_visit(link.visit_id)
    return visit if visit.shown else None


def served_pack(store: Store, visit: FieldVisit, *, now: dt.datetime | None = None) -> ServedPack:
    """The files of a visit's pack as it stands now, built where they are not kept yet.

    PackError where no stop may be shown.
    """
    now = now or dt.datetime.now(dt.UTC)
    key = pack_key(store, visit, on=now.date())
    index = f"packs/{key}/index.json"
    told = store.read_derived(index)
    if told is None:
        # one at a time in this process; in another the same files are written, whole or not at all
        with _building:
            told = store.read_derived(index)
            if told is None:
                told = _build(store, visit, key, now=now)
                store.write_derived(index, told)
    return ServedPack(key=key, names=json.loads(told))


def pack_key(store: Store, visit: FieldVisit, *, on: dt.date) -> str:
    """What decides a pack, as 32 hex digits: the plan, consents, layers, the ledger, voices, the
    day (licences end, rules begin), and our own scripts."""
    answers = store.consents(visit.region_id)
    sites = [(stop.layer_id, stop.feature_id) for stop in visit.stops]
    told = [
        [visit.visit_id, visit.number, on.isoformat(), assets.version()],
        [answers[site].answer if site in answers else None for site in sites],
        adoption_fingerprint(store, visit.region_id),
        [asdict(one) for one in voices_for(store, visit.region_id, "group", visit=visit)],
        [[one.story_id, one.number] for one in store.stories(visit.region_id)],
    ]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:32]


def read_served(store: Store, pack: ServedPack, name: str) -> bytes | None:
    """The bytes of a file of the pack; None where it has none of that name."""
    return store.read_derived(pack.names[name]) if name in pack.names else None


def _build(store: Store, visit: FieldVisit, key: str, *, now: dt.datetime) -> bytes:
    """Write the files of a pack; returns the index of them, which is written last."""
    log.info("Building the pack of visit %s", visit.visit_id)
    pack, _ = build_pack(store, visit.visit_id, now=now)
    contents = dict(pack_contents(pack))
    page = contents.pop(PAGE)
    sizes = {name: len(content) for name, content in contents.items()}
    contents |= {
        PAGE: served.served_page(pack, page, sizes=sizes),
        served.MANIFEST: served.manifest(pack),
        served.WORKER: served.worker(visit.visit_id, key),
    }
    names = {name: f"packs/{key}/{name}" for name in contents}
    for name, content in contents.items():
        store.write_derived(names[name], content)
    return json.dumps(names).encode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
