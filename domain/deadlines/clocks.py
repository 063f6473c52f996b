"""Clocks: a due time each, with the escalation policy that applies when it is missed.

A clock is planned once, from the city's rules and calendar (`domain.pack.planning`), and then
recorded with absolute times, so that waiting for it needs no calendar.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.actors import Role
from domain.deadlines.lateness import is_late
from domain.deadlines.registry import ClockName
from domain.model import Instant, Recorded


class Basis(StrEnum):
    """Calendar time, with nights and holidays, or working time by the city's calendar."""

    CALENDAR = "calendar"
    WORKING = "working"


class LevelKind(StrEnum):
    """The escalation levels, lowest first. For the rating they are reminders, see `plan_clock`."""

    WARN = "warn"  # 黄牌
    DUE = "due"  # 红牌
    SUPERVISE = "supervise"  # 督办
    NOTICE = "notice"  # 通报


class EscalationLevel(Recorded):
    """One escalation level. `raises`: reaching it also raises the ticket a level (提级)."""

    kind: LevelKind
    at: Instant
    tells: list[Role] = Field(default_factory=list)
    raises: bool = False


class ClockKey(Recorded):
    """The identity of a clock: of one key, one clock runs at a time."""

    name: ClockName
    assignment: int | None = None
    label: str | None = None


class Clock(Recorded):
    """A limit that runs. Every escalation level fires once: `climbed` counts those that have.

    `assignment` is the number of the assignment the clock belongs to, None for the ticket's own.
    `limit` is the rule as the pack writes it ("2h", "5wd"); `rule_id` is its place in the pack.
    `label` distinguishes clocks of one name (the steps of a category). A paused clock is not
    stopped: on resumption it is replaced by one that is due later. `void_from`: when more time was
    requested, in time, and then granted: levels reached since are void. `reached_in`: versions of
    the events of the levels reached, including those before a pause. A `provisional` clock was
    planned with years whose working calendar is not published: it is planned again when they are.
    `calendar_version`: that of the calendar with which its times were counted, None where none was
    needed; it is planned again, too, when those days change.
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
    rungs: list[EscalationLevel] = Field(default_factory=list)
    climbed: int = 0
    reached_in: list[int] = Field(default_factory=list)
    paused_at: Instant | None = None
    stopped_at: Instant | None = None
    void_from: Instant | None = None
    provisional: bool = False

    @property
    def key(self) -> tuple[ClockName, int | None, str | None]:
        """The clock's identity: of one key, one clock runs at a time."""
        return self.name, self.assignment, self.label

    @property
    def running(self) -> bool:
        """True if it has not been stopped; a paused clock counts as running."""
        return self.stopped_at is None

    @property
    def past_due(self) -> bool:
        """True if its due level was reached."""
        return any(level.kind is LevelKind.DUE for level in self.reached)

    @property
    def reached(self) -> list[EscalationLevel]:
        """The levels that were reached."""
        return self.rungs[: self.climbed]

    @property
    def counting(self) -> list[EscalationLevel]:
        """The levels that were reached and are not void."""
        since = self.void_from
        return [level for level in self.reached if since is None or level.at < since]

    @property
    def next_level(self) -> EscalationLevel | None:
        """The level that fires next, None when stopped, paused or at the last one."""
        if self.stopped_at or self.paused_at or self.climbed >= len(self.rungs):
            return None
        return self.rungs[self.climbed]

    @property
    def last_at(self) -> datetime:
        """The last of its times: when it is due, or its last level after that."""
        return max([self.due_at, *(level.at for level in self.rungs)])

    def stop(self, at: datetime) -> None:
        """Stop the clock if it runs, no earlier than it started.

        The event that stops a clock may be recorded late, with a time before the clock's start.
        """
        if self.running:
            self.stopped_at = max(at, self.started_at)

    def moved(self, at: datetime) -> "Clock":
        """Return the clock resumed at `at`, later by the length of its pause in calendar time."""
        going_on = self.without_void()
        stood = at - (self.paused_at or at)
        levels = [
            level if n < going_on.climbed else level.model_copy(update={"at": level.at + stood})
            for n, level in enumerate(self.rungs)
        ]
        late = self.paused_at is not None and self.due_at <= self.paused_at
        due_at = self.due_at if late else self.due_at + stood
        return going_on.model_copy(update={"rungs": levels, "due_at": due_at, "paused_at": None})

    def without_void(self) -> "Clock":
        """Return the clock without its void levels: they can be reached again, at their time."""
        counting = len(self.counting)
        return self.model_copy(
            update={
                "climbed": counting,
                "reached_in": self.reached_in[:counting],
                "void_from": None,
            }
        )

    def in_time(self, at: datetime) -> bool:
        """Return whether the promise was kept: stopped, or still running, no later than due."""
        return not is_late(self.due_at, self.stopped_at or at)


def emergency_clock(name: ClockName, at: datetime, assignment: int | None = None) -> Clock:
    """Return a clock for when planning failed: one day, then the supervisor is notified.

    A pack that cannot be planned with is a defect; until it is fixed this limit holds.
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
        rungs=[EscalationLevel(kind=LevelKind.DUE, at=due_at, tells=[Role.SUPERVISOR])],
    )
