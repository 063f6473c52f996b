"""Messages to the members of an incident when its public statement changes."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from domain.actors import Role
from domain.incident.incident import IncidentState, MemberState
from domain.messaging.states import INCIDENT_TOLD, NoticeState
from store.db import incident_tables, message_tables, tables
from store.db.engine import Insert, Store

_I, _M, _T = incident_tables.incident.c, incident_tables.member.c, tables.ticket.c
_KEY = "incident"


class IncidentWords(NamedTuple):
    """The statement that a message tells, and its incident."""

    title: str
    statement: str


def insert_notice(store: Store) -> Insert:
    return store.insert(message_tables.notice).on_conflict_do_nothing()


def tell_members(
    connection: Connection, insert: Insert, incident: str, version: int, at: datetime
) -> None:
    """Note one message for each member, except reports of wrongdoing."""
    members = (
        select(_M.number, _M.city)
        .select_from(incident_tables.member.join(tables.ticket, _T.number == _M.number))
        .where(
            _M.incident == incident,
            _M.state == MemberState.MEMBER.value,
            _T.of_wrongdoing.is_(False),
        )
    )
    rows = [
        {
            "key": f"{_KEY}/{incident}/{version}/{row.number}",
            "number": row.number,
            "version": version,
            "city": row.city,
            "audience": Role.CITIZEN.value,
            "unit": None,
            "template": INCIDENT_TOLD,
            "state": NoticeState.NEW.value,
            "reason": "",
            "created_at": at,
            "due_at": at,
        }
        for row in connection.execute(members)
    ]
    if rows:
        connection.execute(insert, rows)


def signature(key: str) -> str:
    """Return what is equal for the same statement to several tickets of one citizen."""
    return hashlib.sha256(key.rpartition("/")[0].encode()).hexdigest()[:32]


async def words(store: Store, key: str, number: str) -> IncidentWords | None:
    """Return what a message tells; None if a later statement tells it, or it is no member now."""
    _, incident, version, _ = key.split("/")
    statement = (
        select(_I.title, _I.statement)
        .select_from(
            incident_tables.incident.join(incident_tables.member, _M.incident == _I.id).join(
                tables.ticket, _T.number == _M.number
            )
        )
        .where(
            _I.id == incident,
            _I.version == int(version),
            _I.state != IncidentState.DISMISSED.value,
            _M.number == number,
            _M.state == MemberState.MEMBER.value,
            _T.of_wrongdoing.is_(False),
        )
    )
    row = await store.first(statement)
    return None if row is None else IncidentWords(row.title, row.statement)
