"""Learned models of triage, and the record of which of them was in use."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. No city has a model yet."""
    op.create_table(
        "triage_model",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
    )
    op.create_table(
        "triage_model_change",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
    )
    op.create_index(
        "triage_model_change_by_city", "triage_model_change", ["city", "n"], unique=True
    )


def downgrade() -> None:
    op.drop_index("triage_model_change_by_city", "triage_model_change")
    op.drop_table("triage_model_change")
    op.drop_table("triage_model")
