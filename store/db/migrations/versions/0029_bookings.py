"""Appointments that residents book, with what happened to each; and mediations."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TAKEN = sa.text("state <> 'cancelled'")


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        _at("starts_at"),
        _at("ends_at"),
        _at("remind_at"),
        _at("missed_at"),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.String(), nullable=False),
        _at("made_at"),
    )
    op.create_index(
        "booking_seat",
        "booking",
        ["city", "place", "service", "starts_at", "seat"],
        unique=True,
        sqlite_where=_TAKEN,
        postgresql_where=_TAKEN,
    )
    op.create_index("booking_number", "booking", ["number"], unique=True)
    op.create_index("booking_by_phone", "booking", ["city", "phone"])
    op.create_index("booking_by_ticket", "booking", ["ticket"])
    op.create_index("booking_by_day", "booking", ["city", "starts_at"])
    op.create_table(
        "booking_entry",
        sa.Column("booking", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        _at("at"),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        _at("starts_at"),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    _mediations()


def _mediations() -> None:
    op.create_table(
        "mediation",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _at("opened_at"),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("mediation_by_ticket", "mediation", ["number", "n"], unique=True)
    op.create_table(
        "mediation_party",
        sa.Column("mediation", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.String(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paper", sa.String(), nullable=True),
    )
    op.create_index("mediation_party_by_mark", "mediation_party", ["mark"], unique=True)
    op.create_table(
        "mediation_point",
        sa.Column("mediation", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("mediation_point")
    op.drop_table("mediation_party")
    op.drop_table("mediation")
    op.drop_table("booking_entry")
    op.drop_table("booking")
