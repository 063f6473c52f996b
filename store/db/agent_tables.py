"""The tables of what machines did and people decide: requests for a person, drafts of replies."""

from datetime import datetime

from sqlalchemy import Index, Table, Text, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

OPEN = "decided_at IS NULL"
"""The condition of the index of requests and drafts that wait for a person."""


class PersonRequestTable(Base, table=True):
    """Contests of machines' acts, and wishes for a person, as `store.agents.requests` describes."""

    __tablename__ = "person_request"
    __table_args__ = (
        Index("person_request_by_ticket", "number", "n", unique=True),
        Index(
            "person_request_open",
            "city",
            "asked_at",
            "id",
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
    )

    id: str = Field(primary_key=True)
    number: str
    city: str
    n: int
    kind: str
    version: int | None = None
    asked_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: str
    asked_role: str
    asked_unit: str | None = None
    reason: str = Field(sa_type=Text)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    outcome: str | None = None
    answer: str = Field(default="", sa_type=Text)


class ReplyDraftTable(Base, table=True):
    """Replies that machines proposed: none is sent before a person has confirmed it."""

    __tablename__ = "reply_draft"
    __table_args__ = (Index("reply_draft_by_ticket", "number", "n", unique=True),)

    id: str = Field(primary_key=True)
    number: str
    n: int
    assignment: int
    unit: str
    text: str = Field(sa_type=Text)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    proposed_by: str
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    used: bool = False


person_request: Table = Base.metadata.tables["person_request"]
reply_draft: Table = Base.metadata.tables["reply_draft"]
