"""Clocks and their ladders: a promise with a due time, and what happens when it is not kept.

A clock is planned once, from the city's rules and calendar (`domain.pack.planning`), and then
recorded with absolute times. Whoever waits for it needs no calendar.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.actors import Role
from domain.model import Instant, Recorded


class ClockName(StrEnum):
    """Who or what is waited for. The same words are the keys of `[limits]` in city.toml.

    Two have no key: the promise has the limit of the first handling, a hold ends on a day.
    """

    PROMISE = "promise"  # 承诺: when the citizen is to have an answer, whoever works on it
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    SIGN = "sign"
    RETURN_WINDOW = "return_window"  # 退单时限: silence until then makes the unit responsible
    CONTACT = "contact"
    HANDLE = "handle"
    STEP = "step"  # one stage of a category with staged limits, named by the clock's `label`
    MEET = "meet"  # 吹哨: those who were called meet on the spot
    DECIDE = "decide"  # a return, an extension or a hold waits for its decision
    ARBITRATE = "arbitrate"  # returned too often: a meeting decides whose it is
    REVIEW = "review"  # 挂账: a long work's next review
    HOLD = "hold"  # 挂账: the day on which the hold is over
    CITIZEN = "citizen"  # the unit asked the citizen something
    VERIFY = "verify"  # 核查, before filing or before closing
    ORDER = "order"  # 督办: a supervisor's order waits for the unit's answer
    APPOINTMENT = "appointment"  # a service was promised for then
    FEEDBACK = "feedback"
    RATE = "rate"
    CALL_BACK = "call_back"
    SUPERVISE = "supervise"
    REVISIT = "revisit"  # 回头看: a look whether it held is due
    AFTERCARE = "aftercare"  # how long a closed ticket can be reopened, and its rating contested


UNIT_CLOCKS = (ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE)
"""The clocks whose warning is a yellow card for the unit, and whose due a red one."""


class Basis(StrEnum):
    """Calendar time runs through nights and holidays; working time by the city's calendar."""

    CALENDAR = "calendar"
    WORKING = "working"


class RungKind(StrEnum):
    """The rungs of the ladder, lowest first. For the rating they are reminders, see `RATE`."""

    WARN = "warn"  # 黄牌
    DUE = "due"  # 红牌
    SUPERVISE = "supervise"  # 督办
    NOTICE = "notice"  # 通报


class Rung(Recorded):
    """`raises`: the ticket is also raised a level (提级) when this rung is reached."""

    kind: RungKind
    at: Instant
    tells: list[Role] = Field(default_factory=list)
    raises: bool = False


class Clock(Recorded):
    """One promise. Every rung fires once: `climbed` counts those that have.

    `assignment` is the number of the assignment the clock belongs to, None for the ticket's own.
    `limit` is the rule as the pack writes it ("2h", "5wd"); `rule_id` is where it stands there.
    `label` tells clocks of one name apart (the steps of a category). A paused clock neither runs
    nor has stopped: it is replaced, due later, when it is resumed. `void_from`: more time was asked
    for then, in time, and granted: a rung reached since counts for nothing. `reached_in`: versions
    of the events of the rungs that were reached, those of before the clock stood still included.
    A `provisional` clock was planned with years whose working calendar is not published: it is
    planned again when they are.
    """

    name: ClockName
    assignment: int | None = None
    label: str | None = None
    rule_id: str
    limit: str
    basis: Basis
    calendar_version: str | None = None
    started_at: Instant
    due_at: Instant
    rungs: list[Rung] = Field(default_factory=list)
    climbed: int = 0
    reached_in: list[int] = Field(default_factory=list)
    paused_at: Instant | None = None
    stopped_at: Instant | None = None
    void_from: Instant | None = None
    provisional: bool = False

    @property
    def key(self) -> tuple[ClockName, int | None, str | None]:
        """What tells it apart: of one key, one clock runs at a time."""
        return self.name, self.assignment, self.label

    @property
    def running(self) -> bool:
        """Not stopped; a paused clock still counts as running."""
        return self.stopped_at is None

    @property
    def past_due(self) -> bool:
        """Whether its due rung was reached."""
        return any(rung.kind is RungKind.DUE for rung in self.rungs[: self.climbed])

    @property
    def counting(self) -> list[Rung]:
        """The rungs that were reached, and count."""
        reached = self.rungs[: self.climbed]
        return [rung for rung in reached if self.void_from is None or rung.at < self.void_from]

    @property
    def next_rung(self) -> Rung | None:
        """The rung that fires next, None when stopped, paused or at the top."""
        if self.stopped_at or self.paused_at or self.climbed >= len(self.rungs):
            return None
        return self.rungs[self.climbed]

    def stop(self, at: datetime) -> None:
        """Stop it, if it runs: no earlier than it started.

        What stops a clock may be recorded late, and may have come before what started it.
        """
        if self.running:
            self.stopped_at = max(at, self.started_at)

    def moved(self, at: datetime) -> "Clock":
        """The clock as it goes on at `at`, later by as long as it stood; in calendar time."""
        going_on = self.without_void()
        stood = at - (self.paused_at or at)
        rungs = [
            rung if n < going_on.climbed else rung.model_copy(update={"at": rung.at + stood})
            for n, rung in enumerate(self.rungs)
        ]
        late = self.paused_at is not None and self.due_at <= self.paused_at
        due_at = self.due_at if late else self.due_at + stood
        return going_on.model_copy(update={"rungs": rungs, "due_at": due_at, "paused_at": None})

    def without_void(self) -> "Clock":
        """The clock before the rungs that became void: they can be reached again, at their time."""
        counting = len(self.counting)
        return self.model_copy(
            update={
                "climbed": counting,
                "reached_in": self.reached_in[:counting],
                "void_from": None,
            }
        )

    def kept(self, at: datetime) -> bool:
        """Whether the promise was kept: stopped, or still running, no later than due."""
        return (self.stopped_at or at) <= self.due_at


def cards_shown(clocks: Iterable[Clock], kind: RungKind) -> set[int]:
    """The versions of the events by which units got a card of that kind.

    A clock that stood still is there twice, with the rungs that it had reached before: they count
    once.
    """
    return {
        version
        for clock in clocks
        if clock.name in UNIT_CLOCKS
        for rung, version in zip(clock.rungs, clock.reached_in, strict=False)
        if rung.kind is kind
    }


def emergency_clock(name: ClockName, at: datetime, assignment: int | None = None) -> Clock:
    """A clock for when no plan could be made: one day, then the supervisor is told.

    A pack that cannot be planned with is a defect; the promise is kept an eye on meanwhile.
    """
    due_at = at + timedelta(days=1)
    return Clock(
        name=name,
        assignment=assignment,
        rule_id="no plan",
        limit="1d",
        basis=Basis.CALENDAR,
        started_at=at,
        due_at=due_at,
        rungs=[Rung(kind=RungKind.DUE, at=due_at, tells=[Role.SUPERVISOR])],
    )
