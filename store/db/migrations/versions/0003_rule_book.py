"""The columns that rules need: severity, places, merged and excluded tickets, kinds of shares."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ticket") as ticket:
        ticket.add_column(sa.Column("severity", sa.Integer(), nullable=False, server_default="0"))
        ticket.add_column(sa.Column("parent", sa.String(), nullable=True))
        ticket.add_column(sa.Column("accused", sa.String(), nullable=True))
        ticket.add_column(_switch("public"))
        ticket.add_column(_switch("excluded"))
        ticket.add_column(sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True))
        ticket.add_column(sa.Column("address", sa.String(), nullable=False, server_default=""))
        ticket.add_column(sa.Column("lat", sa.Float(), nullable=True))
        ticket.add_column(sa.Column("lon", sa.Float(), nullable=True))
        ticket.create_index("ticket_by_category", ["city", "category", "filed_at"])
    with op.batch_alter_table("assignment") as assignment:
        assignment.add_column(
            sa.Column("share", sa.String(), nullable=False, server_default="lead")
        )
        assignment.add_column(sa.Column("task", sa.String(), nullable=False, server_default=""))
        assignment.add_column(sa.Column("level", sa.String(), nullable=True))


def _switch(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def downgrade() -> None:
    with op.batch_alter_table("assignment") as assignment:
        for name in ("level", "task", "share"):
            assignment.drop_column(name)
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_index("ticket_by_category")
        for name in (
            "lon",
            "lat",
            "address",
            "promised_at",
            "excluded",
            "public",
            "accused",
            "parent",
            "severity",
        ):
            ticket.drop_column(name)
