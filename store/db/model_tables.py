"""The tables of learned models: each version of a city's, and which was in use when."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class TriageModelTable(Base, table=True):
    """Every model of a city that was learnt. `measured`: by cross-validation, as JSON."""

    __tablename__ = "triage_model"

    city: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    file: bytes
    tickets: int
    measured: str = Field(sa_type=Text)
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str


class ModelChangeTable(Base, table=True):
    """The record of which model was put to use, by whom and why; `version` None: none any more."""

    __tablename__ = "triage_model_change"
    __table_args__ = (Index("triage_model_change_by_city", "city", "n", unique=True),)

    id: str = Field(primary_key=True)
    city: str
    n: int
    version: str | None
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    purpose: str = Field(sa_type=Text)


metadata = Base.metadata
triage_model: Table = metadata.tables["triage_model"]
triage_model_change: Table = metadata.tables["triage_model_change"]
