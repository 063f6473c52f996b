"""Acts around the answer: rating, calling back, contesting, looking again."""

from datetime import datetime, timedelta

from demo.history.acting import Act, ActingPeople
from demo.history.draws import DESK, SUPERVISOR, care, in_office
from domain.actors import CITIZEN
from domain.deadlines.registry import ClockName
from domain.facts import (
    aftercare,
    closing,
)
from domain.ticket.rating import Grade, Rating
from domain.ticket.stages import Outcome, Stage


class CitizenActs(ActingPeople):
    """The citizen, and who asks them or looks again after the end."""

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
