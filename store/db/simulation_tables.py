"""The table of simulations: which invented history this store was filled with."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Table
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class SimulationTable(Base, table=True):
    """The simulated histories of the cities; each of their tickets is marked in `intake`.

    `until`: the day before which it ends. `done_at`: None while tickets are still written, and
    where that was interrupted.
    """

    __tablename__ = "simulation"

    city: str = Field(primary_key=True)
    seed: int = Field(primary_key=True, sa_type=BigInteger)
    tickets: int
    months: int
    until: date = Field(sa_type=Date)
    began_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


simulation: Table = Base.metadata.tables["simulation"]
