"""What sites answered when asked whether they may be visited and shown."""

import datetime as dt
from dataclasses import replace
from typing import Any, get_args

import sqlalchemy as sa

from layers import schema
from layers.field.records import Consent, SiteConsent
from layers.ledger import batches
from layers.store import StoreError

TABLE = schema.site_consent


def newest(connection: sa.Connection, region_id: str) -> dict[tuple[str, str], SiteConsent]:
    """The newest answer of each site, by layer and feature id."""
    rows = connection.execute(
        sa.select(TABLE).where(TABLE.c.region_id == region_id).order_by(TABLE.c.consent_id)
    ).all()
    return {(row.layer_id, row.feature_id): _record(row) for row in rows}


def history(
    connection: sa.Connection, region_id: str, layer_id: str, feature_id: str
) -> tuple[SiteConsent, ...]:
    """Every answer of a site, newest first."""
    rows = connection.execute(
        sa.select(TABLE)
        .where(
            TABLE.c.region_id == region_id,
            TABLE.c.layer_id == layer_id,
            TABLE.c.feature_id == feature_id,
        )
        .order_by(TABLE.c.consent_id.desc())
    ).all()
    return tuple(_record(row) for row in rows)


def record(connection: sa.Connection, consent: SiteConsent, *, actor: str) -> SiteConsent:
    """Add an answer inside a transaction; StoreError where it does not say how it was given."""
    if consent.answer not in get_args(Consent):
        raise StoreError(
            f"The answer of a site is one of {', '.join(get_args(Consent))}, "
            f"not '{consent.answer}'."
        )
    if consent.answer != "not asked" and not consent.how.strip():
        raise StoreError(
            f"Say how site '{consent.feature_id}' answered: who was asked, by whom and when."
        )
    kept = replace(consent, recorded_by=actor, recorded_at=dt.datetime.now(dt.UTC))
    connection.execute(TABLE.insert().values(**vars(kept)))
    # the site stays out of the audit line: exact places of sites are nobody's reading
    batches.note(connection, consent.region_id, "record consent", actor, answer=consent.answer)
    return kept


def _record(row: Any) -> SiteConsent:
    values = dict(row._mapping)
    values.pop("consent_id")
    return SiteConsent(**values)
