"""The tables of public events. An invitation is kept as a keyed mark of its code."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class StageTable(Base, table=True):
    """Public events, as `domain.stage.stage.PublicEvent` describes them."""

    __tablename__ = "stage"
    __table_args__ = (Index("stage_by_city", "city", "n", unique=True),)

    number: str = Field(primary_key=True)
    id: str = Field(unique=True)
    city: str
    n: int
    title: str
    place: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    open: bool
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str
    invited: int = 0
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StageTicketTable(Base, table=True):
    """The tickets of an event, each with what its unit answers there."""

    __tablename__ = "stage_ticket"

    stage: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    position: int
    unit: str
    answer: str = Field(default="", sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StageInvitationTable(Base, table=True):
    """Invitations, by the mark of their code: how much was asked with it."""

    __tablename__ = "stage_invitation"

    mark: str = Field(primary_key=True)
    stage: str
    asked: int = 0


class StageQuestionTable(Base, table=True):
    """Questions. `id`: a mark of who asked what, so that twice is once."""

    __tablename__ = "stage_question"
    __table_args__ = (Index("stage_question_by_stage", "stage", "at"),)

    id: str = Field(primary_key=True)
    stage: str
    at: datetime = Field(sa_type=UtcDateTime)
    label: str
    text: str = Field(sa_type=Text)
    decision: str


class StageRatingTable(Base, table=True):
    """The ratings of answers: one for each invitation and ticket."""

    __tablename__ = "stage_rating"

    stage: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    grade: int


stage: Table = Base.metadata.tables["stage"]
stage_ticket: Table = Base.metadata.tables["stage_ticket"]
stage_invitation: Table = Base.metadata.tables["stage_invitation"]
stage_question: Table = Base.metadata.tables["stage_question"]
stage_rating: Table = Base.metadata.tables["stage_rating"]
