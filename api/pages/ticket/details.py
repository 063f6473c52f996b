"""The ticket details of a page, read by the functions that the API's routes use."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from api.pages.actions.context import ActionContext
from api.pages.shared.translator import Translator
from api.pages.ticket import timeline
from api.pages.ticket.readings_chart import ReadingsChart, chart_of
from api.pages.ticket.timeline import Names, TimelineLine
from app.access.caller import Caller
from app.access.visibility import discreet
from app.agents.request_views import MachineActsOut
from app.agents.requests import acts_of
from app.context import AppContext
from app.errors import Problem
from app.filing.file_views import FileOut, file_out
from app.filing.files import visible_files
from app.grid.check_moments import check_moments
from app.grid.checks import ChecksOut, checks_of
from app.imports.origins import TakenFrom, origin_of
from app.reporting.waiting import TicketWaiting, waiting_of
from app.sensors.readings import ReadingsOut, readings_of
from app.tickets import contacts
from app.tickets.beside_workflow import BesideWorkflow, beside_workflow
from app.tickets.council_views import CouncilOut
from app.tickets.promise_views import PromiseOut
from app.tickets.rating_checks import RatingCheckOut
from app.tickets.rating_checks import checks_of as checks_of_rating
from app.tickets.tickets import events_of
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.anytime import LevelReached
from domain.policy.permissions import RIGHTS
from domain.ticket.complaint import Channel
from domain.ticket.ticket import Ticket
from domain.words import N_
from store.identity import accounts
from store.secrets.masks import MaskedPerson
from store.secrets.vault import Person


class Running(NamedTuple):
    """A running or paused clock: what is due, and from which unit."""

    clock: Clock
    name: str
    unit: str
    warn_at: datetime | None


class Card(NamedTuple):
    """An escalation level that a clock has reached, and that was not revoked."""

    rung: str
    name: str


@dataclass(frozen=True)
class ShownComplainant:
    """The complainant: masked, unmasked, or the code of the error that prevents both."""

    masked: MaskedPerson | None = None
    full: Person | None = None
    why_not: str = ""
    may_unmask: bool = False
    may_renew: bool = False


@dataclass(frozen=True)
class TicketDetails:
    """Ticket details. `ticket`: as this caller may read it; `waiting`: registered, not started.

    `dues`: when each share's handling is, or was, due, by the share's number.
    """

    ticket: Ticket
    waiting: bool
    lines: list[TimelineLine]
    running: list[Running]
    cards: list[Card]
    dues: dict[int, datetime]
    files: list[FileOut]
    person: ShownComplainant
    councils: list[CouncilOut]
    looked: ChecksOut
    promises: list[PromiseOut]
    readings: ReadingsOut
    readings_chart: ReadingsChart | None
    origin: TakenFrom | None
    machines: MachineActsOut | None = None
    rating_checks: Sequence[RatingCheckOut] = ()
    expected: TicketWaiting | None = None


async def ticket_details(
    context: AppContext, action_context: ActionContext, waiting: bool, person: Person | None = None
) -> TicketDetails:
    """Collect the ticket details, without actions. `person`: a complainant just unmasked."""
    ticket, caller, speech = action_context.ticket, action_context.caller, action_context.speech
    number = ticket.complaint.number
    events, rows, known = await asyncio.gather(
        events_of(context, caller, number),
        visible_files(context, caller, number),
        _complainant(context, caller, number, person),
    )
    beside, looked, sensed, origin = await asyncio.gather(
        _beside(context, caller, ticket, waiting),
        _looked(context, caller, action_context),
        _readings(context, caller, ticket),
        _origin(context, caller, ticket),
    )
    names = await _names(context, {event.actor.id for event in events})
    void = ticket.void_rungs
    cards = [
        event.fact
        for event in events
        if isinstance(event.fact, LevelReached) and event.version not in void
    ]
    return TicketDetails(
        ticket=await discreet(context, caller, ticket),
        waiting=waiting,
        lines=timeline.with_moments(
            timeline.describe(events, speech, names, void),
            [*beside.moments, *check_moments(looked)],
            speech,
        ),
        councils=beside.councils,
        looked=looked,
        promises=beside.promises,
        readings=sensed,
        readings_chart=chart_of(sensed),
        machines=await _machines(context, caller, action_context),
        expected=None if waiting else await waiting_of(context, caller, number),
        rating_checks=await checks_of_rating(context, caller, number) if ticket.verdict else [],
        origin=origin,
        running=_running(ticket, caller, speech),
        dues=_dues(ticket),
        cards=[Card(card.rung.value, _clock(card, speech)) for card in cards],
        files=[file_out(context, row) for row in rows],
        person=known,
    )


async def _beside(
    context: AppContext, caller: Caller, ticket: Ticket, waiting: bool
) -> BesideWorkflow:
    """Return what is beside the workflow; there is nothing before it has begun."""
    if waiting:
        return BesideWorkflow([], [], [])
    return await beside_workflow(context, caller, ticket)


async def _looked(context: AppContext, caller: Caller, action_context: ActionContext) -> ChecksOut:
    """Return the checks of grid workers, in a city that has some."""
    if action_context.pack.grid is None:
        return ChecksOut(items=[])
    return await checks_of(context, caller, action_context.ticket.complaint.number)


async def _machines(
    context: AppContext, caller: Caller, action_context: ActionContext
) -> MachineActsOut | None:
    """Return what machines did, in a city that lets some act."""
    if action_context.pack.agents is None:
        return None
    return await acts_of(context, caller, action_context.ticket.complaint.number)


async def _readings(context: AppContext, caller: Caller, ticket: Ticket) -> ReadingsOut:
    """Return the readings behind the ticket, if a sensor is its cause."""
    if ticket.complaint.channel is not Channel.SENSOR:
        return ReadingsOut()
    try:
        return await readings_of(context, caller, ticket.complaint.number)
    except Problem:  # it is registered, and not started yet
        return ReadingsOut()


async def _origin(context: AppContext, caller: Caller, ticket: Ticket) -> TakenFrom | None:
    """Return the system that the ticket was taken over from, if it was."""
    if ticket.complaint.taken_over_at is None:  # no question for what was filed here
        return None
    return await origin_of(context, caller, ticket.complaint.number)


async def _names(context: AppContext, ids: set[str]) -> Names:
    """Return the display names of the accounts among these actors."""
    rows = await asyncio.gather(*(accounts.by_id(context.store, one) for one in ids if one))
    return {row.id: row.display for row in rows if row is not None}


async def _complainant(
    context: AppContext, caller: Caller, number: str, person: Person | None
) -> ShownComplainant:
    may = caller.may(RIGHTS["unmask_person"])
    if person is not None:
        return ShownComplainant(full=person, may_unmask=may)
    try:
        masked = await contacts.masked_person(context, caller, number)
    except Problem as problem:
        return ShownComplainant(why_not=problem.code)
    renew = caller.may(RIGHTS["renew_access_code"])
    return ShownComplainant(masked=masked, may_unmask=may, may_renew=renew)


def _running(ticket: Ticket, caller: Caller, speech: Translator) -> list[Running]:
    """Return the running clocks: the citizen's promise, then the own unit's, then others'.

    Within each group the earliest due comes first; paused clocks come last.
    """
    own = {share.n for share in ticket.assignments if share.unit == caller.unit}
    going = [clock for clock in ticket.clocks if clock.running]

    def order(clock: Clock) -> tuple[bool, bool, bool, datetime]:
        promised = clock.name is ClockName.PROMISE
        paused = clock.paused_at is not None and not promised
        return not promised, paused, clock.assignment not in own, clock.due_at

    return [
        Running(clock, _named(clock, own, speech), _unit_of(ticket, clock, speech), _warns(clock))
        for clock in sorted(going, key=order)
    ]


def _named(clock: Clock, own: Collection[int], speech: Translator) -> str:
    """Name the clock, with the own unit's limit distinct from the citizen's promise."""
    if clock.name is ClockName.HANDLE and clock.assignment in own:
        return speech.say(N_("Your unit's limit"))
    return _clock(clock, speech)


def _dues(ticket: Ticket) -> dict[int, datetime]:
    handling = [clock for clock in ticket.clocks if clock.name is ClockName.HANDLE]
    return {clock.assignment: clock.due_at for clock in handling if clock.assignment is not None}


def _clock(clock: Clock | LevelReached, speech: Translator) -> str:
    name = clock.name if isinstance(clock, Clock) else clock.clock
    label = speech.label("clock", name.value)
    return f"{label} {clock.label}" if clock.label else label


def _unit_of(ticket: Ticket, clock: Clock, speech: Translator) -> str:
    if clock.assignment is None:
        return ""
    return speech.unit(ticket.assignment(clock.assignment).unit)


def _warns(clock: Clock) -> datetime | None:
    return next((level.at for level in clock.rungs if level.kind is LevelKind.WARN), None)
