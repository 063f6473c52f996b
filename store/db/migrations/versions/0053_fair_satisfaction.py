"""Checked ratings, and samples that are asked again."""

import sqlalchemy as sa
from alembic import op

from store.db.tables import UtcDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_PENDING = sa.text("version IS NULL")
_SET_APART = sa.text("reason IS NOT NULL")


def upgrade() -> None:
    """Add the tables. Ratings given before are not judged: past figures stay as they are."""
    op.create_table(
        "rating_check",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("after", sa.Integer(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("network", sa.String(), nullable=True),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("apart_at", UtcDateTime(), nullable=True),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=False),
    )
    for name, columns, where in (
        ("rating_check_pending", ["city", "given_at"], _PENDING),
        ("rating_check_apart", ["city", "number"], _SET_APART),
        ("rating_check_network", ["city", "network", "at"], None),
        ("rating_check_contact", ["city", "contact", "at"], None),
        ("rating_check_by_time", ["given_at"], None),
    ):
        op.create_index(name, "rating_check", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "satisfaction_draw",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
    )
    op.create_index("satisfaction_draw_by_city", "satisfaction_draw", ["city", "n"], unique=True)
    op.create_table(
        "satisfaction_answer",
        sa.Column("draw", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("resolved", sa.Boolean(), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.create_index("satisfaction_answer_by_ticket", "satisfaction_answer", ["number"])


def downgrade() -> None:
    for table in ("satisfaction_answer", "satisfaction_draw", "rating_check"):
        op.drop_table(table)
