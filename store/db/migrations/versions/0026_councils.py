"""Councils, with their invitations, votes, statements and tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_UNDONE = sa.text("done_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "council",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("vote", sa.String(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("majority", sa.Integer(), nullable=False),
        sa.Column("statements", sa.Integer(), nullable=False),
        _at("statements_until"),
        _at("vote_opens_at"),
        _at("vote_closes_at"),
        _at("prepared_at"),
        _at("opened_at", nullable=True),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("chosen", sa.Integer(), nullable=True),
        sa.Column("votes", sa.String(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        _at("followed_up_at", nullable=True),
        _at("closed_at", nullable=True),
    )
    op.create_index("council_by_ticket", "council", ["number", "n"], unique=True)
    op.create_table(
        "council_invitation",
        sa.Column("mark", sa.String(), primary_key=True),
        sa.Column("council", sa.String(), nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("voted", sa.Boolean(), nullable=False),
    )
    op.create_index("council_invitation_by_council", "council_invitation", ["council"])
    op.create_table(
        "council_tally",
        sa.Column("council", sa.String(), primary_key=True),
        sa.Column("option", sa.Integer(), primary_key=True),
        sa.Column("votes", sa.Integer(), nullable=False),
    )
    op.create_table(
        "council_ballot",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("council", sa.String(), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
    )
    op.create_index("council_ballot_by_council", "council_ballot", ["council"])
    op.create_table(
        "council_statement",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("council", sa.String(), nullable=False),
        _at("at"),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_index("council_statement_by_council", "council_statement", ["council", "at"])
    op.create_table(
        "council_task",
        sa.Column("council", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        _at("done_at", nullable=True),
    )
    op.create_index(
        "council_task_undone",
        "council_task",
        ["city", "due"],
        sqlite_where=_UNDONE,
        postgresql_where=_UNDONE,
    )


def downgrade() -> None:
    op.drop_index("council_task_undone", "council_task")
    op.drop_table("council_task")
    op.drop_index("council_statement_by_council", "council_statement")
    op.drop_table("council_statement")
    op.drop_index("council_ballot_by_council", "council_ballot")
    op.drop_table("council_ballot")
    op.drop_table("council_tally")
    op.drop_index("council_invitation_by_council", "council_invitation")
    op.drop_table("council_invitation")
    op.drop_index("council_by_ticket", "council")
    op.drop_table("council")
