"""Grid workers, with their entries, diaries and checks."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_UNANSWERED = sa.text("answered_at IS NULL")


def _text(name: str, nullable: bool = False, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable, primary_key=primary_key)


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "grid_worker",
        _text("account", primary_key=True),
        _text("city"),
        _text("cell"),
        sa.Column("full_time", sa.Boolean(), nullable=False),
        _text("confirmed_by"),
        _at("confirmed_at"),
        _at("ended_at", nullable=True),
    )
    op.create_index("grid_worker_by_cell", "grid_worker", ["city", "cell"])
    op.create_table(
        "grid_sign_up",
        _text("id", primary_key=True),
        _text("city"),
        _text("cell"),
        _text("mark"),
        _text("person"),
        _at("asked_at"),
    )
    op.create_index("grid_sign_up_by_cell", "grid_sign_up", ["city", "cell"])
    op.create_table(
        "grid_entry",
        _text("account", primary_key=True),
        _text("id", primary_key=True),
        _text("digest"),
        _text("kind"),
        _text("city"),
        _text("cell"),
        sa.Column("day", sa.Date(), nullable=False),
        _at("at"),
        _at("received_at"),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        _text("number", nullable=True),
    )
    op.create_index("grid_entry_by_day", "grid_entry", ["account", "day"])
    op.create_index("grid_entry_by_cell", "grid_entry", ["city", "day", "cell"])
    op.create_index("grid_entry_by_number", "grid_entry", ["number"])
    op.create_table(
        "grid_diary",
        _text("id", primary_key=True),
        _text("city"),
        _text("cell"),
        _text("account"),
        _at("at"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        _text("number", nullable=True),
    )
    op.create_index("grid_diary_by_cell", "grid_diary", ["city", "cell", "at"])
    _create_checks()


def _create_checks() -> None:
    op.create_table(
        "grid_check",
        _text("id", primary_key=True),
        _text("number"),
        _text("city"),
        _text("cell"),
        _text("moment"),
        sa.Column("question", sa.Text(), nullable=False),
        _text("address"),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        _text("asked_by"),
        _at("asked_at"),
        _text("worker", nullable=True),
        _text("seen", nullable=True),
        _text("note"),
        sa.Column("metres", sa.Integer(), nullable=True),
        _text("photos"),
        _at("answered_at", nullable=True),
    )
    op.create_index("grid_check_by_ticket", "grid_check", ["number"])
    op.create_index(
        "grid_check_open",
        "grid_check",
        ["city", "cell"],
        sqlite_where=_UNANSWERED,
        postgresql_where=_UNANSWERED,
    )


def downgrade() -> None:
    op.drop_index("grid_check_open", "grid_check")
    op.drop_index("grid_check_by_ticket", "grid_check")
    op.drop_table("grid_check")
    op.drop_index("grid_diary_by_cell", "grid_diary")
    op.drop_table("grid_diary")
    for index in ("grid_entry_by_number", "grid_entry_by_cell", "grid_entry_by_day"):
        op.drop_index(index, "grid_entry")
    op.drop_table("grid_entry")
    op.drop_index("grid_sign_up_by_cell", "grid_sign_up")
    op.drop_table("grid_sign_up")
    op.drop_index("grid_worker_by_cell", "grid_worker")
    op.drop_table("grid_worker")
