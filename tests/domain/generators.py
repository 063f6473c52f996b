"""Random ticket histories, event by event, from the rows of the lifecycle table."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from domain.actors import Actor, Role
from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.events import Event, Fact
from domain.facts.anytime import LevelReached
from domain.pack.planning import extend_clock, resume_clock
from domain.policy.decide import follows
from domain.policy.record import record, with_rounds
from domain.ticket.assignment import Assignment, AssignmentPlan, HandlingResult, Share
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.rating import Rating
from domain.ticket.rules_snapshot import Escalation, ReworkTo, Rules
from domain.ticket.ticket import LIFECYCLE, Ticket
from tests.domain.planned import TONGZHOU
from tests.domain.promises_checked import Promises
from tests.store.stories import START, clock, complaint

ACTOR = {role: Actor(role=role, unit="u") for role in Role}
T = TypeVar("T")


class Life:
    """One ticket with random events at random times.

    `now` never goes back. `at` is the moment of the next event, which may be a little before
    `now`. Most tickets begin with today's lifecycle, some with the first.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.lifecycle = LIFECYCLE if self.likely(0.75) else 0
        self.now = self.at = START
        self.ticket = Ticket.of(_COMPLAINT)
        self.events: list[Event] = []
        self.promises = Promises()
        self.rules = _rules(chance)

    def record_event(self, fact: Fact, role: Role) -> None:
        """Record a fact, and the severity that follows from it (as `Recording.happen`)."""
        fact = with_rounds(self.ticket, fact)
        self.events.append(record(self.ticket, fact, ACTOR[role], self.at))
        self.promises.see(self.events[-1], self.ticket)
        raised = follows(self.ticket)
        if raised is not None:
            self.record_event(raised, Role.SYSTEM)

    def pass_time(self) -> None:
        self.now += timedelta(minutes=self.chance.randint(0, 90))
        late = timedelta(minutes=self.chance.randint(1, 60)) if self.likely(0.1) else timedelta()
        self.at = max(self.now - late, START)

    def reach_level(self) -> LevelReached | None:
        """Return the earliest escalation level as a fact: on time, or late if it was missed."""
        following = self.ticket.next_level()
        if following is None:
            return None
        clock, level = following
        self.at, self.now = level.at, max(self.now, level.at)
        return LevelReached(
            clock=clock.name,
            assignment=clock.assignment,
            label=clock.label,
            rung=level.kind,
            due_at=clock.due_at,
        )

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, of: Sequence[T]) -> T | None:
        """Choose one at random; return None if there is none."""
        return self.chance.choice(of) if of else None

    # --- parts of facts -----------------------------------------------------------------------

    def clock(self, name: ClockName, n: int | None = None, label: str | None = None) -> Clock:
        hours = self.chance.choice([0.5, 3, 40])
        return clock(name, self.at, hours, n).model_copy(update={"label": label})

    def clocks(self, *names: ClockName, n: int | None = None) -> list[Clock]:
        return [self.clock(name, n) for name in names]

    def promise(self) -> list[Clock]:
        """Return a clock of the citizen's promise, if there is none yet."""
        if not self.ticket.lifecycle or self.ticket.promised:
            return []
        return self.clocks(ClockName.PROMISE)

    def review(self, n: int, until: datetime) -> list[Clock]:
        """Return the next review of a hold; none after its end, where the end has a clock."""
        reviews = self.clocks(ClockName.REVIEW, n=n)
        return [each for each in reviews if not self.ticket.lifecycle or each.due_at < until]

    def hold(self, n: int, until: datetime) -> list[Clock]:
        """Return the clocks that run while a unit is on hold."""
        hours = max((until - self.at).total_seconds() / 3600, 0)
        end = [clock(ClockName.HOLD, self.at, hours, n)] if self.ticket.lifecycle else []
        return self.review(n, until) + end

    def given(self, *names: ClockName, after: int = 0) -> AssignmentPlan:
        """Return a share for a new unit; `after` is the number of shares given just before it."""
        n = self.ticket.assignment_count + 1 + after
        return AssignmentPlan(
            assignment=n,
            unit=f"unit-{n}",
            queue="units",
            why="chance",
            above=self.one([None, "above"]),
            clocks=self.clocks(*names, n=n),
        )

    def extended(self, n: int) -> list[Clock]:
        ticket, by = self.ticket, Limit.parse("1d")
        also = ticket.waiting_for(n) if ticket.lifecycle else []
        at = self.at if ticket.lifecycle else None
        request = ticket.assignment(n).asked
        asked_at = request.asked_at if request and ticket.lifecycle else None
        clocks = [ticket.running(ClockName.HANDLE, n), *also]
        return [extend_clock(TONGZHOU, each, by, at, asked_at) for each in clocks]

    def resumed(self, n: int) -> list[Clock]:
        return self.going_on(self.ticket.paused(n))

    def going_on(self, paused: Sequence[Clock]) -> list[Clock]:
        return [
            resume_clock(TONGZHOU, clock, since, max(since, self.at))
            for clock in paused
            if (since := clock.paused_at) is not None
        ]

    def result(self) -> HandlingResult:
        return HandlingResult(reply="done", resolved=self.likely(0.7))

    def rating(self) -> Rating:
        grade, resolved = self.chance.randint(1, 5), self.likely(0.7)
        return Rating.model_validate({"grade": grade, "resolved": resolved})

    def minutes(self) -> Minutes:
        units = [each.unit for each in self.ticket.opened if self.likely(0.5)]
        return Minutes(what=self.chance.choice(list(Meeting)), text="m", units=units)

    def later(self) -> datetime:
        return self.at + timedelta(days=self.chance.randint(1, 60))

    # --- assignments of facts -------------------------------------------------------------------

    def some(self, *shares: Share) -> Assignment | None:
        """Choose one of the open assignments of those kinds."""
        return self.one([each for each in self.ticket.opened if each.share in shares])

    def lead(self, unit: str | None = None) -> Assignment | None:
        """Return the lead's open assignment if it waits for that decision, or for none."""
        lead = self.ticket.lead
        waits_for = lead.asked.what if lead and lead.asked else None
        return lead if lead is not None and lead.open and waits_for == unit else None

    def asker(self, text: str) -> Assignment | None:
        opened = self.ticket.opened
        return self.one([each for each in opened if each.asked and each.asked.what == text])

    def paused(self, why: str | None = None) -> Assignment | None:
        return self.one(
            [
                each
                for each in self.ticket.opened
                if each.pause is not None and why in (None, each.pause.why)
            ]
        )

    def running(self, name: ClockName) -> Clock | None:
        return self.one([each for each in self.ticket.clocks if each.running and each.name is name])


_COMPLAINT = complaint()


def _rules(chance: Random) -> Rules:
    """Return random rules of a city; each switch is on with probability one half."""

    def on() -> bool:
        return chance.random() < 0.5

    return Rules(
        pack="p",
        pack_version="1",
        returns=chance.randint(0, 2),
        extensions=chance.randint(0, 2),
        holds=chance.randint(0, 2),
        questions=chance.randint(0, 2),
        reworks=chance.randint(0, 2),
        facts_per_day=chance.choice([0, 2]),
        rework_to=chance.choice(list(ReworkTo)),
        call_backs=chance.randint(1, 2),
        delegations=chance.randint(0, 2),
        co_handlers=chance.choice([0, 3]),
        fallback="fallback",
        arbitration=on(),
        aftercare=on(),
        raise_level=on(),
        ask_citizen=on(),
        merge=on(),
        exclude=on(),
        intervene=on(),
        appoint=on(),
        settle_all=on(),
        severity_urges=2,
        severity_complainants=2,
        severity_repeats=1,
        escalate_at=2,
        escalate=chance.choice(list(Escalation)),
    )
