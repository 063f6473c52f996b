"""Promises of units, each with its day, the typical cases of report cards, and public hearings."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
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
        sa.Column("hearing", sa.String(), nullable=True),
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
    op.create_table(
        "hearing",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        _at("starts_at"),
        sa.Column("open", sa.Boolean(), nullable=False),
        _at("made_at"),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        _at("published_at", nullable=True),
    )
    op.create_index("hearing_by_city", "hearing", ["city", "n"], unique=True)
    op.create_table(
        "hearing_ticket",
        sa.Column("hearing", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        _at("answered_at", nullable=True),
    )
    op.create_table(
        "hearing_invitation",
        sa.Column("mark", sa.String(), primary_key=True),
        sa.Column("hearing", sa.String(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
    )
    op.create_table(
        "hearing_question",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("hearing", sa.String(), nullable=False),
        _at("at"),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
    )
    op.create_index("hearing_question_by_hearing", "hearing_question", ["hearing", "at"])
    op.create_table(
        "hearing_rating",
        sa.Column("hearing", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("mark", sa.String(), primary_key=True),
        sa.Column("grade", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("hearing_rating")
    op.drop_index("hearing_question_by_hearing", "hearing_question")
    op.drop_table("hearing_question")
    op.drop_table("hearing_invitation")
    op.drop_table("hearing_ticket")
    op.drop_index("hearing_by_city", "hearing")
    op.drop_table("hearing")
    op.drop_table("report_case")
    op.drop_index("promise_unended", "promise")
    op.drop_index("promise_by_due", "promise")
    op.drop_index("promise_by_ticket", "promise")
    op.drop_table("promise")
