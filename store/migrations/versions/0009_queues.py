"""Queues: what of a ticket waits for somebody at the centre, and until when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from domain.queues import waiting
from domain.ticket import Ticket
from store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHUNK = 500
_STAGES = ("triage", "dispatch", "arbitrate", "handle", "rate", "supervise", "aftercare")


def upgrade() -> None:
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("queue", sa.String(), nullable=True))
        ticket.add_column(sa.Column("queue_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ticket_by_queue",
        "ticket",
        ["city", "queue", "queue_until"],
        sqlite_where=sa.text("queue IS NOT NULL"),
        postgresql_where=sa.text("queue IS NOT NULL"),
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Put what waits already into its queue: it may not change for days."""
    ticket = sa.table(
        "ticket",
        *(sa.column(name) for name in ("number", "stage", "state", "queue")),
        sa.column("queue_until", UtcDateTime()),
    )
    found = (
        sa.select(ticket.c.number, ticket.c.state)
        .where(ticket.c.stage.in_(_STAGES))
        .order_by(ticket.c.number)
        .limit(_CHUNK)
    )
    change = (
        ticket.update()
        .where(ticket.c.number == sa.bindparam("which"))
        .values(queue=sa.bindparam("queue"), queue_until=sa.bindparam("queue_until"))
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        told = [one for number, state in rows if (one := _told(number, state))]
        if told:
            connection.execute(change, told)
        after = rows[-1].number


def _told(number: str, state: str) -> dict[str, Any] | None:
    waits = waiting(Ticket.model_validate_json(state))
    until: datetime | None = waits.until if waits else None
    return {"which": number, "queue": waits.queue.value, "queue_until": until} if waits else None


def downgrade() -> None:
    op.drop_index("ticket_by_queue", "ticket")
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("queue_until")
        ticket.drop_column("queue")
