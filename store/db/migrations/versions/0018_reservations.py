"""Attempts that are counted before they are judged, and the network that a file came from."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column. Older programs go on counting in the tables of before."""
    op.create_table(
        "reservation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "key"),
    )
    op.create_index("reservation_by_key", "reservation", ["key", "expires_at"])
    op.create_index("reservation_by_expiry", "reservation", ["expires_at"])
    op.add_column("file", sa.Column("network", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("file") as file:
        file.drop_column("network")
    op.drop_table("reservation")
