"""What a store has to offer for field visits; part of `layers.store.Store`."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from layers.field.records import (
    Audience,
    Decision,
    FieldNote,
    FieldVisit,
    PackLink,
    SiteConsent,
    Story,
)


class FieldStore(Protocol):
    """Plans of visits, consents, what came back, stories and links. Every earlier state stays.

    Every change is one transaction. Methods raise StoreError with a sentence for the screen.
    """

    def field_visits(
        self, region_id: str | None = None, *, taken_off: bool = False
    ) -> tuple[FieldVisit, ...]:
        """The plans as they stand now, by first day (none last) and title."""

    def field_visit(self, visit_id: str) -> FieldVisit:
        """One plan as it stands now; StoreError when there is none."""

    def put_field_visit(self, visit: FieldVisit, *, actor: str) -> FieldVisit:
        """Add a plan or change one; returns it as it stands now."""

    def field_visit_history(self, visit_id: str) -> tuple[FieldVisit, ...]:
        """Every state of a plan, newest first."""

    def consents(self, region_id: str) -> dict[tuple[str, str], SiteConsent]:
        """The newest consent of each site, by (layer id, feature id); who was never asked is not
        in it."""

    def consent_history(
        self, region_id: str, layer_id: str, feature_id: str
    ) -> tuple[SiteConsent, ...]:
        """Every answer of a site, newest first."""

    def record_consent(self, consent: SiteConsent, *, actor: str) -> SiteConsent:
        """Add what a site answered."""

    def field_notes(self, region_id: str, *, visit_id: str | None = None) -> tuple[FieldNote, ...]:
        """What came back, with the newest decision; newest first."""

    def add_field_notes(self, notes: Sequence[FieldNote], *, actor: str) -> tuple[int, int]:
        """Keep what came back; returns how many were added and how many were there already.

        An item is known by visit and item id; one that is there is left as it is.
        """

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
        """Accept or reject something that came back; a consent can be narrowed, never widened."""

    def stories(self, region_id: str, *, taken_off: bool = False) -> tuple[Story, ...]:
        """The stories as they stand now, by title."""

    def put_story(self, story: Story, *, actor: str) -> Story:
        """Add a story or change one; returns it as it stands now."""

    def pack_links(self, visit_id: str) -> tuple[PackLink, ...]:
        """The links to a visit's pack, newest first, ended ones too."""

    def add_pack_link(
        self, token_hash: str, visit_id: str, *, expires_at: dt.datetime, actor: str
    ) -> PackLink:
        """Remember a link by the hash of its secret part."""

    def end_pack_link(self, token_hash: str, *, actor: str) -> PackLink:
        """Revoke a link."""

    def pack_link(self, token_hash: str) -> PackLink | None:
        """The link with this hash; None where there never was one."""
