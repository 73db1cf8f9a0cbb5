"""Field visits: plans, consents, what came back, stories and links to packs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ADDED_TO_ONLY = (
    "field_visit_state",
    "site_consent",
    "field_note",
    "field_note_decision",
    "story_state",
    "pack_link",
    "pack_link_end",
)


def upgrade() -> None:
    """Make the tables of field visits."""
    for name, key in (("field_visit_state", "visit_id"), ("story_state", "story_id")):
        op.create_table(
            name,
            sa.Column(key, sa.Text, primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column("region_id", sa.Text, nullable=False),
            sa.Column("record", sa.JSON, nullable=False),
            sa.Column("shown", sa.Boolean, nullable=False),
            sa.Column("changed_by", sa.Text, nullable=False),
            sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
            sa.Index(f"{name}_of_region", "region_id"),
        )
    op.create_table(
        "site_consent",
        sa.Column("consent_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("layer_id", sa.Text, nullable=False),
        sa.Column("feature_id", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('agreed', 'refused', 'not asked')", name="consent_is_known"),
        sa.Index("consent_of_site", "region_id", "layer_id", "feature_id"),
    )
    _notes()
    _links()
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


def _notes() -> None:
    op.create_table(
        "field_note",
        sa.Column("visit_id", sa.Text, primary_key=True),
        sa.Column("item_id", sa.Text, primary_key=True),
        sa.Column("region_id", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("note_of_region", "region_id"),
    )
    op.create_table(
        "field_note_decision",
        sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("visit_id", sa.Text, nullable=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("consent", sa.Text),
        sa.Column("shown_text", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('accepted', 'rejected', 'waiting')", name="decision_is_known"
        ),
        sa.Index("decision_of_note", "visit_id", "item_id"),
    )


def _links() -> None:
    op.create_table(
        "pack_link",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("visit_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("link_of_visit", "visit_id"),
    )
    op.create_table(
        "pack_link_end",
        sa.Column("token_hash", sa.Text, sa.ForeignKey("pack_link.token_hash"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
    )
