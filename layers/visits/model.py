"""What an import of visits is asked and what it answers: plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from layers.findings import Finding, blocking
from layers.ledger.records import BatchReport
from layers.read import CrsChoice

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["imported", "already imported", "ready", "needs answers", "refused"]
About = Literal["field", "practice", "state", "place", "site"]
POSITION_FIELDS = ("longitude", "latitude", "coordinates")
LEAVE_OUT = ""
"""The answer that a column, a place or a site is none of those proposed."""


@dataclass(frozen=True, kw_only=True)
class VisitRequest:
    """How a table of visits is to be read: what somebody chose, confirmed or stated.

    `mapping` is field of a visit -> column, `practices` code -> column, both with "" for "none".
    `states` is "CODE:value" -> state, `places` a name as written -> district id, `sites` a site as
    `Proposal.subject` names it -> site id; "" leaves it without. `round` and `selection` are for
    rows that say nothing themselves. `crs` and `swap_axes` answer the question where coordinates
    come from. `accept_suggestions` is --yes: proposals are accepted unseen, questions without one
    proposal are asked still.
    """

    region_id: str
    table: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    practices: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    round: str | None = None
    selection: str | None = None
    crs: str | None = None
    swap_axes: bool | None = None
    source_note: str | None = None
    accept_suggestions: bool = False
    demonstration: bool = False

    def as_json(self) -> dict[str, Any]:
        """The request as plain JSON types, keys sorted by name: fit for a fingerprint."""
        return {
            name: dict(sorted(value.items())) if isinstance(value, Mapping) else value
            for name, value in vars(self).items()
        }


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Something to be confirmed, or answered where `answer` is None.

    `subject` is the field, the code, "CODE:value", the place as written or the site; `answer` what
    we would take, "" for none of the choices. `choices` are (answer, what it is called), best
    first. `rows` counts the rows it is about.
    """

    about: About
    subject: str
    answer: str | None
    why: str
    choices: tuple[tuple[str, str], ...] = ()
    rows: int = 0

    def as_json(self) -> dict[str, Any]:
        """The proposal as plain JSON types."""
        return vars(self) | {"choices": [list(choice) for choice in self.choices]}


@dataclass(frozen=True, kw_only=True, eq=False)
class VisitPlan:
    """A table of visits as it would enter the ledger.

    `visits` and `observations` are frames of `geo.adoption.frames` (with `identity`, without
    `batch_id`); provisional while a blocking finding stands. `left_out` counts rows by reason; the
    numbers add up: read = len(visits) + sum(left_out). `fields`, `practices` and `states` are what
    was used. `columns` is name -> up to three samples, `tables` are all of the file. `export` names
    the program the table came from, None for any other table.
    """

    table: str
    tables: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    export: str | None
    is_form: bool
    read: int
    visits: "pd.DataFrame"
    observations: "pd.DataFrame"
    left_out: Mapping[str, int]
    not_accepted: Mapping[str, str]
    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...]
    fields: Mapping[str, str]
    practices: Mapping[str, str]
    states: Mapping[str, str]
    crs_choices: tuple[CrsChoice, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stop the import."""
        return tuple(blocking(self.findings))


@dataclass(frozen=True, kw_only=True)
class VisitReport:
    """What became of an import of visits, or would.

    The rows add up: read = counted + already_there + held + the values of `left_out`, as soon as
    `status` is "imported" or "already imported"; before that `counted` are those that could count.
    `known_states` counts observations with a known state. `sites_again` are sites with several
    visits in this file. `plan` is what it was made of, not part of the JSON.
    """

    status: Status
    message: str
    filename: str
    region_id: str
    read: int = 0
    counted: int = 0
    already_there: int = 0
    held: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    observations: int = 0
    known_states: int = 0
    sites: int = 0
    sites_again: int = 0
    with_position: int = 0
    rounds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    practices: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    table: str = ""
    tables: tuple[str, ...] = ()
    export: str | None = None
    is_form: bool = False
    crs_choices: tuple[CrsChoice, ...] = ()
    batch: BatchReport | None = None
    plan: VisitPlan | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether the visits are in the ledger, or could be."""
        return self.status in ("imported", "already imported", "ready")

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stopped it."""
        return tuple(blocking(self.findings))

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        told = {name: value for name, value in vars(self).items() if name != "plan"}
        return {
            **told,
            "left_out": dict(self.left_out),
            "rounds": list(self.rounds),
            "columns": {name: list(samples) for name, samples in self.columns.items()},
            "tables": list(self.tables),
            "findings": [finding.as_json() for finding in self.findings],
            "proposals": [proposal.as_json() for proposal in self.proposals],
            "fields": dict(self.fields),
            "practices": dict(self.practices),
            "states": dict(self.states),
            "crs_choices": [choice.as_json() for choice in self.crs_choices],
            "batch": self.batch.as_json() if self.batch else None,
        }
