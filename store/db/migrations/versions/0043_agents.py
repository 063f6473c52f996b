"""Tokens of agents, requests for a person, and drafts of replies that machines proposed."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_OPEN = sa.text("decided_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Add the column and the tables. No token that was issued before is an agent's."""
    op.add_column(
        "token", sa.Column("agent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "person_request",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        _at("asked_at"),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_role", sa.String(), nullable=False),
        sa.Column("asked_unit", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("due_at", nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index("person_request_by_ticket", "person_request", ["number", "n"], unique=True)
    op.create_index(
        "person_request_open",
        "person_request",
        ["city", "asked_at", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "reply_draft",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("assignment", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _at("proposed_at"),
        sa.Column("proposed_by", sa.String(), nullable=False),
        _at("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("used", sa.Boolean(), nullable=False),
    )
    op.create_index("reply_draft_by_ticket", "reply_draft", ["number", "n"], unique=True)


def downgrade() -> None:
    op.drop_index("reply_draft_by_ticket", "reply_draft")
    op.drop_table("reply_draft")
    op.drop_index("person_request_open", "person_request")
    op.drop_index("person_request_by_ticket", "person_request")
    op.drop_table("person_request")
    with op.batch_alter_table("token") as token:
        token.drop_column("agent")
