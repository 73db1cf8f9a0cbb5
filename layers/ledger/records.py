"""What the store knows about visits and road maps: frozen records, whatever database holds them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from layers.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

Take = Literal["old", "new"]
"""Which of two records of one visit counts: the one that was there, or the one that came later."""

Origin = Literal["person", "review"]
"""Who took a visit out or brought it back: a person, or the review status in somebody's export."""

ActionStatus = Literal["planned", "under way", "done", "dropped"]
AreaLevel = Literal["region", "district"]

WITHDRAWN = "withdrawn"
"""The field of a correction that takes a visit out of every count, or brings it back."""


@dataclass(frozen=True, kw_only=True, eq=False)
class VisitBatch:
    """What an import of visits hands to the store: accepted visits only.

    `visits` has the columns of `geo.adoption.frames` but for `batch_id` and `visit_id`, which the
    store sets, and `identity` (text, never null: the `_uuid` or a stated key, unique in a region;
    it becomes the `visit_id`). It may have `content` (text: a hash of what the record says); where
    it has none, the store makes it with `layers.ledger.content.content_of`. `observations` has the
    columns of `geo.adoption.frames`; `visit` is the position of its row in `visits`, from 0.
    `not_accepted` is {identity: review status} of the rows that must not count (rejected, on
    hold): a visit that counted before and is in it is withdrawn, and said so. `read` counts the
    rows of the file, those not accepted and those that could not be read among them. The original
    must be put before (`Store.put_original`).
    """

    region_id: str
    imported_by: str
    filename: str
    sha256: str
    request: Mapping[str, Any]
    request_fingerprint: str
    read: int
    visits: "pd.DataFrame"
    observations: "pd.DataFrame"
    findings: tuple[Finding, ...] = ()
    not_accepted: Mapping[str, str] = field(default_factory=dict)
    source_note: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One accepted import of visits. Its files never change; `counts` False = taken off.

    `number` counts a region's batches from 1; `imported_at` is UTC. `visits` and `observations`
    are those it brought first; `held` are visits that were already there with other content.
    `first_day` and `last_day` are of the visits it brought, None where no day is known.
    """

    batch_id: str
    region_id: str
    number: int
    imported_at: dt.datetime
    imported_by: str
    filename: str
    sha256: str
    request: Mapping[str, Any]
    request_fingerprint: str
    read: int
    visits: int
    observations: int
    held: int
    already_there: int
    first_day: dt.date | None
    last_day: dt.date | None
    source_note: str | None
    findings: tuple[Finding, ...]
    demonstration: bool
    counts: bool

    def as_json(self) -> dict[str, Any]:
        """The batch as plain JSON types."""
        return {
            "batch_id": self.batch_id,
            "region": self.region_id,
            "number": self.number,
            "imported_at": self.imported_at.isoformat(),
            "imported_by": self.imported_by,
            "filename": self.filename,
            "sha256": self.sha256,
            "read": self.read,
            "visits": self.visits,
            "observations": self.observations,
            "held": self.held,
            "already_there": self.already_there,
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
            "source_note": self.source_note,
            "demonstration": self.demonstration,
            "counts": self.counts,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What became of a batch, in visits: added + held + already_there = visits handed over.

    `batch` is None where nothing was added and nothing newly held. `held` are visits that are
    there with other content and wait for somebody to choose, `newly_held` those first held now.
    `withdrawn` are identities that counted and whose review status says now they must not;
    `brought_back` those that the review had withdrawn and accepts again.
    """

    batch: Batch | None
    added: int
    observations: int
    held: int
    newly_held: int
    already_there: int
    withdrawn: tuple[str, ...] = ()
    brought_back: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "batch": self.batch.as_json() if self.batch else None,
            "added": self.added,
            "observations": self.observations,
            "held": self.held,
            "newly_held": self.newly_held,
            "already_there": self.already_there,
            "withdrawn": list(self.withdrawn),
            "brought_back": list(self.brought_back),
        }


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value in which two records of a visit differ; `practice` is None for the visit's own.

    Days are ISO text, null is None.
    """

    field: str
    practice: str | None
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class Held:
    """A record that came for a visit that was already there with other content.

    `taken` is None while nobody has chosen. `old` is what counted when it was asked, corrections
    in it; `corrections` are those that no longer apply once "new" is taken (and apply again with
    "old"). `differences` can be empty: then the two differ only in what the ledger does not keep.
    """

    held_id: int
    region_id: str
    visit_id: str
    batch_id: str
    filename: str
    held_at: dt.datetime
    source_row: int
    differences: tuple[Difference, ...]
    corrections: int
    taken: Take | None
    settled_by: str | None
    settled_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One value that a person changed, with the value before. Only ever added to; `at` is UTC.

    `field` is a column of visits, or of observations with a `practice`, or "withdrawn" (True takes
    the visit out of every count, False brings it back). `old` and `value` are plain JSON types,
    days as ISO text. `applies` is False where another record of the visit was taken since.
    """

    correction_id: int
    region_id: str
    visit_id: str
    practice: str | None
    field: str
    old: Any
    value: Any
    why: str
    actor: str
    at: dt.datetime
    origin: Origin
    applies: bool

    def as_json(self) -> dict[str, Any]:
        """The correction as plain JSON types."""
        return vars(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Action:
    """A step of a region's road map, as it stands after one change.

    A new one has no `action_id` and `number` 0; the store gives both. To change one, hand over
    what `Store.actions` gave with other values (`dataclasses.replace`): its `number` says which
    state was looked at, and a change made meanwhile is not overwritten. Shares lie from 0 to 1 and
    need their day. `area_level` "region" means all of it, then `area_id` is None; "district" needs
    its `area_id` and `area`, the name for the screen. `shown` False takes it off the road map.
    """

    region_id: str
    title: str
    owner: str
    action_id: str = ""
    number: int = 0
    practice: str | None = None
    area_level: AreaLevel = "region"
    area_id: str | None = None
    area: str | None = None
    baseline_share: float | None = None
    baseline_day: dt.date | None = None
    target_share: float | None = None
    target_day: dt.date | None = None
    status: ActionStatus = "planned"
    note: str | None = None
    demonstration: bool = False
    shown: bool = True
    changed_by: str = ""
    changed_at: dt.datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The action as plain JSON types."""
        days = {
            name: day.isoformat() if day else None
            for name, day in (
                ("baseline_day", self.baseline_day),
                ("target_day", self.target_day),
                ("changed_at", self.changed_at),
            )
        }
        return vars(self) | days
