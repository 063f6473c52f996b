"""The tables of sensors: imported devices, their readings, what these say, and their tickets;
the sources of events, and the book in which these are entered first."""

from datetime import datetime

from sqlalchemy import Index, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

_OPEN = text("closed_at IS NULL")
_WAITING = text("judged_at IS NULL")


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


class EventSourceTable(Base, table=True):
    """The registered sources of events. `prefix`: how the `source` of all their events begins.

    `devices`: the codes of which it speaks, separated by spaces; one that ends with * stands for
    all that begin so. `signs`: it signs with a key that is derived from the key ring, and has no
    token; else `digest` is that of its token. `generation`: how often its secret was changed;
    the one before that is good until `old_until`. `per_minute`: the events that are taken of it.
    """

    __tablename__ = "event_source"

    id: str = Field(primary_key=True)
    city: str
    name: str
    prefix: str
    devices: str = Field(sa_type=Text)
    origins: str = Field(sa_type=Text)
    signs: bool
    digest: str
    old_digest: str
    old_until: datetime | None = Field(sa_type=UtcDateTime)
    generation: int
    per_minute: int
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(sa_type=UtcDateTime)


class EventSourceUseTable(Base, table=True):
    """The events of each source in its last minute, and when it was heard last."""

    __tablename__ = "event_source_use"

    source_id: str = Field(primary_key=True)
    minute: datetime = Field(sa_type=UtcDateTime)
    used: int
    heard_at: datetime = Field(sa_type=UtcDateTime)


class SensorEventTable(Base, table=True):
    """The book of events: each is entered before it is answered, and judged after.

    `key`: the fingerprint of `source` and `id`, which together say which event it is; its reading
    has it as its id. `digest`: that of what it says. `judged_at`: None while it waits; `outcome`:
    what became of it then. `note`: of a lead.
    """

    __tablename__ = "sensor_event"
    __table_args__ = (
        Index(
            "sensor_event_waiting",
            "city",
            "source_id",
            "received_at",
            "key",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("sensor_event_by_time", "city", "judged_at"),
    )

    city: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    source_id: str
    source: str
    id: str
    device: str
    at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    value: float
    lat: float | None
    lon: float | None
    shape: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    digest: str
    judged_at: datetime | None = Field(sa_type=UtcDateTime)
    outcome: str


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

device: Table = metadata.tables["sensor_device"]
state: Table = metadata.tables["sensor_state"]
reading: Table = metadata.tables["sensor_reading"]
cause: Table = metadata.tables["sensor_cause"]
event_source: Table = metadata.tables["event_source"]
event_source_use: Table = metadata.tables["event_source_use"]
event: Table = metadata.tables["sensor_event"]
