"""Visits, their corrections and the road map: the adoption ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# what was said stays said: `visit_identity` alone, an index made from the files, can shrink
ADDED_TO_ONLY = (
    "visit_batch",
    "batch_finding",
    "batch_standing",
    "held_visit",
    "settlement",
    "correction",
    "action_state",
)


def upgrade() -> None:
    """Make the tables of the ledger."""
    _batches()
    _held()
    _changes()
    if op.get_bind().dialect.name == "sqlite":
        for table in ADDED_TO_ONLY:
            for what in ("DELETE", "UPDATE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
                )


def downgrade() -> None:
    """Not offered: a catalogue is brought back from a backup, never by dropping its tables."""
    raise RuntimeError("Restore a backup instead of downgrading the catalogue.")


def _batches() -> None:
    op.create_table(
        "visit_batch",
        sa.Column("batch_id", sa.Text, primary_key=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, sa.ForeignKey("original.sha256"), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("request_fingerprint", sa.Text, nullable=False),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("visits_added", sa.BigInteger, nullable=False),
        sa.Column("observations_added", sa.BigInteger, nullable=False),
        sa.Column("visits_held", sa.BigInteger, nullable=False),
        sa.Column("already_there", sa.BigInteger, nullable=False),
        sa.Column("first_day", sa.Date),
        sa.Column("last_day", sa.Date),
        sa.Column("source_note", sa.Text),
        sa.Column("visits_file", sa.Text, nullable=False),
        sa.Column("visits_sha256", sa.Text, nullable=False),
        sa.Column("observations_file", sa.Text, nullable=False),
        sa.Column("observations_sha256", sa.Text, nullable=False),
        sa.Column("demonstration", sa.Boolean, nullable=False),
        sa.UniqueConstraint("region_id", "number", name="one_number_a_region"),
    )
    op.create_table(
        "batch_finding",
        sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    )
    op.create_table(
        "batch_standing",
        sa.Column("standing_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Index("standing_of_batch", "batch_id"),
    )
    op.create_table(
        "visit_identity",
        sa.Column("region_id", sa.Text, primary_key=True),
        sa.Column("identity", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
        sa.Index("identity_of_batch", "batch_id"),
    )


def _held() -> None:
    op.create_table(
        "held_visit",
        sa.Column("held_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
        sa.UniqueConstraint("batch_id", "identity", "content", name="held_once_a_batch"),
        sa.Index("held_of_region", "region_id", "identity"),
        sa.CheckConstraint("length(identity) > 0", name="held_has_identity"),
    )
    op.create_table(
        "settlement",
        sa.Column("settlement_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("held_id", sa.Integer, sa.ForeignKey("held_visit.held_id"), nullable=False),
        sa.Column("take", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.CheckConstraint("take IN ('old', 'new')", name="take_is_old_or_new"),
        sa.Index("settlement_of_held", "held_id"),
    )


def _changes() -> None:
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("visit_id", sa.Text, nullable=False),
        sa.Column("practice", sa.Text),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("old", sa.JSON, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.CheckConstraint("origin IN ('person', 'review')", name="origin_is_known"),
        sa.Index("correction_of_visit", "region_id", "visit_id"),
    )
    op.create_table(
        "action_state",
        sa.Column("action_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("practice", sa.Text),
        sa.Column("area_level", sa.Text, nullable=False),
        sa.Column("area_id", sa.Text),
        sa.Column("area", sa.Text),
        sa.Column("baseline_share", sa.Float),
        sa.Column("baseline_day", sa.Date),
        sa.Column("target_share", sa.Float),
        sa.Column("target_day", sa.Date),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("demonstration", sa.Boolean, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('planned', 'under way', 'done', 'dropped')", name="status_is_known"
        ),
        sa.CheckConstraint(
            "area_level = 'region' OR area_id IS NOT NULL", name="district_is_named"
        ),
        sa.CheckConstraint(
            "target_share BETWEEN 0 AND 1 AND baseline_share BETWEEN 0 AND 1",
            name="shares_are_shares",
        ),
        sa.Index("action_of_region", "region_id"),
    )
