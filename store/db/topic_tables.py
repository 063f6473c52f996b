"""The tables of topics (共性问题): what is kept of a complaint to compare it, and what grew of it.

A sketch has the telling terms of a complaint, whose text stands beside it in its ticket's state; it
is deleted with the ticket.
"""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class TopicKnowledgeTable(Base, table=True):
    """In how many of a city's tickets each term occurs, and up to which change tickets were read.

    `swept_at`: when what changed in the last days was read again.
    """

    __tablename__ = "topic_knowledge"

    city: str = Field(primary_key=True)
    learned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tickets: int = 0
    terms: str = Field(default="{}", sa_type=Text)
    read_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    swept_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TopicSketchTable(Base, table=True):
    """The sketch of each ticket, as of its `version`; an empty one of what is no topic's matter.

    `person`: a mark that is equal for one citizen. `by_hand`: a person put it where it is.
    """

    __tablename__ = "topic_sketch"
    __table_args__ = (
        Index("topic_sketch_by_topic", "topic", "filed_at"),
        Index("topic_sketch_by_city", "city", "number"),
    )

    number: str = Field(primary_key=True)
    city: str
    version: int
    filed_at: datetime = Field(sa_type=UtcDateTime)
    person: str | None = None
    area: str | None = None
    unit: str | None = None
    category: str | None = None
    terms: str = Field(sa_type=Text)
    topic: str | None = None
    by_hand: bool = False


class TopicPostingTable(Base, table=True):
    """The tickets in which a telling term occurs, with its weight there."""

    __tablename__ = "topic_posting"
    __table_args__ = (Index("topic_posting_by_ticket", "number"),)

    city: str = Field(primary_key=True)
    term: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    weight: float


class GrowingTopicTable(Base, table=True):
    """Topics. `people`: the citizens, each counted once. `title`: the name that a person gave.

    `month`: of which it is the monthly subject (每月一题), led by `unit`. `merged_into`: the topic
    that it became part of. `fixed`: a person has split, merged or named it, and no rule merges it.
    `one_matter`: its complaints share more than the name of a place; a person may say so.
    """

    __tablename__ = "growing_topic"
    __table_args__ = (
        Index("growing_topic_by_city", "city", "people", "tickets"),
        Index("growing_topic_by_n", "city", "n", unique=True),
    )

    number: str = Field(primary_key=True)
    city: str
    n: int
    sums: str = Field(sa_type=Text)
    words: str
    title: str | None = None
    tickets: int
    people: int
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    merged_into: str | None = None
    month: str | None = None
    unit: str | None = None
    fixed: bool = False
    one_matter: bool = False


class TopicActTable(Base, table=True):
    """The acts of people on topics: never changed. `about`: a ticket, a topic or a month."""

    __tablename__ = "topic_act"
    __table_args__ = (Index("topic_act_by_topic", "topic", "n", unique=True),)

    id: str = Field(primary_key=True)
    topic: str
    n: int
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    role: str
    kind: str
    about: str | None = None
    text: str = Field(default="", sa_type=Text)


knowledge: Table = Base.metadata.tables["topic_knowledge"]
sketch: Table = Base.metadata.tables["topic_sketch"]
posting: Table = Base.metadata.tables["topic_posting"]
growing_topic: Table = Base.metadata.tables["growing_topic"]
topic_act: Table = Base.metadata.tables["topic_act"]
