"""The tables of supervision lists: rows, and what happened to each."""

from datetime import date, datetime

from sqlalchemy import Date, Index, Table, Text, text
from sqlmodel import Field

from store.db.tables import Base, UtcDateTime

UNSETTLED = "settled_at IS NULL"
"""The condition of the index of rows that are not settled."""


class SupervisionRowTable(Base, table=True):
    """Rows, as `domain.supervision.rows.ListRow` describes them. `revisits` is JSON."""

    __tablename__ = "supervision_row"
    __table_args__ = (
        Index("supervision_row_by_ticket", "number", "leader"),
        Index("supervision_row_by_city", "city", "leader", "put_at"),
        # A ticket is on a list once at a time.
        Index(
            "supervision_row_unsettled",
            "number",
            "leader",
            unique=True,
            sqlite_where=text(UNSETTLED),
            postgresql_where=text(UNSETTLED),
        ),
    )

    id: str = Field(primary_key=True)
    city: str
    number: str
    leader: str
    unit: str
    rule: str
    text: str = Field(sa_type=Text)
    state: str
    due: date = Field(sa_type=Date)
    revisits: str
    held: int
    back: int
    revisit_due: date | None = Field(default=None, sa_type=Date)
    result: str = Field(sa_type=Text)
    put_at: datetime = Field(sa_type=UtcDateTime)
    result_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SupervisionStepTable(Base, table=True):
    """Steps: what happened to a row, in its order."""

    __tablename__ = "supervision_step"

    row: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    role: str
    actor: str
    text: str = Field(sa_type=Text)
    due: date | None = Field(default=None, sa_type=Date)


metadata = Base.metadata

row: Table = metadata.tables["supervision_row"]
step: Table = metadata.tables["supervision_step"]
