"""Random lives of tickets, row by row of the table: whatever happens, it stays in order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actors import Actor, Role
from domain.assignment import Assignment, HandlingResult
from domain.clocks import Basis, Clock, ClockName, Rung, RungKind
from domain.decisions import verdict
from domain.events import Event, Fact
from domain.facts.anytime import FactsAdded, RungClimbed, Urged, Withdrawn
from domain.facts.base import FactBase
from domain.facts.closing import (
    CallBackDue,
    CalledBack,
    Closed,
    FinalReplied,
    Rated,
    RatingRefused,
    Replied,
    Reworked,
    Supervised,
)
from domain.facts.handling import (
    Contacted,
    ExtensionAsked,
    ExtensionGranted,
    ExtensionRefused,
    Handled,
    HandlingFailed,
    Signed,
)
from domain.facts.intake import (
    Accepted,
    Answered,
    Assigned,
    Classified,
    Declined,
    Reassigned,
    Referred,
    TriageUnsure,
)
from domain.facts.returning import ReturnAsked, Returned, ReturnRefused
from domain.lifecycle import TABLE, Row
from domain.rating import Rating
from domain.recording import record
from domain.rules import Rules
from domain.stages import Outcome, Stage
from domain.ticket import Ticket
from tests.store.stories import START, complaint

STEPS = 40
RARE = {Withdrawn, Answered, Declined, Referred, FactsAdded, Urged, RatingRefused}
ACTOR = {role: Actor(role=role, unit="u") for role in Role}


def _clock(name: ClockName, at: datetime, n: int | None = None) -> list[Clock]:
    due = at + timedelta(hours=3)
    return [
        Clock(
            name=name,
            assignment=n,
            rule_id="r",
            limit="3h",
            basis=Basis.CALENDAR,
            started_at=at,
            due_at=due,
            rungs=[Rung(kind=RungKind.WARN, at=at), Rung(kind=RungKind.DUE, at=due)],
        )
    ]


class Life:
    """One ticket, and chance."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.at = START
        self.ticket = Ticket.of(complaint())
        self.events: list[Event] = []

    def step(self) -> bool:
        """Let something happen that may; False when nothing can."""
        rows = [row for row in TABLE if self.ticket.stage in row.since and self._fits(row)]
        if not rows:
            return False
        weights = [1 if row.fact in RARE else 8 for row in rows]
        [row] = self.chance.choices(rows, weights)
        self.at += timedelta(minutes=self.chance.randint(0, 90))
        actor = ACTOR[self.chance.choice(sorted(row.by))]
        self.events.append(record(self.ticket, self._fact(row.fact), actor, self.at))
        return True

    def _fits(self, row: Row) -> bool:
        """What the decisions see to, besides the table."""
        asked = self._current().asked if self.ticket.current else None
        needs: dict[type[FactBase], bool] = {
            ReturnAsked: asked is None,
            ExtensionAsked: asked is None,
            Returned: asked is not None and asked.what == "return",
            ReturnRefused: asked is not None and asked.what == "return",
            ExtensionGranted: asked is not None and asked.what == "extension",
            ExtensionRefused: asked is not None and asked.what == "extension",
            RungClimbed: self.ticket.next_rung() is not None,
            Rated: self.ticket.rating is None,
            Reworked: isinstance(verdict(self.ticket), Reworked),
            Supervised: isinstance(verdict(self.ticket), Supervised),
            Closed: isinstance(verdict(self.ticket), Closed),
            CallBackDue: self.ticket.rating is None and not self.ticket.call_back_due,
        }
        return needs.get(row.fact, True)

    def _current(self) -> Assignment:
        assert self.ticket.current is not None
        return self.ticket.current

    def _fact(self, cls: type[FactBase]) -> Fact:
        return _MAKERS[cls](self)

    def clock(self, name: ClockName, n: int | None = None) -> list[Clock]:
        return _clock(name, self.at, n)

    @property
    def n(self) -> int:
        return self._current().n

    def rating(self) -> Rating:
        grade, resolved = self.chance.randint(1, 5), self.chance.random() < 0.7
        return Rating.model_validate({"grade": grade, "resolved": resolved})

    def rung(self) -> RungClimbed:
        following = self.ticket.next_rung()
        assert following is not None
        clock, rung = following
        self.at = max(self.at, rung.at)
        return RungClimbed(
            clock=clock.name, assignment=clock.assignment, rung=rung.kind, due_at=clock.due_at
        )

    def closed(self) -> Closed:
        decided = verdict(self.ticket)
        assert isinstance(decided, Closed)
        return decided


def _assigned(life: Life) -> Assigned:
    n = len(life.ticket.assignments) + 1
    names = (ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE)
    clocks = [clock for name in names for clock in life.clock(name, n)]
    return Assigned(assignment=n, unit=f"unit-{n}", queue="units", why="chance", clocks=clocks)


