"""The column that tells reports of wrongdoing, also those that staff classified otherwise."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_CHUNK = 500


def upgrade() -> None:
    op.add_column(
        "ticket",
        sa.Column("of_wrongdoing", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _fill(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("of_wrongdoing")


def _fill(connection: sa.Connection) -> None:
    """Mark what is a report, and what was filed as one: tickets that ended are not written again.

    Only the state has the kind that a ticket was filed as; few states have the word in them.
    """
    ticket = sa.table(
        "ticket",
        *(sa.column(name) for name in ("number", "kind", "state")),
        sa.column("of_wrongdoing", sa.Boolean()),
    )
    found = (
        sa.select(ticket.c.number, ticket.c.kind, ticket.c.state)
        .where(sa.or_(ticket.c.kind == "report", ticket.c.state.contains('"report"')))
        .order_by(ticket.c.number)
        .limit(_CHUNK)
    )
    mark = (
        ticket.update()
        .where(ticket.c.number == sa.bindparam("which"))
        .values(of_wrongdoing=sa.true())
    )
    after = ""
    while rows := connection.execute(found.where(ticket.c.number > after)).all():
        reports = [
            {"which": number}
            for number, kind, state in rows
            if "report" in (kind, json.loads(state)["complaint"].get("kind"))
        ]
        if reports:
            connection.execute(mark, reports)
        after = rows[-1].number
