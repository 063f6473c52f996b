"""Behaviour of simulated people: whoever acts next, until the ticket has ended."""

from collections.abc import Callable
from datetime import datetime

from demo.history.acting import Act
from demo.history.citizen_acts import CitizenActs
from demo.history.draws import DESK, DISPATCHER, SUPERVISOR, in_office
from demo.history.unit_acts import UnitActs
from domain.facts import (
    closing,
    intake,
)
from domain.ticket.stages import Stage


class TicketPeople(UnitActs, CitizenActs):
    """The people of one ticket."""

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

    # --- the centre -------------------------------------------------------------------------

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

    def _supervise(self) -> Act:
        if self._contestable():
            return self._contest()

        def conclude(at: datetime) -> None:
            self.drawn.done.add("concluded")
            text = self.words.conclusion("final_reply")
            self.life.record(closing.FinalReplied(text=text), at, SUPERVISOR)

        return in_office(self.pack.calendar, self._soon(60 * 20)), conclude


_AT: dict[Stage, Callable[[TicketPeople], Act | None]] = {
    Stage.TRIAGE: TicketPeople._triage,
    Stage.DISPATCH: TicketPeople._dispatch,
    Stage.VERIFY: TicketPeople._verify,
    Stage.HANDLE: TicketPeople._handle,
    Stage.RATE: TicketPeople._rate,
    Stage.SUPERVISE: TicketPeople._supervise,
    Stage.AFTERCARE: TicketPeople._aftercare,
}
