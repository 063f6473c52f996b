"""Promises of units, each with its day, and the typical cases of report cards."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

_UNENDED = sa.text('"end" IS NULL')


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "promise",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("asked_until", sa.Date(), nullable=False),
        _at("made_at"),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("end", sa.String(), nullable=True),
        _at("ended_at", nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("photo", sa.String(), nullable=True),
        sa.Column("done_late", sa.Boolean(), nullable=False),
    )
    op.create_index("promise_by_ticket", "promise", ["number", "n"], unique=True)
    op.create_index("promise_by_due", "promise", ["city", "due", "id"])
    op.create_index(
        "promise_unended",
        "promise",
        ["city", "asked_until"],
        sqlite_where=_UNENDED,
        postgresql_where=_UNENDED,
    )
    op.create_table(
        "report_case",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("period", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), primary_key=True),
        _at("chosen_at"),
        sa.Column("chosen_by", sa.String(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("report_case")
    op.drop_index("promise_unended", "promise")
    op.drop_index("promise_by_due", "promise")
    op.drop_index("promise_by_ticket", "promise")
    op.drop_table("promise")
