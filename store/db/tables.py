"""The tables, as SQLModel models, and the Core tables that statements are built from.

There are no foreign keys: projections arrive in any order and more than once, and a row must not
have to wait for another. Times are UTC; enumerations of the domain are stored by value.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Index, MetaData, Table, Text, false, text
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

Row = dict[str, Any]
"""The values of a row by the names of their columns."""


class UtcDateTime(TypeDecorator[datetime]):
    """A zone-aware moment in UTC. SQLite stores no zone: it is added again on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """The base of our models, with a registry apart from other packages' models."""


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _projection_number() -> Any:
    # The database keeps the column's first name: while an installation is upgraded, programs of the
    # version before write it until they are replaced.
    names = {"name": "told", "key": "projection_number"}
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs=names)


UNRECORDED = "recorded_at IS NULL"
"""The condition of the index of complaints without any record of their ticket yet."""

AUTOMATIC = "stage IN ('triage', 'dispatch', 'feedback')"
"""The condition of the index of tickets at a stage that most pass at once."""


class IntakeTable(Base, table=True):
    """The intake register: every complaint as registered, with the backlog of those not started.

    `started_at`: when its workflow started. `recorded_at`: when its ticket's record begins.
    `code_generation`: how often its access code was replaced. `incident`: the one of which it is a
    member, and which starts its ticket; None for the backlog's own. `simulated`: it is invented,
    and no workflow was ever started for it.
    """

    __tablename__ = "intake"
    __table_args__ = (
        _partial("intake_pending", "filed_at", where="started_at IS NULL"),
        _partial("intake_unrecorded", "filed_at", where=UNRECORDED),
    )

    number: str = Field(primary_key=True)
    city: str
    idempotency_key: str | None = Field(default=None, unique=True)
    fingerprint: str
    complaint: str = Field(sa_type=Text)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    last_error: str | None = None
    code_generation: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    incident: str | None = None
    simulated: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class PersonTable(Base, table=True):
    """The vault: the citizens' personal data, encrypted."""

    __tablename__ = "person"

    id: str = Field(primary_key=True)
    sealed: bytes
    key_id: int = 1
    phone_hash: str | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class TicketKeyTable(Base, table=True):
    """The encryption key of each ticket's history, wrapped by the key ring; empty once erased."""

    __tablename__ = "ticket_key"

    number: str = Field(primary_key=True)
    wrapped: bytes | None
    key_id: int
    created_at: datetime = Field(sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ViewTable(Base, table=True):
    """The log of who viewed whose data, when and why. Append-only: triggers refuse changes.

    `number` is None for a search by phone that found nothing.
    """

    __tablename__ = "view_log"
    __table_args__ = (Index("view_by_ticket", "number", "at"),)

    id: str = Field(primary_key=True)
    number: str | None
    at: datetime = Field(sa_type=UtcDateTime)
    role: str
    unit: str | None
    actor: str
    fields: str
    purpose: str = Field(sa_type=Text)


_WAITING = ("city", "stage", "due_at", "unit", "area")
"""The columns for queries of the whole backlog, which read the index and no tickets."""

_QUEUES = ("city", "queue", "queue_until", "queue_since")
"""The columns for queries of the queues, likewise."""

VOID = "void_cards <> ''"
"""The condition of the index of tickets where a card became void."""


PUBLISHED = "public AND NOT of_wrongdoing"
"""The condition of the index of tickets whose citizens agreed to publication."""

_COUNTED = ("city", "calendars", "counted_until", "counted_since", "number")
"""The columns for queries of what a changed calendar concerns, likewise."""


UNARCHIVED = "stage = 'ended' AND (archived_version IS NULL OR archived_version < version)"
"""The condition of the index of ended tickets whose history is not archived."""


class TicketTable(Base, table=True):
    """Each ticket as last projected, with the columns that lists and indicators need.

    `promised_at` is when the answer was due, also after the end; `lat` and `lon` are WGS-84.
    `accused`: the units that a report of wrongdoing is kept from, with spaces between: the accused,
    and those below them; earlier versions wrote one.
    `projection_number`, here and below: that of the projection the row is from (see `Projection`).
    `queue`: the queue of the centre that it waits in, until and since when (see
    `domain.policy.work_queues`). `rung_at`: when the next escalation level of any of its clocks is
    reached. `void_cards`: versions of the events of cards that became void, with a comma around
    each. `calendars`: the versions of the calendars that its running clocks were counted with, with
    spaces between them; `counted_since` and `counted_until`: between which moments they count.
    `archived_version`: the version up to which nothing is left to archive of its history.
    `provisional` is written by older programs alone, which may run beside this one.
    `site`: the known place that it names, by its code in the pack; `site_part`: the house or
    building number there. `title_folded`, `address_folded`: see `domain.canonical`; what is
    searched in and compared.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ticket_by_stage", "city", "stage", "due_at"),
        Index("ticket_by_unit", "unit", "stage"),
        # With the title, so that a search reads the index and, of what it finds, the tickets.
        Index("ticket_by_update_with_title", "updated_at", "number", "title_folded"),
        Index("ticket_by_city_with_title", "city", "updated_at", "number", "title_folded"),
        Index("ticket_by_filing", "city", "filed_at"),
        Index("ticket_by_category", "city", "category", "filed_at"),
        _partial("ticket_waiting", *_WAITING, where="ended_at IS NULL"),
        _partial("ticket_by_end", "city", "ended_at", where="ended_at IS NOT NULL"),
        _partial("ticket_by_site", "city", "site", "filed_at", where="site IS NOT NULL"),
        _partial("ticket_by_person", "person", where="person IS NOT NULL"),
        _partial("ticket_by_queue", *_QUEUES, where="queue IS NOT NULL"),
        _partial("ticket_automatic", "updated_at", where=AUTOMATIC),
        _partial("ticket_by_rung", "rung_at", where="rung_at IS NOT NULL"),
        _partial("ticket_published", "city", "filed_at", "number", where=PUBLISHED),
        _partial("ticket_with_void_cards", "city", "number", "void_cards", where=VOID),
        _partial("ticket_counted", *_COUNTED, where="calendars IS NOT NULL"),
        _partial("ticket_unarchived", "updated_at", "number", where=UNARCHIVED),
        _partial("ticket_returned", "city", "category", "filed_at", where="returns > 0"),
    )

    number: str = Field(primary_key=True)
    city: str
    stage: str
    outcome: str | None
    version: int
    kind: str
    channel: str
    category: str | None
    tier: str | None
    area: str | None
    site: str | None = None
    site_part: str | None = None
    unit: str | None
    title: str
    anonymous: bool
    person: str | None
    filed_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(sa_type=UtcDateTime)
    returns: int
    reworks: int
    call_back_due: bool
    rated: bool
    contacted: bool | None
    resolved: bool | None
    grade: int | None
    satisfied: bool | None
    yellow_cards: int
    red_cards: int
    severity: int = 0
    parent: str | None = None
    accused: str | None = None
    public: bool = False
    excluded: bool = False
    promised_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    projection_number: int = _projection_number()
    queue: str | None = None
    queue_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    queue_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rung_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_cards: str = ""
    of_wrongdoing: bool = False
    provisional: str | None = None
    calendars: str | None = None
    counted_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counted_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    title_folded: str = ""
    address_folded: str = ""
    archived_version: int | None = None
    state: str = Field(sa_type=Text)


ORDERS = "kind IN ('supervision_ordered', 'order_answered')"
"""The condition of the index of events that show which supervision orders are unanswered."""


class EventTable(Base, table=True):
    """Every event of every ticket. `clock` and `rung` are those of an escalation."""

    __tablename__ = "event"
    __table_args__ = (
        _partial("event_rungs", "city", "at", where="rung IS NOT NULL"),
        _partial("event_orders", "city", "number", "kind", where=ORDERS),
    )

    number: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    city: str
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    stage: str
    role: str
    actor: str
    unit: str | None
    clock: str | None
    rung: str | None
    projection_number: int = _projection_number()
    fact: str = Field(sa_type=Text)


class AssignmentTable(Base, table=True):
    """Each unit's shares. `version` and `updated_at` are the ticket's at the row's projection.

    `burns_at` is the earliest due time of the unit; `sign_due_at` and `contact_due_at` are empty
    once that is done, and where the city sets no limit. `pause`: why its clock is paused.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index("assignment_inbox", "unit", "ended_at", "burns_at"),
        _partial("assignment_open", "city", "unit", "burns_at", where="ended_at IS NULL"),
    )

    number: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    city: str
    unit: str
    queue: str
    activity_id: str
    rework: int
    share: str = "lead"
    task: str = ""
    level: str | None = None
    opened_at: datetime = Field(sa_type=UtcDateTime)
    signed_at: datetime | None = Field(sa_type=UtcDateTime)
    contacted_at: datetime | None = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(sa_type=UtcDateTime)
    ending: str | None
    asked: str | None
    extensions: int
    version: int
    updated_at: datetime = Field(sa_type=UtcDateTime)
    projection_number: int = _projection_number()
    burns_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    warn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sign_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contact_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pause: str | None = None
    pause_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    task_folded: str = ""


