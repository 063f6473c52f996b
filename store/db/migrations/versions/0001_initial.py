"""The first tables."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _words(*names: str, null: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=null) for name in names]


def _numbers(*names: str, null: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=null) for name in names]


def _times(*names: str, null: bool = False) -> list[sa.Column[datetime]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=null) for name in names]


def _flags(*names: str, null: bool = False) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean(), nullable=null) for name in names]


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    _intake()
    _person()
    _ticket()
    _event()
    _assignment()
    _outbox()
    _message()
    _token()
    _attempt()


def _intake() -> None:
    op.create_table(
        "intake",
        *_words("number", "city"),
        *_words("idempotency_key", null=True),
        *_words("fingerprint"),
        _text("complaint"),
        *_times("filed_at"),
        *_times("started_at", null=True),
        *_numbers("attempts"),
        *_words("last_error", null=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("idempotency_key"),
    )
    _partial("intake_pending", "intake", ["filed_at"], "started_at IS NULL")


def _person() -> None:
    op.create_table(
        "person",
        *_words("id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *_words("phone_hash", null=True),
        *_times("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_person_phone_hash", "person", ["phone_hash"])


def _ticket() -> None:
    op.create_table(
        "ticket",
        *_words("number", "city", "stage"),
        *_words("outcome", null=True),
        *_numbers("version"),
        *_words("kind", "channel"),
        *_words("category", "tier", "area", "unit", null=True),
        *_words("title"),
        *_flags("anonymous"),
        *_words("person", null=True),
        *_times("filed_at", "updated_at"),
        *_times("ended_at", "due_at", null=True),
        *_numbers("returns", "reworks"),
        *_flags("call_back_due", "rated"),
        *_flags("contacted", "resolved", null=True),
        *_numbers("grade", null=True),
        *_flags("satisfied", null=True),
        *_numbers("yellow_cards", "red_cards"),
        _text("state"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ticket_by_stage", "ticket", ["city", "stage", "due_at"])
    op.create_index("ticket_by_unit", "ticket", ["unit", "stage"])
    op.create_index("ticket_by_update", "ticket", ["updated_at", "number"])
    op.create_index("ticket_by_city", "ticket", ["city", "updated_at", "number"])
    op.create_index("ticket_by_filing", "ticket", ["city", "filed_at"])
    _partial("ticket_by_end", "ticket", ["city", "ended_at"], "ended_at IS NOT NULL")


def _event() -> None:
    op.create_table(
        "event",
        *_words("number"),
        *_numbers("version"),
        *_words("city"),
        *_times("at"),
        *_words("kind", "stage", "role", "actor"),
        *_words("unit", "clock", "rung", null=True),
        _text("fact"),
        sa.PrimaryKeyConstraint("number", "version"),
    )
    _partial("event_rungs", "event", ["city", "at"], "rung IS NOT NULL")


def _assignment() -> None:
    op.create_table(
        "assignment",
        *_words("number"),
        *_numbers("n"),
        *_words("city", "unit", "queue", "activity_id"),
        *_numbers("rework"),
        *_times("opened_at"),
        *_times("signed_at", "contacted_at", "due_at", "ended_at", null=True),
        *_words("ending", "asked", null=True),
        *_numbers("extensions", "version"),
        *_times("updated_at"),
        sa.PrimaryKeyConstraint("number", "n"),
    )
    op.create_index("assignment_inbox", "assignment", ["unit", "ended_at", "due_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        *_words("key", "number"),
        *_numbers("version"),
        *_words("city", "audience"),
        *_words("unit", null=True),
        *_words("template"),
        *_times("created_at"),
        *_times("sent_at", null=True),
        *_numbers("attempts"),
        *_words("last_error", null=True),
        sa.PrimaryKeyConstraint("key"),
    )
    _partial("outbox_pending", "outbox", ["attempts", "created_at", "key"], "sent_at IS NULL")


def _message() -> None:
    op.create_table(
        "message",
        *_words("key", "number"),
        *_numbers("version"),
        *_words("city", "audience"),
        *_words("unit", null=True),
        *_words("template"),
        *_times("at"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("message_by_ticket", "message", ["number", "version"])


def _token() -> None:
    op.create_table(
        "token",
        *_words("id", "digest", "role"),
        *_words("unit", null=True),
        *_words("name"),
        *_times("created_at"),
        *_times("expires_at", "revoked_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        *_words("key"),
        *_times("window_start"),
        *_numbers("count"),
        sa.PrimaryKeyConstraint("key", "window_start"),
    )
    op.create_index("attempt_by_time", "attempt", ["window_start"])


def downgrade() -> None:
    for table in ("attempt", "token", "message", "outbox", "assignment"):
        op.drop_table(table)
    for table in ("event", "ticket", "person", "intake"):
        op.drop_table(table)
