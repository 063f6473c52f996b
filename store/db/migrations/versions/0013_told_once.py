"""The projection that requested a message: one of an interrupted task only is not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add `told`: 0 for a message of an older program, which is sent without a projection."""
    op.add_column("outbox", sa.Column("told", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "outbox_unsent",
        "outbox",
        ["number"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("outbox_unsent", "outbox")
    op.drop_column("outbox", "told")
