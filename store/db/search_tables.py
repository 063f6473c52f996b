"""The tables of the search: of each ticket its searched texts, and an index of their terms.

The index is no table of SQLAlchemy: on SQLite it is a virtual table of FTS5, on PostgreSQL a table
with a tsvector. It has the name `INDEX` on both, and is made by migration 0048.
"""

from datetime import datetime

from sqlalchemy import Column, Integer, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

INDEX = "search_index"
"""The index of terms."""

INDEX_TABLES = frozenset({INDEX, *(f"{INDEX}_{part}" for part in ("data", "idx", "config"))})
"""The tables that the index consists of, on either database."""

FIRST = 2**30
"""The id of the first ticket that is indexed as it is filed; those of before are below."""


class SearchDocumentTable(Base, table=True):
    """The searched texts of each ticket in canonical form, each of a field on a line of its own.

    `id`: the row of the index, and the order of filing. `mark`: a digest of what the terms are made
    from. The other columns are those that the index knows besides the texts.
    """

    __tablename__ = "search_document"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: str = Field(unique=True)
    city: str
    unit: str | None = None
    category: str | None = None
    kind: str
    said: str = Field(sa_type=Text)
    place: str = Field(sa_type=Text)
    reply: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    mark: str


class SearchProgressTable(Base, table=True):
    """The progress of filling the index with tickets of before it, the last filed first; one row.

    `before_number`: those of lower numbers are still to be indexed; empty: all. `done_at`: none.
    `worn`: erased tickets left terms in parts of SQLite's index that are not yet merged.
    """

    __tablename__ = "search_progress"

    id: int = Field(primary_key=True)
    before_number: str = ""
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    worn: bool = False


document: Table = Base.metadata.tables["search_document"]
progress: Table = Base.metadata.tables["search_progress"]
