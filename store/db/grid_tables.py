"""The tables of grid workers: appointments, requests to become one, entries, diaries, checks.

A diary's text is kept encrypted by the key ring; so is who asks to become a grid worker, in the
vault. The rest names accounts by id, and places.
"""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

UNANSWERED = "answered_at IS NULL"
"""The condition of the index of checks that nobody has answered."""


class GridWorkerTable(Base, table=True):
    """Appointments: the account, the cell (any area of the city), and who confirmed it."""

    __tablename__ = "grid_worker"
    __table_args__ = (Index("grid_worker_by_cell", "city", "cell"),)

    account: str = Field(primary_key=True)
    city: str
    cell: str
    full_time: bool
    confirmed_by: str
    confirmed_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GridSignUpTable(Base, table=True):
    """Residents who ask to become one. `person`: their name and phone in the vault, until it is
    decided; `mark`: a keyed mark of the phone, so that who asks twice asks once."""

    __tablename__ = "grid_sign_up"
    __table_args__ = (Index("grid_sign_up_by_cell", "city", "cell"),)

    id: str = Field(primary_key=True)
    city: str
    cell: str
    mark: str
    person: str
    asked_at: datetime = Field(sa_type=UtcDateTime)


class GridEntryTable(Base, table=True):
    """Entries as they came, by the ids of the phones. `digest`: a keyed mark of the content.

    `settled`: nothing of it is left to do. `outside`: not in the worker's cell. `day`: the city's
    day on which it arrived.
    """

    __tablename__ = "grid_entry"
    __table_args__ = (
        Index("grid_entry_by_day", "account", "day"),
        Index("grid_entry_by_cell", "city", "day", "cell"),
        Index("grid_entry_by_number", "number"),
    )

    account: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    digest: str
    kind: str
    city: str
    cell: str
    day: date = Field(sa_type=Date)
    at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    outside: bool
    settled: bool
    number: str | None = None


class GridDiaryTable(Base, table=True):
    """Diary entries, encrypted. `private`: names somebody. `number`: the ticket made of it."""

    __tablename__ = "grid_diary"
    __table_args__ = (Index("grid_diary_by_cell", "city", "cell", "at"),)

    id: str = Field(primary_key=True)
    city: str
    cell: str
    account: str
    at: datetime = Field(sa_type=UtcDateTime)
    sealed: bytes
    key_id: int
    private: bool
    number: str | None = None


class GridCheckTable(Base, table=True):
    """Checks: that somebody looks at a ticket's place, and what was found there.

    `lat`, `lon`: of the place, in WGS-84. `metres`: from there to where the worker stood.
    """

    __tablename__ = "grid_check"
    __table_args__ = (
        Index("grid_check_by_ticket", "number"),
        Index(
            "grid_check_open",
            "city",
            "cell",
            sqlite_where=text(UNANSWERED),
            postgresql_where=text(UNANSWERED),
        ),
    )

    id: str = Field(primary_key=True)
    number: str
    city: str
    cell: str
    moment: str
    question: str = Field(sa_type=Text)
    address: str
    lat: float | None = None
    lon: float | None = None
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    worker: str | None = None
    seen: str | None = None
    note: str = ""
    metres: int | None = None
    photos: str = ""
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


metadata = setback_tables.metadata

worker: Table = metadata.tables["grid_worker"]
sign_up: Table = metadata.tables["grid_sign_up"]
entry: Table = metadata.tables["grid_entry"]
diary: Table = metadata.tables["grid_diary"]
check: Table = metadata.tables["grid_check"]
