"""The table of waiting times that a city told, month by month."""

from datetime import datetime

from sqlalchemy import Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class WaitingTable(Base, table=True):
    """Statements of waiting times; never changed.

    `category`: a code, or the beginning of several; `unit`: "" for all. `steps` is JSON: the hours
    of 5 %, 10 % … 95 %, null where unknown. A row of what `load` has no category, and the usual
    number of open tickets of its unit in `usual`.
    """

    __tablename__ = "waiting"

    city: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    category: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    tickets: int
    over: int
    steps: str = Field(sa_type=Text)
    usual: float | None = None


waiting: Table = Base.metadata.tables["waiting"]
