"""Behaviour of simulated people: what each ticket meets, drawn before it is lived."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from zlib import crc32

from demo.history.life import SimulatedLife
from demo.words import DemoTexts
from domain.actors import CITIZEN, Actor, Role
from domain.deadlines.calendar import WorkCalendar, is_working_day
from domain.deadlines.registry import ClockName
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    merging,
    returning,
    verifying,
)
from domain.pack.pack import Pack
from domain.ticket.assignment import Assignment, HandlingResult, Share
from domain.ticket.complaint import Kind
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome, Stage

OPENS, CLOSES = time(8, 30), time(18)
"""The hours in which offices work on what is no emergency."""

DUTY = time(7, 30), time(21, 30)
"""The hours of every day in which somebody signs, and calls the citizen."""

_URGENT = 0.3
"""A limit shorter than so many days is worked on at night, too."""

DESK = Actor(role=Role.DESK, id="simulated-desk")
DISPATCHER = Actor(role=Role.DISPATCHER, id="simulated-dispatcher")
SUPERVISOR = Actor(role=Role.SUPERVISOR, id="simulated-supervisor")

Act = tuple[datetime, Callable[[datetime], None]]


@dataclass
class TicketDraw:
    """What was drawn for one ticket; numbers are from 0 to 1 unless they say otherwise.

    `concluded`: how the desk ends it without a unit. `effort`: the share of its limit that the
    handling takes, before the unit's own pace.
    """

    dice: Random
    concluded: str | None = None
    returned: str | None = None
    extended: str | None = None
    urges: int = 0
    adds: bool = False
    withdrawn: bool = False
    effort: float = 0.4
    presses: bool = True
    reached: bool = True
    excluded: bool = False
    reopened: bool = False
    done: set[str] = field(default_factory=set)


def draw(dice: Random, kind: Kind, concluded: str | None) -> TicketDraw:
    """Draw what a ticket of this kind meets."""
    chance = dice.random
    if concluded is None and kind is Kind.CONSULTATION and chance() < 0.55:
        concluded = "answered"
    if concluded is None and kind is Kind.PRAISE:
        concluded = "answered"
    return TicketDraw(
        dice,
        concluded=concluded,
        returned=None if chance() > 0.06 else "granted" if chance() < 0.6 else "refused",
        extended=None if chance() > 0.05 else "granted" if chance() < 0.7 else "refused",
        urges=0 if chance() > 0.09 else 1 + (chance() < 0.25),
        adds=chance() < 0.05,
        withdrawn=chance() < 0.012,
        effort=min(dice.lognormvariate(-1.25, 0.7), 3.0),
        presses=chance() < 0.44,
        reached=chance() < 0.62,
        excluded=chance() < 0.35,
        reopened=chance() < 0.02,
    )


def pace(unit: str) -> float:
    """Return how slowly a unit works: 1 is usual. Always the same for the same unit."""
    return 0.65 + 0.7 * (crc32(f"pace {unit}".encode()) % 1000) / 1000


def care(unit: str) -> float:
    """Return how well a unit works, from 0 to 1. Always the same for the same unit."""
    return (crc32(f"care {unit}".encode()) % 1000) / 1000


def in_office(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return `at`, or the next moment after it at which offices are open."""
    here = at.astimezone(calendar.tz)
    while not (is_working_day(calendar, here.date()) and here.time() < CLOSES):
        here = datetime.combine(here.date() + timedelta(days=1), OPENS, calendar.tz)
    opened = datetime.combine(here.date(), OPENS, calendar.tz)
    return at if here >= opened else opened.astimezone(at.tzinfo)


def on_duty(calendar: WorkCalendar, at: datetime) -> datetime:
    """Return `at`, or the next moment after it at which somebody is on duty."""
    here = at.astimezone(calendar.tz)
    day = here.date() + timedelta(days=here.time() >= DUTY[1])
    begins = datetime.combine(day, DUTY[0], calendar.tz)
    return at if here >= begins else begins.astimezone(at.tzinfo)


