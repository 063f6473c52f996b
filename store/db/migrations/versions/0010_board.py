"""The indexes of a board: backlogs, unanswered orders and exclusions, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_QUESTIONS = sa.text(
    "kind IN ('supervision_ordered', 'order_answered', 'exclusion_asked', 'exclusion_granted', "
    "'exclusion_refused', 'reopened')"
)
_WAITING = sa.text("ended_at IS NULL")
_ASKED = sa.text("asked IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ticket_waiting",
        "ticket",
        ["city", "stage", "due_at", "unit", "area"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index(
        "event_questions",
        "event",
        ["city", "kind", "number", "version", "at"],
        sqlite_where=_QUESTIONS,
        postgresql_where=_QUESTIONS,
    )
    op.create_index(
        "assignment_asked",
        "assignment",
        ["city"],
        sqlite_where=_ASKED,
        postgresql_where=_ASKED,
    )


def downgrade() -> None:
    op.drop_index("assignment_asked", "assignment")
    op.drop_index("event_questions", "event")
    op.drop_index("ticket_waiting", "ticket")
