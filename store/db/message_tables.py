"""The tables of messages that leave the house: what is to be told, each delivery, and choices."""

from datetime import datetime

from sqlalchemy import Index, Table, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

_OPEN_NOTICE = text("state IN ('new', 'waiting')")
_OPEN_DELIVERY = text("state IN ('waiting', 'claimed', 'sending', 'accepted')")


class NoticeTable(Base, table=True):
    """Each message to one recipient outside, told once whatever channel it takes.

    `key` is the outbox's. `recipient`: a keyed fingerprint of the citizen, or who of the staff.
    `signature`: equal for the same words about merged tickets. `due_at`: when it is looked at
    next. `joined`: the key of the message that tells it together with others.
    `tries`: how often somebody had it sent anew.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "notice_open",
            "due_at",
            "created_at",
            "version",
            sqlite_where=_OPEN_NOTICE,
            postgresql_where=_OPEN_NOTICE,
        ),
        Index("notice_by_ticket", "number"),
        Index("notice_by_recipient", "recipient", "routed_at"),
        Index("notice_by_time", "created_at"),
    )

    key: str = Field(primary_key=True)
    number: str
    version: int
    city: str
    audience: str
    unit: str | None
    template: str
    state: str
    reason: str = ""
    recipient: str | None = None
    signature: str | None = None
    joined: str | None = None
    tries: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    routed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeliveryTable(Base, table=True):
    """One message on one channel. `id` is sent along, so that a receiver can drop duplicates.

    `claim`: who is sending it, since `claimed_at`. Those of a `lane`, which is a recipient,
    go out one after the other, by `place` and `version`; where it is empty each goes by itself.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "delivery_open",
            "state",
            "next_at",
            sqlite_where=_OPEN_DELIVERY,
            postgresql_where=_OPEN_DELIVERY,
        ),
        Index("delivery_by_notice", "notice"),
        Index("delivery_by_ticket", "number"),
        Index("delivery_by_lane", "lane", "place"),
    )

    id: str = Field(primary_key=True)
    notice: str
    number: str
    city: str
    channel: str
    state: str
    attempts: int = 0
    next_at: datetime = Field(sa_type=UtcDateTime)
    lane: str = ""
    place: datetime = Field(sa_type=UtcDateTime)
    version: int
    claim: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    vendor_id: str | None = None
    outcome: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MessageChannelTable(Base, table=True):
    """The health of each channel: until when it is left alone after it could not be reached."""

    __tablename__ = "message_channel"

    channel: str = Field(primary_key=True)
    failures: int
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""


class ContactChoiceTable(Base, table=True):
    """The choice of each recipient: channels not used (words with spaces), and a language."""

    __tablename__ = "contact_choice"

    recipient: str = Field(primary_key=True)
    without: str = ""
    language: str = ""
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PushSubscriptionTable(Base, table=True):
    """Each browser that asked to be notified of a ticket, encrypted.

    `recipient`: the fingerprint of a phone that was proved, whose tickets are all notified of.
    """

    __tablename__ = "push_subscription"
    __table_args__ = (
        Index("push_subscription_by_ticket", "number"),
        Index("push_subscription_by_recipient", "recipient"),
    )

    id: str = Field(primary_key=True)
    number: str
    recipient: str | None = None
    sealed: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


metadata = Base.metadata

notice: Table = metadata.tables["notice"]
delivery: Table = metadata.tables["delivery"]
channel: Table = metadata.tables["message_channel"]
push_subscription: Table = metadata.tables["push_subscription"]
choice: Table = metadata.tables["contact_choice"]
