"""A key per ticket, the ids of keys, and the log of who viewed whose data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REFUSED = "the log of views is only added to"


def upgrade() -> None:
    op.create_table(
        "ticket_key",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "view_log",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("view_by_ticket", "view_log", ["number", "at"])
    only = sa.text("person IS NOT NULL")
    op.create_index(
        "ticket_by_person", "ticket", ["person"], sqlite_where=only, postgresql_where=only
    )
    with op.batch_alter_table("person") as person:
        person.add_column(sa.Column("key_id", sa.Integer(), nullable=False, server_default="1"))
    _guard()


def _guard() -> None:
    """Add triggers that refuse changes of the log, even by hand, until they are dropped."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER view_log_no_{what.lower()} BEFORE {what} ON view_log "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION view_log_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER view_log_no_change BEFORE UPDATE OR DELETE ON view_log "
        "FOR EACH ROW EXECUTE FUNCTION view_log_refuse()"
    )
    op.execute(
        "CREATE TRIGGER view_log_no_truncate BEFORE TRUNCATE ON view_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION view_log_refuse()"
    )


def downgrade() -> None:
    with op.batch_alter_table("person") as person:
        person.drop_column("key_id")
    op.drop_index("ticket_by_person", "ticket")
    op.drop_table("view_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION view_log_refuse()")
    op.drop_table("ticket_key")
