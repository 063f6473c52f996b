"""The tables of councils.

An invitation is kept as a keyed mark of its code. A secret vote leaves no row of its own: it is
added to `council_tally`, whose rows are all written anew with each vote, so that none of them tells
by when it was written last for which option the last vote was.
"""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

UNDONE = "done_at IS NULL"
"""The condition of the index of tasks that are not done."""


class CouncilTable(Base, table=True):
    """Councils, as `domain.council.council.Council` describes them. Lists are kept as JSON.

    `number`: of a ticket, or of a topic.
    """

    __tablename__ = "council"
    __table_args__ = (Index("council_by_ticket", "number", "n", unique=True),)

    id: str = Field(primary_key=True)
    number: str
    city: str
    n: int
    subject: str
    options: str = Field(sa_type=Text)
    vote: str
    quorum: int
    majority: int
    statements: int
    statements_until: datetime = Field(sa_type=UtcDateTime)
    vote_opens_at: datetime = Field(sa_type=UtcDateTime)
    vote_closes_at: datetime = Field(sa_type=UtcDateTime)
    prepared_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    invited: int = 0
    outcome: str | None = None
    chosen: int | None = None
    votes: str = "[]"
    minutes: str = Field(default="", sa_type=Text)
    followed_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CouncilInvitationTable(Base, table=True):
    """Invitations, by the keyed mark of their code: how much was said with it, whether it voted."""

    __tablename__ = "council_invitation"
    __table_args__ = (Index("council_invitation_by_council", "council"),)

    mark: str = Field(primary_key=True)
    council: str
    said: int = 0
    voted: bool = False


class CouncilTallyTable(Base, table=True):
    """The votes for each option of a council."""

    __tablename__ = "council_tally"

    council: str = Field(primary_key=True)
    option: int = Field(primary_key=True)
    votes: int = 0


class CouncilBallotTable(Base, table=True):
    """The ballots of open votes, with the name that the participant chose. Secret ones: none."""

    __tablename__ = "council_ballot"
    __table_args__ = (Index("council_ballot_by_council", "council"),)

    id: str = Field(primary_key=True)
    council: str
    option: int
    label: str


class CouncilStatementTable(Base, table=True):
    """Statements of participants. `id`: a mark of who said what, so that twice is once."""

    __tablename__ = "council_statement"
    __table_args__ = (Index("council_statement_by_council", "council", "at"),)

    id: str = Field(primary_key=True)
    council: str
    at: datetime = Field(sa_type=UtcDateTime)
    label: str
    text: str = Field(sa_type=Text)


class CouncilTaskTable(Base, table=True):
    """Tasks that follow from a council. `due`: the last day that is in time, in the city."""

    __tablename__ = "council_task"
    __table_args__ = (
        Index(
            "council_task_undone",
            "city",
            "due",
            sqlite_where=text(UNDONE),
            postgresql_where=text(UNDONE),
        ),
    )

    council: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    city: str
    text: str = Field(sa_type=Text)
    unit: str
    due: date = Field(sa_type=Date)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CouncilTopicTable(Base, table=True):
    """Topics, as `domain.council.topic.CouncilTopic` describes them."""

    __tablename__ = "council_topic"
    __table_args__ = (Index("council_topic_by_city", "city", "n", unique=True),)

    number: str = Field(primary_key=True)
    id: str = Field(unique=True)
    city: str
    n: int
    title: str
    area: str
    category: str
    unit: str
    opened_at: datetime = Field(sa_type=UtcDateTime)


class CouncilTopicTicketTable(Base, table=True):
    """The tickets of a topic's kind that are linked to it."""

    __tablename__ = "council_topic_ticket"
    __table_args__ = (Index("council_topic_ticket_by_number", "number"),)

    topic: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    linked_at: datetime = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

council: Table = metadata.tables["council"]
invitation: Table = metadata.tables["council_invitation"]
tally: Table = metadata.tables["council_tally"]
ballot: Table = metadata.tables["council_ballot"]
statement: Table = metadata.tables["council_statement"]
task: Table = metadata.tables["council_task"]
council_topic: Table = metadata.tables["council_topic"]
topic_ticket: Table = metadata.tables["council_topic_ticket"]
