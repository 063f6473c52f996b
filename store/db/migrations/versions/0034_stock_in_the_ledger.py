"""The stock of prizes in the rewards ledger: what is promised and handed out is carried over."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BEFORE = "balance >= 0 OR account = 'fund'"
_AFTER = f"{_BEFORE} OR substr(account, 1, 7) = 'supply/'"
_REFUSED = "the points ledger is append-only"
_LEDGER = ("reward_entry", "reward_posting")
_PIECES = ("supply/", "shelf/", "reserved/", "given/")


def upgrade() -> None:
    _let_owe(_AFTER)
    _carry_over()


def _let_owe(condition: str) -> None:
    """Change which accounts may be below zero. SQLite has to write the table anew for that."""
    name = "reward_posting_not_below_zero"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(name, "reward_posting", type_="check")
        op.create_check_constraint(name, "reward_posting", condition)
        return
    op.create_table(
        "reward_posting_anew",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.CheckConstraint(condition, name=name),
        sa.CheckConstraint("amount <> 0", name="reward_posting_moves_something"),
    )
    op.execute(
        "INSERT INTO reward_posting_anew (city, account, n, cause, amount, balance) "
        "SELECT city, account, n, cause, amount, balance FROM reward_posting"
    )
    op.drop_index("reward_posting_by_cause", "reward_posting")
    op.drop_table("reward_posting")
    op.rename_table("reward_posting_anew", "reward_posting")
    op.create_index("reward_posting_by_cause", "reward_posting", ["cause"])
    _guard_sqlite("reward_posting")


def _guard_sqlite(table: str) -> None:
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )


def _carry_over() -> None:
    """Enter what is promised and handed out; what is left follows with the next choice."""
    connection = op.get_bind()
    entry = sa.table(
        "reward_entry",
        *(sa.column(name) for name in ("cause", "city", "kind", "prize", "role", "actor")),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    posting = sa.table(
        "reward_posting",
        *(sa.column(name) for name in ("city", "account", "n", "cause", "amount", "balance")),
    )
    counted = connection.execute(
        sa.text(
            "SELECT city, prize, SUM(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS promised, "
            "SUM(CASE WHEN state = 'fetched' THEN 1 ELSE 0 END) AS given "
            "FROM reward_redemption WHERE state IN ('open', 'fetched') GROUP BY city, prize"
        )
    ).all()
    for row in counted:
        of = {"cause": f"stock/{row.city}/{row.prize}/1", "city": row.city}
        said = {"kind": "stock", "prize": row.prize, "role": "system", "actor": "system"}
        connection.execute(entry.insert().values(**of, **said, at=datetime.now(UTC)))
        promised, given = int(row.promised), int(row.given)
        accounts = {"supply": -promised - given, "reserved": promised, "given": given}
        for account, pieces in accounts.items():
            if pieces:
                moved = {"account": f"{account}/{row.prize}", "n": 1, "amount": pieces}
                connection.execute(posting.insert().values(**of, **moved, balance=pieces))


def downgrade() -> None:
    _unguard()
    account = sa.column("account", sa.String())
    of_pieces = sa.or_(*(account.startswith(one) for one in _PIECES))
    op.execute(sa.delete(sa.table("reward_posting", account)).where(of_pieces))
    op.execute("DELETE FROM reward_entry WHERE kind = 'stock'")
    _let_owe(_BEFORE)
    _guard_again()


def _unguard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in _LEDGER:
            for what in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{what}")
        return
    for table in _LEDGER:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def _guard_again() -> None:
    if op.get_bind().dialect.name == "sqlite":  # the postings have theirs: they were written anew
        _guard_sqlite("reward_entry")
        return
    for table in _LEDGER:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
