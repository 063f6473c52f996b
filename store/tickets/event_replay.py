"""Event replay: tickets rebuilt from their events, as they were at any moment and at each step.

An event never changes, and so the state at a past moment can be rebuilt at any time. Of the
ticket's row only the complaint is used, and how many events there have to be.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, or_, select, union

from domain.actors import Actor
from domain.events import Event, Fact
from domain.pack.periods import Period
from domain.policy.record import record, with_rounds
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.errors import StoreError
from store.tickets.rating_checks import OF_TICKETS, RatingCheck, as_check, with_check

By = Literal["ended", "filed", "due", "touched"]
"""The criterion that puts a ticket into a period; `touched`: an event of it."""

CHUNK = 200
"""The tickets that are held in memory at a time, with their events."""

_LISTED = 1000
"""The numbers in one statement."""

LATE = timedelta(days=7)
"""The longest delay with which an escalation is recorded. It has its own time, so `updated_at` of
the row may be before the times of events recorded earlier, by no more than the time without a
worker."""

_TICKET, _EVENT, _INTAKE = tables.ticket.c, tables.event.c, tables.intake.c
_FACT: TypeAdapter[Fact] = TypeAdapter(Fact)

_TICKETS = (
    select(
        _TICKET.number,
        _TICKET.version,
        _INTAKE.complaint,
        # Ten times as long as the complaint, and needed only without an entry in `intake`.
        case((_INTAKE.number.is_(None), _TICKET.state)).label("state"),
    )
    .select_from(tables.ticket.outerjoin(tables.intake, _INTAKE.number == _TICKET.number))
    .where(_TICKET.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_TICKET.number)
)
_EVENTS = (
    select(
        _EVENT.number,
        _EVENT.version,
        _EVENT.at,
        _EVENT.role,
        _EVENT.actor,
        _EVENT.unit,
        _EVENT.fact,
    )
    .where(_EVENT.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_EVENT.number, _EVENT.version)
)


class BrokenReplay(StoreError):
    """A ticket whose events are incomplete, or do not follow from each other."""

    code = "events_broken"

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"the events of ticket {number} cannot be told again: {why}")
        self.number = number


class _State(BaseModel):
    """The part of a ticket's state that was there before its first event."""

    complaint: Complaint


@dataclass(frozen=True)
class TicketReplay:
    """One ticket's complaint and events, as they are in the store."""

    number: str
    _ticket: ResultRow
    _events: Sequence[ResultRow]
    _checks: Mapping[int, RatingCheck]

    def steps(
        self, until: datetime | None = None, checked: datetime | None = None
    ) -> Iterator[tuple[Event, Ticket]]:
        """Yield each event before `until`, in order, with the ticket just after it.

        Each step changes the same ticket object: copy it to keep it. An escalation may be recorded
        late, after events that came meanwhile; the first event that is not before `until` ends the
        replay. A rating is set apart as its check says that was known then, or before `checked`.

        Raises:
            BrokenLife: an event is missing, or does not fit in here.
        """
        if len(self._events) < self._ticket.version:
            raise BrokenReplay(self.number, "one is missing")
        ticket, checked = self.begun(), checked or until
        for row in takewhile(lambda row: until is None or row.at < until, self._events):
            try:
                fact = _FACT.validate_json(row.fact)
                fact = with_check(fact, self._checks.get(row.version), checked)
                actor = Actor(role=row.role, id=row.actor, unit=row.unit)
                event = record(ticket, with_rounds(ticket, fact), actor, row.at)
            except (Refused, ValueError, LookupError) as error:
                raise BrokenReplay(self.number, f"event {row.version}: {error}") from error
            if event.version != row.version:
                raise BrokenReplay(self.number, f"event {event.version} is missing")
            yield event, ticket

    def moments(self) -> list[datetime]:
        """Return the times of the events, in their order."""
        return [row.at for row in self._events]

    def check_moments(self) -> list[datetime]:
        """Return the times at which a rating was set apart, or counted again, in their order."""
        checks = self._checks.values()
        times = {at for check in checks for at in (check.apart_at, check.lifted_at)}
        return sorted(at for at in times if at is not None)

    def begun(self) -> Ticket:
        """Return the ticket before its first event."""
        row = self._ticket
        if row.complaint is not None:
            return Ticket.of(Complaint.model_validate_json(row.complaint))
        return Ticket.of(_State.model_validate_json(row.state).complaint)


