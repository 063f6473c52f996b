"""Members of incidents: entered with their report, started and merged later, answered together.

A member's report is in the intake book like any other. While the book names its incident, the
backlog leaves it to the incident's own job (`activities.incidents`).
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    select,
    union,
    update,
)

from domain.incident.incident import MemberState
from domain.incident.judging import JudgingReason
from domain.ticket.complaint import Complaint
from store.db import incident_tables, tables
from store.db.engine import ResultRow, Store

_MEMBER = incident_tables.member
_M, _INTAKE = incident_tables.member.c, tables.intake.c
_ERROR_LENGTH = 200


def _is(state: MemberState) -> ColumnElement[bool]:
    # In the statement's own text: SQLite uses a partial index only if it reads the condition there.
    return _M.state == bindparam(None, state.value, literal_execute=True)


WAITS = and_(_is(MemberState.MEMBER), _M.answered_at.is_(None))
"""The condition of members without an answer."""

PARTS = and_(_is(MemberState.OUT), _M.merged_at.is_not(None))
"""The condition of those taken out whose tickets may still wait for the lead's answer."""


class Member(NamedTuple):
    """A report of an incident, and how far it is. See `store.db.incident_tables`."""

    number: str
    incident: str
    city: str
    state: MemberState
    area: str | None
    channel: str
    reasons: list[JudgingReason]
    filed_at: datetime
    told: int
    merged_at: datetime | None
    answered_at: datetime | None
    by: str


class New(NamedTuple):
    """A report that becomes one of an incident. `told`: the statement's version on its receipt."""

    incident: str
    state: MemberState
    area: str | None
    reasons: Sequence[JudgingReason]
    told: int
    by: str


def enter(store: Store, new: New, at: datetime) -> Callable[[Connection, Complaint], None]:
    """Return the entry of a report, for the transaction that registers it or finds it again.

    One that was entered before, or taken out by a person, stays as it is.
    """
    entry = store.insert(_MEMBER).on_conflict_do_nothing()
    hold = update(tables.intake)

    def work(connection: Connection, complaint: Complaint) -> None:
        values = {
            "number": complaint.number,
            "incident": new.incident,
            "city": complaint.city,
            "state": str(new.state),
            "area": new.area,
            "channel": complaint.channel.value,
            "reasons": _json(new.reasons),
            "filed_at": complaint.filed_at,
            "joined_at": at,
            "told": new.told,
            "read": new.told,
            "merged_at": None,
            "answered_at": None,
            "out_at": None,
            "by": new.by,
            "attempts": 0,
            "last_error": None,
        }
        entered = connection.execute(entry, values).rowcount == 1
        if entered and new.state is MemberState.MEMBER:
            which = _INTAKE.number == complaint.number
            connection.execute(hold.where(which).values(incident=new.incident))

    return work


async def get(store: Store, number: str) -> Member | None:
    row = await store.first(select(_MEMBER).where(_M.number == number))
    return None if row is None else _member(row)


async def note_read(store: Store, number: str, version: int) -> None:
    """Note that the citizen has seen this version of the statement."""
    which = and_(_M.number == number, _M.read < version)
    await store.change(update(_MEMBER).where(which).values(read=version))


async def take_out(store: Store, number: str, by: str, at: datetime) -> Member | None:
    """Take a report out, so that the backlog starts it; None if it is no member or suggestion.

    A member that was started may be about to be merged, or be so without a note of it: the job of
    the incidents has to look.
    """

    def work(connection: Connection) -> Member | None:
        row = connection.execute(
            select(_MEMBER).where(_M.number == number).with_for_update()
        ).first()
        if row is None or row.state == MemberState.OUT:
            return None
        out: dict[str, object] = {"state": str(MemberState.OUT), "out_at": at, "by": by}
        if row.state == MemberState.MEMBER and row.answered_at is None and row.merged_at is None:
            started = select(_INTAKE.started_at).where(_INTAKE.number == number)
            if connection.execute(started).scalar() is not None:
                out["merged_at"] = at
        connection.execute(update(_MEMBER).where(_M.number == number).values(out))
        connection.execute(
            update(tables.intake).where(_INTAKE.number == number).values(incident=None)
        )
        return _member(row)

    return await store.write(work)


async def take_in(store: Store, number: str, by: str, at: datetime) -> bool:
    """Make a suggested report, or one that was taken out, a member; False if there is none."""

    def work(connection: Connection) -> bool:
        row = connection.execute(
            select(_MEMBER).where(_M.number == number).with_for_update()
        ).first()
        if row is None or row.state == MemberState.MEMBER:
            return False
        values = {"state": str(MemberState.MEMBER), "out_at": None, "by": by, "joined_at": at}
        fresh = {"merged_at": None, "answered_at": None, "attempts": 0}
        connection.execute(update(_MEMBER).where(_M.number == number).values(values | fresh))
        connection.execute(
            update(tables.intake).where(_INTAKE.number == number).values(incident=row.incident)
        )
        return True

    return await store.write(work)


# --- lists -------------------------------------------------------------------------------------


async def listed(
    store: Store, incident: str, state: MemberState, limit: int, after: str = ""
) -> list[Member]:
    """Return reports of an incident by their numbers."""
    which = (
        select(_MEMBER)
        .where(_M.incident == incident, _M.state == str(state), _M.number > after)
        .order_by(_M.number)
        .limit(limit)
    )
    return [_member(row) for row in await store.rows(which)]


