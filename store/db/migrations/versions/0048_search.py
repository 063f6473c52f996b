"""The search of all texts: of each ticket what is searched, and the index of its terms.

The tickets that are there are indexed by `jiesu search rebuild` or by maintenance, not here: that
takes a millisecond for each of them.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_FIRST = 2**30


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _string(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "search_document",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.String(), nullable=False, unique=True),
        _string("city"),
        _string("unit", nullable=True),
        _string("category", nullable=True),
        _string("kind"),
        _text("said"),
        _text("place"),
        _text("reply"),
        _text("note"),
        _string("mark"),
    )
    made = op.create_table(
        "search_progress",
        sa.Column("id", sa.Integer(), primary_key=True),
        _string("before_number"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worn", sa.Boolean(), nullable=False),
    )
    _make_index()
    filled = op.get_bind().execute(sa.text("SELECT 1 FROM ticket LIMIT 1")).first() is not None
    done_at = None if filled else datetime.now(UTC)
    op.bulk_insert(
        made,
        [{"id": 1, "before_number": "", "done_at": done_at, "worn": False}],
    )


def _make_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The terms alone: no positions, no sizes of texts, and not the texts themselves.
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5("
            "terms, content='', columnsize=0, detail=none, tokenize='ascii')"
        )
        return
    op.execute("CREATE TABLE search_index (id INTEGER PRIMARY KEY, terms TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX search_index_by_term ON search_index USING gin (terms)")
    op.execute(f"CREATE SEQUENCE search_document_id AS INTEGER START {_FIRST}")


def downgrade() -> None:
    op.execute("DROP TABLE search_index")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP SEQUENCE search_document_id")
    op.drop_table("search_progress")
    op.drop_table("search_document")
