"""Patrols: rounds with their stamps, photos, findings and rungs; draws with their sheets."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_CLIMBING = sa.text("rung_at IS NOT NULL")
_FIXED = ("patrol_draw", "patrol_sheet")
_REFUSED = "draws and their sheets are append-only"


def _text(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _key(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.String(), primary_key=True)


def _word(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _float(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Float(), nullable=nullable)


def upgrade() -> None:
    op.create_table("patrol_day", _key("city"), _day("made_until"))
    _rounds()
    _walked()
    _drawn()
    _guard()


def _rounds() -> None:
    op.create_table(
        "patrol_round",
        _key("id"),
        _word("city"),
        _word("route"),
        _day("day"),
        _word("unit"),
        _word("reach", nullable=True),
        _at("starts"),
        _at("ends"),
        _at("made_at"),
        _word("state"),
        _at("finished_at", nullable=True),
        _word("walked_by"),
        _text("faults"),
        _number("attempt"),
        _number("told"),
        _at("rung_at", nullable=True),
    )
    op.create_index("patrol_round_by_route", "patrol_round", ["city", "route", "day"], unique=True)
    op.create_index("patrol_round_by_day", "patrol_round", ["city", "day", "id"])
    op.create_index(
        "patrol_round_by_rung",
        "patrol_round",
        ["city", "rung_at"],
        sqlite_where=_CLIMBING,
        postgresql_where=_CLIMBING,
    )
    op.create_table(
        "patrol_rung",
        _key("round"),
        sa.Column("n", sa.Integer(), primary_key=True),
        _at("due_at"),
        _at("at"),
        _text("told"),
    )


def _walked() -> None:
    op.create_table(
        "patrol_stamp",
        _key("round"),
        _key("id"),
        _number("attempt"),
        _word("point"),
        _at("at"),
        _at("received"),
        _float("skew", nullable=False),
        _float("lat"),
        _float("lon"),
        _float("accuracy"),
        _word("account"),
    )
    op.create_table(
        "patrol_photo",
        _key("file"),
        _word("city"),
        _word("round"),
        _word("stamp"),
        _word("point"),
        _word("sha256"),
    )
    op.create_index("patrol_photo_once", "patrol_photo", ["city", "sha256"], unique=True)
    op.create_index("patrol_photo_by_round", "patrol_photo", ["round"])
    op.create_table(
        "patrol_finding",
        _key("number"),
        _word("round"),
        _word("city"),
        _word("reach", nullable=True),
        _word("unit"),
        _day("day"),
        _at("at"),
        _word("account"),
    )
    op.create_index("patrol_finding_by_round", "patrol_finding", ["round"])
    op.create_index("patrol_finding_by_day", "patrol_finding", ["city", "day"])


def _drawn() -> None:
    op.create_table(
        "patrol_draw",
        _key("id"),
        _word("city"),
        _number("n"),
        _at("at"),
        _word("account"),
        _day("since"),
        _day("until"),
        _word("algorithm"),
        _word("seed"),
        _number("size"),
        _text("population"),
        _word("unit"),
        _text("criteria"),
    )
    op.create_index("patrol_draw_by_city", "patrol_draw", ["city", "n"], unique=True)
    op.create_table(
        "patrol_sheet",
        _key("draw"),
        _key("round"),
        _at("filled_at"),
        _word("account"),
        _word("unit", nullable=True),
        _text("points"),
        _text("remarks"),
        _number("total"),
    )


def _guard() -> None:
    """Add triggers that refuse changes of draws and sheets, until they are dropped."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _FIXED:
            for what in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION patrol_draw_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for table in _FIXED:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION patrol_draw_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION patrol_draw_refuse()"
        )


def downgrade() -> None:
    for table in (
        "patrol_sheet",
        "patrol_draw",
        "patrol_finding",
        "patrol_photo",
        "patrol_stamp",
        "patrol_rung",
        "patrol_round",
        "patrol_day",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION patrol_draw_refuse()")
