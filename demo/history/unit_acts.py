"""Acts of units: signing, calling, returning, asking for time, handing in."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from demo.history.acting import Act, ActingPeople
from demo.history.draws import DISPATCHER, care, in_office, on_duty, pace
from domain.actors import CITIZEN
from domain.deadlines.registry import ClockName
from domain.facts import (
    anytime,
    handling,
    merging,
    returning,
    verifying,
)
from domain.ticket.assignment import Assignment, HandlingResult, Share

_URGENT = 0.3
"""A limit shorter than so many days is worked on at night, too."""


class UnitActs(ActingPeople):
    """The units that have the ticket."""

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
