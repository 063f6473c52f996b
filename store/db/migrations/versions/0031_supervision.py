"""Supervision lists, and the monthly assessment of contractors."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_UNSETTLED = sa.text("settled_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _lists() -> None:
    op.create_table(
        "supervision_row",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("leader", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("revisits", sa.String(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("back", sa.Integer(), nullable=False),
        sa.Column("revisit_due", sa.Date(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        _at("put_at"),
        _at("result_at", nullable=True),
        _at("settled_at", nullable=True),
    )
    op.create_index("supervision_row_by_ticket", "supervision_row", ["number", "leader"])
    op.create_index("supervision_row_by_city", "supervision_row", ["city", "leader", "put_at"])
    op.create_index(
        "supervision_row_unsettled",
        "supervision_row",
        ["number", "leader"],
        unique=True,
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    )
    op.create_table(
        "supervision_step",
        sa.Column("row", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        _at("at"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
    )


def _sheets() -> None:
    op.create_table(
        "assessment_month",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("month", sa.String(), primary_key=True),
        _at("closed_at"),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("pack_version", sa.String(), nullable=False),
        sa.Column("base", sa.Float(), nullable=False),
        sa.Column("publish", sa.Boolean(), nullable=False),
        _at("objections_until"),
    )
    op.create_table(
        "assessment_sheet",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("month", sa.String(), primary_key=True),
        sa.Column("unit", sa.String(), primary_key=True),
    )
    op.create_table(
        "assessment_line",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("month", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _at("at"),
        sa.Column("event", sa.String(), nullable=False),
    )
    op.create_index("assessment_line_by_ticket", "assessment_line", ["number"])
    op.create_table(
        "assessment_objection",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("month", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _at("at"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("decided_at", nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
    )


def upgrade() -> None:
    _lists()
    _sheets()


def downgrade() -> None:
    op.drop_table("assessment_objection")
    op.drop_index("assessment_line_by_ticket", "assessment_line")
    op.drop_table("assessment_line")
    op.drop_table("assessment_sheet")
    op.drop_table("assessment_month")
    op.drop_table("supervision_step")
    op.drop_index("supervision_row_unsettled", "supervision_row")
    op.drop_index("supervision_row_by_city", "supervision_row")
    op.drop_index("supervision_row_by_ticket", "supervision_row")
    op.drop_table("supervision_row")
