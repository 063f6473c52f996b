"""A check of promises and cards against every event of a ticket.

The citizen's promise is never lost, shortened, or renewed without a reason. No escalation level
comes before its time, or twice. No unit is carded while a pause covers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.deadlines.clocks import Basis, Clock, LevelKind
from domain.deadlines.registry import PAUSABLE, ClockName
from domain.events import Event
from domain.facts.anytime import LevelReached
from domain.facts.intake import Reclassified
from domain.policy.record import record
from domain.ticket.assignment import Share
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

ANSWERS = {"replied", "replied_with_parent"}
"""The answers that end the promise until the next assignment."""

MOVES = {
    "extension_granted",
    "extended_with_parent",
    "resumed",
    "resumed_with_parent",
    "replanned",
    "reclassified",
}
"""Events that may move the day that the citizen was promised."""

TAKE_BACK = {
    "held",
    "held_with_parent",
    "asked_with_parent",
    "extension_granted",
    "extended_with_parent",
}
"""Events that may void cards that were shown while they were decided."""

_SETTLED = {Stage.RATE, Stage.SUPERVISE, Stage.AFTERCARE, Stage.ENDED}


@dataclass
class _Shown:
    """The levels of one promise that were reached, across the clocks that replaced each other."""

    kinds: set[LevelKind] = field(default_factory=set)


@dataclass(frozen=True)
class _Seen:
    """A clock and its state after the last event."""

    clock: Clock
    due_at: datetime
    climbed: int
    running: bool
    paused_at: datetime | None
    shown: _Shown

    @property
    def key(self) -> tuple[object, ...]:
        clock = self.clock
        return clock.name, clock.assignment, clock.label, clock.started_at


@dataclass
class Promises:
    """A watcher of one ticket from its beginning, for lifecycles with a promise of their own.

    `missed`: levels whose time came, and that were not reached before their clock was stopped.
    They are allowed in a test that only counts time, and not in one in which time runs.
    """

    owed: bool = False
    missed: list[str] = field(default_factory=list)
    reached: set[tuple[ClockName, LevelKind]] = field(default_factory=set)
    _seen: dict[int, _Seen] = field(default_factory=dict)

    def see(self, event: Event, ticket: Ticket) -> None:
        """Fail if `event`, which has just changed `ticket`, broke a promise."""
        before = self._seen
        if isinstance(event.fact, LevelReached):
            self._see_level(event.fact, event.at, ticket)
        self._seen = {id(clock): self._look(event, clock, ticket) for clock in ticket.clocks}
        for seen in before.values():
            self._look_back(seen)
        if ticket.lifecycle:
            self._see_promise(event, ticket, before)

    # --- the citizen's promise ----------------------------------------------------------------

    def _see_promise(self, event: Event, ticket: Ticket, before: dict[int, _Seen]) -> None:
        was_owed = self.owed
        if event.kind in ("assigned", "merged") or (event.kind == "carried_on" and ticket.promised):
            self.owed = True
        elif event.kind in ANSWERS or ticket.stage in _SETTLED:
            self.owed = False
        after = [s for s in self._seen.values() if s.clock.name is ClockName.PROMISE and s.running]
        assert len(after) <= 1, "two days are promised"
        assert bool(after) or not self.owed, f"the promise is lost: {event.kind}"
        assert not (after and ticket.stage in _SETTLED), f"promised after the answer: {event.kind}"
        [*ran] = [s for s in before.values() if s.clock.name is ClockName.PROMISE and s.running]
        if was_owed and self.owed and ran and after:
            if _sooner_at_first(event, ticket, ran[0], after[0]):
                return
            _check_moved(event, ran[0], after[0])

    # --- escalation levels ----------------------------------------------------------------------

    def _see_level(self, fact: LevelReached, at: datetime, ticket: Ticket) -> None:
        climbed = [seen for seen in self._seen.values() if seen.clock.climbed != seen.climbed]
        what = f"{fact.clock} {fact.label or ''} {fact.rung}"
        assert len(climbed) == 1, f"{what}: of {len(climbed)} clocks"
        [seen] = climbed
        clock = seen.clock
        assert (clock.name, clock.assignment, clock.label) == (
            fact.clock,
            fact.assignment,
            fact.label,
        )
        assert clock.climbed == seen.climbed + 1, what
        level = clock.rungs[seen.climbed]
        assert (level.kind, seen.due_at) == (fact.rung, fact.due_at), what
        assert at >= level.at, f"{what} before its time"
        assert seen.running, f"{what} of a clock that has stopped"
        assert seen.paused_at is None, f"{what} of a clock that stands still"
        assert level.kind not in seen.shown.kinds, f"{what} twice"
        seen.shown.kinds.add(level.kind)
        self.reached.add((clock.name, level.kind))
        if ticket.lifecycle:
            assert not _covered(clock, ticket), f"{what} while somebody is waited for"

    def _look(self, event: Event, clock: Clock, ticket: Ticket) -> _Seen:
        known = self._seen.get(id(clock))
        shown = known.shown if known else self._follows(event, clock, ticket)
        if event.kind in TAKE_BACK and known and clock.void_from is not None:
            # A card that was taken back may be shown once more, when the time is really over.
            void = [r for r in clock.rungs[: known.climbed] if r.at >= clock.void_from]
            shown.kinds -= {level.kind for level in void}
        return _Seen(clock, clock.due_at, clock.climbed, clock.running, clock.paused_at, shown)

    def _follows(self, event: Event, clock: Clock, ticket: Ticket) -> _Shown:
        """Return the levels shown by the clock that a new clock replaces, or none."""
        key = (clock.name, clock.assignment, clock.label, clock.started_at)
        going = {id(each) for each in ticket.clocks if each.running}
        replaced = [s for s in self._seen.values() if s.running and s.key == key]
        if not replaced or id(replaced[0].clock) in going:
            return _Shown()
        if clock.limit == replaced[0].clock.limit:
            return replaced[0].shown
        # The clock is paused: its levels are not reached before it resumes.
        since = clock.paused_at or event.at
        past = {level.kind for level in clock.rungs[clock.climbed :] if level.at <= since}
        again = ticket.lifecycle and past & replaced[0].shown.kinds
        assert not again, f"{clock.name}: shown again by {event.kind}"
        return _Shown()

    def _look_back(self, before: _Seen) -> None:
        """Note the levels that a stopped clock had missed."""
        clock = before.clock
        if not before.running or clock.running or clock.stopped_at is None:
            return
        until = before.paused_at or clock.stopped_at
        self.missed += [
            f"{clock.name} {clock.label or ''} {level.kind} at {level.at}"
            for level in clock.rungs[clock.climbed :]
            if level.at + timedelta(seconds=2) < until
        ]


def _sooner_at_first(event: Event, ticket: Ticket, before: _Seen, after: _Seen) -> bool:
    """Return whether the first unit brings an earlier day than a merge had promised."""
    leads = [each for each in ticket.assignments if each.share is Share.LEAD]
    first = event.kind == "assigned" and len(leads) == 1
    return first and after.due_at < before.due_at


def _check_moved(event: Event, before: _Seen, after: _Seen) -> None:
    """Fail if the promised day moved without a reason."""
    old, new = before.clock, after.clock
    assert new.started_at == old.started_at, f"the promise is renewed: {event.kind}"
    moved = after.due_at - before.due_at
    # A published calendar may have more working days than expected, and another category a
    # shorter limit: the answer is due earlier.
    sooner = event.kind in ("replanned", "reclassified")
    assert sooner or moved >= timedelta(0), f"the promise is shortened by {-moved}: {event.kind}"
    assert not moved or event.kind in MOVES, f"the promise is moved: {event.kind}"
    if isinstance(event.fact, Reclassified) and moved > timedelta(0):
        assert event.fact.longer, "a later day is promised, and nobody confirmed it"
        assert event.fact.answer_was == before.due_at, "the citizen is not told what was said"
    if event.kind in ("extension_granted", "extended_with_parent") and moved:
        assert new.limit.startswith(f"{old.limit}+"), "extended by nobody knows what"
    if event.kind in ("resumed", "resumed_with_parent") and moved:
        assert before.paused_at is not None, "it goes on, and never stood still"
        if old.basis is Basis.CALENDAR:
            stood = max(event.at - before.paused_at, timedelta(0))
            assert moved == stood, f"it stood still for {stood}, and moved by {moved}"


def _covered(clock: Clock, ticket: Ticket) -> bool:
    """Return whether a pause covers a clock: its unit's own, or that of a unit above."""
    if clock.name is ClockName.PROMISE and ticket.parent_pause is not None:
        return True
    if clock.name is ClockName.PROMISE:
        return any(a.pause is not None for a in ticket.opened if a.share is Share.LEAD)
    if clock.name not in PAUSABLE or clock.assignment is None:
        return False
    lead = ticket.lead
    if lead is not None and lead.open and lead.pause is not None:
        return True
    above: int | None = clock.assignment
    while above is not None:
        share = next((each for each in ticket.assignments if each.n == above), None)
        if share is None:
            return False
        if share.open and share.pause is not None:
            return True
        above = share.of
    return False


def check_told_again(events: Sequence[Event], ticket: Ticket) -> Promises:
    """Replay a ticket's events from its complaint, and check the promises."""
    again, promises = Ticket.of(ticket.complaint), Promises()
    for event in events:
        assert record(again, event.fact, event.actor, event.at) == event
        promises.see(event, again)
    assert again == ticket
    return promises
