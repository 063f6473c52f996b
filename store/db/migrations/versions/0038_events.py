"""Events in: their sources, the book in which they are entered first."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_WAITING = sa.text("judged_at IS NULL")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "event_source",
        sa.Column("id", sa.String(), primary_key=True),
        *_text("city", "name", "prefix"),
        sa.Column("devices", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("signs", sa.Boolean(), nullable=False),
        *_text("digest", "old_digest"),
        _at("old_until", nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        _at("created_at"),
        _at("revoked_at", nullable=True),
    )
    op.create_table(
        "event_source_use",
        sa.Column("source_id", sa.String(), primary_key=True),
        _at("minute"),
        sa.Column("used", sa.Integer(), nullable=False),
        _at("heard_at"),
    )
    op.create_table(
        "sensor_event",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        *_text("source_id", "source", "id", "device"),
        _at("at"),
        _at("received_at"),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        *_text("digest"),
        _at("judged_at", nullable=True),
        *_text("outcome"),
    )
    op.create_index(
        "sensor_event_waiting",
        "sensor_event",
        ["city", "source_id", "received_at", "key"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("sensor_event_by_time", "sensor_event", ["city", "judged_at"])


def downgrade() -> None:
    op.drop_index("sensor_event_by_time", "sensor_event")
    op.drop_index("sensor_event_waiting", "sensor_event")
    op.drop_table("sensor_event")
    op.drop_table("event_source_use")
    op.drop_table("event_source")
