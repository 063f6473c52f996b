"""Indexes for what the job of incidents asks: who waits, who has to part, how many are alike."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_WAITS = sa.text("state = 'member' AND answered_at IS NULL")
_PARTS = sa.text("state = 'out' AND merged_at IS NOT NULL")


def upgrade() -> None:
    """Add the indexes. Those who wait, and those who part, are few: both are partial."""
    op.create_index(
        "incident_member_waits",
        "incident_member",
        ["city", "incident"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_index(
        "incident_member_parts",
        "incident_member",
        ["incident", "attempts", "number", "city"],
        sqlite_where=_PARTS,
        postgresql_where=_PARTS,
    )
    op.create_index("report_mark_by_kind", "report_mark", ["city", "category", "area", "filed_at"])


def downgrade() -> None:
    op.drop_index("report_mark_by_kind", "report_mark")
    op.drop_index("incident_member_parts", "incident_member")
    op.drop_index("incident_member_waits", "incident_member")
