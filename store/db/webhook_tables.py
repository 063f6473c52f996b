"""The tables of events out: the numbered changes of tickets, and who is told of them."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, Table, Text
from sqlmodel import Field

from store.db import sensor_tables
from store.db.tables import Base, UtcDateTime


class ChangeTable(Base, table=True):
    """The changes of tickets' events, in the order in which they are told.

    `seq` is given in one serial step after the commit of the event (`store.webhooks.numbering`), so
    that nothing is ever inserted before what a reader has passed. `what`: see `domain.webhooks`.
    `content`: a digest of the event as it was then. Rows never change, and go when they are old.
    """

    __tablename__ = "change"
    __table_args__ = (Index("change_by_event", "number", "version", "seq"),)

    seq: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    id: str = Field(unique=True)
    city: str
    number: str
    version: int
    what: str
    content: str
    kind: str
    stage: str
    role: str
    unit: str | None
    at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class ChangePendingTable(Base, table=True):
    """The events that were written, replaced or undone, and not looked at since.

    Triggers of the table `event` write it, whoever writes events. Each writing has a row of its
    own: one that comes while another is looked at is not lost.
    """

    __tablename__ = "change_pending"

    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
        sa_column_kwargs={"autoincrement": True},
    )
    number: str
    version: int


class ChangeHeadTable(Base, table=True):
    """Up to which version the events of each ticket were told: the next one follows it."""

    __tablename__ = "change_head"

    number: str = Field(primary_key=True)
    version: int


class ChangeFeedTable(Base, table=True):
    """One row: the feed itself. Whoever gives numbers locks it.

    `last`: the last number given. `pruned`: the last one whose row is deleted.
    """

    __tablename__ = "change_feed"

    feed: str = Field(primary_key=True)
    last: int = Field(sa_type=BigInteger)
    pruned: int = Field(sa_type=BigInteger)


class WebhookTable(Base, table=True):
    """The subscriptions. `role`, `unit`, `city`: as whom a subscriber sees.

    `kinds`: of events, with spaces between; empty: all. `secret` and `secret_before` are encrypted.
    `seq`: up to where changes were made messages. `failures`: attempts in a row without a success;
    until `next_at` there is none. `claimed_until`: a worker is at it.
    """

    __tablename__ = "webhook"

    id: str = Field(primary_key=True)
    name: str
    url: str = Field(sa_type=Text)
    role: str
    unit: str | None
    city: str | None
    kinds: str = Field(sa_type=Text)
    owner: str
    secret: bytes
    secret_before: bytes | None
    before_until: datetime | None = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    why: str
    state_at: datetime = Field(sa_type=UtcDateTime)
    seq: int = Field(sa_type=BigInteger)
    failures: int
    next_at: datetime = Field(sa_type=UtcDateTime)
    claim: str
    claimed_until: datetime = Field(sa_type=UtcDateTime)


class WebhookMessageTable(Base, table=True):
    """The messages that subscribers have to be sent; a row goes when it was taken."""

    __tablename__ = "webhook_message"
    __table_args__ = (Index("webhook_message_by_ticket", "webhook", "number", "seq"),)

    webhook: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    number: str
    attempts: int
    failing_since: datetime | None = Field(sa_type=UtcDateTime)
    next_at: datetime = Field(sa_type=UtcDateTime)


class WebhookAttemptTable(Base, table=True):
    """The log of the last days: each attempt and its outcome. `status`: 0 without an answer."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        Index("webhook_attempt_by_time", "webhook", "at"),
        Index("webhook_attempt_old", "at"),
    )

    id: str = Field(primary_key=True)
    webhook: str
    change: str
    kind: str
    number: str
    n: int
    at: datetime = Field(sa_type=UtcDateTime)
    milliseconds: int
    status: int
    error: str


# The last module of tables: who imports it has all of them.
metadata = sensor_tables.metadata

change: Table = metadata.tables["change"]
change_pending: Table = metadata.tables["change_pending"]
change_head: Table = metadata.tables["change_head"]
change_feed: Table = metadata.tables["change_feed"]
webhook: Table = metadata.tables["webhook"]
webhook_message: Table = metadata.tables["webhook_message"]
webhook_attempt: Table = metadata.tables["webhook_attempt"]
