"""The known places that tickets name."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_KNOWN = sa.text("site IS NOT NULL")


def upgrade() -> None:
    """Add the columns. Tickets from before name no known place until they are projected again."""
    op.add_column("ticket", sa.Column("site", sa.String(), nullable=True))
    op.add_column("ticket", sa.Column("site_part", sa.String(), nullable=True))
    op.create_index(
        "ticket_by_site",
        "ticket",
        ["city", "site", "filed_at"],
        sqlite_where=_KNOWN,
        postgresql_where=_KNOWN,
    )


def downgrade() -> None:
    op.drop_index("ticket_by_site", "ticket")
    op.drop_column("ticket", "site_part")
    op.drop_column("ticket", "site")
