"""Sensors: imported devices, readings, the states of devices, and the causes of tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _point() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "sensor_device",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        *_point(),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=False),
    )
    op.create_table(
        "sensor_state",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("device", sa.String(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        _at("latest_at", nullable=True),
    )
    op.create_table(
        "sensor_reading",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("device", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        _at("at"),
        _at("taken_at"),
        sa.Column("value", sa.Float(), nullable=False),
        *_point(),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
    )
    op.create_index("sensor_reading_by_time", "sensor_reading", ["city", "device", "at"])
    op.create_index("sensor_reading_by_cause", "sensor_reading", ["cause"])
    op.create_table(
        "sensor_cause",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("alarm", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        *_point(),
        sa.Column("number", sa.String(), nullable=True),
        _at("opened_at"),
        _at("recovered_at", nullable=True),
        _at("closed_at", nullable=True),
    )
    op.create_index(
        "sensor_cause_open",
        "sensor_cause",
        ["city", "device", "alarm", "lead"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("sensor_cause_by_ticket", "sensor_cause", ["number"])


def downgrade() -> None:
    op.drop_index("sensor_cause_by_ticket", "sensor_cause")
    op.drop_index("sensor_cause_open", "sensor_cause")
    op.drop_table("sensor_cause")
    op.drop_index("sensor_reading_by_cause", "sensor_reading")
    op.drop_index("sensor_reading_by_time", "sensor_reading")
    op.drop_table("sensor_reading")
    op.drop_table("sensor_state")
    op.drop_table("sensor_device")