class OutboxTable(Base, table=True):
    """Messages to send, each once. `projection_number` is its event's; 0 without a projection."""

    __tablename__ = "outbox"
    __table_args__ = (
        _partial("outbox_pending", "attempts", "created_at", "key", where="sent_at IS NULL"),
        _partial("outbox_unsent", "number", where="sent_at IS NULL"),
    )

    key: str = Field(primary_key=True)
    number: str
    version: int
    city: str
    audience: str
    unit: str | None
    template: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    last_error: str | None = None
    projection_number: int = _projection_number()


class MessageTable(Base, table=True):
    """The messages that the built-in mailbox delivered."""

    __tablename__ = "message"
    __table_args__ = (Index("message_by_ticket", "number", "version"),)

    key: str = Field(primary_key=True)
    number: str
    version: int
    city: str
    audience: str
    unit: str | None
    template: str
    at: datetime = Field(sa_type=UtcDateTime)


class TokenTable(Base, table=True):
    """Access tokens of staff and programs; only a digest of each is stored.

    `scopes`: what it may be used for, as words with spaces between them. `agent`: a machine's.
    """

    __tablename__ = "token"

    id: str = Field(primary_key=True)
    digest: str
    role: str
    unit: str | None = None
    city: str | None = None
    scopes: str = "read act file audit admin"
    name: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    agent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class AttemptTable(Base, table=True):
    """Wrong access codes as releases before migration 0018 counted them; nothing reads it now."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_by_time", "window_start"),)

    key: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    count: int


class PackTable(Base, table=True):
    """Every version of a city pack that was in use. `files` is gzipped JSON: name to text."""

    __tablename__ = "pack"

    city: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    files: bytes
    first_seen_at: datetime = Field(sa_type=UtcDateTime)


class CalendarTable(Base, table=True):
    """Every working calendar that due times were planned with, as JSON."""

    __tablename__ = "calendar"

    version: str = Field(primary_key=True)
    document: str = Field(sa_type=Text)
    first_seen_at: datetime = Field(sa_type=UtcDateTime)


class UsedKeyTable(Base, table=True):
    """The idempotency keys of commands, as fingerprints, with a fingerprint of the content."""

    __tablename__ = "used_key"
    __table_args__ = (Index("used_key_by_time", "used_at"),)

    key: str = Field(primary_key=True)
    content: str
    used_at: datetime = Field(sa_type=UtcDateTime)


class FileTable(Base, table=True):
    """Every uploaded file: its kind, the key of its bytes, and its owner.

    `key` names the object and is never disclosed. `uploader` is the account that uploaded it, empty
    for citizens. Until it has a `number`, it is deleted after `expires_at`; `network` is the
    fingerprint of the network that it came from, as long as it has none.
    """

    __tablename__ = "file"
    __table_args__ = (
        Index("file_by_ticket", "number", "uploaded_at", "id"),
        _partial("file_expiring", "expires_at", where="expires_at IS NOT NULL"),
    )

    id: str = Field(primary_key=True)
    key: str
    kind: str
    media_type: str
    bytes: int = Field(sa_type=BigInteger)
    width: int | None = None
    height: int | None = None
    sha256: str
    purpose: str
    uploaded_at: datetime = Field(sa_type=UtcDateTime)
    uploaded_by: str
    uploader: str
    number: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    network: str | None = None


KEPT = "kept_at IS NOT NULL AND dropped_at IS NULL"
"""The condition of the index that holds that of each ticket one object is kept."""


class HistoryArchiveTable(Base, table=True):
    """The objects with archived histories. `runs`: their ids, with spaces between them.

    `written_at`: when its export began; `kept_at`: when it was complete and verified, with
    `finding`; `dropped_at`: since when it has to be deleted.
    """

    __tablename__ = "history_archive"
    __table_args__ = (
        Index(
            "history_archive_kept",
            "number",
            unique=True,
            sqlite_where=text(KEPT),
            postgresql_where=text(KEPT),
        ),
        Index("history_archive_by_ticket", "number"),
        _partial("history_archive_findings", "finding", where=f"{KEPT} AND finding <> 'agrees'"),
        _partial("history_archive_dropped", "key", where="dropped_at IS NOT NULL"),
        _partial("history_archive_writing", "written_at", where="kept_at IS NULL"),
    )

    key: str = Field(primary_key=True)
    number: str
    version: int
    runs: str = Field(sa_type=Text)
    finding: str
    sha256: str
    bytes: int = Field(sa_type=BigInteger)
    written_at: datetime = Field(sa_type=UtcDateTime)
    kept_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


metadata = Base.metadata

intake: Table = metadata.tables["intake"]
person: Table = metadata.tables["person"]
ticket_key: Table = metadata.tables["ticket_key"]
view_log: Table = metadata.tables["view_log"]
ticket: Table = metadata.tables["ticket"]
event: Table = metadata.tables["event"]
assignment: Table = metadata.tables["assignment"]
outbox: Table = metadata.tables["outbox"]
message: Table = metadata.tables["message"]
token: Table = metadata.tables["token"]
attempt: Table = metadata.tables["attempt"]
pack: Table = metadata.tables["pack"]
calendar: Table = metadata.tables["calendar"]
file: Table = metadata.tables["file"]
used_key: Table = metadata.tables["used_key"]
history_archive: Table = metadata.tables["history_archive"]
