"""Waiting times: estimates from the city's own tickets, never a promise; and the load of units."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.tickets.acted_on import started
from domain.insight.waiting import LEVELS, WaitedFor, late_probability
from domain.model import Incoming, Recorded
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from store.reporting import waiting_times
from store.reporting.waiting_times import WaitingStatement

_DAY = 24


class WaitingQuery(Incoming):
    category: Code = Field(description="The subject, by its code.")
    unit: Code | None = Field(None, description="The unit; default: whichever.")


class WaitingTime(Recorded):
    """The hours within which half, 80 % and 95 % were over; null where that is not known."""

    half: float | None
    most: float | None = Field(description="Of 80 %.")
    nearly_all: float | None = Field(description="Of 95 %.")


class ExpectedWait(Recorded):
    """The time that tickets of a subject took: an estimate, no promise, and no limit of the law.

    `of`: the subject, or the beginning of the codes of a group, that it is about; `unit` likewise.
    `tickets`: those it rests on, with those still open; `over`: those that came to an end.
    """

    of: str
    unit: str | None
    month: str
    tickets: int
    over: int
    hours: WaitingTime

    @property
    def days(self) -> int | None:
        """The days within which 80 % were over, rounded up."""
        return days_of(self.hours.most)


class ExpectedWaits(Recorded):
    """The waiting times of a subject: until the first answer, and until it is closed."""

    answer: ExpectedWait | None
    closure: ExpectedWait | None


class UnitAhead(NamedTuple):
    """A candidate unit: its open and overdue work, and the probability that it would be late.

    `late`: None where too few tickets stand behind it, or no day is promised.
    """

    unit: Unit
    open: int
    overdue: int
    usual: float | None
    late: float | None


class TicketWaiting(NamedTuple):
    """The estimate for a ticket: the days within which 80 % were closed, by so many tickets.

    `beyond`: that is later than the day that is promised.
    """

    said: ExpectedWaits
    days: int
    over: int
    beyond: bool


def days_of(hours: float | None) -> int | None:
    """Return hours as whole days, rounded up; None if unknown."""
    return None if hours is None else max(1, ceil(hours / _DAY))


async def waiting_page(context: AppContext, city: str, query: WaitingQuery) -> ExpectedWaits:
    """Return what this month's statements say of a subject; nothing where citizens are not told.

    Raises:
        UnknownCity, UnknownCategory, UnknownUnit
    """
    await permit(context, None, "get_waiting")
    pack = context.packs.get(city)
    pack.category(query.category)
    if query.unit is not None:
        pack.unit(query.unit)
    if not pack.waiting.told:
        return ExpectedWaits(answer=None, closure=None)
    return await _waitings(context, pack, query.category, query.unit or "")


async def waiting_by_subject(context: AppContext, pack: Pack) -> list[tuple[Category, int]]:
    """Return the subjects with a waiting time of their own: the days in which 80 % were closed."""
    await permit(context, None, "get_waiting")
    if not pack.waiting.told:
        return []
    found = await waiting_times.by_subject(context.store, pack, WaitedFor.CLOSURE, context.now())
    days = {one.category: days_of(one.hours(0.8)) for one in found}
    return [
        (category, known)
        for category in pack.categories
        if (known := days.get(category.code)) is not None
    ]


async def waiting_of(context: AppContext, caller: Caller, number: str) -> TicketWaiting | None:
    """Return what is told of an open ticket's subject and unit; None of a report of wrongdoing.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "get_ticket", number)
    ticket = await started(context, caller, number)
    if ticket is None or ticket.ended_at is not None or ticket.of_wrongdoing:
        return None
    pack = context.packs.get(ticket.complaint.city)
    if ticket.category is None or (caller.citizen and not pack.waiting.told):
        return None
    said = await _waitings(context, pack, ticket.category, ticket.unit or "")
    most = said.closure.hours.most if said.closure else None
    if said.closure is None or most is None:
        return None
    expected, promised = ticket.complaint.filed_at + timedelta(hours=most), ticket.promised_at
    beyond = promised is not None and expected > promised
    return TicketWaiting(said, said.closure.days or 1, said.closure.over, beyond)


async def expected_days(
    context: AppContext, caller: Caller, pack: Pack, category: str, unit: str
) -> int | None:
    """Return for the desk within how many days 80 % of such tickets were closed.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "page_desk")
    if not caller.serves(pack.city.id):
        raise Problem("not_your_city")
    said = await _waitings(context, pack, category, unit)
    return said.closure.days if said.closure else None


async def units_ahead(
    context: AppContext,
    caller: Caller,
    pack: Pack,
    category: str,
    candidates: Sequence[Unit],
    due: datetime | None,
) -> list[UnitAhead]:
    """Return for each candidate its load, and how probable it is that a ticket is late there.

    `due`: the day that the citizen is promised. An estimate for who decides; it decides nothing.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "list_queue")
    if not caller.serves(pack.city.id):
        raise Problem("not_your_city")
    now = context.now()
    codes = list(dict.fromkeys(unit.code for unit in candidates))
    if not codes:
        return []
    loads = await waiting_times.loads(context.store, pack, codes, now)
    told = await waiting_times.told(context.store, pack, category, codes, WaitedFor.CLOSURE, now)
    found = list[UnitAhead]()
    for code in codes:
        load, said = loads[code], told.get(code)
        late = None
        if said is not None and due is not None:
            late = late_probability(
                said.steps,
                (due - now).total_seconds() / 3600,
                open_now=load.open,
                usual=load.usual or 0,
            )
        found.append(UnitAhead(pack.unit(code), load.open, load.overdue, load.usual, late))
    return found


async def _waitings(context: AppContext, pack: Pack, category: str, unit: str) -> ExpectedWaits:
    now, said = context.now(), dict[WaitedFor, ExpectedWait]()
    for what in WaitedFor:
        found = await waiting_times.told(context.store, pack, category, [unit], what, now)
        if unit in found:
            said[what] = _out(found[unit])
    return ExpectedWaits(answer=said.get(WaitedFor.ANSWER), closure=said.get(WaitedFor.CLOSURE))


def _out(said: WaitingStatement) -> ExpectedWait:
    half, most, nearly_all = (said.hours(level) for level in LEVELS)
    return ExpectedWait(
        of=said.category,
        unit=said.unit or None,
        month=said.month,
        tickets=said.tickets,
        over=said.over,
        hours=WaitingTime(half=half, most=most, nearly_all=nearly_all),
    )
