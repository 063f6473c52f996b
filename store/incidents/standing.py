"""The standing of incidents: how far their members are, where and when they came, and who fails."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from store.db import incident_tables, tables
from store.db.engine import Store
from store.incidents.members import PARTS, WAITS

_MEMBER = incident_tables.member
_M, _INTAKE = incident_tables.member.c, tables.intake.c


class Counts(NamedTuple):
    """The numbers of reports of an incident, by how far they are."""

    members: int
    suggested: int
    out: int
    started: int
    merged: int
    answered: int


class FailingMembers(NamedTuple):
    """The members of an incident that failed. `since`: the first of them joined.

    `number`: that of the one that failed most often; `error`: its last failure.
    """

    incident: str
    size: int
    since: datetime
    number: str
    error: str


async def counts(store: Store, incident: str) -> Counts:
    state, started = _M.state, _INTAKE.started_at.is_not(None)
    member = state == "member"

    def number(*which: Any) -> Any:
        return func.count().filter(*which)

    row = await store.first(
        select(
            number(member),
            number(state == "suggested"),
            number(state == "out"),
            number(member, started),
            number(member, _M.merged_at.is_not(None)),
            number(member, _M.answered_at.is_not(None)),
        )
        .select_from(_MEMBER)
        .outerjoin(tables.intake, _INTAKE.number == _M.number)
        .where(_M.incident == incident)
    )
    return Counts(*row) if row is not None else Counts(0, 0, 0, 0, 0, 0)


async def by_area(store: Store, incident: str) -> list[tuple[str | None, int]]:
    """Return the members by their area, most first."""
    size = func.count().label("size")
    which = (
        select(_M.area, size)
        .where(_M.incident == incident, _M.state == "member")
        .group_by(_M.area)
        .order_by(size.desc(), _M.area)
    )
    return [(row.area, row.size) for row in await store.rows(which)]


async def times(store: Store, incident: str) -> list[datetime]:
    """Return when the members were filed, in order."""
    which = (
        select(_M.filed_at)
        .where(_M.incident == incident, _M.state == "member")
        .order_by(_M.filed_at)
    )
    return [row.filed_at for row in await store.rows(which)]


async def failing(store: Store) -> list[FailingMembers]:
    """Return for each incident the members that wait for something that has failed."""
    failed = (or_(WAITS, PARTS), _M.attempts > 0)
    totals = (
        select(_M.incident, func.count().label("size"), func.min(_M.joined_at).label("since"))
        .where(*failed)
        .group_by(_M.incident)
        .order_by(_M.incident)
    )
    found = []
    for row in await store.rows(totals):
        worst = await store.first(
            select(_M.number, _M.last_error)
            .where(*failed, _M.incident == row.incident)
            .order_by(_M.attempts.desc(), _M.number)
            .limit(1)
        )
        if worst is not None:  # none of them fails any more
            error = worst.last_error or ""
            found.append(FailingMembers(row.incident, row.size, row.since, worst.number, error))
    return found
