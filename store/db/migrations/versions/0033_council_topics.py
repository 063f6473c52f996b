"""Topics that councils are held on, and the tickets that are linked to them."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "council_topic",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("council_topic_by_city", "council_topic", ["city", "n"], unique=True)
    op.create_table(
        "council_topic_ticket",
        sa.Column("topic", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("council_topic_ticket_by_number", "council_topic_ticket", ["number"])


def downgrade() -> None:
    op.drop_index("council_topic_ticket_by_number", "council_topic_ticket")
    op.drop_table("council_topic_ticket")
    op.drop_index("council_topic_by_city", "council_topic")
    op.drop_table("council_topic")
