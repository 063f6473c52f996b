"""A small population of tickets, with every event that a pack's rules evaluate."""

from collections.abc import Callable

from domain.activity_io import Projection
from domain.actors import Actor, Role
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import ClockName
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    returning,
    supervising,
    verifying,
    waiting,
)
from domain.policy.work_queues import Queue
from domain.ticket.assignment import AssignmentPlan, HandlingResult
from domain.ticket.complaint import Channel, Kind, Place
from domain.ticket.minutes import Meeting, Minutes
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome
from tests.store.stories import CITIZEN, DISPATCHER, START, Story, clock, complaint

SUPERVISOR = Actor(role=Role.SUPERVISOR, id="supervisor-1")
AREA = "110112003"
QUEUED = 1
"""Hours until queued work should be done, as those of `Story.accepted`."""


class Busy(Story):
    """A story in which more than one unit takes part."""

    def given(
        self, unit: str, *names: ClockName, hours: float = 8, above: str = ""
    ) -> AssignmentPlan:
        """Return the next share, for `unit`, with these clocks."""
        n = self.ticket.assignment_count + 1
        clocks = [clock(name, self.at, hours, n) for name in names]
        return AssignmentPlan(
            assignment=n,
            unit=unit,
            queue="units",
            why="test",
            kind_of_unit="bureau",
            level="district",
            above=above or None,
            clocks=clocks,
        )

    def officer_of(self, n: int) -> Actor:
        return Actor(role=Role.OFFICER, id="officer-1", unit=self.ticket.assignment(n).unit)

    def led_by(self, unit: str, *, above: str = "", hours: float = 8) -> Projection:
        names = (ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE)
        plan = self.given(unit, *names, hours=hours, above=above)
        values = {name: getattr(plan, name) for name in AssignmentPlan.model_fields}
        values["clocks"] = plan.clocks + self.promise(hours)
        return self.tell(intake.Assigned(**values))

    def begun(self, unit: str = "U1", *, above: str = "", hours: float = 8) -> list[Projection]:
        """Return the projections until a unit has it."""
        return [self.accepted(), self.classified(), self.led_by(unit, above=above, hours=hours)]

    def whistled(self, unit: str, *, hours: float = 4) -> Projection:
        lead = self.ticket.lead
        n = lead.n if lead else 0
        share = self.given(unit, ClockName.SIGN, ClockName.MEET, ClockName.HANDLE, hours=hours)
        fact = joint.Whistled(assignment=n, ground="joint", reason="A gate.", shares=[share])
        return self.tell(fact, by=self.officer_of(n))

    def delegated(self, unit: str, *, hours: float = 4) -> Projection:
        lead = self.ticket.lead
        n, above = (lead.n, lead.unit) if lead else (0, "")
        share = self.given(unit, ClockName.SIGN, ClockName.HANDLE, hours=hours, above=above)
        fact = joint.Delegated(assignment=n, reason="Closer to it.", share=share)
        return self.tell(fact, by=self.officer_of(n))

    def share_done(self, n: int, *, resolved: bool = True, minutes: float = 1) -> Projection:
        """Complete one share of several; the answer is still open."""
        fact = handling.ShareHandled(assignment=n, result=_result(resolved))
        return self.tell(fact, by=self.officer_of(n), minutes=minutes)

    def done(self, n: int, *, resolved: bool = True, minutes: float = 1) -> Projection:
        """Complete the last open share."""
        fact = handling.Handled(assignment=n, result=_result(resolved))
        return self.tell(fact, by=self.officer_of(n), minutes=minutes)

    def late(self, name: ClockName, n: int | None = 1, label: str | None = None) -> Projection:
        """Reach the levels of a clock up to the red card, at their time."""
        running = self.ticket.running(name, n, label)
        unit = self.ticket.assignment(n).unit if n else None
        facts = []
        for kind in (LevelKind.WARN, LevelKind.DUE):
            facts.append(
                anytime.LevelReached(
                    clock=name,
                    assignment=n,
                    label=label,
                    rung=kind,
                    due_at=running.due_at,
                    unit=unit,
                )
            )
        self.at = max(self.at, running.due_at)
        return self.tell(*facts, minutes=0)

    def rated_badly(self) -> Projection:
        rating = Rating(contacted=False, resolved=False, grade=Grade.VERY_DISSATISFIED)
        return self.tell(closing.Rated(rating=rating), by=CITIZEN)

    def watched(self) -> Projection:
        clocks = [clock(ClockName.AFTERCARE, self.at, 2000), clock(ClockName.REVISIT, self.at, 700)]
        fact = aftercare.ClosedOnWatch(outcome=Outcome.CLOSED, reason="rated", clocks=clocks)
        return self.tell(fact)

    def excluded(self, *, granted: bool = True, minutes: float = 1) -> list[Projection]:
        """Let the unit request an exclusion (剔除), and decide it."""
        fact = aftercare.ExclusionRequested(ground="mistaken", reason="Another shop.", evidence=[])
        decided = aftercare.ExclusionGranted(reason="So it is.")
        refused = aftercare.ExclusionRefused(reason="It is the same shop.")
        return [
            self.tell(fact, by=self.officer),
            self.tell(decided if granted else refused, by=SUPERVISOR, minutes=minutes),
        ]

    def answered_by(self, unit: str = "U1", *, grade: int = 5) -> list[Projection]:
        """Return the projections from acceptance to a rating."""
        return [
            *self.begun(unit),
            self.signed(),
            self.contacted(),
            self.done(1),
            self.replied(),
            self.rated(grade, resolved=grade > 2),
        ]

    # --- the centre's queues ----------------------------------------------------------------

    def more_time_asked(self, n: int = 1) -> Projection:
        decide = clock(ClockName.DECIDE, self.at, QUEUED, n)
        fact = handling.ExtensionRequested(assignment=n, by="1d", reason="Parts.", clocks=[decide])
        return self.tell(fact, by=self.officer_of(n))

    def given_back(self) -> list[Projection]:
        """Return it to dispatch without naming the responsible unit."""
        fact = returning.ReturnRequested(assignment=1, ground="not_ours", reason="Not ours.")
        back = [self.tell(fact, by=self.officer_of(1))]
        dispatch = clock(ClockName.DISPATCH, self.at, QUEUED)
        granted = returning.Returned(assignment=1, reason="So it is.", clocks=[dispatch])
        return [*back, self.tell(granted, by=DISPATCHER)]

    def disputed(self) -> Projection:
        arbitrate = clock(ClockName.ARBITRATE, self.at, QUEUED)
        return self.tell(returning.ArbitrationCalled(returns=1, clocks=[arbitrate]))

    def silence(self) -> Projection:
        call_back = clock(ClockName.CALL_BACK, self.at, QUEUED)
        return self.tell(closing.CallBackDue(clocks=[call_back]))

    def supervised(self) -> Projection:
        supervise = clock(ClockName.SUPERVISE, self.at, QUEUED)
        return self.tell(closing.Supervised(reason="not_resolved", clocks=[supervise]))

    def until(self, queue: Queue) -> list[Projection]:
        """Return the projections that bring it into this queue, for `QUEUED` hours, by the last."""
        match queue:
            case Queue.TRIAGE:
                return [self.accepted()]
            case Queue.DISPATCH:
                return [*self.begun(), *self.given_back()]
            case Queue.ARBITRATE:
                return [*self.begun(), *self.given_back(), self.disputed()]
            case Queue.DECISION:
                return [*self.begun(), self.more_time_asked()]
            case Queue.CALL_BACK:
                return [*self.begun(), self.done(1), self.replied(), self.silence()]
            case Queue.SUPERVISE:
                return [*self.answered_by(grade=1), self.supervised()]


