"""The tables of fair satisfaction: checked ratings, and samples that are asked again."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

PENDING = "version IS NULL"
"""The condition of the index of ratings that were not judged yet."""

SET_APART = "reason IS NOT NULL"
"""The condition of the index of ratings that were set apart."""


class RatingCheckTable(Base, table=True):
    """The ratings that citizens gave here, from where, and whether they look pressed.

    `after`: the version of the ticket that was rated. `network`, `contact`: keyed fingerprints,
    forgotten after thirty days. `version`, `unit`, `at`, `good`: of the recorded rating; None until
    it is judged. `reason`: why it is set apart, since `apart_at`. `last`: no later one of the
    ticket is judged. `lifted_at`: when a supervisor decided that it counts.
    """

    __tablename__ = "rating_check"
    __table_args__ = (
        Index(
            "rating_check_pending",
            "city",
            "given_at",
            sqlite_where=text(PENDING),
            postgresql_where=text(PENDING),
        ),
        Index(
            "rating_check_apart",
            "city",
            "number",
            sqlite_where=text(SET_APART),
            postgresql_where=text(SET_APART),
        ),
        Index("rating_check_network", "city", "network", "at"),
        Index("rating_check_contact", "city", "contact", "at"),
        Index("rating_check_by_time", "given_at"),
    )

    number: str = Field(primary_key=True)
    after: int = Field(primary_key=True)
    city: str
    given_at: datetime = Field(sa_type=UtcDateTime)
    network: str | None = None
    contact: str | None = None
    version: int | None = None
    unit: str | None = None
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    good: bool = False
    reason: str | None = None
    apart_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last: bool = False
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_by: str | None = None
    lifted_why: str = Field(default="", sa_type=Text)


class SatisfactionDrawTable(Base, table=True):
    """Samples of rated tickets; never changed. `population` is JSON, in the order of the seed."""

    __tablename__ = "satisfaction_draw"
    __table_args__ = (Index("satisfaction_draw_by_city", "city", "n", unique=True),)

    id: str = Field(primary_key=True)
    city: str
    n: int
    at: datetime = Field(sa_type=UtcDateTime)
    account: str
    since: date = Field(sa_type=Date)
    until: date = Field(sa_type=Date)
    algorithm: str
    seed: str
    size: int
    population: str = Field(sa_type=Text)


class SatisfactionAnswerTable(Base, table=True):
    """The answers of citizens who were asked again. `grade`: None if nobody was reached."""

    __tablename__ = "satisfaction_answer"
    __table_args__ = (Index("satisfaction_answer_by_ticket", "number"),)

    draw: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    city: str
    at: datetime = Field(sa_type=UtcDateTime)
    account: str
    tries: int
    grade: int | None = None
    resolved: bool | None = None
    satisfied: bool | None = None
    note: str = Field(default="", sa_type=Text)


rating_check: Table = Base.metadata.tables["rating_check"]
satisfaction_draw: Table = Base.metadata.tables["satisfaction_draw"]
satisfaction_answer: Table = Base.metadata.tables["satisfaction_answer"]
