"""More queues, and since when a ticket waits, so that the board does not need the events."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CHUNK = 500
_STAGES = ("triage", "dispatch", "arbitrate", "handle", "rate", "supervise", "aftercare")
_COLUMNS = ("queue", "queue_until", "queue_since")
_WAITS = sa.text("queue IS NOT NULL")
_ORDERS = sa.text("kind IN ('supervision_ordered', 'order_answered')")
_QUESTIONS = sa.text(
    "kind IN ('supervision_ordered', 'order_answered', 'exclusion_asked', 'exclusion_granted', "
    "'exclusion_refused', 'reopened')"
)
_ASKED = sa.text("asked IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ticket_by_queue", "ticket")
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("queue_since", sa.DateTime(timezone=True), nullable=True))
    _index("ticket_by_queue", "ticket", _WAITS, "city", *_COLUMNS)
    op.drop_index("event_questions", "event")
    _index("event_orders", "event", _ORDERS, "city", "number", "kind")
    op.drop_index("assignment_asked", "assignment")
    _fill(op.get_bind())


def downgrade() -> None:
    # Queues that 0010 does not have become the one that included them, or none.
    op.execute("UPDATE ticket SET queue = 'triage' WHERE queue = 'dispatch'")
    op.execute("UPDATE ticket SET queue = 'decision' WHERE queue = 'arbitrate'")
    op.execute("UPDATE ticket SET queue = NULL, queue_until = NULL WHERE queue = 'supervise'")
    op.drop_index("ticket_by_queue", "ticket")
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("queue_since")
    _index("ticket_by_queue", "ticket", _WAITS, "city", "queue", "queue_until")
    op.drop_index("event_orders", "event")
    _index("event_questions", "event", _QUESTIONS, "city", "kind", "number", "version", "at")
    _index("assignment_asked", "assignment", _ASKED, "city")


def _index(name: str, table: str, where: sa.TextClause, *columns: str) -> None:
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def _fill(connection: sa.Connection) -> None:
    """Put the waiting tickets into their queues: they may not change for days."""
    ticket = sa.table(
        "ticket",
        *(sa.column(name) for name in ("number", "stage", "state", "queue")),
        *(sa.column(name, UtcDateTime()) for name in ("queue_until", "queue_since")),
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
        .values({name: sa.bindparam(name) for name in _COLUMNS})
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        told = [one for number, state in rows if (one := _told(number, json.loads(state)))]
        if told:
            connection.execute(change, told)
        after = rows[-1].number


def _told(number: str, ticket: dict[str, Any]) -> dict[str, Any] | None:
    waits = _waits(ticket)
    if waits is None:
        return None
    queue, name, n, since = waits
    until = None
    for clock in ticket["clocks"]:
        if (clock["name"], clock["assignment"]) == (name, n) and not clock["stopped_at"]:
            until, since = _moment(clock["due_at"]), _moment(clock["started_at"])
            break
    return {"which": number, "queue": queue, "queue_until": until, "queue_since": since}


_Waits = tuple[str, str, int | None, datetime | None]
"""The queue, the name and the assignment of its clock, and since when if that does not run."""


def _waits(ticket: dict[str, Any]) -> _Waits | None:
    """Return the queue by the rule of this version; later ones apply when a ticket changes."""
    stage = ticket["stage"]
    if stage == "triage":
        return "triage", "triage", None, _moment(ticket["complaint"]["filed_at"])
    if stage == "dispatch" and ticket.get("by_hand"):
        return "dispatch", "dispatch", None, None
    if stage == "arbitrate":
        return "arbitrate", "arbitrate", None, None
    if stage == "handle" and (asked := _asked(ticket)):
        since, n = min(asked)
        return "decision", "decide", n, since
    if stage in ("supervise", "aftercare") and (contest := ticket.get("contest")):
        return "decision", "decide", None, _moment(contest["asked_at"])
    if stage == "rate" and ticket.get("call_back_due"):
        return "call_back", "call_back", None, None
    if stage == "supervise":
        return "supervise", "supervise", None, None
    return None


def _asked(ticket: dict[str, Any]) -> list[tuple[datetime, int]]:
    """Return the time and the assignment of each undecided request of a unit."""
    opened = (one for one in ticket["assignments"] if one["ending"] is None and one["asked"])
    return [(_moment(one["asked"]["asked_at"]), one["n"]) for one in opened]


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