_RULES = Rules(pack="p", pack_version="1", reworks=1, call_backs=2)
_MAKERS: dict[type[FactBase], Callable[[Life], Fact]] = {
    Accepted: lambda life: Accepted(rules=_RULES, clocks=life.clock(ClockName.TRIAGE)),
    TriageUnsure: lambda life: TriageUnsure(why="chance"),
    Classified: lambda life: Classified(
        category="1", tier="t", why="chance", clocks=life.clock(ClockName.DISPATCH)
    ),
    Answered: lambda life: Answered(text="a"),
    Declined: lambda life: Declined(reason="r", text="a"),
    Referred: lambda life: Referred(reason="r", text="a"),
    Assigned: _assigned,
    Reassigned: lambda life: Reassigned(
        assignment=life.n if life.ticket.current else None,
        unit="other",
        reason="r",
        clocks=[] if life.ticket.stage is Stage.DISPATCH else life.clock(ClockName.DISPATCH),
    ),
    Signed: lambda life: Signed(assignment=life.n),
    Contacted: lambda life: Contacted(assignment=life.n, reached=life.chance.random() < 0.5),
    ReturnAsked: lambda life: ReturnAsked(
        assignment=life.n, ground="g", reason="r", clocks=life.clock(ClockName.DECIDE, life.n)
    ),
    Returned: lambda life: Returned(
        assignment=life.n, reason="r", clocks=life.clock(ClockName.DISPATCH)
    ),
    ReturnRefused: lambda life: ReturnRefused(assignment=life.n, reason="r"),
    ExtensionAsked: lambda life: ExtensionAsked(
        assignment=life.n, by="1d", reason="r", clocks=life.clock(ClockName.DECIDE, life.n)
    ),
    ExtensionGranted: lambda life: ExtensionGranted(
        assignment=life.n, reason="r", clocks=life.clock(ClockName.HANDLE, life.n)
    ),
    ExtensionRefused: lambda life: ExtensionRefused(assignment=life.n, reason="r"),
    Handled: lambda life: Handled(assignment=life.n, result=HandlingResult(reply="done")),
    HandlingFailed: lambda life: HandlingFailed(
        assignment=life.n, code="c", clocks=life.clock(ClockName.DISPATCH)
    ),
    Replied: lambda life: Replied(text="t", resolved=True, clocks=life.clock(ClockName.RATE)),
    Rated: lambda life: Rated(rating=life.rating()),
    RatingRefused: lambda life: RatingRefused(code="not_now", rating=life.rating()),
    CallBackDue: lambda life: CallBackDue(clocks=life.clock(ClockName.CALL_BACK)),
    CalledBack: lambda life: CalledBack(reached=False),
    Reworked: lambda life: Reworked(
        round=life.ticket.reworks + 1, reason="r", clocks=life.clock(ClockName.DISPATCH)
    ),
    Supervised: lambda life: Supervised(reason="r", clocks=life.clock(ClockName.SUPERVISE)),
    FinalReplied: lambda life: FinalReplied(text="t"),
    Closed: Life.closed,
    FactsAdded: lambda life: FactsAdded(text="t"),
    Urged: lambda life: Urged(),
    Withdrawn: lambda life: Withdrawn(),
    RungClimbed: Life.rung,
}


def _check(life: Life) -> None:
    ticket = life.ticket
    assert ticket.version == len(life.events)
    assert [event.version for event in life.events] == list(range(1, ticket.version + 1))
    assert (ticket.stage is Stage.ENDED) == (ticket.outcome is not None)
    opened = [assignment for assignment in ticket.assignments if assignment.open]
    assert len(opened) == (1 if ticket.stage is Stage.HANDLE else 0)
    running = [(clock.name, clock.assignment) for clock in ticket.clocks if clock.running]
    assert len(running) == len(set(running)), "a clock runs twice"
    for clock in ticket.clocks:
        assert 0 <= clock.climbed <= len(clock.rungs)
        assert clock.stopped_at is None or clock.stopped_at >= clock.started_at
    if ticket.stage is Stage.ENDED:
        assert not running
    elif ticket.stage is not Stage.FEEDBACK and verdict(ticket) is None:  # somebody is waited for
        assert running, f"nothing watches over a ticket at {ticket.stage}"


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_the_ticket_stays_in_order(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        if not life.step():
            break
        _check(life)
    assert life.ticket.stage is Stage.ENDED or life.step(), "stuck"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_the_events_alone_give_the_same_ticket_again(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    told = [Event.model_validate_json(event.model_dump_json()) for event in life.events]
    again = Ticket.of(life.ticket.complaint)
    for event in told:
        assert record(again, event.fact, event.actor, event.at) == event
    assert again == life.ticket


def test_every_row_of_the_table_is_lived() -> None:
    lived: set[type[FactBase]] = set()
    outcomes: set[Outcome | None] = set()
    for seed in range(400):
        life = Life(seed)
        while len(life.events) < STEPS and life.step():
            lived.add(type(life.events[-1].fact))
        outcomes.add(life.ticket.outcome)
    assert lived == {row.fact for row in TABLE}
    assert outcomes >= set(Outcome)