async def numbers_of(
    store: Store, city: str, period: Period, known_at: datetime, *by: By
) -> list[str]:
    """Return the tickets that may be in the period, by what was known at `known_at`.

    The rows decide, except for tickets changed since then, of which only the events can decide.
    """
    chosen = [
        select(_TICKET.number).where(_TICKET.city == city, *_MAY_BE[name](period, known_at))
        for name in by
    ]
    return sorted(row.number for row in await store.rows(union(*chosen))) if chosen else []


async def those_of(
    store: Store, numbers: Collection[str], city: str, period: Period, known_at: datetime, *by: By
) -> list[str]:
    """Return those of these tickets that may be in the period, as `numbers_of` does."""
    within = [and_(*_MAY_BE[name](period, known_at)) for name in by]
    chosen = select(_TICKET.number).where(
        _TICKET.number.in_(bindparam("numbers", expanding=True)),
        _TICKET.city == city,
        or_(*within),
    )
    ordered, found = sorted(numbers), list[str]()
    for start in range(0, len(ordered) if by else 0, _LISTED):
        some = {"numbers": ordered[start : start + _LISTED]}
        found += [row.number for row in await store.rows(chosen, some)]
    return sorted(found)


Conditions = tuple[ColumnElement[bool], ...]


def _filed(period: Period, known_at: datetime) -> Conditions:
    return _TICKET.filed_at >= period.since, _TICKET.filed_at < period.until


def _changed_since(at: datetime) -> ColumnElement[bool]:
    return _TICKET.updated_at >= at - LATE


def _ended(period: Period, known_at: datetime) -> Conditions:
    reopened = and_(_TICKET.ended_at.is_(None), _changed_since(known_at))
    return _TICKET.filed_at < period.until, or_(_TICKET.ended_at >= period.since, reopened)


def _due(period: Period, known_at: datetime) -> Conditions:
    promised = and_(_TICKET.promised_at >= period.since, _TICKET.promised_at < period.until)
    return _TICKET.filed_at < period.until, or_(promised, _changed_since(known_at))


def _touched(period: Period, known_at: datetime) -> Conditions:
    return _TICKET.filed_at < period.until, _changed_since(period.since)


_MAY_BE: dict[By, Callable[[Period, datetime], Conditions]] = {
    "filed": _filed,
    "ended": _ended,
    "due": _due,
    "touched": _touched,
}


async def each_replay(
    store: Store, numbers: Sequence[str], look: Callable[[TicketReplay], None]
) -> list[str]:
    """Call `look` with every one of these tickets; return the numbers of the broken ones.

    `look` runs in another thread, for one ticket after the other. If it raises BrokenLife, it must
    not have counted anything of that ticket; the next one follows.
    """
    broken: list[str] = []

    def look_at(chunk: list[TicketReplay]) -> None:
        for replay in chunk:
            try:
                look(replay)
            except BrokenReplay as error:
                broken.append(error.number)

    async for chunk in _replays(store, numbers):
        await asyncio.to_thread(look_at, chunk)
    return broken


async def _replays(store: Store, numbers: Sequence[str]) -> AsyncIterator[list[TicketReplay]]:
    for start in range(0, len(numbers), CHUNK):
        some = {"numbers": numbers[start : start + CHUNK]}

        def work(
            connection: Connection, some: dict[str, Any] = some
        ) -> tuple[Sequence[ResultRow], Sequence[ResultRow], Sequence[ResultRow]]:
            # Rows first: an event that comes meanwhile is then one too many, not one missing.
            rows = connection.execute(_TICKETS, some).all()
            events = connection.execute(_EVENTS, some).all()
            return rows, events, connection.execute(OF_TICKETS, some).all()

        rows, events, checks = await store.read(work)
        lived: dict[str, list[ResultRow]] = {row.number: [] for row in rows}
        for event in events:
            lived[event.number].append(event)
        checked: dict[str, dict[int, RatingCheck]] = {}
        for check in map(as_check, checks):
            checked.setdefault(check.number, {})[check.version] = check
        yield [
            TicketReplay(row.number, row, lived[row.number], checked.get(row.number, {}))
            for row in rows
        ]
