"""Who gave a password, and in what a session was begun: first passwords end, sessions are told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Passwords of before are taken for their owners'. Programs of before go on writing."""
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
