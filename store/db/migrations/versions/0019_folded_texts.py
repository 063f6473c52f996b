"""The columns that texts are searched in and compared by; and the keys that were used."""

import re
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_CHUNK = 500
_FOLDED = {
    # table: its key, and the columns whose folded form it has
    "ticket": (("number",), ("title", "address")),
    "assignment": (("number", "n"), ("task",)),
    "account": (("id",), ("display",)),
}


def upgrade() -> None:
    for table, (key, columns) in _FOLDED.items():
        for name in columns:
            op.add_column(
                table,
                sa.Column(f"{name}_folded", sa.String(), nullable=False, server_default=""),
            )
        _fill(op.get_bind(), table, key, columns)
    op.create_table(
        "used_key",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("used_key_by_time", "used_key", ["used_at"])


def downgrade() -> None:
    op.drop_index("used_key_by_time", "used_key")
    op.drop_table("used_key")
    for table, (_, columns) in _FOLDED.items():
        with op.batch_alter_table(table) as changed:
            for name in columns:
                changed.drop_column(f"{name}_folded")


def _fill(connection: sa.Connection, name: str, key: Sequence[str], columns: Sequence[str]) -> None:
    """Fold the texts of all rows: most tickets have ended, and are not written again."""
    new = [f"{column}_folded" for column in columns]
    table = sa.table(name, *(sa.column(one) for one in (*key, *columns, *new)))
    order = sa.tuple_(*(table.c[one] for one in key))
    found = sa.select(*(table.c[one] for one in (*key, *columns)))
    found = found.order_by(*(table.c[one] for one in key)).limit(_CHUNK)
    change = (
        table.update()
        .where(*(table.c[one] == sa.bindparam(f"its_{one}") for one in key))
        .values({one: sa.bindparam(f"new_{one}") for one in new})
    )
    rows = connection.execute(found).all()
    while rows:
        values = [
            {f"its_{one}": row._mapping[one] for one in key}
            | {f"new_{one}_folded": _folded(row._mapping[one] or "") for one in columns}
            for row in rows
            if any(row._mapping[one] for one in columns)
        ]
        if values:
            connection.execute(change, values)
        last = sa.tuple_(*(sa.literal(rows[-1]._mapping[one]) for one in key))
        rows = connection.execute(found.where(order > last)).all()


_SHOWS_NOTHING = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159\u180b\u180c\u180d\u180f"
)
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}]) | (?=[{_HAN}])")


def _folded(text: str) -> str:
    """Return the canonical form of a text, by the rule of this version."""
    plain = unicodedata.normalize("NFKC", _seen(text)).casefold()
    plain = _seen(unicodedata.normalize("NFKC", plain))
    return _BESIDE_HAN.sub("", re.sub(r"\s+", " ", plain)).strip()


def _seen(text: str) -> str:
    return "".join(one for one in text if not _ignored(one))


def _ignored(one: str) -> bool:
    if one in _SHOWS_NOTHING or "\ufe00" <= one <= "\ufe0f" or "\U000e0000" <= one <= "\U000e0fff":
        return True
    category = unicodedata.category(one)
    return category == "Cf" or (category == "Cc" and not one.isspace())
