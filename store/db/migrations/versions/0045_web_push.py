"""Browsers that are notified of a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("push_subscription_by_ticket", "push_subscription", ["number"])
    op.create_index("push_subscription_by_recipient", "push_subscription", ["recipient"])


def downgrade() -> None:
    op.drop_table("push_subscription")
