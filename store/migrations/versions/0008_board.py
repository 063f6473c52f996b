"""What a board asks every few seconds: orders and exclusions without a word, requests to decide."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_QUESTIONS = sa.text(
    "kind IN ('supervision_ordered', 'order_answered', 'exclusion_asked', 'exclusion_granted', "
    "'exclusion_refused', 'reopened')"
)
_ASKED = sa.text("asked IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "event_questions",
        "event",
        ["city", "number"],
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
