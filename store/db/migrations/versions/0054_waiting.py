"""Waiting times, as they were told, and an index of units' open work."""

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Add the table. The first statements are made by the next run of the job."""
    keys = ("city", "month", "what", "category", "unit")
    op.create_table(
        "waiting",
        *(sa.Column(name, sa.String(), primary_key=True) for name in keys),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=True),
    )
    op.create_index(
        "assignment_open",
        "assignment",
        ["city", "unit", "burns_at"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("assignment_open", "assignment")
    op.drop_table("waiting")
