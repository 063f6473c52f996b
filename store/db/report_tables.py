"""The table of typical cases that a report card tells."""

from datetime import datetime

from sqlalchemy import Table
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime


class ReportCaseTable(Base, table=True):
    """Tickets that a supervisor chose for a period: `2026`, `2026-Q4` or `2026-11`."""

    __tablename__ = "report_case"

    city: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    chosen_at: datetime = Field(sa_type=UtcDateTime)
    chosen_by: str


report_case: Table = Base.metadata.tables["report_case"]
