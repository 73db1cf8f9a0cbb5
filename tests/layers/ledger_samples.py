"""Small batches of visits made in code, for the tests of the ledger."""

import hashlib
import io
from typing import Any

import pandas as pd

from layers.ledger.records import BatchReport, VisitBatch
from layers.store import Store

REGION = "tarkwa"


def batch(
    visits: list[dict[str, Any]],
    *,
    filename: str = "visits.csv",
    region_id: str = REGION,
    sha256: str = "0" * 64,
    **more: Any,
) -> VisitBatch:
    """A batch; `seen` of a visit is {practice: state} or {practice: (state, evidence, number)}."""
    rows, observations = [], []
    for number, visit in enumerate(visits):
        seen = visit.get("seen", {})
        own = {name: value for name, value in visit.items() if name != "seen"}
        rows.append({"source_row": number + 2, "round": "2021"} | own)
        for practice, told in seen.items():
            state, evidence, intensity = told if isinstance(told, tuple) else (told, None, None)
            observations.append(
                {
                    "visit": number,
                    "practice": practice,
                    "state": state,
                    "evidence": evidence,
                    "intensity": intensity,
                }
            )
    return VisitBatch(
        region_id=region_id,
        imported_by="ama",
        filename=filename,
        sha256=sha256,
        request={},
        request_fingerprint="f",
        read=len(visits),
        visits=pd.DataFrame(rows, columns=None if rows else ["identity"]),
        observations=pd.DataFrame(
            observations, columns=["visit", "practice", "state", "evidence", "intensity"]
        ),
        **more,
    )


def bring(store: Store, visits: list[dict[str, Any]], **more: Any) -> BatchReport:
    """Put an original named after the visits and add them."""
    content = repr((visits, sorted(more.items()))).encode()
    sha256 = store.put_original(io.BytesIO(content))
    assert sha256 == hashlib.sha256(content).hexdigest()
    return store.add_visits(batch(visits, sha256=sha256, **more))


def told(store: Store, *fields: str, region_id: str = REGION) -> list[tuple[Any, ...]]:
    """The visits that count, as tuples of these fields, nulls as None."""
    frame = store.ledger(region_id).visits[list(fields)].astype(object)
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame.itertuples(index=False)
    ]


def states(store: Store, region_id: str = REGION) -> dict[tuple[str, str], str]:
    """{(visit, practice): state} of what counts."""
    ledger = store.ledger(region_id)
    ids = ledger.visits["visit_id"].to_numpy()[ledger.observations["visit"].to_numpy()]
    seen = ledger.observations
    return dict(zip(zip(ids, seen["practice"], strict=True), seen["state"], strict=True))
