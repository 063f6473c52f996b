"""Clocks and their ladders: a promise with a due time, and what happens when it is not kept.

A clock is planned once, from the city's rules and calendar (`domain.planning`), and then
recorded with absolute times. Whoever waits for it needs no calendar.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.actors import Role
from domain.model import Instant, Recorded


class ClockName(StrEnum):
    """Who or what is waited for. The same words are the keys of `[limits]` in city.toml."""

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
    nor has stopped: it is replaced, due later, when it is resumed. A `provisional` clock was
    planned with years whose working calendar is not published: it is planned again when they are.
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
    paused_at: Instant | None = None
    stopped_at: Instant | None = None
    provisional: bool = False

    @property
    def running(self) -> bool:
        """Not stopped; a paused clock still counts as running."""
        return self.stopped_at is None

    @property
    def past_due(self) -> bool:
        """Whether its due rung was reached."""
        return any(rung.kind is RungKind.DUE for rung in self.rungs[: self.climbed])

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

    def kept(self, at: datetime) -> bool:
        """Whether the promise was kept: stopped, or still running, no later than due."""
        return (self.stopped_at or at) <= self.due_at
