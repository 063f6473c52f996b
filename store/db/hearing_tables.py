"""The tables of public hearings. An invitation is kept as a keyed mark of its code."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class HearingTable(Base, table=True):
    """Public hearings, as `domain.hearing.hearing.Hearing` describes them."""

    __tablename__ = "hearing"
    __table_args__ = (Index("hearing_by_city", "city", "n", unique=True),)

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


class HearingTicketTable(Base, table=True):
    """The tickets of a hearing, each with what its unit answers there."""

    __tablename__ = "hearing_ticket"

    hearing: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    position: int
    unit: str
    answer: str = Field(default="", sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HearingInvitationTable(Base, table=True):
    """Invitations, by the mark of their code: how much was asked with it."""

    __tablename__ = "hearing_invitation"

    mark: str = Field(primary_key=True)
    hearing: str
    asked: int = 0


class HearingQuestionTable(Base, table=True):
    """Questions. `id`: a mark of who asked what, so that twice is once."""

    __tablename__ = "hearing_question"
    __table_args__ = (Index("hearing_question_by_hearing", "hearing", "at"),)

    id: str = Field(primary_key=True)
    hearing: str
    at: datetime = Field(sa_type=UtcDateTime)
    label: str
    text: str = Field(sa_type=Text)
    decision: str


class HearingRatingTable(Base, table=True):
    """The ratings of answers: one for each invitation and ticket."""

    __tablename__ = "hearing_rating"

    hearing: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    grade: int


hearing: Table = Base.metadata.tables["hearing"]
hearing_ticket: Table = Base.metadata.tables["hearing_ticket"]
hearing_invitation: Table = Base.metadata.tables["hearing_invitation"]
hearing_question: Table = Base.metadata.tables["hearing_question"]
hearing_rating: Table = Base.metadata.tables["hearing_rating"]
