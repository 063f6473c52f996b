"""The time a password was set by somebody else, and the device of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Treat existing passwords as the owners' own. Older programs can still write."""
    op.add_column(
        "account", sa.Column("password_given_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("session", sa.Column("device", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "session",
        sa.Column("first_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    with op.batch_alter_table("session") as session:
        session.drop_column("first_password")
        session.drop_column("device")
    with op.batch_alter_table("account") as account:
        account.drop_column("password_given_at")
