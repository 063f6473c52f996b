"""Tickets that were called archived while nothing of them is kept: they are exported again.

Of two exports of a ticket at once each gave up the object of the other.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An erased ticket is settled again by the next export, which writes nothing of it.
    op.execute(
        "UPDATE ticket SET archived_version = NULL WHERE stage = 'ended' "
        "AND archived_version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM history_archive AS held "
        "WHERE held.number = ticket.number AND held.kept_at IS NOT NULL "
        "AND held.dropped_at IS NULL)"
    )


def downgrade() -> None:
    """Change nothing: what is due is exported by any version."""
