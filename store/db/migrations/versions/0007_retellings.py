"""The length of the history at a row's projection: of two projections the longer one counts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("ticket", "event", "assignment")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("told", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "told")
