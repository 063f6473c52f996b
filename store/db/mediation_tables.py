"""The tables of mediations. What people said, and their names, are sealed; a code is a mark."""

from datetime import date, datetime

from sqlalchemy import Date, Index, LargeBinary, Table
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime


class MediationTable(Base, table=True):
    """Mediations. `sealed`: subject, proposal and the reason of one that failed, encrypted."""

    __tablename__ = "mediation"
    __table_args__ = (Index("mediation_by_ticket", "number", "n", unique=True),)

    id: str = Field(primary_key=True)
    number: str
    city: str
    n: int
    unit: str
    state: str
    sealed: bytes = Field(sa_type=LargeBinary)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    proposed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MediationPartyTable(Base, table=True):
    """The sides. `mark`: of the code that signs the present proposal, once. `paper`: a photo."""

    __tablename__ = "mediation_party"
    __table_args__ = (Index("mediation_party_by_mark", "mark", unique=True),)

    mediation: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    mark: str | None = None
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paper: str | None = None


class MediationPointTable(Base, table=True):
    """The points of an agreement. `due`: the last day that is in time, in the city."""

    __tablename__ = "mediation_point"

    mediation: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    due: date | None = Field(default=None, sa_type=Date)
    kept_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

mediation: Table = metadata.tables["mediation"]
party: Table = metadata.tables["mediation_party"]
point: Table = metadata.tables["mediation_point"]
