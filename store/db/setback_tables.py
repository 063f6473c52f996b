"""The tables of tickets whose record was ahead of the engine, and of the events set aside then."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Table, Text, text
from sqlmodel import Field

from store.db import identity_tables
from store.db.tables import Base, UtcDateTime

UNSETTLED = "settled_at IS NULL"
"""The condition of the index of tickets that an operator has not dealt with."""


class SetbackTable(Base, table=True):
    """Tickets with events in the record that the engine does not know, because it was set back.

    `settled_at`: when an operator had dealt with it.
    """

    __tablename__ = "setback"
    __table_args__ = (
        Index(
            "setback_unsettled",
            "found_at",
            sqlite_where=text(UNSETTLED),
            postgresql_where=text(UNSETTLED),
        ),
    )

    number: str = Field(primary_key=True)
    city: str
    found_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SetAsideTable(Base, table=True):
    """Events that the record had, and that were replaced because the engine does not know them."""

    __tablename__ = "set_aside"

    number: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    projection_number: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    role: str
    actor: str
    unit: str | None
    fact: str = Field(sa_type=Text)
    set_aside_at: datetime = Field(sa_type=UtcDateTime)


metadata = identity_tables.metadata

setback: Table = metadata.tables["setback"]
set_aside: Table = metadata.tables["set_aside"]
