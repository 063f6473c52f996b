"""Neighbouring cities, hand-overs, and the letters between them."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_LIVE = sa.text("side = 'out' AND state IN ('offered', 'accepted', 'taken')")
_WAITING = sa.text("delivered_at IS NULL")
_OPEN = sa.text("done_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "neighbour",
        sa.Column("code", sa.String(), primary_key=True),
        *(_words(name) for name in ("city", "known_as", "name", "name_en", "url")),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _at("added_at"),
        _at("rotated_at", nullable=True),
        _at("ended_at", nullable=True),
    )
    op.create_table(
        "handover",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("neighbour", "side", "id")),
        _words("city"),
        _words("number", nullable=True),
        _words("other_number", nullable=True),
        _words("state"),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("hops", "told", "relayed", "heard")
        ),
        _at("due_at"),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
    )
    op.create_index("handover_by_number", "handover", ["number"])
    op.create_index(
        "handover_live",
        "handover",
        ["number"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index("handover_by_state", "handover", ["side", "state", "due_at"])
    op.create_table(
        "handover_letter",
        *(
            sa.Column(name, sa.String(), primary_key=True)
            for name in ("neighbour", "side", "handover")
        ),
        sa.Column("seq", sa.Integer(), primary_key=True),
        _words("kind"),
        _words("mark", nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _at("made_at"),
        _at("next_at"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _words("error", nullable=True),
        _at("delivered_at", nullable=True),
    )
    op.create_index(
        "handover_letter_waiting",
        "handover_letter",
        ["next_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("handover_letter_by_mark", "handover_letter", ["mark"], unique=True)
    op.create_table(
        "handover_note",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("neighbour", "handover")),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        _at("got_at"),
        _at("next_at"),
        _at("done_at", nullable=True),
        _words("outcome", nullable=True),
    )
    op.create_index(
        "handover_note_waiting",
        "handover_note",
        ["next_at"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("handover_note_waiting", "handover_note")
    op.drop_table("handover_note")
    op.drop_index("handover_letter_by_mark", "handover_letter")
    op.drop_index("handover_letter_waiting", "handover_letter")
    op.drop_table("handover_letter")
    op.drop_index("handover_by_state", "handover")
    op.drop_index("handover_live", "handover")
    op.drop_index("handover_by_number", "handover")
    op.drop_table("handover")
    op.drop_table("neighbour")
