"""Topics that grow: sketches of tickets, the terms they are found by, topics, and acts on them."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _string(name: str, nullable: bool = False, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=nullable, primary_key=primary_key)


def _integer(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "topic_knowledge",
        _string("city", primary_key=True),
        _at("learned_at", nullable=True),
        _integer("tickets"),
        _text("terms"),
        _at("read_until", nullable=True),
        _at("swept_at", nullable=True),
    )
    op.create_table(
        "topic_sketch",
        _string("number", primary_key=True),
        _string("city"),
        _integer("version"),
        _at("filed_at"),
        _string("person", nullable=True),
        _string("area", nullable=True),
        _string("unit", nullable=True),
        _string("category", nullable=True),
        _text("terms"),
        _string("topic", nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
    )
    op.create_index("topic_sketch_by_topic", "topic_sketch", ["topic", "filed_at"])
    op.create_index("topic_sketch_by_city", "topic_sketch", ["city", "number"])
    op.create_table(
        "topic_posting",
        _string("city", primary_key=True),
        _string("term", primary_key=True),
        _string("number", primary_key=True),
        sa.Column("weight", sa.Float(), nullable=False),
    )
    op.create_index("topic_posting_by_ticket", "topic_posting", ["number"])
    op.create_table(
        "growing_topic",
        _string("number", primary_key=True),
        _string("city"),
        _integer("n"),
        _text("sums"),
        _string("words"),
        _string("title", nullable=True),
        _integer("tickets"),
        _integer("people"),
        _at("first_at"),
        _at("last_at"),
        _string("merged_into", nullable=True),
        _string("month", nullable=True),
        _string("unit", nullable=True),
        sa.Column("fixed", sa.Boolean(), nullable=False),
        sa.Column("one_matter", sa.Boolean(), nullable=False),
    )
    op.create_index("growing_topic_by_city", "growing_topic", ["city", "people", "tickets"])
    op.create_index("growing_topic_by_n", "growing_topic", ["city", "n"], unique=True)
    op.create_table(
        "topic_act",
        _string("id", primary_key=True),
        _string("topic"),
        _integer("n"),
        _at("at"),
        _string("actor"),
        _string("role"),
        _string("kind"),
        _string("about", nullable=True),
        _text("text"),
    )
    op.create_index("topic_act_by_topic", "topic_act", ["topic", "n"], unique=True)


def downgrade() -> None:
    for table in (
        "topic_act",
        "growing_topic",
        "topic_posting",
        "topic_sketch",
        "topic_knowledge",
    ):
        op.drop_table(table)
