"""The columns to find stuck and provisional tickets, and the calendars of their due times."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_CHUNK = 500
_UNRECORDED = sa.text("recorded_at IS NULL")
_AUTOMATIC = sa.text("stage IN ('triage', 'dispatch', 'feedback')")
_PROVISIONAL = sa.text("provisional IS NOT NULL")
_RUNG = sa.text("rung_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("intake", sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("provisional", sa.String(), nullable=True))
    op.create_table(
        "calendar",
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(
        "UPDATE intake SET recorded_at = started_at WHERE started_at IS NOT NULL"
        " AND EXISTS (SELECT 1 FROM ticket WHERE ticket.number = intake.number)"
    )
    _fill(op.get_bind())
    _index("intake_unrecorded", "intake", _UNRECORDED, "filed_at")
    _index("ticket_automatic", "ticket", _AUTOMATIC, "updated_at")
    _index("ticket_by_rung", "ticket", _RUNG, "rung_at")
    _index("ticket_provisional", "ticket", _PROVISIONAL, "city", "provisional", "number")


def downgrade() -> None:
    op.drop_index("ticket_provisional", "ticket")
    op.drop_table("calendar")
    op.drop_index("ticket_by_rung", "ticket")
    op.drop_index("ticket_automatic", "ticket")
    op.drop_index("intake_unrecorded", "intake")
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("provisional")
        ticket.drop_column("rung_at")
    with op.batch_alter_table("intake") as intake:
        intake.drop_column("recorded_at")


def _index(name: str, table: str, where: sa.TextClause, *columns: str) -> None:
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def _fill(connection: sa.Connection) -> None:
    """Set the next escalation of every open ticket: a stuck one may never be projected again."""
    ticket = sa.table(
        "ticket",
        *(sa.column(name) for name in ("number", "state", "ended_at")),
        sa.column("rung_at", UtcDateTime()),
    )
    found = (
        sa.select(ticket.c.number, ticket.c.state)
        .where(ticket.c.ended_at.is_(None))
        .order_by(ticket.c.number)
        .limit(_CHUNK)
    )
    change = (
        ticket.update()
        .where(ticket.c.number == sa.bindparam("which"))
        .values(rung_at=sa.bindparam("at"))
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        told = [{"which": number, "at": _next(json.loads(state))} for number, state in rows]
        told = [one for one in told if one["at"] is not None]
        if told:
            connection.execute(change, told)
        after = rows[-1].number


def _next(ticket: dict[str, Any]) -> datetime | None:
    """Return the next escalation of any clock, by the rule of this version."""
    rungs = [
        clock["rungs"][clock["climbed"]]["at"]
        for clock in ticket["clocks"]
        if not (clock["stopped_at"] or clock.get("paused_at"))
        and clock["climbed"] < len(clock["rungs"])
    ]
    moments = [datetime.fromisoformat(at).astimezone(UTC) for at in rungs]
    return min(moments, default=None)
