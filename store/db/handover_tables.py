"""The tables of neighbouring cities and of what is handed over. What people said is sealed."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

_LIVE = "side = 'out' AND state IN ('offered', 'accepted', 'taken')"
_WAITING = "delivered_at IS NULL"


class NeighbourTable(Base, table=True):
    """Other cities' installations. `known_as`: what they call us. `sealed`: the shared secrets."""

    __tablename__ = "neighbour"

    code: str = Field(primary_key=True)
    city: str
    known_as: str
    name: str
    name_en: str
    url: str
    areas: str = Field(sa_type=Text)
    sealed: bytes = Field(sa_type=LargeBinary)
    added_at: datetime = Field(sa_type=UtcDateTime)
    rotated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HandoverTable(Base, table=True):
    """Hand-overs, as this side records them. `words`: sealed; None once the ticket is erased.

    `told`: the version of our ticket that the other city knows. `heard`: the version of its status
    that we know; `relayed`: of one that we passed on to the city that the matter came from.
    """

    __tablename__ = "handover"
    __table_args__ = (
        Index("handover_by_number", "number"),
        Index(
            "handover_live",
            "number",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index("handover_by_state", "side", "state", "due_at"),
    )

    neighbour: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    city: str
    number: str | None = None
    other_number: str | None = None
    state: str
    hops: int
    told: int = 0
    relayed: int = 0
    heard: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    record: str = Field(sa_type=Text)
    words: bytes | None = Field(default=None, sa_type=LargeBinary)


class HandoverLetterTable(Base, table=True):
    """Letters to neighbours, each until it is delivered. `sealed`: None after that.

    `mark`: of what a citizen said, which goes once.
    """

    __tablename__ = "handover_letter"
    __table_args__ = (
        Index("handover_letter_by_mark", "mark", unique=True),
        Index(
            "handover_letter_waiting",
            "next_at",
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )

    neighbour: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    handover: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    mark: str | None = None
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    error: str | None = None
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HandoverNoteTable(Base, table=True):
    """Notes of citizens at the other city, for our ticket. `sealed`: None once it is passed on."""

    __tablename__ = "handover_note"
    __table_args__ = (
        Index(
            "handover_note_waiting",
            "next_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    neighbour: str = Field(primary_key=True)
    handover: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    got_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

neighbour: Table = metadata.tables["neighbour"]
handover: Table = metadata.tables["handover"]
letter: Table = metadata.tables["handover_letter"]
note: Table = metadata.tables["handover_note"]
