"""Links to packs: remembered by a hash, so that nobody who reads the catalogue can use one."""

import datetime as dt

import sqlalchemy as sa

from layers import schema
from layers.field.records import PackLink
from layers.ledger import batches
from layers.store import StoreError

LINKS, ENDS = schema.pack_link, schema.pack_link_end


def of_visit(connection: sa.Connection, visit_id: str) -> tuple[PackLink, ...]:
    """The links of a visit, newest first."""
    return _found(connection, LINKS.c.visit_id == visit_id)


def one(connection: sa.Connection, token_hash: str) -> PackLink | None:
    """The link with a hash; None where there never was one."""
    found = _found(connection, LINKS.c.token_hash == token_hash)
    return found[0] if found else None


def add(
    connection: sa.Connection,
    token_hash: str,
    visit_id: str,
    *,
    region_id: str,
    expires_at: dt.datetime,
    actor: str,
) -> PackLink:
    """Add a link inside a transaction."""
    now = dt.datetime.now(dt.UTC)
    if expires_at <= now:
        raise StoreError("The link would have ended before it began. Choose a later day.")
    made = PackLink(
        token_hash=token_hash,
        visit_id=visit_id,
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
    )
    row = {
        name: getattr(made, name)
        for name in ("token_hash", "visit_id", "created_at", "created_by", "expires_at")
    }
    connection.execute(LINKS.insert().values(row))
    until = expires_at.isoformat()
    batches.note(connection, region_id, "add pack link", actor, visit_id=visit_id, until=until)
    return made


def end(connection: sa.Connection, token_hash: str, *, region_id: str, actor: str) -> PackLink:
    """Revoke a link inside a transaction; one that is revoked stays so."""
    known = one(connection, token_hash)
    if known is None:
        raise StoreError("There is no such link.")
    if known.ended_at is None:
        now = dt.datetime.now(dt.UTC)
        connection.execute(ENDS.insert().values(token_hash=token_hash, at=now, actor=actor))
        batches.note(connection, region_id, "end pack link", actor, visit_id=known.visit_id)
    found = one(connection, token_hash)
    assert found is not None
    return found


def _found(connection: sa.Connection, which: sa.ColumnElement[bool]) -> tuple[PackLink, ...]:
    rows = connection.execute(
        sa.select(LINKS, ENDS.c.at, ENDS.c.actor)
        .join(ENDS, ENDS.c.token_hash == LINKS.c.token_hash, isouter=True)
        .where(which)
        .order_by(LINKS.c.created_at.desc())
    ).all()
    return tuple(
        PackLink(
            token_hash=row.token_hash,
            visit_id=row.visit_id,
            created_at=row.created_at,
            created_by=row.created_by,
            expires_at=row.expires_at,
            ended_at=row.at,
            ended_by=row.actor,
        )
        for row in rows
    )
