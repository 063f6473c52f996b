"""Scenarios of tickets as projections, which tests of the store write and read."""

from datetime import UTC, datetime, timedelta

from domain.activity_io import Projection
from domain.actors import SYSTEM, Actor, Role
from domain.deadlines.clocks import Basis, Clock, EscalationLevel, LevelKind
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.anytime import LevelReached
from domain.facts.closing import Closed, Rated, Replied
from domain.facts.handling import Contacted, Handled, Signed
from domain.facts.intake import Accepted, Answered, Assigned, Classified
from domain.policy.record import record, with_rounds
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import Channel, Complaint, Kind
from domain.ticket.rating import Grade, Rating
from domain.ticket.rules_snapshot import Rules
from domain.ticket.stages import Outcome
from domain.ticket.ticket import LIFECYCLE, Ticket
from store.db.engine import Store
from store.tickets.numbers import new_number
from store.tickets.projector import Projector

START = datetime(2024, 11, 20, 1, 0, tzinfo=UTC)
CITIZEN = Actor(role=Role.CITIZEN)
DISPATCHER = Actor(role=Role.DISPATCHER, id="dispatcher-1")
DESK = Actor(role=Role.DESK, id="desk-1")


def complaint(
    number: str = "", *, city: str = "demo", title: str = "", **more: object
) -> Complaint:
    """Return a complaint about a street lamp."""
    return Complaint.model_validate(
        {
            "number": number or new_number(START.date()),
            "city": city,
            "channel": Channel.WEB,
            "title": title,
            "text": "The street lamp at the gate is dark.\nIt has been for a week.",
            "filed_at": START,
        }
        | more
    )


def clock(name: ClockName, at: datetime, hours: float, assignment: int | None = None) -> Clock:
    """Return a clock with a yellow card at half time and a red one when due."""
    due = at + timedelta(hours=hours)
    return Clock(
        name=name,
        assignment=assignment,
        rule_id="test",
        limit=f"{hours}h",
        basis=Basis.CALENDAR,
        started_at=at,
        due_at=due,
        rungs=[
            EscalationLevel(kind=LevelKind.WARN, at=at + (due - at) / 2, tells=[Role.OFFICER]),
            EscalationLevel(kind=LevelKind.DUE, at=due, tells=[Role.OFFICER, Role.SUPERVISOR]),
        ],
    )


class Story:
    """The history of one ticket; each method returns the projection the workflow would send.

    `lifecycle`: with the first, there is no clock of the citizen's promise. `rounds`: events begin
    rounds; false for those of versions that knew none.
    """

    rounds = True

    def __init__(self, filed: Complaint | None = None, lifecycle: int = LIFECYCLE) -> None:
        self.ticket = Ticket.of(filed or complaint())
        self.lifecycle = lifecycle
        self.number = self.ticket.complaint.number
        self.at = self.ticket.complaint.filed_at
        self.projection_number = 3

    def tell(self, *facts: Fact, by: Actor = SYSTEM, minutes: float = 1) -> Projection:
        self.at += timedelta(minutes=minutes)
        events = [record(self.ticket, self._of_version(fact), by, self.at) for fact in facts]
        self.projection_number += 5
        ticket = self.ticket.model_copy(deep=True)
        return Projection(ticket=ticket, events=events, told=self.projection_number)

    def _of_version(self, fact: Fact) -> Fact:
        return with_rounds(self.ticket, fact) if self.rounds else fact

    def accepted(self) -> Projection:
        rules = Rules.model_validate({"pack": "demo", "pack_version": "1"})
        triage = [clock(ClockName.TRIAGE, self.at, 1)]
        return self.tell(Accepted(rules=rules, lifecycle=self.lifecycle, clocks=triage))

    def classified(self, category: str = "lamp") -> Projection:
        return self.tell(Classified(category=category, tier="normal", why="the text says lamp"))

    def reclassified(self, kind: str) -> Projection:
        """Return what a dispatcher's triage tells who gives the complaint another kind."""
        told = Classified(category="lamp", tier="normal", complaint_kind=Kind(kind), why="by hand")
        return self.tell(told)

    def assigned(self, unit: str = "U1", hours: float = 48) -> Projection:
        n = self.ticket.assignment_count + 1
        clocks = [clock(ClockName.SIGN, self.at, 2, n), clock(ClockName.HANDLE, self.at, hours, n)]
        clocks += self.promise(hours)
        return self.tell(
            Assigned(assignment=n, unit=unit, queue="units", why="street lamps", clocks=clocks)
        )

    def promise(self, hours: float) -> list[Clock]:
        """Return a clock of the citizen's promise, if there is none yet."""
        if not self.lifecycle or self.ticket.promised:
            return []
        return [clock(ClockName.PROMISE, self.at, hours)]

    @property
    def officer(self) -> Actor:
        return Actor(role=Role.OFFICER, id="officer-1", unit=self.ticket.unit)

    def climbed(self, name: ClockName, kind: LevelKind) -> Projection:
        n = self.ticket.assignment_count or None
        due = self.ticket.running(name, n).due_at
        unit = self.ticket.unit
        return self.tell(LevelReached(clock=name, assignment=n, rung=kind, due_at=due, unit=unit))

    def signed(self) -> Projection:
        return self.tell(Signed(assignment=self.ticket.assignment_count), by=self.officer)

    def contacted(self) -> Projection:
        return self.tell(Contacted(assignment=self.ticket.assignment_count), by=self.officer)

    def handled(self) -> Projection:
        result = HandlingResult(reply="The lamp has been replaced.", resolved=True)
        n = self.ticket.assignment_count
        return self.tell(Handled(assignment=n, result=result), by=self.officer)

    def replied(self) -> Projection:
        return self.tell(Replied(text="The lamp has been replaced.", resolved=True))

    def rated(
        self, grade: int = 5, *, resolved: bool = True, contacted: bool | None = True
    ) -> Projection:
        rating = Rating(contacted=contacted, resolved=resolved, grade=Grade(grade))
        return self.tell(Rated(rating=rating), by=CITIZEN)

    def closed(self) -> Projection:
        return self.tell(Closed(outcome=Outcome.CLOSED, reason="rated"))

    def unrated(self) -> Projection:
        return self.tell(Closed(outcome=Outcome.UNRATED, reason="not_reached"))

    def answered(self) -> Projection:
        return self.tell(Answered(text="The lamp is on a timer."), by=DESK)

    def until_replied(self) -> list[Projection]:
        return [
            self.accepted(),
            self.classified(),
            self.assigned(),
            self.signed(),
            self.contacted(),
            self.handled(),
            self.replied(),
        ]

    def whole(self) -> list[Projection]:
        """Return the nine projections from acceptance to a rating that closes it."""
        return [*self.until_replied(), self.rated(), self.closed()]


async def project(store: Store, *lives: list[Projection]) -> None:
    """Write the projections of each ticket, in their order."""
    projector = Projector(store)
    for life in lives:
        for projection in life:
            await projector.project(projection)
    await projector.close()
