"""The register of archived histories, and which ended tickets are still to be archived."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEPT = "kept_at IS NOT NULL AND dropped_at IS NULL"
_UNARCHIVED = "stage = 'ended' AND (archived_version IS NULL OR archived_version < version)"
_INDEXES = (
    ("history_archive_findings", "finding", f"{_KEPT} AND finding <> 'agrees'"),
    ("history_archive_dropped", "key", "dropped_at IS NOT NULL"),
    ("history_archive_writing", "written_at", "kept_at IS NULL"),
)


def upgrade() -> None:
    """Treat every ticket that ended before as still to be archived."""
    op.create_table(
        "history_archive",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Text(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
    )
    _index("history_archive_kept", ["number"], _KEPT, unique=True)
    op.create_index("history_archive_by_ticket", "history_archive", ["number"])
    for name, column, where in _INDEXES:
        _index(name, [column], where)
    op.add_column("ticket", sa.Column("archived_version", sa.Integer(), nullable=True))
    _index("ticket_unarchived", ["updated_at", "number"], _UNARCHIVED, table="ticket")


def downgrade() -> None:
    op.drop_index("ticket_unarchived", "ticket")
    op.drop_column("ticket", "archived_version")
    op.drop_table("history_archive")


def _index(
    name: str,
    columns: list[str],
    where: str,
    *,
    table: str = "history_archive",
    unique: bool = False,
) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )
