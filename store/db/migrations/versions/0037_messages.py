"""Messages to people: what is to be told outside, each delivery, channels, and choices."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

_OPEN_NOTICE = sa.text("state IN ('new', 'waiting')")
_OPEN_DELIVERY = sa.text("state IN ('waiting', 'claimed', 'sending', 'accepted')")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, nullable: bool = False, key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable, primary_key=key)


def upgrade() -> None:
    op.create_table(
        "notice",
        _text("key", key=True),
        _text("number"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("city"),
        _text("audience"),
        _text("unit", nullable=True),
        _text("template"),
        _text("state"),
        _text("reason"),
        _text("recipient", nullable=True),
        _text("signature", nullable=True),
        _text("joined", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        _at("created_at"),
        _at("due_at"),
        _at("routed_at", nullable=True),
        _at("told_at", nullable=True),
    )
    op.create_index(
        "notice_open",
        "notice",
        ["due_at", "created_at", "version"],
        sqlite_where=_OPEN_NOTICE,
        postgresql_where=_OPEN_NOTICE,
    )
    op.create_index("notice_by_ticket", "notice", ["number"])
    op.create_index("notice_by_recipient", "notice", ["recipient", "routed_at"])
    op.create_index("notice_by_time", "notice", ["created_at"])
    op.create_table(
        "delivery",
        _text("id", key=True),
        _text("notice"),
        _text("number"),
        _text("city"),
        _text("channel"),
        _text("state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _at("next_at"),
        _text("lane"),
        _at("place"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("claim", nullable=True),
        _at("claimed_at", nullable=True),
        _text("vendor_id", nullable=True),
        _text("outcome"),
        _at("created_at"),
        _at("ended_at", nullable=True),
    )
    op.create_index(
        "delivery_open",
        "delivery",
        ["state", "next_at"],
        sqlite_where=_OPEN_DELIVERY,
        postgresql_where=_OPEN_DELIVERY,
    )
    op.create_index("delivery_by_notice", "delivery", ["notice"])
    op.create_index("delivery_by_ticket", "delivery", ["number"])
    op.create_index("delivery_by_lane", "delivery", ["lane", "place"])
    op.create_table(
        "message_channel",
        _text("channel", key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        _at("paused_until", nullable=True),
        _text("error"),
    )
    op.create_table(
        "contact_choice",
        _text("recipient", key=True),
        _text("without"),
        _text("language"),
        _at("changed_at"),
    )


def downgrade() -> None:
    for table in (
        "contact_choice",
        "message_channel",
        "delivery",
        "notice",
    ):
        op.drop_table(table)