# --- going on -----------------------------------------------------------------------------------


async def others_wait(store: Store, city: str, now: datetime, for_long: timedelta) -> bool:
    """Return whether complaints of the city and no incident wait for their start for so long."""
    which = (
        select(_INTAKE.number)
        .where(
            _INTAKE.city == city,
            _INTAKE.started_at.is_(None),
            _INTAKE.incident.is_(None),
            _INTAKE.attempts == 0,
            _INTAKE.filed_at <= now - for_long,
        )
        .limit(1)
    )
    return await store.first(which) is not None


_GOING = union(
    select(_M.city, _M.incident).where(WAITS).distinct(),
    select(_M.city, _M.incident).where(PARTS).distinct(),
)
_TO_START = (
    select(_INTAKE.city)
    .where(_INTAKE.started_at.is_(None), _INTAKE.incident.is_not(None))
    .distinct()
)


async def going(store: Store) -> dict[str, list[str]]:
    """Return the incidents of which something is still to be done, by city.

    A city of which members are only to be started has none.
    """
    found: dict[str, list[str]] = {row.city: [] for row in await store.rows(_TO_START)}
    for row in await store.rows(_GOING):
        found.setdefault(row.city, []).append(row.incident)
    return found


async def to_start(store: Store, city: str, limit: int) -> list[Complaint]:
    """Return members of the city whose tickets were not started, those that failed least first."""
    which = (
        select(_INTAKE.complaint)
        .where(_INTAKE.started_at.is_(None), _INTAKE.incident.is_not(None), _INTAKE.city == city)
        .order_by(_INTAKE.attempts, _INTAKE.filed_at, _INTAKE.number)
        .limit(limit)
    )
    return [Complaint.model_validate_json(row.complaint) for row in await store.rows(which)]


async def to_merge(store: Store, incident: str, limit: int) -> list[str]:
    """Return members whose tickets are recorded, and wait for no answer yet."""
    which = (
        _unanswered(incident)
        .where(_M.merged_at.is_(None), _INTAKE.recorded_at.is_not(None))
        .limit(limit)
    )
    return [row.number for row in await store.rows(which)]


async def to_part(store: Store, incident: str, limit: int) -> list[str]:
    """Return those taken out whose tickets still wait for the lead's answer."""
    which = (
        select(_M.number)
        .where(_M.incident == incident, PARTS)
        .order_by(_M.attempts, _M.number)
        .limit(limit)
    )
    return [row.number for row in await store.rows(which)]


async def unanswered(store: Store, incident: str, limit: int) -> list[str]:
    """Return members that have no answer, whether they wait for it yet or not."""
    return [row.number for row in await store.rows(_unanswered(incident).limit(limit))]


async def to_answer(store: Store, incident: str, limit: int) -> list[str]:
    """Return members that wait for the answer of the lead."""
    which = _unanswered(incident).where(_M.merged_at.is_not(None)).limit(limit)
    return [row.number for row in await store.rows(which)]


def _unanswered(incident: str) -> Select[tuple[str]]:
    return (
        select(_M.number)
        .join(tables.intake, _INTAKE.number == _M.number)
        .where(_M.incident == incident, WAITS)
        .order_by(_M.attempts, _M.filed_at)
    )


async def note_merged(store: Store, number: str, at: datetime) -> bool:
    """Note that its ticket waits for the lead's answer; False if it was taken out meanwhile."""
    which = and_(_M.number == number, _M.state == "member")
    return await store.change(update(_MEMBER).where(which).values(merged_at=at)) == 1


async def note_to_part(store: Store, number: str, at: datetime) -> None:
    """Note that one that was taken out waits for the lead's answer all the same."""
    which = and_(_M.number == number, _M.state == "out")
    await store.change(update(_MEMBER).where(which).values(merged_at=at))


async def note_apart(store: Store, number: str, out_before: datetime | None = None) -> bool:
    """Note that it waits for the lead's answer no more. `out_before`: if taken out before then."""
    which = [_M.number == number, _M.state == "out"]
    if out_before is not None:
        which.append(_M.out_at <= out_before)
    return await store.change(update(_MEMBER).where(*which).values(merged_at=None)) == 1


async def note_answered(store: Store, number: str, at: datetime) -> None:
    await store.change(update(_MEMBER).where(_M.number == number).values(answered_at=at))


async def note_failed(store: Store, number: str, error: str) -> None:
    """Note a failed attempt; `error` is a code or another text without personal data."""
    values = {"attempts": _M.attempts + 1, "last_error": error[:_ERROR_LENGTH]}
    await store.change(update(_MEMBER).where(_M.number == number).values(values))


def forget(connection: Connection, number: str) -> None:
    """Delete what a report itself said of why it belongs, in the transaction that erases it."""
    connection.execute(update(_MEMBER).where(_M.number == number).values(reasons="[]"))


def _json(reasons: Sequence[JudgingReason]) -> str:
    return json.dumps([one.model_dump(mode="json") for one in reasons], ensure_ascii=False)


def _member(row: ResultRow) -> Member:
    values = {name: row._mapping[name] for name in Member._fields}
    reasons = [JudgingReason.model_validate(one) for one in json.loads(values["reasons"])]
    return Member(**values | {"state": MemberState(row.state), "reasons": reasons})
