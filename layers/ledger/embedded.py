"""The ledger in an embedded store: one transaction a change, frames from what was read last."""

import contextlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from geo.adoption.frames import Ledger
from layers.files import LocalFiles
from layers.ledger import actions, batches, corrections, holding
from layers.ledger.arriving import arriving
from layers.ledger.reading import Current, Readings, fingerprint
from layers.ledger.records import (
    Action,
    Batch,
    BatchReport,
    Correction,
    Held,
    Take,
    VisitBatch,
)
from layers.store import StoreError


class EmbeddedLedger:
    """The part of an embedded store that keeps visits and road maps; see `LedgerStore`."""

    engine: sa.Engine
    files: LocalFiles

    @cached_property
    def _readings(self) -> Readings:
        return Readings()

    def disk(self) -> contextlib.AbstractContextManager[None]:
        """What the disk or the database refuses, as a sentence."""
        raise NotImplementedError

    def lock(
        self, *, exclusive: bool, wait: bool = True
    ) -> contextlib.AbstractContextManager[bool]:
        """Writers share it between file and transaction; cleaning up needs it alone."""
        raise NotImplementedError

    def writing(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction that holds the write lock from its start."""
        raise NotImplementedError

    def _current(self, connection: sa.Connection, region_id: str) -> Current:
        return self._readings.current(connection, self.files, region_id)

    # -- visits -----------------------------------------------------------------------------

    def add_visits(self, batch: VisitBatch) -> BatchReport:
        coming = arriving(batch)
        if not self.files.exists(f"originals/{batch.sha256}"):
            raise StoreError(f"The original of '{batch.filename}' was not kept; import it again.")
        with self.disk(), self.lock(exclusive=False), self.writing() as connection:
            report = batches.add(connection, self.files, coming)
            report = corrections.after_review(
                connection,
                batch,
                report,
                accepted=coming.visits["identity"],
                current=lambda: self._current(connection, batch.region_id),
            )
            if report.withdrawn or report.brought_back:
                batches.keep_original(connection, self.files, batch)
            return report

    def ledger(self, region_id: str) -> Ledger:
        with self.engine.begin() as connection:
            return self._current(connection, region_id).counting()

    def withdrawn_visits(self, region_id: str) -> Ledger:
        with self.engine.begin() as connection:
            return self._current(connection, region_id).taken_out()

    def ledger_fingerprint(self, region_id: str) -> str:
        with self.engine.begin() as connection:
            return fingerprint(connection, region_id)

    def batches(self, region_id: str, *, taken_off: bool = False) -> tuple[Batch, ...]:
        with self.engine.begin() as connection:
            every = batches.all_batches(connection, region_id)
        return tuple(batch for batch in every if batch.counts or taken_off)

    def take_batch_off(self, batch_id: str, *, why: str, actor: str) -> Batch:
        with self.disk(), self.writing() as connection:
            return batches.take_off(connection, batch_id, why=why, actor=actor)

    def put_batch_back(self, batch_id: str, *, actor: str) -> Batch:
        with self.disk(), self.writing() as connection:
            return batches.put_back(connection, self.files, batch_id, actor=actor)

    # -- records held, values corrected -----------------------------------------------------

    def held(self, region_id: str, *, settled: bool = False) -> tuple[Held, ...]:
        with self.engine.begin() as connection:
            current = self._current(connection, region_id)
            corrected = corrections.holding(connection, current, region_id)
            return holding.all_held(
                connection, self.files, current, region_id, corrected=corrected, settled=settled
            )

    def settle_held(self, held_ids: Sequence[int], *, take: Take, actor: str) -> tuple[Held, ...]:
        with self.disk(), self.writing() as connection:
            regions = holding.settle(connection, held_ids, take=take, actor=actor)
        every = [one for region in regions for one in self.held(region, settled=True)]
        return tuple(one for one in every if one.held_id in set(held_ids))

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
        with self.disk(), self.writing() as connection:
            made = corrections.correct(
                connection,
                self._current(connection, region_id),
                region_id=region_id,
                visit_id=visit_id,
                practice=practice,
                field=field,
                value=value,
                why=why,
                actor=actor,
            )
        # asked for after the commit: what is read inside would be kept even if that failed
        every = self.corrections(region_id, visit_id)
        return next(one for one in every if one.correction_id == made)

    def corrections(self, region_id: str, visit_id: str | None = None) -> tuple[Correction, ...]:
        with self.engine.begin() as connection:
            current = self._current(connection, region_id)
            return corrections.all_corrections(connection, current, region_id, visit_id)

    # -- the road map -----------------------------------------------------------------------

    def actions(self, region_id: str, *, taken_off: bool = False) -> tuple[Action, ...]:
        with self.engine.begin() as connection:
            return actions.actions(connection, region_id, taken_off=taken_off)

    def put_action(self, action: Action, *, actor: str) -> Action:
        with self.disk(), self.writing() as connection:
            return actions.put(connection, action, actor=actor)

    def action_history(self, action_id: str) -> tuple[Action, ...]:
        with self.engine.begin() as connection:
            return actions.history(connection, action_id)
