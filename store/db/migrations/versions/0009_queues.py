"""The queue of the centre that a ticket waits in, and until when. 0011 fills the columns."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    op.drop_index("ticket_by_queue", "ticket")
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("queue_until")
        ticket.drop_column("queue")