def _result(resolved: bool) -> HandlingResult:
    return HandlingResult(reply="The lamp burns again.", resolved=resolved)


# --- the population -----------------------------------------------------------------------------


def _satisfied(one: Busy) -> list[Projection]:
    return [*one.answered_by(), one.closed()]


def _unrated(one: Busy) -> list[Projection]:
    return [
        *one.begun(),
        one.done(1),
        one.replied(),
        one.tell(closing.CallBackDue()),
        one.tell(closing.CalledBack(reached=False), by=Actor(role=Role.DESK, id="desk-1")),
        one.unrated(),
    ]


def _late_at_everything(one: Busy) -> list[Projection]:
    return [
        *one.begun(),
        one.tell(anytime.Urged(), by=CITIZEN),
        one.late(ClockName.SIGN),
        one.signed(),
        one.contacted(),
        one.done(1, resolved=False, minutes=60 * 24),
    ]


def _joint(one: Busy) -> list[Projection]:
    minutes = Minutes(what=Meeting.ON_SITE, text="At the gate.", units=["U1", "U2"], agreed=True)
    return [
        *one.begun(),
        one.whistled("U2"),
        one.late(ClockName.MEET, 2),
        one.tell(anytime.MinutesRecorded(minutes=minutes), by=one.officer),
        one.share_done(1),
        one.done(2),
        one.replied(),
    ]


def _delegated(one: Busy) -> list[Projection]:
    return [*one.begun(), one.delegated("U1-1"), one.share_done(2), one.done(1), one.replied()]


def _disputed(one: Busy) -> list[Projection]:
    fact = returning.ReturnRequested(assignment=1, ground="not_ours", reason="Not ours.")
    barred = returning.ReturnBarred(assignment=1, code="return_window", reason="Late.")
    extension = handling.ExtensionRequested(assignment=1, by="1d", reason="Parts.")
    longer = [clock(ClockName.HANDLE, one.at, 72, 1), clock(ClockName.PROMISE, one.at, 72)]
    granted = handling.ExtensionGranted(assignment=1, reason="Parts.", clocks=longer)
    return [
        *one.begun(above="U0"),
        one.tell(fact, by=one.officer),
        one.tell(returning.ReturnRefused(assignment=1, reason="Yours."), by=DISPATCHER),
        one.tell(barred, by=one.officer),
        one.tell(extension, by=one.officer),
        one.tell(granted, by=DISPATCHER),
        one.tell(joint.Intervened(unit="U0", reason="Enough."), by=DISPATCHER),
        one.led_by("U0"),
        one.done(2),
    ]


