"""A visit to three sites of the small landscape, and files that came back from it."""

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

from dashboard import workflows
from dashboard.field.feedback import FORMAT
from layers.field.records import FieldVisit, PlannedStop, SiteConsent, VisitDay
from layers.store import Store
from tests.dashboard.adoption_world import REGION, landscape

VISIT = "v1"
PHOTO = b"\xff\xd8\xff" + b"a small photo" * 10
STOPS = ("w1", "w2", "e1")


def visited(home: Path) -> Store:
    """A store with the landscape and the visit; all three sites agreed."""
    store = landscape(workflows.open_home(home))
    layer_id = next(one.layer_id for one in store.layers(REGION) if one.kind == "mine_sites")
    for feature_id in STOPS:
        answer = SiteConsent(
            region_id=REGION,
            layer_id=layer_id,
            feature_id=feature_id,
            answer="agreed",
            how="the owner, by phone",
        )
        store.record_consent(answer, actor="ama")
    store.put_field_visit(
        FieldVisit(
            visit_id=VISIT,
            region_id=REGION,
            title="Bonsa valley",
            days=(VisitDay(day=dt.date(2026, 12, 2)),),
            stops=tuple(PlannedStop(layer_id=layer_id, feature_id=one, day=0) for one in STOPS),
        ),
        actor="ama",
    )
    return store


def item(item_id: str, **other: Any) -> dict[str, Any]:
    """A note as the pack's form writes it."""
    told = {"id": item_id, "kind": "note", "stop": 1, "feature_id": "w1", "text": "The pit is wet"}
    return told | other


def voice(item_id: str, consent: str, **other: Any) -> dict[str, Any]:
    """A voice whose words name its consent, so that a leak is found by them."""
    told = {
        "kind": "voice",
        "text": f"Said for the {consent} ears",
        "group": "farmer",
        "sex": "woman",
        "language": "Twi",
        "consent": consent,
    }
    return item(item_id, **(told | other))


def file_of(*items: dict[str, Any], visit: str = VISIT) -> bytes:
    """A feedback file."""
    return json.dumps({"format": FORMAT, "visit": visit, "items": list(items)}).encode()


def photo(content: bytes = PHOTO) -> dict[str, str]:
    """A photo as it travels in the file."""
    data = base64.b64encode(content).decode()
    return {"name": "pit.jpg", "type": "image/jpeg", "data": data}


def bring(store: Store, *items: dict[str, Any]) -> workflows.FeedbackImport:
    """Import a file with these notes."""
    return workflows.import_feedback(store, VISIT, file_of(*items), filename="a.json", actor="ama")


def accept(store: Store, item_id: str, **other: Any) -> None:
    """Accept a note."""
    told = {"decision": "accepted", "why": "heard", "actor": "kofi"} | other
    workflows.decide_note(store, VISIT, item_id, **told)
