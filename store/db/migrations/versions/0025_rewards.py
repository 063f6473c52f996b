"""Rewards: the points ledger, what became of each report, wallets, prizes, and signs of abuse."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_LEDGER = ("reward_entry", "reward_posting")
_REFUSED = "the points ledger is append-only"
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _ledger()
    _guard()
    _states()
    _signs()


def _ledger() -> None:
    op.create_table(
        "reward_entry",
        sa.Column("cause", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("prize", sa.String(), nullable=True),
        sa.Column("redemption", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
    )
    op.create_index("reward_entry_by_time", "reward_entry", ["city", "at", "cause"])
    op.create_index("reward_entry_by_ticket", "reward_entry", ["number"])
    op.create_table(
        "reward_posting",
        sa.Column("city", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "balance >= 0 OR account = 'fund'", name="reward_posting_not_below_zero"
        ),
        sa.CheckConstraint("amount <> 0", name="reward_posting_moves_something"),
    )
    op.create_index("reward_posting_by_cause", "reward_posting", ["cause"])


def _guard() -> None:
    """Add triggers that refuse changes of the ledger, even by hand, until they are dropped."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _LEDGER:
            for what in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION reward_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    for table in _LEDGER:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION reward_ledger_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION reward_ledger_refuse()"
        )


def _states() -> None:
    op.create_table(
        "reward_grant",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("alike", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("judged_at", _AT, nullable=False),
        sa.Column("until", _AT, nullable=True),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("decided_role", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
    )
    op.create_index("reward_grant_by_state", "reward_grant", ["city", "state", "judged_at"])
    op.create_index("reward_grant_by_day", "reward_grant", ["city", "day"])
    op.create_table(
        "reward_wallet",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", _AT, nullable=False),
    )
    op.create_table(
        "reward_receipt",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("wallet", sa.String(), nullable=False),
        sa.Column("joined_at", _AT, nullable=False),
    )
    op.create_index("reward_receipt_by_wallet", "reward_receipt", ["wallet"])
    op.create_table(
        "reward_redemption",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("prize", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False, unique=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("valid_until", _AT, nullable=False),
        sa.Column("settled_at", _AT, nullable=True),
        sa.Column("settled_by", sa.String(), nullable=False),
    )
    redemption = "reward_redemption"
    op.create_index("reward_redemption_by_prize", redemption, ["city", "prize", "state"])
    op.create_index("reward_redemption_by_account", redemption, ["city", "account"])
    op.create_index("reward_redemption_by_end", redemption, ["state", "valid_until"])


def _signs() -> None:
    op.create_table(
        "picture_mark",
        sa.Column("file", sa.String(), primary_key=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("filed_at", _AT, nullable=False),
    )
    op.create_index("picture_mark_by_time", "picture_mark", ["city", "filed_at"])
    op.create_index("picture_mark_by_ticket", "picture_mark", ["number"])
    op.create_table(
        "filing_network",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("at", _AT, nullable=False),
    )
    op.create_index("filing_network_by_network", "filing_network", ["network", "at"])


def downgrade() -> None:
    for table in (
        "filing_network",
        "picture_mark",
        "reward_redemption",
        "reward_receipt",
        "reward_wallet",
        "reward_grant",
        "reward_posting",
        "reward_entry",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION reward_ledger_refuse()")
