"""Incidents: proposed, declared, told of, ended. Whatever changes one locks it first."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, or_, select, update

from domain.actors import Actor
from domain.incident.incident import Incident, IncidentScope, IncidentState
from domain.refusals import Refused
from store.db import incident_tables
from store.db.engine import ResultRow, Store
from store.db.tables import Row
from store.incidents.member_notices import insert_notice, tell_members

_INCIDENT = incident_tables.incident
_STATEMENT = incident_tables.statement
_MEMBER = incident_tables.member


Change = Callable[[Incident], Incident]
"""An act on an incident, or its refusal."""


class IncidentStatementRow(NamedTuple):
    """A version of what was told of an incident. `told`: how many have it on their receipt.

    `read`: how many of the members have seen it, or a later one, where they follow their report.
    """

    version: int
    text: str
    role: str
    at: datetime
    told: int
    read: int


async def get(store: Store, id: str) -> Incident | None:
    row = await store.first(select(_INCIDENT).where(_INCIDENT.c.id == id))
    return None if row is None else _incident(row)


async def of_city(
    store: Store, city: str, states: Collection[IncidentState], limit: int = 50
) -> list[Incident]:
    """Return the city's incidents in these states, the newest first."""
    which = (
        select(_INCIDENT)
        .where(_INCIDENT.c.city == city, _INCIDENT.c.state.in_([str(one) for one in states]))
        .order_by(_INCIDENT.c.made_at.desc(), _INCIDENT.c.id)
        .limit(limit)
    )
    return [_incident(row) for row in await store.rows(which)]


async def known(store: Store, city: str, since: datetime) -> list[Incident]:
    """Return the city's incidents, proposed and open, and those that were over since then."""
    columns = _INCIDENT.c
    now = columns.state.in_([str(IncidentState.PROPOSED), str(IncidentState.OPEN)])
    over = func.coalesce(columns.ended_at, columns.made_at) >= since
    which = select(_INCIDENT).where(columns.city == city, or_(now, over))
    return [_incident(row) for row in await store.rows(which)]


async def of_lead(store: Store, number: str) -> Incident | None:
    """Return the declared incident whose lead this ticket is."""
    states = [str(IncidentState.OPEN), str(IncidentState.ENDED)]
    row = await store.first(
        select(_INCIDENT).where(_INCIDENT.c.lead == number, _INCIDENT.c.state.in_(states))
    )
    return None if row is None else _incident(row)


async def put(store: Store, new: Incident, by: Actor | None = None) -> bool:
    """Keep a new incident, with its statement if it has one; False if it is there already."""
    entry = store.insert(_INCIDENT).on_conflict_do_nothing()

    def work(connection: Connection) -> bool:
        if connection.execute(entry, _row(new)).rowcount == 0:
            return False
        if by is not None and new.statement:
            _tell(connection, new, by, new.declared_at or new.made_at)
        return True

    return await store.write(work)


async def change(store: Store, id: str, by: Actor, at: datetime, work: Change) -> Incident:
    """Change an incident as `work` says; a statement that is new is kept as another version.

    Raises:
        Refused: by `work`, or `incident_not_found`; nothing has changed.
    """

    noted = store.once(insert_notice)

    def done(connection: Connection) -> Incident:
        locked = select(_INCIDENT).where(_INCIDENT.c.id == id).with_for_update()
        row = connection.execute(locked).first()
        if row is None:
            raise Refused("incident_not_found", "There is no such incident.")
        before = _incident(row)
        after = work(before)
        if after.statement != before.statement:
            after = after.model_copy(update={"version": before.version + 1})
            _tell(connection, after, by, at)
            tell_members(connection, noted, id, after.version, at)
        values = {key: value for key, value in _row(after).items() if key != "id"}
        connection.execute(update(_INCIDENT).where(_INCIDENT.c.id == id).values(values))
        return after

    return await store.write(done)


async def unswept(store: Store) -> set[str]:
    """Return the cities of open incidents for which earlier reports are still looked through."""
    columns = _INCIDENT.c
    which = select(columns.city).where(
        columns.state == str(IncidentState.OPEN), columns.swept_at.is_(None)
    )
    return {row.city for row in await store.rows(which)}


async def mark_swept(store: Store, id: str, at: datetime) -> None:
    await store.change(update(_INCIDENT).where(_INCIDENT.c.id == id).values(swept_at=at))


async def statements(store: Store, id: str) -> list[IncidentStatementRow]:
    """Return what was told, the newest first, and to how many."""
    told = (
        select(func.count())
        .where(
            _MEMBER.c.incident == id,
            _MEMBER.c.state == "member",
            _MEMBER.c.told == _STATEMENT.c.version,
        )
        .scalar_subquery()
    )
    read = (
        select(func.count())
        .where(
            _MEMBER.c.incident == id,
            _MEMBER.c.state == "member",
            _MEMBER.c.read >= _STATEMENT.c.version,
        )
        .scalar_subquery()
    )
    columns = _STATEMENT.c
    rows = await store.rows(
        select(columns.version, columns.text, columns.role, columns.at, told, read)
        .where(columns.incident == id)
        .order_by(columns.version.desc())
    )
    return [IncidentStatementRow(*row) for row in rows]


def _tell(connection: Connection, incident: Incident, by: Actor, at: datetime) -> None:
    entry = {
        "incident": incident.id,
        "version": incident.version,
        "text": incident.statement,
        "role": by.role.value,
        "actor": by.id or "",
        "at": at,
    }
    connection.execute(insert(_STATEMENT), entry)


def _row(incident: Incident) -> Row:
    return {
        **{key: getattr(incident, key) for key in type(incident).model_fields},
        "state": str(incident.state),
        "scope": incident.scope.model_dump_json(),
    }


def _incident(row: ResultRow) -> Incident:
    values = dict(row._mapping)
    scope = IncidentScope.model_validate_json(values.pop("scope"))
    return Incident.model_validate({**values, "scope": scope})
