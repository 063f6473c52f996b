"""By which telling a message was asked for: what was only told by a task cut short is not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """0: asked for by a program of before, which does not tell; such a message is sent as it is."""
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
