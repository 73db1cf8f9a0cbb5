"""The catalogue's tables as SQLAlchemy sees them; layers/migrations makes and changes them."""

import datetime as dt
from typing import Any

import sqlalchemy as sa


class Utc(sa.TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


metadata = sa.MetaData()

layer = sa.Table(
    "layer",
    metadata,
    sa.Column("layer_id", sa.Text, primary_key=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("deleted_at", Utc),
    sa.Column("current_version_id", sa.Text),
)

original = sa.Table(
    "original",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
)

layer_version = sa.Table(
    "layer_version",
    metadata,
    sa.Column("version_id", sa.Text, primary_key=True),
    sa.Column("layer_id", sa.Text, sa.ForeignKey("layer.layer_id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("imported_at", Utc, nullable=False),
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
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("version_id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("layer_id", sa.Text),
    sa.Column("version_id", sa.Text),
    sa.Column("details", sa.JSON, nullable=False),
)

# -- the adoption ledger ------------------------------------------------------------------------

visit_batch = sa.Table(
    "visit_batch",
    metadata,
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("imported_at", Utc, nullable=False),
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
)

batch_finding = sa.Table(
    "batch_finding",
    metadata,
    sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
)

# whether a batch counts: its newest row here says so, and it counts while it has none
batch_standing = sa.Table(
    "batch_standing",
    metadata,
    sa.Column("standing_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

# an index of the batches that count, made from their files: which one brought a visit first
visit_identity = sa.Table(
    "visit_identity",
    metadata,
    sa.Column("region_id", sa.Text, primary_key=True),
    sa.Column("identity", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
)

held_visit = sa.Table(
    "held_visit",
    metadata,
    sa.Column("held_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text, sa.ForeignKey("visit_batch.batch_id"), nullable=False),
)

settlement = sa.Table(
    "settlement",
    metadata,
    sa.Column("settlement_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("held_id", sa.Integer, sa.ForeignKey("held_visit.held_id"), nullable=False),
    sa.Column("take", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
)

correction = sa.Table(
    "correction",
    metadata,
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
    sa.Column("at", Utc, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
)

action_state = sa.Table(
    "action_state",
    metadata,
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
    sa.Column("changed_at", Utc, nullable=False),
)

field_visit_state = sa.Table(
    "field_visit_state",
    metadata,
    sa.Column("visit_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
)

site_consent = sa.Table(
    "site_consent",
    metadata,
    sa.Column("consent_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("layer_id", sa.Text, nullable=False),
    sa.Column("feature_id", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("how", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", Utc, nullable=False),
)

field_note = sa.Table(
    "field_note",
    metadata,
    sa.Column("visit_id", sa.Text, primary_key=True),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    sa.Column("received_at", Utc, nullable=False),
)

field_note_decision = sa.Table(
    "field_note_decision",
    metadata,
    sa.Column("decision_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("visit_id", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("consent", sa.Text),
    sa.Column("shown_text", sa.Text),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
)

story_state = sa.Table(
    "story_state",
    metadata,
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("region_id", sa.Text, nullable=False),
    sa.Column("record", sa.JSON, nullable=False),
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", Utc, nullable=False),
)

pack_link = sa.Table(
    "pack_link",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("visit_id", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
)

pack_link_end = sa.Table(
    "pack_link_end",
    metadata,
    sa.Column("token_hash", sa.Text, sa.ForeignKey("pack_link.token_hash"), primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
)
