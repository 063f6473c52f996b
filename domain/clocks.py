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
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    SIGN = "sign"
    CONTACT = "contact"
    HANDLE = "handle"
    DECIDE = "decide"  # a return or an extension waits for its decision
    FEEDBACK = "feedback"
    RATE = "rate"
    CALL_BACK = "call_back"
    SUPERVISE = "supervise"


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
    kind: RungKind
    at: Instant
    tells: list[Role] = Field(default_factory=list)


class Clock(Recorded):
    """One promise. Every rung fires once: `climbed` counts those that have.

    `assignment` is the number of the assignment the clock belongs to, None for the ticket's own.
    `limit` is the rule as the pack writes it ("2h", "5wd"); `rule_id` is where it stands there.
    """

    name: ClockName
    assignment: int | None = None
    rule_id: str
    limit: str
    basis: Basis
    calendar_version: str | None = None
    started_at: Instant
    due_at: Instant
    rungs: list[Rung] = Field(default_factory=list)
    climbed: int = 0
    stopped_at: Instant | None = None

    @property
    def running(self) -> bool:
        return self.stopped_at is None

    @property
    def next_rung(self) -> Rung | None:
        """The rung that fires next, None when stopped or at the top."""
        if self.stopped_at is not None or self.climbed >= len(self.rungs):
            return None
        return self.rungs[self.climbed]

    def kept(self, at: datetime) -> bool:
        """Whether the promise was kept: stopped, or still running, no later than due."""
        return (self.stopped_at or at) <= self.due_at
