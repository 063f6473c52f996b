"""The void cards of each ticket, stored with it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_VOID = sa.text("void_cards <> ''")


def upgrade() -> None:
    """Begin with none: older programs write none, and later projections of a ticket add them."""
    op.add_column("ticket", sa.Column("void_cards", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ticket_with_void_cards",
        "ticket",
        ["city", "number", "void_cards"],
        sqlite_where=_VOID,
        postgresql_where=_VOID,
    )


def downgrade() -> None:
    op.drop_index("ticket_with_void_cards", "ticket")
    with op.batch_alter_table("ticket") as ticket:
        ticket.drop_column("void_cards")
