"""Playing one ticket to its end: read it, take the action that it needs next, and read it again.

Nothing here predicts the workflow. At the stage that the ticket shows, somebody acts as the script
says; if a clock or another person was quicker and the API refuses, the ticket is read again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from demo.cast import Behaviour, Late, Mood, Wish
from demo.filing import Filing
from demo.people import People, Refusal
from demo.words import DemoTexts
from domain.actors import Role
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.ticket.assignment import Assignment
from domain.ticket.complaint import of_wrongdoing
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

_PATIENCE = 180.0
_DAYS = 60
"""A ticket is given up after so many seconds plus days of its city."""

_GIVE_UP = 12
_SPOKEN = (Mood.PLEASED, Mood.SORRY, Mood.UNSOLVED)
_GLANCE = 0.15
_MARGIN = 0.3
"""Seconds after an escalation is due until it has surely been recorded."""


class UnfinishedTicket(Exception):
    """A ticket that did not end, and why."""


@dataclass
class PlayedComplaint:
    """One complaint with its people. `rest` is called before each long wait."""

    people: People
    pack: Pack
    filing: Filing
    script: Behaviour
    dice: Random
    words: DemoTexts
    rest: Callable[[], None]
    number: str = ""
    code: str = ""
    answers: int = 0
    said: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)

    async def file(self, key: str) -> None:
        """File the complaint, twice if the script says so."""
        body = self.filing.body(self.pack.city.id)
        self.number, self.code = await self.people.file(body, key)
        if self.script.twice and await self.people.file(body, key) != (self.number, self.code):
            raise UnfinishedTicket(f"{self.number}: the same complaint became a second ticket")

    async def play(self) -> None:
        """Act until the ticket has ended. Raises Stuck when it does not."""
        day = self.pack.city.clock_scale * timedelta(days=1).total_seconds()
        patience = _PATIENCE + _DAYS * day
        try:
            async with asyncio.timeout(patience):
                while (ticket := await self.people.look(self.number)).open:
                    await self._act(ticket)
        except TimeoutError:
            raise UnfinishedTicket(f"{self.number}: not ended after {patience:.0f} s") from None
        except Refusal as refusal:
            raise UnfinishedTicket(f"{self.number}: {refusal}") from refusal

    async def _act(self, ticket: Ticket) -> None:
        act = _AT.get(ticket.stage)
        if act is None:
            await asyncio.sleep(_GLANCE)
            return
        try:
            await act(self, ticket)
        except Refusal as refusal:
            # Another person or a clock was quicker; the ticket shows the next action.
            self.refusals[refusal.code] += 1
            if refusal.status != 409 or self.refusals.total() >= _GIVE_UP:
                raise
            await asyncio.sleep(_GLANCE)

    # --- triage and dispatch ----------------------------------------------------------------

    async def _triage(self, ticket: Ticket) -> None:
        await self._think()
        concluded = self.script.concluded
        units_to_answer = ticket.kind not in self.pack.desk.answers
        if concluded and not (concluded == "answered" and units_to_answer):
            await self._conclude(concluded)
            return
        category = ticket.suggestion or self.dice.choice(self.pack.categories).code
        note = self.words.note("triage")
        # Of the invented and recorded reports none accuses a unit of the city.
        nobody = of_wrongdoing(ticket.kind)
        await self._staff(Role.DISPATCHER, "triage", category=category, note=note, nobody=nobody)

    async def _conclude(self, outcome: str) -> None:
        reason = None
        if outcome != "answered":
            reason = self.dice.choice(
                self.pack.reason_codes("decline" if outcome == "declined" else "refer")
            )
        text = self.words.conclusion(outcome)
        await self._staff(Role.DESK, "conclude", outcome=outcome, reason=reason, text=text)

    async def _dispatch(self, ticket: Ticket) -> None:
        if not ticket.by_hand:
            await asyncio.sleep(_GLANCE)
            return
        await self._think()
        unit = self._another_unit(ticket.unit)
        reason = self.words.note("reassign")
        await self._staff(Role.DISPATCHER, "reassign", unit=unit, reason=reason)

    # --- handle -----------------------------------------------------------------------------

    async def _handle(self, ticket: Ticket) -> None:
        assignment = ticket.current
        if assignment is None:
            await asyncio.sleep(_GLANCE)
            return
        if assignment.signed_at is None:
            await self._sign(ticket, assignment)
        elif await self._citizen_speaks():
            pass
        elif assignment.contacted_at is None and not self.script.uncontacted:
            await self._contact(assignment)
        elif assignment.asked is not None:
            await self._decide(ticket, assignment)
        elif not await self._ask(assignment):
            await self._complete(ticket, assignment)

    async def _sign(self, ticket: Ticket, assignment: Assignment) -> None:
        if self.script.signed_late and self._once("signed late"):
            await self._rest_until(ticket, ClockName.SIGN, LevelKind.DUE, assignment.n)
        await self._think()
        await self._officer(assignment, "sign")

    async def _citizen_speaks(self) -> bool:
        """Send a citizen's command during handling; return whether there was one."""
        if self.script.added and self._once("added"):
            await self._citizen("facts", text=self.words.note("facts"))
        elif self.script.urged and self._once("urged"):
            await self._citizen("urge", text=self.words.note("urge"))
        elif self.script.withdrawn and self._once("withdrawn"):
            await self._citizen("withdraw", reason=self.words.note("withdraw"))
        else:
            return False
        return True

    async def _contact(self, assignment: Assignment) -> None:
        await self._think()
        if self.script.missed and self._once("missed"):
            await self._officer(assignment, "contact", reached=False)
            await self._think()
        await self._officer(assignment, "contact", reached=True, note=self.words.note("contact"))

    async def _ask(self, assignment: Assignment) -> bool:
        """Request a return or an extension; return whether there was one."""
        if self.script.returned and self._once("returned"):
            ground = self.dice.choice(self.pack.reason_codes("return"))
            await self._officer(
                assignment, "return", ground=ground, reason=self.words.note("return")
            )
        elif self.script.extended and self._once("extended"):
            await self._officer(assignment, "extend", by="3d", reason=self.words.note("extend"))
        else:
            return False
        return True

    async def _decide(self, ticket: Ticket, assignment: Assignment) -> None:
        await self._think()
        requested = assignment.asked.what if assignment.asked else ""
        wish = self.script.returned if requested == "return" else self.script.extended
        unit = None
        if requested == "return" and wish is Wish.GRANTED:
            unit = self._another_unit(assignment.unit)
        approve = wish is not Wish.REFUSED
        reason = self.words.note("granted" if approve else "refused")
        await self._staff(Role.DISPATCHER, "decide", approve=approve, reason=reason, unit=unit)

    async def _complete(self, ticket: Ticket, assignment: Assignment) -> None:
        if self.script.late and self._once("late"):
            kind = LevelKind.WARN if self.script.late is Late.YELLOW else LevelKind.DUE
            await self._rest_until(ticket, ClockName.HANDLE, kind, assignment.n)
        await self._think()
        resolved = self.script.mood(self.answers + 1) is not Mood.UNSOLVED
        unit = self.pack.unit(assignment.unit).name
        reply = self.words.reply(self.filing, unit, assignment.rework, resolved)
        await self.people.complete(assignment.unit, self.number, assignment.n, reply, resolved)

    # --- rate and supervise -----------------------------------------------------------------

    async def _rate(self, ticket: Ticket) -> None:
        fresh = self._once(f"answer {len(ticket.assignments)}")
        self.answers += fresh
        mood = self.script.mood(self.answers)
        if ticket.call_back_due and ticket.rating is None:
            await self._call_back(ticket, mood)
        elif not fresh:  # rated already: the next stage follows
            await asyncio.sleep(_GLANCE)
        elif mood in _SPOKEN:
            await self._think()
            await self._citizen("rating", **self._rating(mood))
        else:
            await self._rest_until(ticket, ClockName.RATE, LevelKind.DUE)

    async def _call_back(self, ticket: Ticket, mood: Mood) -> None:
        if mood is Mood.FORGOTTEN:
            await self._rest_until(ticket, ClockName.CALL_BACK, LevelKind.DUE)
            return
        await self._think()
        if mood is Mood.UNREACHED:
            await self._staff(Role.DESK, "call-back", reached=False)
            return
        rating = self._rating(Mood.SORRY if mood is Mood.SILENT_SORRY else Mood.PLEASED)
        note = self.words.note("call_back")
        await self._staff(Role.DESK, "call-back", reached=True, rating=rating, note=note)

    def _rating(self, mood: Mood) -> dict[str, object]:
        happy = mood is Mood.PLEASED
        scheme = self.pack.rating
        every = [grade.grade for grade in scheme.grades]
        fitting = [grade for grade in every if (grade >= scheme.satisfied_from) is happy]
        return {
            "contacted": not self.script.uncontacted,
            "resolved": mood is not Mood.UNSOLVED,
            "grade": self.dice.choice(fitting or every),
            "words": self.words.note("pleased" if happy else "sorry"),
        }

    async def _supervise(self, ticket: Ticket) -> None:
        await self._think()
        if self.script.last_word or not self._once("ordered"):
            text = self.words.conclusion("final_reply")
            await self._staff(Role.SUPERVISOR, "conclude", outcome="final_reply", text=text)
            return
        unit = self._another_unit(ticket.unit)
        reason = self.words.note("supervise")
        await self._staff(Role.SUPERVISOR, "reassign", unit=unit, reason=reason)

    # --- shared -----------------------------------------------------------------------------

    async def _staff(self, role: Role, what: str, **body: Any) -> None:
        await self.people.staff(role, self.number, what, body)

    async def _officer(self, assignment: Assignment, what: str, **body: Any) -> None:
        body |= {"assignment": assignment.n}
        await self.people.staff(Role.OFFICER, self.number, what, body, assignment.unit)

    async def _citizen(self, what: str, **body: Any) -> None:
        await self.people.citizen(self.number, self.code, what, body)

    def _another_unit(self, unit: str | None) -> str:
        return self.dice.choice([one.code for one in self.pack.units if one.code != unit])

    def _once(self, what: str) -> bool:
        """Return True on the first call with `what`."""
        new = what not in self.said
        self.said.add(what)
        return new

    async def _think(self) -> None:
        await asyncio.sleep(self.dice.uniform(0.02, 0.2))

    async def _rest_until(
        self, ticket: Ticket, name: ClockName, kind: LevelKind, assignment: int | None = None
    ) -> None:
        """Wait until the clock has escalated to that level, and free the client meanwhile."""
        self.rest()
        due = [
            level.at
            for clock in ticket.clocks
            if clock.running and clock.name is name and clock.assignment == assignment
            for level in clock.rungs
            if level.kind is kind
        ]
        left = (max(due) - datetime.now(UTC)).total_seconds() if due else 0.0
        await asyncio.sleep(max(left, 0.0) + _MARGIN)


_AT: dict[Stage, Callable[[PlayedComplaint, Ticket], Awaitable[None]]] = {
    Stage.TRIAGE: PlayedComplaint._triage,
    Stage.DISPATCH: PlayedComplaint._dispatch,
    Stage.HANDLE: PlayedComplaint._handle,
    Stage.RATE: PlayedComplaint._rate,
    Stage.SUPERVISE: PlayedComplaint._supervise,
}
