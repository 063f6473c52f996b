"""The tables of contractors' assessment: closed months, their sheets and lines, and objections."""

from datetime import datetime

from sqlalchemy import Index, Table, Text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class AssessmentMonthTable(Base, table=True):
    """Months that a supervisor closed: what is in the other tables for them never changes."""

    __tablename__ = "assessment_month"

    city: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    closed_at: datetime = Field(sa_type=UtcDateTime)
    closed_by: str
    pack_version: str
    base: float
    publish: bool
    objections_until: datetime = Field(sa_type=UtcDateTime)


class AssessmentSheetTable(Base, table=True):
    """The contractors that a closed month has a sheet of."""

    __tablename__ = "assessment_sheet"

    city: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    unit: str = Field(primary_key=True)


class AssessmentLineTable(Base, table=True):
    """The lines of a closed month, numbered; the rule's names are those of then."""

    __tablename__ = "assessment_line"
    __table_args__ = (Index("assessment_line_by_ticket", "number"),)

    city: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    unit: str
    rule: str
    name: str
    name_en: str
    points: float
    number: str
    version: int
    at: datetime = Field(sa_type=UtcDateTime)
    event: str


class AssessmentObjectionTable(Base, table=True):
    """Objections, at most one to a line, and what was decided."""

    __tablename__ = "assessment_objection"

    city: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    unit: str
    text: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    granted: bool | None = None
    reason: str = Field(sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str = ""


metadata = Base.metadata

month: Table = metadata.tables["assessment_month"]
sheet: Table = metadata.tables["assessment_sheet"]
line: Table = metadata.tables["assessment_line"]
objection: Table = metadata.tables["assessment_objection"]
