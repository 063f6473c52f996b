"""Imports: complaints of other systems, batches of slips at the desk, and mails."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imported_complaint",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("own", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("filed_at", _MOMENT, nullable=True),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("imported_at", _MOMENT, nullable=False),
    )
    op.create_index("imported_complaint_by_ticket", "imported_complaint", ["number"])
    op.create_table(
        "slip_batch",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    op.create_index("slip_batch_by_age", "slip_batch", ["created_at"])
    op.create_table(
        "slip",
        sa.Column("batch", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
    )
    op.create_index("mail_by_age", "mail", ["received_at"])


def downgrade() -> None:
    for name in ("mail", "slip", "slip_batch", "imported_complaint"):
        op.drop_table(name)
