"""Contributions: what each ticket brings to the figures and points, and their sums.

What is there already is computed by the job, set of formulas by set of formulas; until then figures
are computed from events, as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_LAST = 2**62
_COMPARED = ("at", "role", "actor", "unit", "fact")
_DIFFERS = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COMPARED)
_DIFFERS_SQLITE = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COMPARED)

_BLANKED = "OLD.address <> NEW.address OR OLD.lat IS DISTINCT FROM NEW.lat"
_BLANKED_SQLITE = "OLD.address <> NEW.address OR OLD.lat IS NOT NEW.lat"


def _text(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _of_ticket() -> list[sa.Column[object]]:
    return [
        sa.Column("formulas", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
    ]


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    op.create_table(
        "figure_formulas",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_text("city", "digest", "pack_version", "scanned_to"),
        sa.Column("scanned", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("figure_formulas_by_digest", "figure_formulas", ["city", "digest"], unique=True)
    op.create_table(
        "figure_mark",
        sa.Column("number", sa.String(), primary_key=True),
        *_whole("token"),
        sa.Column("broken", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _partial("figure_mark_waiting", "figure_mark", ["number"], "NOT broken")
    _contributions()
    _points()
    op.create_table(
        "figure_sum",
        sa.Column("formulas", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(), primary_key=True),
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("known", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("unit", sa.String(), primary_key=True),
        sa.Column("bits", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
    )
    _triggers()


def _contributions() -> None:
    op.create_table(
        "contribution",
        *_of_ticket(),
        *_whole("since", "until"),
        *_whole("gap", "filed", "ended", "due", nullable=True),
        *_text("unit", "bits"),
    )
    op.create_index("contribution_by_change", "contribution", ["formulas", "since"])
    for name, column in (("filing", "filed"), ("end", "ended"), ("due", "due")):
        columns = ["formulas", column]
        _partial(f"contribution_by_{name}", "contribution", columns, f"{column} IS NOT NULL")


def _points() -> None:
    op.create_table(
        "earned_point",
        *_of_ticket(),
        *_whole("since", "until", "counted"),
        *_text("unit", "part", "rule"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_text("event"),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
    )
    op.create_index("earned_point_by_change", "earned_point", ["formulas", "since"])
    _partial("earned_point_by_end", "earned_point", ["formulas", "until"], f"until < {_LAST}")
    op.create_index("earned_point_by_time", "earned_point", ["formulas", "counted"])
    op.create_index("earned_point_by_unit", "earned_point", ["formulas", "unit", "counted"])
    _partial("earned_point_left_out", "earned_point", ["formulas", "counted"], "left_out")


def _marking(drawn: str, row: str) -> str:
    # WHERE true: SQLite would otherwise read ON as that of a join.
    return (
        f"INSERT INTO figure_mark (number, token, broken) SELECT {row}.number, {drawn}, false "  # nosec B608
        "WHERE true ON CONFLICT (number) DO UPDATE SET token = excluded.token, broken = false"
    )


def _triggers() -> None:
    """Mark a ticket at every writing of an event, whichever statement of whichever version it is.

    A complaint or an address that is changed is that of an erased ticket, whose case has none any
    more.
    """
    if op.get_bind().dialect.name == "sqlite":
        for name, when, row in (
            ("added", "INSERT ON event", "NEW"),
            ("replaced", f"UPDATE ON event WHEN {_DIFFERS_SQLITE}", "NEW"),
            ("removed", "DELETE ON event", "OLD"),
            ("erased", "UPDATE OF complaint ON intake", "NEW"),
            ("blanked", f"UPDATE OF address ON ticket WHEN {_BLANKED_SQLITE}", "NEW"),
        ):
            marking = _marking("random()", row)
            op.execute(f"CREATE TRIGGER figure_{name} AFTER {when} BEGIN {marking}; END")
        return
    drawn = "(random() * 9e18)::bigint"
    op.execute(
        "CREATE FUNCTION mark_figures() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN {_marking(drawn, 'OLD')}; "
        f"ELSE {_marking(drawn, 'NEW')}; END IF; RETURN NULL; END $$"
    )
    for name, when, condition in (
        ("added", "INSERT ON event", ""),
        ("replaced", "UPDATE ON event", f"WHEN ({_DIFFERS})"),
        ("removed", "DELETE ON event", ""),
        ("erased", "UPDATE OF complaint ON intake", ""),
        ("blanked", "UPDATE OF address ON ticket", f"WHEN ({_BLANKED})"),
    ):
        op.execute(
            f"CREATE TRIGGER figure_{name} AFTER {when} FOR EACH ROW {condition} "
            "EXECUTE FUNCTION mark_figures()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    tables = {"added": "event", "replaced": "event", "removed": "event"}
    for name, table in {**tables, "erased": "intake", "blanked": "ticket"}.items():
        op.execute(f"DROP TRIGGER figure_{name}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION mark_figures()")
    for table in ("figure_sum", "earned_point", "contribution", "figure_mark", "figure_formulas"):
        op.drop_table(table)