def _supervised(one: Busy) -> list[Projection]:
    ordered = supervising.SupervisionOrdered(
        order=1, unit="U1", text="Now.", clocks=[_order(one, 1)]
    )
    again = supervising.SupervisionOrdered(order=2, unit="U1", text="!", clocks=[_order(one, 2)])
    return [
        *one.begun(),
        one.tell(anytime.SeverityRaised(severity=1, why="urges")),
        one.tell(ordered, by=SUPERVISOR),
        one.tell(again, by=SUPERVISOR),
        one.tell(supervising.OrderAnswered(order=1, answer="Done."), by=one.officer),
        one.late(ClockName.ORDER, None, "2"),
        one.tell(supervising.PubliclyNoticed(unit="U1", text="Late."), by=SUPERVISOR),
        one.done(1),
        one.replied(),
        one.rated_badly(),
        one.tell(closing.Reworked(round=1, reason="not_resolved")),
        one.led_by("U1"),
        one.done(2),
        one.replied(),
        one.rated_badly(),
        one.tell(closing.Supervised(reason="not_resolved")),
        one.tell(closing.FinalReplied(text="It stays."), by=SUPERVISOR),
    ]


def _order(one: Busy, order: int) -> Clock:
    return clock(ClockName.ORDER, one.at, 24).model_copy(update={"label": str(order)})


def _verified(one: Busy) -> list[Projection]:
    def look(before: str) -> Projection:
        share = one.given("U3", ClockName.VERIFY)
        fact = verifying.VerificationRequested.model_validate({"before": before, "share": share})
        return one.tell(fact)

    refuted = verifying.ClosingRefuted(assignment=3, result=_result(False), reason="Dark.")
    return [
        one.accepted(),
        one.classified(),
        look("filing"),
        one.tell(
            verifying.FilingConfirmed(assignment=1, result=_result(True)), by=one.officer_of(1)
        ),
        one.led_by("U1"),
        one.done(2),
        look("closing"),
        one.tell(refuted, by=one.officer_of(3)),
        one.led_by("U1"),
        one.done(4),
        look("closing"),
        one.tell(
            verifying.ClosingConfirmed(assignment=5, result=_result(True)), by=one.officer_of(5)
        ),
        one.replied(),
        one.rated(4),
        one.closed(),
    ]


def _aftercare(one: Busy) -> list[Projection]:
    return [
        *one.answered_by(),
        one.watched(),
        *one.excluded(granted=False),
        one.tell(aftercare.Revisited(holds=True, note="Lit."), by=one.officer),
        one.tell(aftercare.Revisited(holds=False, note="Dark."), by=one.officer),
        one.tell(aftercare.Reopened(reason="revisit", text="Dark again."), by=one.officer),
        one.led_by("U1"),
        one.done(2),
    ]


def _excluded(one: Busy) -> list[Projection]:
    return [*one.answered_by(grade=1), one.watched(), *one.excluded()]


def _held(one: Busy) -> list[Projection]:
    until = one.at.replace(year=one.at.year + 1)
    fact = waiting.HoldRequested(assignment=1, ground="works", until=until, reason="Digging.")
    held = waiting.Held(
        assignment=1,
        until=until,
        reason="Digging.",
        clocks=[
            clock(ClockName.REVIEW, one.at, 100, 1),
            clock(ClockName.HOLD, one.at, (until - one.at).total_seconds() / 3600, 1),
        ],
    )
    appointed = anytime.Appointed(unit="U1", starts_at=until, text="Next year.")
    return [
        *one.begun(),
        one.tell(fact, by=one.officer),
        one.tell(held, by=DISPATCHER),
        one.late(ClockName.REVIEW, 1),
        one.tell(appointed, by=one.officer),
    ]


def _praise(one: Busy) -> list[Projection]:
    return [one.accepted(), one.tell(intake.Answered(text="Thanks!", unit="U1"), by=DISPATCHER)]


def _withdrawn(one: Busy) -> list[Projection]:
    return [*one.begun(), one.tell(anytime.Withdrawn(), by=CITIZEN)]


LIVES: tuple[Callable[[Busy], list[Projection]], ...] = (
    _satisfied,
    _unrated,
    _late_at_everything,
    _joint,
    _delegated,
    _disputed,
    _supervised,
    _verified,
    _aftercare,
    _excluded,
    _held,
    _praise,
    _withdrawn,
)


def population(city: str) -> list[list[Projection]]:
    """Return every scenario once, of tickets of that city."""
    lives = []
    for live in LIVES:
        new_complaint = complaint(
            city=city,
            place=Place(area=AREA),
            kind=Kind.PRAISE if live is _praise else Kind.COMPLAINT,
            channel=Channel.PORTAL,
            filed_at=START,
        )
        lives.append(live(Busy(new_complaint)))
    return lives
