"""Due times: read the city's limits and calendar once, so that history can record the answer."""

from datetime import datetime

from activities.errors import asked, refusal
from domain.calendar import longer_than
from domain.clocks import Clock, ClockName
from domain.decisions import Wanted
from domain.limits import Limit
from domain.pack import Pack
from domain.planning import (
    due_after,
    extend_clock,
    plan_at,
    plan_clocks,
    plan_revisits,
    resume_clock,
)
from domain.plans import ClockPlan, ClockQuestion, ExtensionQuestion, ResumeQuestion
from store.pack_book import PinnedPacks


class Clocks:
    def __init__(self, packs: PinnedPacks) -> None:
        self._packs = packs

    @asked("plan_clocks")
    async def plan(self, question: ClockQuestion) -> ClockPlan:
        """The named clocks, started at `question.at`; a clock without a limit is left out.

        Raises:
            ApplicationError: `extension_too_long` or `hold_too_long`, when more time is wanted
                than the pack allows; `too_far`, when it reaches beyond the year 9999.
        """
        pack = await self._packs.of(question.city, question.pack)
        if question.wanted is not None:
            _check_wanted(pack, question, question.wanted)
        return ClockPlan(
            clocks=[clock for name in question.names for clock in _plan(pack, name, question)]
        )

    @asked("extend_clock")
    async def extend(self, question: ExtensionQuestion) -> ClockPlan:
        """The clock again, due later by the granted length.

        Raises:
            ApplicationError: `bad_length`; `too_far`, when it reaches beyond the year 9999.
        """
        pack = await self._packs.of(question.city, question.pack)
        by = _length(question.by)
        clocks = [question.clock, *question.also]
        return ClockPlan(clocks=[extend_clock(pack, clock, by, question.at) for clock in clocks])

    @asked("resume_clocks")
    async def resume(self, question: ResumeQuestion) -> ClockPlan:
        """The clocks that stood still, as they go on."""
        pack = await self._packs.of(question.city, question.pack)
        return ClockPlan(
            clocks=[
                resume_clock(pack, clock, clock.paused_at or question.at, question.at)
                for clock in question.clocks
            ]
        )


def _plan(pack: Pack, name: ClockName, question: ClockQuestion) -> list[Clock]:
    at, n = question.at, question.assignment
    if question.due_at is not None:
        return [_promised(pack, name, question.due_at, question)]
    if name is ClockName.REVISIT:
        return plan_revisits(pack, at)
    clocks = plan_clocks(pack, [name], question.tier, at, assignment=n)
    until = question.wanted.until if question.wanted else None
    late = until is not None and (not clocks or clocks[0].due_at > until)
    if name is ClockName.REVIEW and until is not None and late:
        return [plan_at(pack, name, until, at, assignment=n)]
    return clocks


def _promised(pack: Pack, name: ClockName, due_at: datetime, question: ClockQuestion) -> Clock:
    """A clock that is due when a person said."""
    return plan_at(pack, name, due_at, question.at, assignment=question.assignment)


def _check_wanted(pack: Pack, question: ClockQuestion, wanted: Wanted) -> None:
    """Refuse more time than the pack's caps allow."""
    caps, at = pack.caps, question.at
    if wanted.by is not None and wanted.clock is not None:
        by = _length(wanted.by)
        extend_clock(pack, wanted.clock, by)
        # Both are counted from the same moment as the extension itself: from due.
        if caps.extension and longer_than(pack.calendar, wanted.clock.due_at, by, caps.extension):
            raise refusal("extension_too_long", f"At most {caps.extension} at a time.")
    elif wanted.until is not None and caps.hold and wanted.until > due_after(pack, at, caps.hold):
        raise refusal("hold_too_long", f"At most {caps.hold}.")


def _length(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise refusal("bad_length", str(error)) from error
