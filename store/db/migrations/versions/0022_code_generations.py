"""The generations of access codes, and the networks that accounts signed in from of late."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with the codes as they are, and with no place."""
    op.add_column(
        "intake", sa.Column("code_generation", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "sign_in_place",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("network", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sign_in_place")
    with op.batch_alter_table("intake") as intake:
        intake.drop_column("code_generation")
