"""How often the access code of each ticket was replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with the codes as they are."""
    op.add_column(
        "intake", sa.Column("code_generation", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    with op.batch_alter_table("intake") as intake:
        intake.drop_column("code_generation")
