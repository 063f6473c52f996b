"""The tables of appointments that residents book at places of the directory."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

TAKEN = "state <> 'cancelled'"
"""The condition of the index of seats: a cancelled appointment leaves its seat to others."""


class BookingTable(Base, table=True):
    """Appointments, as `domain.booking.booking.Booking` describes them."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(
            "booking_seat",
            "city",
            "place",
            "service",
            "starts_at",
            "seat",
            unique=True,
            sqlite_where=text(TAKEN),
            postgresql_where=text(TAKEN),
        ),
        Index("booking_number", "number", unique=True),
        Index("booking_by_phone", "city", "phone"),
        Index("booking_by_ticket", "ticket"),
        Index("booking_by_day", "city", "starts_at"),
    )

    id: str = Field(primary_key=True)
    number: str
    city: str
    service: str
    place: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    remind_at: datetime = Field(sa_type=UtcDateTime)
    missed_at: datetime = Field(sa_type=UtcDateTime)
    seat: int
    moves: int = 0
    state: str
    ticket: str | None = None
    phone: str
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    content: str
    made_at: datetime = Field(sa_type=UtcDateTime)


class BookingEntryTable(Base, table=True):
    """The events of an appointment, in order. `starts_at`: as it was from then on."""

    __tablename__ = "booking_entry"

    booking: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    act: str
    role: str
    unit: str | None = None
    place: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(default="", sa_type=Text)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

booking: Table = metadata.tables["booking"]
booking_entry: Table = metadata.tables["booking_entry"]
