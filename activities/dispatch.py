"""Dispatch (派单): the unit, queue and due times of a share."""

from activities.errors import refusal, ticket_activity
from domain.activity_io import DispatchPlan, DispatchQuestion
from domain.commands.may_have import within
from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName, clocks_of
from domain.pack.catalogue import Unit
from domain.pack.pack import Pack, UnknownUnit
from domain.pack.planning import plan_at, plan_clock, plan_clocks, plan_steps
from domain.pack.routing import resolve, route
from domain.ticket.assignment import Share
from domain.ticket.because import Because, ReasonCode, because, sentence
from store.packs.archive import ArchivedPacks


class Dispatch:
    def __init__(self, packs: ArchivedPacks) -> None:
        self._packs = packs

    @ticket_activity("dispatch_ticket")
    async def dispatch(self, question: DispatchQuestion) -> DispatchPlan:
        """Plan the share of the unit a person named, else of the first responsible unit.

        Raises:
            ApplicationError: `unknown_unit`; `too_far`, when a limit that was set by hand reaches
                beyond the year 9999; `not_below`, when a delegate has to be under the unit that
                delegates; `accused_unit`, when a person chose one that a report is about, or when
                it is about every unit that the rules name.
        """
        pack = await self._packs.of(question.city, question.pack)
        unit, reason = _unit(pack, question)
        if question.below is not None and not pack.is_under(unit.code, question.below):
            raise refusal("not_below", f"{unit.code} is not a unit under {question.below}.")
        return DispatchPlan(
            assignment=question.assignment,
            unit=unit.code,
            queue=pack.queue_of(unit),
            heartbeats=unit.queue == "program",
            why=sentence([reason]),
            because=[reason],
            kind_of_unit=unit.kind,
            level=unit.level,
            above=unit.parent,
            task=question.task,
            clocks=_clocks(pack, question),
        )


def _unit(pack: Pack, question: DispatchQuestion) -> tuple[Unit, Because]:
    if question.unit is None:
        routing = route(pack, question.category, question.area, question.place)
        if _accused(pack, question, routing.unit):
            return _elsewhere(pack, question, routing.unit)
        return pack.unit(routing.unit), routing.because[0]
    code = resolve(pack, question.unit, question.area, question.place) or pack.city.fallback
    try:
        unit = pack.unit(code)
    except UnknownUnit as error:
        raise refusal(error.code, str(error)) from error
    if _accused(pack, question, code):
        if question.share is Share.VERIFY:  # named by a rule: no person can choose another
            return _elsewhere(pack, question, code)
        raise refusal("accused_unit", "The report is about that unit: choose another.")
    return unit, because(ReasonCode.UNIT_NAMED)


def _accused(pack: Pack, question: DispatchQuestion, unit: str) -> bool:
    return within(pack, unit, {*question.accused, *question.kept_from})


def _elsewhere(pack: Pack, question: DispatchQuestion, unit: str) -> tuple[Unit, Because]:
    """Return the unit that replaces the accused one, and the reason.

    The unit for reports or the fallback may be accused themselves. Any other unit may verify; no
    rule sends a report to any other.
    """
    named = [code for code in (pack.reports.unit, pack.city.fallback) if code is not None]
    if question.share is Share.VERIFY:
        named += [one.code for one in pack.units]
    for code in named:
        if not _accused(pack, question, code):
            accused = next((one for one in pack.chain(unit) if one in question.accused), unit)
            return pack.unit(code), because(ReasonCode.UNIT_ACCUSED, unit=unit, accused=accused)
    raise refusal("accused_unit", "The report is about every unit that the rules name.")


def _clocks(pack: Pack, question: DispatchQuestion) -> list[Clock]:
    """Plan the share's clocks; a helper's handling is due no later than the share it is part of."""
    share, at, n = question.share, question.at, question.assignment
    clocks = plan_clocks(
        pack, clocks_of(share), question.tier, at, assignment=n, joint=share is Share.CO
    )
    if share is Share.LEAD:
        if question.promise:
            since = question.promise_from or at
            clocks += plan_clocks(pack, [ClockName.PROMISE], question.tier, since)
        clocks += _of_orders(pack, question)
        steps = question.category and pack.knows(question.category)
        return clocks + (plan_steps(pack, question.category, question.tier, at, n) if steps else [])
    if question.limit is not None:
        own = _by_hand(pack, question, question.limit)
        clocks = [c for c in clocks if c.name is not ClockName.HANDLE] + ([own] if own else [])
    latest = question.no_later_than
    if latest is not None and latest <= at:
        latest = None  # the calling unit is late already, which must not bind the helper
    return [
        plan_at(pack, clock.name, latest, at, assignment=n, rule_id=clock.rule_id)
        if latest and clock.name is ClockName.HANDLE and clock.due_at > latest
        else clock
        for clock in clocks
    ]


def _of_orders(pack: Pack, question: DispatchQuestion) -> list[Clock]:
    """Plan the clocks of orders that wait for the unit, each with the number of its order."""
    return [
        clock.model_copy(update={"label": str(n)})
        for n in question.orders
        for clock in plan_clocks(pack, [ClockName.ORDER], question.tier, question.at)
    ]


def _by_hand(pack: Pack, question: DispatchQuestion, limit: str) -> Clock | None:
    """Plan the handling clock for a limit that a person set."""
    return plan_clock(
        pack,
        ClockName.HANDLE,
        question.tier,
        question.at,
        assignment=question.assignment,
        limit=Limit.parse(limit),
    )
