"""Incidents: each one, its statements, its members, and what each report seems to be about."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TO_ANSWER = sa.text("state = 'member' AND answered_at IS NULL")


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _word(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _long(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.add_column("intake", sa.Column("incident", sa.String(), nullable=True))
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), primary_key=True),
        _word("city"),
        _word("state"),
        _word("title"),
        _long("scope"),
        _word("lead", nullable=True),
        _long("statement"),
        _count("version"),
        _count("reports"),
        _at("made_at"),
        _at("declared_at", nullable=True),
        _at("ended_at", nullable=True),
        _at("swept_at", nullable=True),
    )
    op.create_index("incident_by_city", "incident", ["city", "state"])
    op.create_index("incident_by_lead", "incident", ["lead"])
    op.create_table(
        "incident_statement",
        sa.Column("incident", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        _long("text"),
        _word("role"),
        _word("actor"),
        _at("at"),
    )
    op.create_table(
        "incident_member",
        sa.Column("number", sa.String(), primary_key=True),
        _word("incident"),
        _word("city"),
        _word("state"),
        _word("area", nullable=True),
        _word("channel"),
        _long("reasons"),
        _at("filed_at"),
        _at("joined_at"),
        _count("told"),
        _count("read"),
        _at("merged_at", nullable=True),
        _at("answered_at", nullable=True),
        _at("out_at", nullable=True),
        _word("by"),
        _count("attempts"),
        _word("last_error", nullable=True),
    )
    op.create_index("incident_member_by_time", "incident_member", ["incident", "state", "filed_at"])
    op.create_index(
        "incident_member_unanswered",
        "incident_member",
        ["incident", "attempts", "filed_at"],
        sqlite_where=_TO_ANSWER,
        postgresql_where=_TO_ANSWER,
    )
    op.create_table(
        "report_mark",
        sa.Column("number", sa.String(), primary_key=True),
        _word("city"),
        _word("category"),
        _word("area"),
        _at("filed_at"),
    )
    op.create_index("report_mark_by_time", "report_mark", ["city", "filed_at"])


def downgrade() -> None:
    op.drop_index("report_mark_by_time", "report_mark")
    op.drop_table("report_mark")
    op.drop_index("incident_member_unanswered", "incident_member")
    op.drop_index("incident_member_by_time", "incident_member")
    op.drop_table("incident_member")
    op.drop_table("incident_statement")
    op.drop_index("incident_by_lead", "incident")
    op.drop_index("incident_by_city", "incident")
    op.drop_table("incident")
    op.drop_column("intake", "incident")
