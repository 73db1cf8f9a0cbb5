"""Field visits in an embedded store: one transaction a change."""

import contextlib
import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from layers.field import consents, links, notes, states
from layers.field.records import (
    Audience,
    Decision,
    FieldNote,
    FieldVisit,
    PackLink,
    SiteConsent,
    Story,
)
from layers.files import LocalFiles
from layers.store import StoreError


class EmbeddedField:
    """The part of an embedded store that keeps field visits; see `FieldStore`."""

    engine: sa.Engine
    files: LocalFiles

    def disk(self) -> contextlib.AbstractContextManager[None]:
        """What the disk or the database refuses, as a sentence."""
        raise NotImplementedError

    def writing(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction that holds the write lock from its start."""
        raise NotImplementedError

    def field_visits(
        self, region_id: str | None = None, *, taken_off: bool = False
    ) -> tuple[FieldVisit, ...]:
        with self.engine.begin() as connection:
            found = states.newest(connection, states.VISITS, region_id, taken_off=taken_off)
        first = [one.days[0].day if one.days else dt.date.max for one in found]
        order = sorted(
            zip(first, found, strict=True),
            key=lambda pair: (pair[0], pair[1].title, pair[1].visit_id),
        )
        return tuple(one for _, one in order)

    def field_visit(self, visit_id: str) -> FieldVisit:
        return self.field_visit_history(visit_id)[0]

    def put_field_visit(self, visit: FieldVisit, *, actor: str) -> FieldVisit:
        with self.disk(), self.writing() as connection:
            return states.put(connection, states.VISITS, visit, actor=actor)

    def field_visit_history(self, visit_id: str) -> tuple[FieldVisit, ...]:
        with self.engine.begin() as connection:
            return states.history(connection, states.VISITS, visit_id)

    # -- consent ----------------------------------------------------------------------------

    def consents(self, region_id: str) -> dict[tuple[str, str], SiteConsent]:
        with self.engine.begin() as connection:
            return consents.newest(connection, region_id)

    def consent_history(
        self, region_id: str, layer_id: str, feature_id: str
    ) -> tuple[SiteConsent, ...]:
        with self.engine.begin() as connection:
            return consents.history(connection, region_id, layer_id, feature_id)

    def record_consent(self, consent: SiteConsent, *, actor: str) -> SiteConsent:
        with self.disk(), self.writing() as connection:
            return consents.record(connection, consent, actor=actor)

    # -- what came back ---------------------------------------------------------------------

    def field_notes(self, region_id: str, *, visit_id: str | None = None) -> tuple[FieldNote, ...]:
        with self.engine.begin() as connection:
            return notes.every(connection, region_id, visit_id=visit_id)

    def add_field_notes(self, notes_: Sequence[FieldNote], *, actor: str) -> tuple[int, int]:
        for note in notes_:
            for one in note.keepsakes:
                if not self.files.exists(f"originals/{one.sha256}"):
                    raise StoreError(f"'{one.name}' of a note was not kept; bring the file again.")
        with self.disk(), self.writing() as connection:
            return notes.add(connection, notes_, actor=actor)

    def decide_field_note(
        self,
        visit_id: str,
        item_id: str,
        *,
        decision: Decision,
        why: str,
        actor: str,
        shown_text: str | None = None,
        consent: Audience | None = None,
    ) -> FieldNote:
        with self.disk(), self.writing() as connection:
            region_id = notes.decide(
                connection,
                visit_id,
                item_id,
                decision=decision,
                why=why,
                actor=actor,
                shown_text=shown_text,
                consent=consent,
            )
            every = notes.every(connection, region_id, visit_id=visit_id)
        return next(one for one in every if one.item_id == item_id)

    # -- stories ----------------------------------------------------------------------------

    def stories(self, region_id: str, *, taken_off: bool = False) -> tuple[Story, ...]:
        with self.engine.begin() as connection:
            found = states.newest(connection, states.STORIES, region_id, taken_off=taken_off)
        return tuple(sorted(found, key=lambda one: (one.title, one.story_id)))

    def put_story(self, story: Story, *, actor: str) -> Story:
        with self.disk(), self.writing() as connection:
            return states.put(connection, states.STORIES, story, actor=actor)

    # -- links to packs ---------------------------------------------------------------------

    def pack_links(self, visit_id: str) -> tuple[PackLink, ...]:
        with self.engine.begin() as connection:
            return links.of_visit(connection, visit_id)

    def add_pack_link(
        self, token_hash: str, visit_id: str, *, expires_at: dt.datetime, actor: str
    ) -> PackLink:
        region_id = self.field_visit(visit_id).region_id
        with self.disk(), self.writing() as connection:
            return links.add(
                connection,
                token_hash,
                visit_id,
                region_id=region_id,
                expires_at=expires_at,
                actor=actor,
            )

    def end_pack_link(self, token_hash: str, *, actor: str) -> PackLink:
        known = self.pack_link(token_hash)
        if known is None:
            raise StoreError("There is no such link.")
        region_id = self.field_visit(known.visit_id).region_id
        with self.disk(), self.writing() as connection:
            return links.end(connection, token_hash, region_id=region_id, actor=actor)

    def pack_link(self, token_hash: str) -> PackLink | None:
        with self.engine.begin() as connection:
            return links.one(connection, token_hash)
