"""Accounts, sessions, one-time codes and limits; the scopes and the expiry of tokens."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LONGEST = timedelta(days=90)
_NEW = ("phone_code", "counter", "lockout", "identity", "recovery_code", "session", "account")


def _word(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _time(name: str, *, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    _staff()
    _attempts()
    _tokens()


def _staff() -> None:
    op.create_table(
        "account",
        *(_word(name) for name in ("id", "name", "display", "role")),
        *(_word(name, null=True) for name in ("unit", "city", "password")),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        _number("totp_step"),
        _time("created_at"),
        _time("changed_at"),
        _time("disabled_at", null=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "session",
        _word("digest"),
        _word("account"),
        *(_time(name) for name in ("created_at", "seen_at", "ends_at")),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("session_by_account", "session", ["account"])
    op.create_table(
        "recovery_code",
        _word("account"),
        _word("digest"),
        sa.PrimaryKeyConstraint("account", "digest"),
    )
    op.create_table(
        "identity",
        *(_word(name) for name in ("issuer", "subject", "account")),
        _time("created_at"),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )


def _attempts() -> None:
    op.create_table(
        "lockout",
        _word("key"),
        _number("failures"),
        _time("last_at"),
        _time("until"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "counter",
        _word("key"),
        _number("count"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("counter_by_expiry", "counter", ["expires_at"])
    op.create_table(
        "phone_code",
        *(_word(name) for name in ("id", "phone_hash", "digest")),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _number("wrong"),
        _time("created_at"),
        _time("expires_at"),
        _time("used_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("phone_code_by_phone", "phone_code", ["phone_hash", "created_at"])


def _tokens() -> None:
    """Give the existing tokens all scopes, as before, and an expiry."""
    with op.batch_alter_table("token") as token:
        token.add_column(
            sa.Column(
                "scopes", sa.String(), nullable=False, server_default="read act file audit admin"
            )
        )
        token.add_column(_word("city", null=True))
        token.add_column(_time("last_used_at", null=True))
    table = sa.table("token", _time("expires_at"))
    ends = datetime.now(UTC) + _LONGEST
    op.execute(table.update().where(table.c.expires_at.is_(None)).values(expires_at=ends))
    with op.batch_alter_table("token") as token:
        token.alter_column("expires_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("token") as token:
        token.alter_column("expires_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        for name in ("last_used_at", "city", "scopes"):
            token.drop_column(name)
    op.drop_index("phone_code_by_phone", "phone_code")
    op.drop_index("counter_by_expiry", "counter")
    op.drop_index("session_by_account", "session")
    for name in _NEW:
        op.drop_table(name)
