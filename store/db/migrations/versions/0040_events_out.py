"""Events out: the numbered changes of tickets, and the subscriptions of other systems.

The feed begins here: events from before are not told.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_COMPARED = ("at", "role", "actor", "unit", "fact", "stage")
_DIFFERS = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _COMPARED)
_DIFFERS_SQLITE = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COMPARED)

_NOTE_NEW = "INSERT INTO change_pending (number, version) VALUES (NEW.number, NEW.version)"
_NOTE_OLD = "INSERT INTO change_pending (number, version) VALUES (OLD.number, OLD.version)"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def upgrade() -> None:
    _feed()
    _subscriptions()
    _triggers()
    op.execute(
        "INSERT INTO change_head (number, version) "
        "SELECT number, MAX(version) FROM event GROUP BY number"
    )
    op.execute(
        sa.text("INSERT INTO change_feed (feed, last, pruned) VALUES (:feed, 0, 0)").bindparams(
            feed=secrets.token_hex(6)
        )
    )


def _feed() -> None:
    op.create_table(
        "change",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        *(_text(name) for name in ("city", "number")),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_text(name) for name in ("what", "content", "kind", "stage", "role")),
        _text("unit", nullable=True),
        _moment("at"),
        _moment("recorded_at"),
    )
    op.create_index("change_by_event", "change", ["number", "version", "seq"])
    op.create_table(
        "change_pending",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        _text("number"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "change_head",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "change_feed",
        sa.Column("feed", sa.String(), primary_key=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("pruned", sa.BigInteger(), nullable=False),
    )


def _subscriptions() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), primary_key=True),
        _text("name"),
        sa.Column("url", sa.Text(), nullable=False),
        _text("role"),
        _text("unit", nullable=True),
        _text("city", nullable=True),
        sa.Column("kinds", sa.Text(), nullable=False),
        _text("owner"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_before", sa.LargeBinary(), nullable=True),
        _moment("before_until", nullable=True),
        _moment("created_at"),
        _text("state"),
        _text("why"),
        _moment("state_at"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _moment("next_at"),
        _text("claim"),
        _moment("claimed_until"),
    )
    op.create_table(
        "webhook_message",
        sa.Column("webhook", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        _text("number"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("failing_since", nullable=True),
        _moment("next_at"),
    )
    op.create_index("webhook_message_by_ticket", "webhook_message", ["webhook", "number", "seq"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.String(), primary_key=True),
        *(_text(name) for name in ("webhook", "change", "kind", "number")),
        sa.Column("n", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        _text("error"),
    )
    op.create_index("webhook_attempt_by_time", "webhook_attempt", ["webhook", "at"])
    op.create_index("webhook_attempt_old", "webhook_attempt", ["at"])


def _triggers() -> None:
    """Note every writing of an event, whichever statement of whichever version does it."""
    if op.get_bind().dialect.name == "sqlite":
        for name, when, noted in (
            ("added", "INSERT ON event", _NOTE_NEW),
            ("replaced", f"UPDATE ON event WHEN {_DIFFERS_SQLITE}", _NOTE_NEW),
            ("removed", "DELETE ON event", _NOTE_OLD),
        ):
            op.execute(f"CREATE TRIGGER event_{name} AFTER {when} BEGIN {noted}; END")
        return
    op.execute(
        "CREATE FUNCTION note_event_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN {_NOTE_OLD}; ELSE {_NOTE_NEW}; END IF; RETURN NULL; END $$"
    )
    for name, when, condition in (
        ("added", "INSERT", ""),
        ("replaced", "UPDATE", f"WHEN ({_DIFFERS})"),
        ("removed", "DELETE", ""),
    ):
        op.execute(
            f"CREATE TRIGGER event_{name} AFTER {when} ON event FOR EACH ROW {condition} "
            "EXECUTE FUNCTION note_event_change()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("added", "replaced", "removed"):
        op.execute(f"DROP TRIGGER event_{name}" + ("" if sqlite else " ON event"))
    if not sqlite:
        op.execute("DROP FUNCTION note_event_change()")
    op.drop_index("webhook_attempt_old", "webhook_attempt")
    op.drop_index("webhook_attempt_by_time", "webhook_attempt")
    op.drop_table("webhook_attempt")
    op.drop_index("webhook_message_by_ticket", "webhook_message")
    op.drop_table("webhook_message")
    op.drop_table("webhook")
    op.drop_table("change_feed")
    op.drop_table("change_head")
    op.drop_table("change_pending")
    op.drop_index("change_by_event", "change")
    op.drop_table("change")
