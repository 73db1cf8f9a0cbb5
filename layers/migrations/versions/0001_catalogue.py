"""Layers, their versions, originals, findings and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the first catalogue."""
    op.create_table(
        "layer",
        sa.Column("layer_id", sa.Text, primary_key=True),
        sa.Column("region_id", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("current_version_id", sa.Text),
    )
    op.create_table(
        "original",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "layer_version",
        sa.Column("version_id", sa.Text, primary_key=True),
        sa.Column("layer_id", sa.Text, sa.ForeignKey("layer.layer_id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, sa.ForeignKey("original.sha256"), nullable=False),
        sa.Column("source_layer", sa.Text),
        sa.Column("data_date", sa.Date),
        sa.Column("source_note", sa.Text),
        sa.Column("crs", sa.Text),
        sa.Column("crs_how", sa.Text),
        sa.Column("rows_read", sa.BigInteger, nullable=False),
        sa.Column("rows_imported", sa.BigInteger, nullable=False),
        sa.Column("rows_repaired", sa.BigInteger, nullable=False),
        sa.Column("rows_rejected", sa.BigInteger, nullable=False),
        sa.Column("west", sa.Float),
        sa.Column("south", sa.Float),
        sa.Column("east", sa.Float),
        sa.Column("north", sa.Float),
        sa.Column("mapping", sa.JSON, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("request_fingerprint", sa.Text, nullable=False),
        sa.Column("features_file", sa.Text, nullable=False),
        sa.Column("features_sha256", sa.Text, nullable=False),
        sa.Column("features_size", sa.BigInteger, nullable=False),
        sa.Column("demonstration", sa.Boolean, nullable=False),
        sa.UniqueConstraint("layer_id", "number", name="one_number_a_layer"),
        sa.Index("version_of_bytes", "sha256", "request_fingerprint"),
        sa.CheckConstraint(
            "rows_read = rows_imported + rows_repaired + rows_rejected", name="rows_add_up"
        ),
    )
    op.create_table(
        "finding",
        sa.Column(
            "version_id", sa.Text, sa.ForeignKey("layer_version.version_id"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("record", sa.JSON, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("layer_id", sa.Text),
        sa.Column("version_id", sa.Text),
        sa.Column("details", sa.JSON, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        # an audit trail that could be edited would prove nothing; versions never change either
        for table, what in (("audit", "DELETE"), ("audit", "UPDATE"), ("layer_version", "UPDATE")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )


def downgrade() -> None:
    """Not offered: a catalogue is brought back from a backup, never by dropping its tables."""
    raise RuntimeError("Restore a backup instead of downgrading the catalogue.")
