"""Due times: read the city's limits and calendar once, so that history can record the answer."""

from datetime import datetime

from temporalio import activity

from activities.errors import asked, refusal
from domain.activity_io import (
    ClockPlan,
    ClockQuestion,
    ExtensionQuestion,
    ReplanPlan,
    ReplanQuestion,
    ResumeQuestion,
)
from domain.deadlines.calendar import longer_than
from domain.deadlines.clocks import Clock, ClockName
from domain.deadlines.limits import Limit
from domain.facts.anytime import Moved
from domain.pack.pack import Pack
from domain.pack.planning import (
    due_after,
    extend_clock,
    plan_at,
    plan_clocks,
    plan_revisits,
    replan_clock,
    resume_clock,
)
from domain.policy.decide import Wanted
from store.packs.archive import PinnedPacks


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
        """The clock again, due later by the granted length; first planned again, if that is due.

        Raises:
            ApplicationError: `bad_length`; `too_far`, when it reaches beyond the year 9999.
        """
        pack = await self._packs.of(question.city, question.pack)
        by = _length(question.by)
        extended = []
        for running in (question.clock, *question.also):
            clock = await self._up_to_date(pack, running, None)
            years = await self._with_its_years(pack, clock)
            extended.append(extend_clock(years, clock, by, question.at, question.asked_at))
        return ClockPlan(clocks=extended)

    @asked("resume_clocks")
    async def resume(self, question: ResumeQuestion) -> ClockPlan:
        """The clocks that stood still, as they go on; first planned again, if that is due."""
        pack = await self._packs.of(question.city, question.pack)
        resumed = []
        for standing in question.clocks:
            since = standing.paused_at or question.at
            clock = await self._up_to_date(pack, standing, since)
            years = await self._with_its_years(pack, clock)
            resumed.append(resume_clock(years, clock, since, question.at))
        return ClockPlan(clocks=resumed)

    @asked("replan_clocks")
    async def replan(self, question: ReplanQuestion) -> ReplanPlan:
        """The provisional clocks that rest on a year published since, planned again."""
        pack = await self._packs.of(question.city, question.pack)
        plan = ReplanPlan(calendar_version=pack.calendar.version)
        for clock in question.clocks:
            again = await self._up_to_date(pack, clock, question.at)
            if again is not clock:
                plan.clocks.append(again)
                if again.due_at != clock.due_at:
                    plan.moved.append(_moved(pack, clock, again))
        return plan

    async def _up_to_date(self, pack: Pack, clock: Clock, now: datetime | None) -> Clock:
        """`clock` planned again where a year was published that it rests on; else itself.

        Where nobody has kept the calendar it was planned with, it stays as it is.
        """
        if not clock.provisional or clock.calendar_version in (None, pack.calendar.version):
            return clock
        older = await self._packs.calendar(clock.calendar_version)
        if older is None:
            activity.logger.warning("a provisional clock's calendar is not kept")
            return clock
        if pack.calendar.published <= older.published:
            return clock
        return replan_clock(pack, clock, older, now)

    async def _with_its_years(self, pack: Pack, clock: Clock) -> Pack:
        """`pack`; with the calendar of `clock` where a year of that was taken away since.

        What was counted with a published year goes on with it: counted on without it, and again
        when it is published once more, the same days would be added twice.
        """
        if clock.provisional or clock.calendar_version in (None, pack.calendar.version):
            return pack
        older = await self._packs.calendar(clock.calendar_version)
        if older is None or older.published <= pack.calendar.published:
            return pack
        return pack.model_copy(update={"calendar": older})


def _moved(pack: Pack, old: Clock, new: Clock) -> Moved:
    was, due = (at.astimezone(pack.calendar.tz).date() for at in (old.due_at, new.due_at))
    return Moved(
        clock=old.name,
        assignment=old.assignment,
        label=old.label,
        was=old.due_at,
        due_at=new.due_at,
        later=due > was,
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
