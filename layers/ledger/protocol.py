"""What a store has to offer for the adoption ledger; part of `layers.store.Store`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from layers.ledger.records import (
    Action,
    Batch,
    BatchReport,
    Correction,
    Held,
    Take,
    VisitBatch,
)

if TYPE_CHECKING:
    from geo.adoption.frames import Ledger


class LedgerStore(Protocol):
    """Visits, observations and the road map. Nothing is overwritten: every earlier value stays.

    Every change is one transaction. Methods raise StoreError with a sentence for the screen.
    """

    def add_visits(self, batch: VisitBatch) -> BatchReport:
        """Add the visits never seen before; hold those that are there with other content.

        Handing over the same batch again, from another process at the same time too, adds nothing.
        """

    def ledger(self, region_id: str) -> "Ledger":
        """The visits that count and their observations, corrected; visits in order of import.

        The frames are the caller's own. Withdrawn visits are in `withdrawn_visits`.
        """

    def withdrawn_visits(self, region_id: str) -> "Ledger":
        """The visits that somebody took out of every count, and their observations."""

    def ledger_fingerprint(self, region_id: str) -> str:
        """16 hex digits that change when anything in `ledger` or `withdrawn_visits` can change."""

    def batches(self, region_id: str, *, taken_off: bool = False) -> tuple[Batch, ...]:
        """The imports of visits, newest first; with `taken_off` also those taken off."""

    def take_batch_off(self, batch_id: str, *, why: str, actor: str) -> Batch:
        """Have no visit of a batch count; its files stay and `put_batch_back` brings it back."""

    def put_batch_back(self, batch_id: str, *, actor: str) -> Batch:
        """Have a batch count again; refused where its visits have come with another one since."""

    def held(self, region_id: str, *, settled: bool = False) -> tuple[Held, ...]:
        """Records that wait for somebody to choose, oldest first; with `settled` all there were."""

    def settle_held(self, held_ids: Sequence[int], *, take: Take, actor: str) -> tuple[Held, ...]:
        """Choose which record counts, for each; choosing again is possible and both are kept."""

    def correct(
        self,
        region_id: str,
        visit_id: str,
        *,
        field: str,
        value: Any,
        practice: str | None = None,
        why: str,
        actor: str,
    ) -> Correction:
        """Change one value of a visit, or with `practice` of an observation; the old one stays.

        Fields of a visit are those of `layers.ledger.fields.VISIT_FIELDS`, and "withdrawn"; of an
        observation `state`, `evidence` and `intensity`. A practice that was not recorded can be
        given a state. None = no data.
        """

    def corrections(self, region_id: str, visit_id: str | None = None) -> tuple[Correction, ...]:
        """What was corrected, newest first."""

    def actions(self, region_id: str, *, taken_off: bool = False) -> tuple[Action, ...]:
        """The road map: each action as it stands now, by target day and title."""

    def put_action(self, action: Action, *, actor: str) -> Action:
        """Add an action or change one; returns it as it stands now. Every earlier state stays."""

    def action_history(self, action_id: str) -> tuple[Action, ...]:
        """Every state of an action, newest first."""
