"""Lives of tickets, told row by row of the table: whatever may happen, happens by chance."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TypeVar

from domain.actors import Actor, Role
from domain.assignment import Assignment, Given, HandlingResult, Share
from domain.clocks import Clock, ClockName
from domain.events import Event, Fact
from domain.limits import Limit
from domain.planning import extend_clock, resume_clock
from domain.rating import Rating
from domain.recording import record
from domain.rules import ReworkTo, Rules
from domain.ticket import Ticket
from tests.domain.planned import TONGZHOU
from tests.store.stories import START, clock, complaint

ACTOR = {role: Actor(role=role, unit="u") for role in Role}
T = TypeVar("T")


class Life:
    """One ticket, and chance: it says what happens next, and when."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.at = START
        self.ticket = Ticket.of(complaint())
        self.events: list[Event] = []
        self.rules = Rules(
            pack="p",
            pack_version="1",
            reworks=1,
            call_backs=2,
            rework_to=self.chance.choice(list(ReworkTo)),
            arbitration=True,
            aftercare=self.likely(0.5),
        )

    def happen(self, fact: Fact, role: Role) -> None:
        self.events.append(record(self.ticket, fact, ACTOR[role], self.at))

    def likely(self, share: float) -> bool:
        return self.chance.random() < share

    def one(self, of: Sequence[T]) -> T | None:
        """One of them by chance; None where there is none."""
        return self.chance.choice(of) if of else None

    # --- what facts are made of ---------------------------------------------------------------

    def clock(self, name: ClockName, n: int | None = None, label: str | None = None) -> Clock:
        hours = self.chance.choice([0.5, 3, 40])
        return clock(name, self.at, hours, n).model_copy(update={"label": label})

    def clocks(self, *names: ClockName, n: int | None = None) -> list[Clock]:
        return [self.clock(name, n) for name in names]

    def given(self, *names: ClockName) -> Given:
        """A share of a unit that nobody had yet."""
        n = len(self.ticket.assignments) + 1
        return Given(
            assignment=n,
            unit=f"unit-{n}",
            queue="units",
            why="chance",
            above=self.one([None, "above"]),
            clocks=self.clocks(*names, n=n),
        )

    def extended(self, n: int) -> list[Clock]:
        return [extend_clock(TONGZHOU, self.ticket.running(ClockName.HANDLE, n), Limit.parse("1d"))]

    def resumed(self, n: int) -> list[Clock]:
        return [
            resume_clock(TONGZHOU, clock, clock.paused_at or self.at, self.at)
            for clock in self.ticket.paused(n)
        ]

    def result(self, *, resolved: bool = True) -> HandlingResult:
        return HandlingResult(reply="done", resolved=resolved)

    def rating(self) -> Rating:
        grade, resolved = self.chance.randint(1, 5), self.likely(0.7)
        return Rating.model_validate({"grade": grade, "resolved": resolved})

    # --- whom a fact can be about ---------------------------------------------------------------

    def some(self, *shares: Share) -> Assignment | None:
        """One of the open assignments of those kinds."""
        return self.one([each for each in self.ticket.opened if each.share in shares])

    def lead(self, asked: str | None = None) -> Assignment | None:
        """The lead's assignment, where it is open and waits for that decision, or for none."""
        lead = self.ticket.lead
        waits_for = lead.asked.what if lead and lead.asked else None
        return lead if lead is not None and lead.open and waits_for == asked else None

    def asker(self, asked: str) -> Assignment | None:
        opened = self.ticket.opened
        return self.one([each for each in opened if each.asked and each.asked.what == asked])

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

    def pass_time(self) -> None:
        self.at += timedelta(minutes=self.chance.randint(0, 90))
