"""The columns of a unit's inbox: due times of its next duty, signing and contact; pauses."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TIMES = ("burns_at", "warn_at", "sign_due_at", "contact_due_at", "pause_until")
_OWN = ("sign", "contact", "handle", "step", "meet", "review", "verify", "order", "appointment")
_CHUNK = 500


def upgrade() -> None:
    with op.batch_alter_table("assignment") as assignment:
        for name in _TIMES:
            assignment.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        assignment.add_column(sa.Column("pause", sa.String(), nullable=True))
        assignment.drop_index("assignment_inbox")
        assignment.create_index("assignment_inbox", ["unit", "ended_at", "burns_at"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Fill the open assignments from their tickets, which may not change for days."""
    assignment = sa.table(
        "assignment",
        *(sa.column(name) for name in ("number", "n", "ended_at", "pause")),
        *(sa.column(name, UtcDateTime()) for name in _TIMES),
    )
    ticket = sa.table("ticket", sa.column("number"), sa.column("state"))
    found = (
        sa.select(ticket.c.number, ticket.c.state)
        .where(
            ticket.c.number.in_(
                sa.select(assignment.c.number).where(assignment.c.ended_at.is_(None))
            )
        )
        .order_by(ticket.c.number)
        .limit(_CHUNK)
    )
    update = (
        assignment.update()
        .where(
            assignment.c.number == sa.bindparam("of_ticket"), assignment.c.n == sa.bindparam("of_n")
        )
        .values({name: sa.bindparam(name) for name in (*_TIMES, "pause")})
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        told = [one for number, state in rows for one in _told(number, json.loads(state))]
        if told:
            connection.execute(update, told)
        after = rows[-1].number


def _told(number: str, ticket: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for given in ticket["assignments"]:
        if given["ending"] is not None:
            continue
        clocks = [c for c in ticket["clocks"] if c["assignment"] == given["n"]]
        running = [c for c in clocks if not c["stopped_at"] and not c["paused_at"]]
        due = {c["name"]: datetime.fromisoformat(c["due_at"]) for c in running}
        own = [datetime.fromisoformat(c["due_at"]) for c in running if c["name"] in _OWN]
        handling = [c for c in clocks if c["name"] in ("handle", "verify")][-1:]
        warnings = [r["at"] for c in handling for r in c["rungs"] if r["kind"] == "warn"]
        pause = given.get("pause") or {}
        until = pause.get("until")
        yield {
            "of_ticket": number,
            "of_n": given["n"],
            "burns_at": min(own, default=None),
            "warn_at": min(map(datetime.fromisoformat, warnings), default=None),
            "sign_due_at": due.get("sign"),
            "contact_due_at": due.get("contact"),
            "pause": pause.get("why"),
            "pause_until": datetime.fromisoformat(until) if until else None,
        }


def downgrade() -> None:
    with op.batch_alter_table("assignment") as assignment:
        assignment.drop_index("assignment_inbox")
        assignment.create_index("assignment_inbox", ["unit", "ended_at", "due_at"])
        for name in ("pause", *reversed(_TIMES)):
            assignment.drop_column(name)
