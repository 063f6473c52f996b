"""The tables of incidents: each one, its statements, its members, and the marks of reports."""

from datetime import datetime

from sqlalchemy import Index, Table, Text, text
from sqlmodel import Field

from store.db import setback_tables
from store.db.tables import Base, UtcDateTime

_TO_ANSWER = "state = 'member' AND answered_at IS NULL"
_TO_PART = "state = 'out' AND merged_at IS NOT NULL"


class IncidentTable(Base, table=True):
    """The incidents, proposed and declared. `scope`: which reports it covers, as JSON."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("incident_by_city", "city", "state"),
        Index("incident_by_lead", "lead"),
    )

    id: str = Field(primary_key=True)
    city: str
    state: str
    title: str
    scope: str = Field(sa_type=Text)
    lead: str | None
    statement: str = Field(sa_type=Text)
    version: int
    reports: int
    made_at: datetime = Field(sa_type=UtcDateTime)
    declared_at: datetime | None = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(sa_type=UtcDateTime)
    swept_at: datetime | None = Field(sa_type=UtcDateTime)


class IncidentStatementTable(Base, table=True):
    """The statements on an incident, one version after another, and by whom."""

    __tablename__ = "incident_statement"

    incident: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    role: str
    actor: str
    at: datetime = Field(sa_type=UtcDateTime)


class IncidentMemberTable(Base, table=True):
    """The reports of an incident: members, those suggested, and those taken out.

    `told`: the version of the statement on the receipt; `read`: the last one its citizen has seen.
    `merged_at`: when its ticket began to wait for the lead's answer; `answered_at`: when it got it.
    """

    __tablename__ = "incident_member"
    __table_args__ = (
        Index("incident_member_by_time", "incident", "state", "filed_at"),
        Index(
            "incident_member_unanswered",
            "incident",
            "attempts",
            "filed_at",
            sqlite_where=text(_TO_ANSWER),
            postgresql_where=text(_TO_ANSWER),
        ),
        Index(
            "incident_member_waits",
            "city",
            "incident",
            sqlite_where=text(_TO_ANSWER),
            postgresql_where=text(_TO_ANSWER),
        ),
        Index(
            "incident_member_parts",
            "incident",
            "attempts",
            "number",
            "city",
            sqlite_where=text(_TO_PART),
            postgresql_where=text(_TO_PART),
        ),
    )

    number: str = Field(primary_key=True)
    incident: str
    city: str
    state: str
    area: str | None
    channel: str
    reasons: str = Field(sa_type=Text)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    joined_at: datetime = Field(sa_type=UtcDateTime)
    told: int
    read: int
    merged_at: datetime | None = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(sa_type=UtcDateTime)
    out_at: datetime | None = Field(sa_type=UtcDateTime)
    by: str
    attempts: int
    last_error: str | None


class ReportMarkTable(Base, table=True):
    """The matter that each report of the last weeks seems to have, to see when many have one."""

    __tablename__ = "report_mark"
    __table_args__ = (
        Index("report_mark_by_time", "city", "filed_at"),
        Index("report_mark_by_kind", "city", "category", "area", "filed_at"),
    )

    number: str = Field(primary_key=True)
    city: str
    category: str
    area: str
    filed_at: datetime = Field(sa_type=UtcDateTime)


# The last module of tables: who imports it has all of them.
metadata = setback_tables.metadata

incident: Table = metadata.tables["incident"]
statement: Table = metadata.tables["incident_statement"]
member: Table = metadata.tables["incident_member"]
mark: Table = metadata.tables["report_mark"]
