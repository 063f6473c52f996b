"""Clock planning: due times from the city's limits and calendar, for the history to record."""

from collections.abc import Collection, Sequence
from datetime import datetime

from activities.errors import refusal, ticket_activity
from activities.up_to_date import up_to_date
from domain.activity_io import (
    ClockPlan,
    ClockQuestion,
    ExtensionQuestion,
    ReclassifyPlan,
    ReclassifyQuestion,
    ReplanPlan,
    ReplanQuestion,
    ResumeQuestion,
)
from domain.commands.base import Wanted
from domain.deadlines.calendar import longer_than
from domain.deadlines.clocks import Clock, ClockKey
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.facts.anytime import Moved
from domain.pack.pack import Pack, UnknownCategory, UnknownTier
from domain.pack.planning import (
    due_after,
    extend_clock,
    plan_at,
    plan_clocks,
    plan_revisits,
    resume_clock,
)
from domain.pack.reclassifying import (
    key_of,
    reclassified_promise,
    reclassified_shares,
    reclassified_steps,
)
from domain.ticket.assignment import Share
from store.packs.archive import ArchivedPacks


class Clocks:
    def __init__(self, packs: ArchivedPacks) -> None:
        self._packs = packs

    @ticket_activity("plan_clocks")
    async def plan(self, question: ClockQuestion) -> ClockPlan:
        """Plan the named clocks from `question.at`; leave out a clock without a limit.

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

    @ticket_activity("extend_clock")
    async def extend(self, question: ExtensionQuestion) -> ClockPlan:
        """Extend the clock and those in `also` by the granted length; replan each first if needed.

        Raises:
            ApplicationError: `bad_length`; `too_far`, when it reaches beyond the year 9999.
        """
        pack = await self._packs.of(question.city, question.pack)
        by = _length(question.by)
        extended = []
        for running in (question.clock, *question.also):
            clock = await up_to_date(self._packs, pack, running)
            years = await self._with_its_years(pack, clock)
            extended.append(extend_clock(years, clock, by, question.at, question.asked_at))
        return ClockPlan(clocks=extended)

    @ticket_activity("resume_clocks")
    async def resume(self, question: ResumeQuestion) -> ClockPlan:
        """Resume the paused clocks; replan each first if needed."""
        pack = await self._packs.of(question.city, question.pack)
        resumed = []
        for paused in question.clocks:
            since = paused.paused_at or question.at
            clock = await up_to_date(self._packs, pack, paused, since)
            years = await self._with_its_years(pack, clock)
            resumed.append(resume_clock(years, clock, since, question.at))
        return ClockPlan(clocks=resumed)

    @ticket_activity("replan_clocks")
    async def replan(self, question: ReplanQuestion) -> ReplanPlan:
        """Replan the clocks whose days were published or changed since; leave out the others."""
        pack = await self._packs.of(question.city, question.pack)
        plan = ReplanPlan(calendar_version=pack.calendar.version)
        for clock in question.clocks:
            again = await up_to_date(self._packs, pack, clock, question.at)
            if again is not clock:
                plan.clocks.append(again)
                if again.due_at != clock.due_at:
                    plan.moved.append(_moved(pack, clock, again))
        return plan

    @ticket_activity("reclassify_clocks")
    async def reclassify(self, question: ReclassifyQuestion) -> ReclassifyPlan:
        """Plan the clocks of the open shares, and the promise, by another category or tier.

        Raises:
            ApplicationError: `unknown_category`, `unknown_tier`.
        """
        pack = await self._packs.of(question.city, question.pack)
        try:
            category = pack.category(question.category)
            tier = question.tier or category.tier
            pack.tier(tier)
        except (UnknownCategory, UnknownTier) as error:
            raise refusal(error.code, str(error)) from error
        at, running = question.at, question.clocks
        replaced = list(reclassified_shares(pack, tier, question.shares, running, at))
        if question.category != question.was_category:
            replaced += reclassified_steps(
                pack, question.category, tier, question.shares, running, at
            )
        if not (question.promised or question.longer):
            leads = {share.n for share in question.shares if share.share is Share.LEAD}
            replaced = [(old, new) for old, new in replaced if not _later(old, new, running, leads)]
        for promise in running:
            if promise.name is ClockName.PROMISE:
                new = reclassified_promise(
                    pack, tier, promise, at, moved=question.moved, longer=question.longer
                )
                if new is not None:
                    replaced.append((key_of(promise), new))
        return ReclassifyPlan(
            tier=tier,
            stopped=[old for old, _ in replaced if old is not None],
            clocks=[new for _, new in replaced if new is not None],
        )

    async def _with_its_years(self, pack: Pack, clock: Clock) -> Pack:
        """Return `pack`, with the calendar of `clock` if a year of it was withdrawn since.

        A clock counted with a published year continues with it: counted without it, and again
        when it is published once more, the same days would be added twice.
        """
        if clock.provisional or clock.calendar_version in (None, pack.calendar.version):
            return pack
        older = await self._packs.calendar(clock.calendar_version)
        if older is None or older.published <= pack.calendar.published:
            return pack
        return pack.model_copy(update={"calendar": older})


def _later(
    key: ClockKey | None, new: Clock | None, running: Sequence[Clock], leads: Collection[int]
) -> bool:
    """Return whether `new` is the lead's handling, and later than the one with `key`."""
    if new is None or new.name is not ClockName.HANDLE or new.assignment not in leads:
        return False
    return any(key_of(clock) == key and clock.due_at < new.due_at for clock in running)


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
    """Plan a clock that is due at a time set by a person."""
    return plan_at(pack, name, due_at, question.at, assignment=question.assignment)


def _check_wanted(pack: Pack, question: ClockQuestion, wanted: Wanted) -> None:
    """Refuse more time than the pack's caps allow."""
    caps, at = pack.caps, question.at
    if wanted.by is not None and wanted.clock is not None:
        by = _length(wanted.by)
        extend_clock(pack, wanted.clock, by)
        # The cap, like the extension itself, is counted from the due time.
        if caps.extension and longer_than(pack.calendar, wanted.clock.due_at, by, caps.extension):
            raise refusal("extension_too_long", f"At most {caps.extension} at a time.")
    elif wanted.until is not None and caps.hold and wanted.until > due_after(pack, at, caps.hold):
        raise refusal("hold_too_long", f"At most {caps.hold}.")


def _length(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise refusal("bad_length", str(error)) from error
