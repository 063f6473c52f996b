"""Ratings that are set apart, or count again, change what their tickets contribute to figures."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_SAYS = ("version", "reason", "apart_at", "lifted_at")


def _marking(drawn: str, row: str) -> str:
    # WHERE true: SQLite would otherwise read ON as that of a join.
    return (
        f"INSERT INTO figure_mark (number, token, broken) SELECT {row}.number, {drawn}, false "  # nosec B608
        "WHERE true ON CONFLICT (number) DO UPDATE SET token = excluded.token, broken = false"
    )


def upgrade() -> None:
    """Mark a ticket at every change of what is said of its ratings, as at every event."""
    if op.get_bind().dialect.name == "sqlite":
        differs = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _SAYS)
        for name, when, row in (
            ("noted", "INSERT ON rating_check WHEN NEW.reason IS NOT NULL", "NEW"),
            ("checked", f"UPDATE ON rating_check WHEN {differs}", "NEW"),
            ("unchecked", "DELETE ON rating_check WHEN OLD.reason IS NOT NULL", "OLD"),
        ):
            marking = _marking("random()", row)
            op.execute(f"CREATE TRIGGER figure_{name} AFTER {when} BEGIN {marking}; END")
        return
    differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _SAYS)
    for name, when, condition in (
        ("noted", "INSERT", "NEW.reason IS NOT NULL"),
        ("checked", "UPDATE", differs),
        ("unchecked", "DELETE", "OLD.reason IS NOT NULL"),
    ):
        op.execute(
            f"CREATE TRIGGER figure_{name} AFTER {when} ON rating_check FOR EACH ROW "
            f"WHEN ({condition}) EXECUTE FUNCTION mark_figures()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("noted", "checked", "unchecked"):
        op.execute(f"DROP TRIGGER figure_{name}" + ("" if sqlite else " ON rating_check"))
