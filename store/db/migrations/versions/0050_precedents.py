"""An index of tickets that a unit returned, by subject: the precedents of triage."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_RETURNED = sa.text("returns > 0")


def upgrade() -> None:
    """Add the index, which is partial: few tickets are returned."""
    op.create_index(
        "ticket_returned",
        "ticket",
        ["city", "category", "filed_at"],
        sqlite_where=_RETURNED,
        postgresql_where=_RETURNED,
    )


def downgrade() -> None:
    op.drop_index("ticket_returned", "ticket")
