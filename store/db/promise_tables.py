"""The table of promises."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

UNENDED = '"end" IS NULL'
"""The condition of the index of promises whose end nobody recorded."""


class PromiseTable(Base, table=True):
    """Promises, as `domain.promise.promise.Promise` describes them; the days are the city's."""

    __tablename__ = "promise"
    __table_args__ = (
        Index("promise_by_ticket", "number", "n", unique=True),
        Index("promise_by_due", "city", "due", "id"),
        Index(
            "promise_unended",
            "city",
            "asked_until",
            sqlite_where=text(UNENDED),
            postgresql_where=text(UNENDED),
        ),
    )

    id: str = Field(primary_key=True)
    number: str
    city: str
    n: int
    unit: str
    text: str = Field(sa_type=Text)
    due: date = Field(sa_type=Date)
    asked_until: date = Field(sa_type=Date)
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str
    follows: int | None = None
    hearing: str | None = None
    end: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    said: str = Field(default="", sa_type=Text)
    photo: str | None = None
    done_late: bool = False


promise: Table = Base.metadata.tables["promise"]