class TicketPeople:
    """The people of one ticket, who act as `drawn` says until `end`."""

    def __init__(
        self, life: SimulatedLife, pack: Pack, drawn: TicketDraw, category: str, end: datetime
    ) -> None:
        self.life, self.pack, self.drawn = life, pack, drawn
        self.category, self.end = category, end
        self.dice = drawn.dice
        self.words = DemoTexts(drawn.dice)
        self.joining: list[tuple[str, str]] = []

    def live(self) -> None:
        """Live the ticket to its end, or as far as it comes until `end`."""
        life = self.life
        life.go_on()
        while life.ticket.open:
            act = self._next()
            at = min(act[0], self.end) if act else self.end
            if life.level_before(at):  # then somebody may have something else to do
                continue
            if act is None or act[0] >= self.end:
                return
            act[1](act[0])
            life.go_on()

    def _next(self) -> Act | None:
        ticket = self.life.ticket
        key = (
            ticket.stage,
            ticket.assignment_count,
            ticket.call_back_due,
            ticket.contest is None,
            len(self.drawn.done),
        )
        if self._planned is None or self._planned[0] != key:
            self._planned = (key, self._plan())
        return self._planned[1]

    _planned: tuple[tuple[object, ...], Act | None] | None = None

    def _plan(self) -> Act | None:
        plan = _AT.get(self.life.ticket.stage)
        return plan(self) if plan else None

    # --- the centre -------------------------------------------------------------------------

    def _soon(self, minutes: float) -> datetime:
        spread = self.dice.lognormvariate(0, 0.7)
        return self._whole(self.life.ticket.updated_at + timedelta(minutes=minutes * spread))

    def _whole(self, at: datetime) -> datetime:
        return at.replace(microsecond=0) + timedelta(seconds=1)

    def _triage(self) -> Act:
        def decide(at: datetime) -> None:
            self.drawn.done.add("triaged")
            match self.drawn.concluded:
                case "answered":
                    text = self.words.conclusion("answered")
                    self.life.record(intake.Answered(text=text), at, DESK)
                case "declined" | "referred" as outcome:
                    fact = intake.Declined if outcome == "declined" else intake.Referred
                    kind = "decline" if outcome == "declined" else "refer"
                    reason = self.dice.choice(self.pack.reason_codes(kind))
                    text = self.words.conclusion(outcome)
                    self.life.record(fact(reason=reason, text=text), at, DESK)
                case _:
                    category = self.life.ticket.suggestion or self.category
                    why = self.words.note("triage")
                    self.life.classify(category, why, DISPATCHER, at)

        return self._soon(12), decide

    def _dispatch(self) -> Act:
        def send(at: datetime) -> None:
            self.drawn.done.add("sent")
            ticket = self.life.ticket
            unit = self._another(ticket.unit)
            current = ticket.current
            moved = intake.Reassigned(
                assignment=current.n if current else None,
                unit=unit,
                reason=self.words.note("reassign"),
            )
            plan = self.life.share(unit, at)
            self.life.record(moved, at, DISPATCHER)
            self.life.assign(plan, at, DISPATCHER)

        return self._soon(25), send

    def _another(self, unit: str | None) -> str:
        streets = [one.code for one in self.pack.streets if one.code != unit]
        return self.dice.choice(streets) if streets else self.pack.city.fallback

    def _supervise(self) -> Act:
        if self._contestable():
            return self._contest()

        def conclude(at: datetime) -> None:
            self.drawn.done.add("concluded")
            text = self.words.conclusion("final_reply")
            self.life.record(closing.FinalReplied(text=text), at, SUPERVISOR)

        return in_office(self.pack.calendar, self._soon(60 * 20)), conclude

    # --- units ------------------------------------------------------------------------------

    def _of(self, unit: str) -> Actor:
        return Actor(role=Role.OFFICER, id=f"simulated-{unit}", unit=unit)

    def _verify(self) -> Act | None:
        share = next((one for one in self.life.ticket.opened if one.share is Share.VERIFY), None)
        if share is None:
            return None
        ticket = self.life.ticket
        filing = ticket.assignment_count == 1

        def look(at: datetime) -> None:
            self.drawn.done.add(f"looked {share.n}")
            by = f"simulated-{share.unit}"
            result = HandlingResult(reply="现场核查，情况属实。", resolved=True, by=by, at=at)
            fact = verifying.FilingConfirmed if filing else verifying.ClosingConfirmed
            clocks = self.life.plan(at, ClockName.DISPATCH if filing else ClockName.FEEDBACK)
            fact_made = fact(assignment=share.n, result=result, clocks=clocks if filing else [])
            self.life.record(fact_made, at, self._of(share.unit))

        return in_office(self.pack.calendar, self._soon(90)), look

    def _handle(self) -> Act | None:
        lead = self.life.ticket.current
        if lead is None:
            return None
        urgent = self._limit(lead) < timedelta(days=_URGENT)
        for what, minutes, act in self._steps(lead):
            name = f"{what} {lead.n}"
            if name not in self.drawn.done:
                at = self._soon(minutes * (0.4 if urgent else pace(lead.unit)))
                if not urgent and what in ("sign", "contact"):
                    at = on_duty(self.pack.calendar, at)
                elif not urgent and what not in ("urge", "add", "withdraw"):
                    at = in_office(self.pack.calendar, at)
                if what == "handle":
                    at = max(at, self._handled_at(lead, urgent))

                return at, partial(self._do, name, act)
        return None

    def _do(self, name: str, act: Callable[[datetime], None], at: datetime) -> None:
        self.drawn.done.add(name)
        act(at)

    def _steps(self, lead: Assignment) -> Iterator[tuple[str, float, Callable[[datetime], None]]]:
        n, officer, drawn = lead.n, self._of(lead.unit), self.drawn
        record, first = self.life.record, lead.n == 1
        note = self.words.note
        yield "sign", 45, lambda at: record(handling.Signed(assignment=n), at, officer)
        if first and drawn.returned and self._may_return(lead):
            yield "return", 60, lambda at: self._return(lead, at)
            yield "decide", 180, lambda at: self._decide_return(lead, at)
        if self.life.ticket.contact_left and not self.life.ticket.contact_hidden:
            yield (
                "contact",
                150,
                lambda at: record(
                    handling.Contacted(assignment=n, note=note("contact")), at, officer
                ),
            )
        for other, text in self.joining if first else ():
            yield (
                f"join {other}",
                40,
                lambda at, other=other, text=text: record(  # type: ignore[misc]
                    merging.ComplainantJoined(number=other, text=text), at
                ),
            )
        for nth in range(drawn.urges if first else 0):
            yield (
                f"urge{nth}",
                60 * 30,
                lambda at: record(anytime.Urged(text=note("urge")), at, CITIZEN),
            )
        if first and drawn.adds:
            yield (
                "add",
                60 * 8,
                lambda at: record(anytime.FactsAdded(text=note("facts")), at, CITIZEN),
            )
        if first and drawn.withdrawn:
            yield "withdraw", 60 * 10, lambda at: record(anytime.Withdrawn(), at, CITIZEN)
        if first and drawn.extended and self._limit(lead) >= timedelta(days=2):
            yield "extend", 60 * 20, lambda at: self._extend(lead, at)
            yield "decide2", 60 * 5, lambda at: self._decide_extension(lead, at)
        for step in self._open_steps(lead):
            yield (
                f"step {step}",
                60 * 3,
                lambda at, step=step: record(  # type: ignore[misc]
                    handling.StepDone(assignment=n, step=step, note="已完成本阶段。"), at, officer
                ),
            )
        yield "handle", 30, lambda at: self._hand_in(lead, at)

    def _open_steps(self, lead: Assignment) -> list[str]:
        return [
            one.label or ""
            for one in self.life.ticket.clocks
            if one.name is ClockName.STEP and one.running and one.assignment == lead.n
        ]

    def _may_return(self, lead: Assignment) -> bool:
        rules, returns = self.life.ticket.rules, self.life.ticket.returns
        return rules is not None and rules.returns > returns and lead.barred is None

    def _return(self, lead: Assignment, at: datetime) -> None:
        ground = self.dice.choice(self.pack.reason_codes("return"))
        self.life.ask_return(lead.n, ground, self.words.note("return"), self._of(lead.unit), at)

    def _decide_return(self, lead: Assignment, at: datetime) -> None:
        if lead.asked is None:
            return
        if self.drawn.returned == "granted":
            unit, why = self._another(lead.unit), self.words.note("granted")
            self.life.grant_return(lead.n, unit, why, DISPATCHER, at)
        else:
            why = self.words.note("refused")
            refused = returning.ReturnRefused(assignment=lead.n, reason=why)
            self.life.record(refused, at, DISPATCHER)

    def _extend(self, lead: Assignment, at: datetime) -> None:
        if self.life.ticket.running(ClockName.HANDLE, lead.n).due_at <= at:
            return
        self.life.ask_extension(lead.n, "3d", self.words.note("extend"), self._of(lead.unit), at)

    def _decide_extension(self, lead: Assignment, at: datetime) -> None:
        if lead.asked is None:
            return
        if self.drawn.extended == "granted":
            self.life.grant_extension(lead.n, self.words.note("granted"), DISPATCHER, at)
        else:
            why = self.words.note("refused")
            refused = handling.ExtensionRefused(assignment=lead.n, reason=why)
            self.life.record(refused, at, DISPATCHER)

    def _limit(self, lead: Assignment) -> timedelta:
        clocks = [
            one
            for one in self.life.ticket.clocks
            if one.name is ClockName.HANDLE and one.assignment == lead.n
        ]
        return clocks[-1].due_at - clocks[-1].started_at if clocks else timedelta(days=5)

    def _handled_at(self, lead: Assignment, urgent: bool) -> datetime:
        share = self.drawn.effort * pace(lead.unit) * (0.7 if lead.n > 1 else 1)
        at = self._whole(lead.opened_at + self._limit(lead) * share)
        return at if urgent else in_office(self.pack.calendar, at)

    def _hand_in(self, lead: Assignment, at: datetime) -> None:
        resolved = self.dice.random() < 0.8 + 0.15 * care(lead.unit)
        name = self.pack.unit(lead.unit).name
        reply = self.words.answer(name, lead.rework, resolved)
        result = HandlingResult(
            reply=reply,
            resolved=resolved,
            evidence=[f"现场记录{lead.n}"],
            by=f"simulated-{lead.unit}",
            at=at,
        )
        clocks = self.life.plan(at, ClockName.FEEDBACK)
        done = handling.Handled(assignment=lead.n, result=result, clocks=clocks)
        self.life.record(done, at, self._of(lead.unit))

    # --- the citizen ------------------------------------------------------------------------

    def _rate(self) -> Act | None:
        ticket, drawn = self.life.ticket, self.drawn
        round_ = ticket.assignment_count
        if ticket.call_back_due:

            def call(at: datetime) -> None:
                drawn.done.add(f"called {ticket.call_backs}")
                reached = drawn.reached
                note = self.words.note("call_back") if reached else ""
                self.life.record(closing.CalledBack(reached=reached, note=note), at, DESK)
                if reached and self.life.ticket.stage is Stage.RATE:
                    self.life.record(closing.Rated(rating=self._rating(called=True)), at, DESK)

            return in_office(self.pack.calendar, self._soon(60 * 4)), call
        if not drawn.presses or f"rated {round_}" in drawn.done:
            return None

        def rate(at: datetime) -> None:
            drawn.done.add(f"rated {round_}")
            self.life.record(closing.Rated(rating=self._rating()), at, CITIZEN)

        return self._soon(60 * 6), rate

    def _rating(self, *, called: bool = False) -> Rating:
        ticket, dice = self.life.ticket, self.dice
        lead = ticket.lead
        solved = lead is not None and lead.result is not None and lead.result.resolved
        unit = lead.unit if lead else ""
        pleased = dice.random() < (0.74 + 0.2 * care(unit) if solved else 0.22)
        resolved = pleased or (solved and dice.random() < 0.5)
        good = (Grade.VERY_SATISFIED, Grade.SATISFIED, Grade.BASICALLY_SATISFIED)
        bad = (Grade.DISSATISFIED, Grade.VERY_DISSATISFIED)
        grade = dice.choices(good, (5, 3, 1))[0] if pleased else dice.choices(bad, (3, 2))[0]
        contacted = lead is not None and lead.contacted_at is not None
        words = "" if called else self.words.note("pleased" if pleased else "sorry")
        return Rating(contacted=contacted, resolved=resolved, grade=grade, words=words)

    def _contestable(self) -> bool:
        ticket, lead = self.life.ticket, self.life.ticket.lead
        bad = ticket.rating is not None and ticket.rating.grade <= Grade.DISSATISFIED
        exclusion = ticket.rules is not None and ticket.rules.exclude
        left = "decided exclusion" not in self.drawn.done and not ticket.excluded
        wanted = self.drawn.excluded and left and bool(self._grounds())
        return bool(bad and exclusion and lead and wanted)

    def _grounds(self) -> list[str]:
        return self.pack.reason_codes("exclude")

    def _contest(self) -> Act:
        lead = self.life.ticket.lead
        unit = lead.unit if lead else ""

        def ask(at: datetime) -> None:
            self.drawn.done.add("asked exclusion")
            ground = self.dice.choice(self._grounds())
            reason = "评价与办理情况不符，附现场记录，申请剔除。"
            clocks = self.life.plan(at, ClockName.DECIDE)
            fact = aftercare.ExclusionRequested(
                ground=ground, reason=reason, evidence=[], clocks=clocks
            )
            self.life.record(fact, at, self._of(unit))

        def decide(at: datetime) -> None:
            self.drawn.done.add("decided exclusion")
            granted = self.dice.random() < 0.55
            fact = aftercare.ExclusionGranted if granted else aftercare.ExclusionRefused
            why = self.words.note("granted" if granted else "refused")
            self.life.record(fact(reason=why), at, SUPERVISOR)

        asked = "asked exclusion" in self.drawn.done
        return in_office(self.pack.calendar, self._soon(60 * 8)), decide if asked else ask

    def _aftercare(self) -> Act | None:
        ticket, drawn = self.life.ticket, self.drawn
        if self._contestable():
            return self._contest()
        if not drawn.reopened or "reopened" in drawn.done or ticket.outcome is not Outcome.CLOSED:
            return self._revisit()

        def reopen(at: datetime) -> None:
            drawn.done.add("reopened")
            clocks = self.life.plan(at, ClockName.DISPATCH)
            text = "处理后没过多久又出现同样的问题，请再来看看。"
            fact = aftercare.Reopened(reason="recurred", text=text, clocks=clocks)
            self.life.record(fact, at, CITIZEN)

        return self._soon(60 * 24 * 6), reopen

    def _revisit(self) -> Act | None:
        ticket, lead = self.life.ticket, self.life.ticket.lead
        due = [one.due_at for one in ticket.clocks if one.running and one.name is ClockName.REVISIT]
        missed = self.drawn.effort > 0.9  # who is late with the work looks no second time
        if not due or lead is None or missed:
            return None

        def look(at: datetime) -> None:
            self.drawn.done.add(f"revisited {ticket.revisits}")
            fact = aftercare.Revisited(holds=True, note="现场回访，问题未反弹。")
            self.life.record(fact, at, self._of(lead.unit))

        early = min(due) - timedelta(hours=self.dice.uniform(3, 70))
        return self._whole(max(early, ticket.updated_at)), look


_AT: dict[Stage, Callable[[TicketPeople], Act | None]] = {
    Stage.TRIAGE: TicketPeople._triage,
    Stage.DISPATCH: TicketPeople._dispatch,
    Stage.VERIFY: TicketPeople._verify,
    Stage.HANDLE: TicketPeople._handle,
    Stage.RATE: TicketPeople._rate,
    Stage.SUPERVISE: TicketPeople._supervise,
    Stage.AFTERCARE: TicketPeople._aftercare,
}
