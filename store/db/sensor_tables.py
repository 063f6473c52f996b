"""The tables of sensors: imported devices, their readings, what these say, and their tickets."""

from datetime import datetime

from sqlalchemy import Index, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

_OPEN = text("closed_at IS NULL")


class SensorDeviceTable(Base, table=True):
    """The devices that an installation imported, each by its code in its city.

    `sealed`: where it stands and whom it looks after, encrypted, of a device of a personal kind;
    then `address`, `lat` and `lon` are empty.
    """

    __tablename__ = "sensor_device"

    city: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    kind: str
    name: str
    area: str | None
    address: str
    lat: float | None
    lon: float | None
    source: str
    sealed: bytes | None
    key_id: int


class SensorStateTable(Base, table=True):
    """The state of each device that has reported. Whoever takes a reading locks it."""

    __tablename__ = "sensor_state"

    city: str = Field(primary_key=True)
    device: str = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    latest_at: datetime | None = Field(sa_type=UtcDateTime)


class SensorReadingTable(Base, table=True):
    """The readings, each once. `lat`, `lon`, `shape`: of a lead. `cause`: of a lead, its cause."""

    __tablename__ = "sensor_reading"
    __table_args__ = (
        Index("sensor_reading_by_time", "city", "device", "at"),
        Index("sensor_reading_by_cause", "cause"),
    )

    city: str = Field(primary_key=True)
    device: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    taken_at: datetime = Field(sa_type=UtcDateTime)
    value: float
    lat: float | None
    lon: float | None
    shape: str = Field(sa_type=Text)
    cause: str | None


class SensorCauseTable(Base, table=True):
    """The causes of tickets: an alarm of a device, or a lead at a place (`lead`: its id).

    `number`: None until the ticket is filed. `recovered_at`: since when the readings have
    recovered, and closing is proposed. `closed_at`: when its ticket ended.
    """

    __tablename__ = "sensor_cause"
    __table_args__ = (
        # One open ticket per cause.
        Index(
            "sensor_cause_open",
            "city",
            "device",
            "alarm",
            "lead",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("sensor_cause_by_ticket", "number"),
    )

    id: str = Field(primary_key=True)
    city: str
    device: str
    alarm: str
    lead: str
    lat: float | None
    lon: float | None
    number: str | None
    opened_at: datetime = Field(sa_type=UtcDateTime)
    recovered_at: datetime | None = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

device: Table = metadata.tables["sensor_device"]
state: Table = metadata.tables["sensor_state"]
reading: Table = metadata.tables["sensor_reading"]
cause: Table = metadata.tables["sensor_cause"]
