"""Indexes for published answers and for the search of titles."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_PUBLISHED = sa.text("public AND NOT of_wrongdoing")
_BEFORE = {
    "ticket_by_update": ["updated_at", "number"],
    "ticket_by_city": ["city", "updated_at", "number"],
}


def upgrade() -> None:
    for name, columns in _BEFORE.items():
        op.create_index(f"{name}_with_title", "ticket", [*columns, "title_folded"])
        op.drop_index(name, "ticket")
    op.create_index(
        "ticket_published",
        "ticket",
        ["city", "filed_at", "number"],
        sqlite_where=_PUBLISHED,
        postgresql_where=_PUBLISHED,
    )


def downgrade() -> None:
    op.drop_index("ticket_published", "ticket")
    for name, columns in _BEFORE.items():
        op.create_index(name, "ticket", columns)
        op.drop_index(f"{name}_with_title", "ticket")
