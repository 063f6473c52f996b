"""The calendars of all open clocks that count working time, and the span in which they count."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CHUNK = 500
_COUNTED = sa.text("calendars IS NOT NULL")
_PROVISIONAL = sa.text("provisional IS NOT NULL")
_NEW = ("calendars", "counted_since", "counted_until")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("calendars", sa.String(), nullable=True))
    for name in _NEW[1:]:
        op.add_column("ticket", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    _fill(op.get_bind())
    op.drop_index("ticket_provisional", "ticket")  # its column stays: older programs write it
    columns = ["city", "calendars", "counted_until", "counted_since", "number"]
    op.create_index(
        "ticket_counted", "ticket", columns, sqlite_where=_COUNTED, postgresql_where=_COUNTED
    )


def downgrade() -> None:
    op.drop_index("ticket_counted", "ticket")
    for name in _NEW:
        op.drop_column("ticket", name)
    op.create_index(
        "ticket_provisional",
        "ticket",
        ["city", "provisional", "number"],
        sqlite_where=_PROVISIONAL,
        postgresql_where=_PROVISIONAL,
    )


def _fill(connection: sa.Connection) -> None:
    """Set the columns of every open ticket: one may not be projected again for months."""
    ticket = sa.table(
        "ticket",
        *(sa.column(name) for name in ("number", "state", "ended_at", "calendars")),
        *(sa.column(name, UtcDateTime()) for name in _NEW[1:]),
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
        .values({name: sa.bindparam(f"new_{name}") for name in _NEW})
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        told = [
            {"which": number, **counted}
            for number, state in rows
            if (counted := _counted(json.loads(state)))
        ]
        if told:
            connection.execute(change, told)
        after = rows[-1].number


def _counted(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the columns, by the rule of this version; empty without such a clock."""
    clocks = [
        clock
        for clock in ticket["clocks"]
        if clock.get("calendar_version") and not (clock["stopped_at"] or clock.get("paused_at"))
    ]
    if not clocks:
        return {}
    ends = [at for clock in clocks for at in (clock["due_at"], *(r["at"] for r in clock["rungs"]))]
    return {
        "new_calendars": " ".join(sorted({clock["calendar_version"] for clock in clocks})),
        "new_counted_since": min(_moment(clock["started_at"]) for clock in clocks),
        "new_counted_until": max(map(_moment, ends)),
    }


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC)
