"""A ticket that others are merged into: its pauses and extensions reach their citizens, too."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from temporalio import workflow

from domain.actors import SYSTEM, Actor
from domain.commands.lookups import rules_of
from domain.continuation import Carried
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.closing import Replied
from domain.facts.handling import ExtensionGranted
from domain.facts.intake import Reclassified
from domain.facts.waiting import Held, QuestionAsked, Resumed
from domain.messages import (
    MergedTicket,
    ParentExtended,
    ParentPause,
    ParentReclassified,
    ParentResumed,
)
from domain.ticket.assignment import Request, Share
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket
from workflows import merging
from workflows.escalation import EscalatingTicket
from workflows.traces import result_arrived

_PATCH = "tell-merged"

_Message = ParentPause | ParentResumed | ParentExtended | ParentReclassified


class _News(NamedTuple):
    """One message to merged tickets that is not delivered yet."""

    signal: str
    message: _Message
    numbers: list[str]


class ParentTicket(EscalatingTicket):
    """A ticket that notifies those merged into it when its lead stands still, or gets more time.

    Also when its classification is corrected, for those that borrow it.

    `pause`: the pause of the unit that leads, as they are told of it. `untold`: what is being
    told, oldest first: one message is delivered before the next is sent, so that none overtakes
    another.
    """

    def __init__(self, begun: Complaint | Carried) -> None:
        super().__init__(begun)
        known = self.carried.pause if self.carried else None
        self.pause = known or _pause_without_text(self.ticket)
        self.untold: list[_News] = []
        self._telling: asyncio.Task[None] | None = None

    def record_event(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        request = self._request_of(fact)
        super().record_event(fact, at, actor)
        number = self.ticket.complaint.number
        match fact:
            case Held():
                asked_at = request.asked_at if request else at
                self.pause = ParentPause(
                    parent=number,
                    why="hold",
                    text=fact.reason,
                    until=fact.until,
                    asked_at=asked_at,
                    at=at,
                )
                self._tell(merging.PAUSED, self.pause, self.ticket.waiting)
            case QuestionAsked():
                until = _waits_until(fact.clocks)
                # The question is another citizen's: it may name what only concerns that one.
                text = "" if rules_of(self.ticket).one_asked else fact.text
                self.pause = ParentPause(
                    parent=number, why="citizen", text=text, until=until, at=at
                )
                self._tell(merging.PAUSED, self.pause, self.ticket.waiting)
            case Resumed():
                self._tell_resumed(fact.why, at)
            case ExtensionGranted() if request is not None and self._leads(fact.assignment):
                extended = ParentExtended(
                    parent=number,
                    by=request.by or "",
                    reason=fact.reason,
                    asked_at=request.asked_at,
                    at=at,
                )
                self._tell(merging.EXTENDED, extended, self.ticket.waiting)
            case Reclassified():
                self._tell_reclassified(self.ticket.waiting, at)
            case Replied():
                self.pause = None  # those who waited get the answer
            case _:
                pass

    async def before_waiting(self) -> None:
        await super().before_waiting()
        # A pause also ends with its share, and no clock may have been paused by it.
        self._tell_resumed("pause_ended", self.ticket.updated_at)

    def welcome(self, merged: MergedTicket) -> None:
        """Notify a ticket that has just been merged into this one of what it may not know.

        That is a present pause, and the classification it borrows, if that was corrected meanwhile.
        """
        lent = (merged.category, merged.tier)
        if merged.category is not None and lent != (self.ticket.category, self.ticket.tier):
            self._tell_reclassified([merged.number], merged.at)
        if self.pause is not None and self.ticket.lead_pause is not None:
            since = {"at": merged.at, "asked_at": None}
            self._tell(merging.PAUSED, self.pause.model_copy(update=since), [merged.number])

    def _tell_reclassified(self, numbers: Sequence[str], at: datetime) -> None:
        ticket = self.ticket
        corrected = ParentReclassified(
            parent=ticket.complaint.number,
            category=ticket.category or "",
            tier=ticket.tier or "",
            at=at,
        )
        self._tell(merging.RECLASSIFIED, corrected, numbers)

    def _tell_resumed(self, why: str, at: datetime) -> None:
        if self.pause is None or self.ticket.lead_pause is not None:
            return
        self.pause = None
        resumed = ParentResumed(parent=self.ticket.complaint.number, why=why, at=at)
        self._tell(merging.RESUMED, resumed, self.ticket.waiting)

    def _tell(self, signal: str, message: _Message, numbers: Sequence[str]) -> None:
        if not self.lifecycle or not numbers or not workflow.patched(_PATCH):
            return
        self.untold.append(_News(signal, message, list(numbers)))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._deliver())

    async def _deliver(self) -> None:
        while self.untold:
            signal, message, numbers = self.untold[0]
            await asyncio.gather(*(merging.deliver(one, signal, message) for one in numbers))
            result_arrived()
            self.untold.pop(0)

    def _nothing_under_way(self) -> bool:
        return super()._nothing_under_way() and not self.untold

    def _request_of(self, fact: Fact) -> Request | None:
        """Return the request that `fact` grants, which is settled once it is recorded."""
        if isinstance(fact, Held | ExtensionGranted):
            return self.ticket.assignment(fact.assignment).asked
        return None

    def _leads(self, n: int) -> bool:
        return self.ticket.assignment(n).share is Share.LEAD


def _pause_without_text(ticket: Ticket) -> ParentPause | None:
    """Return the pause of a run that was begun before its text was passed on."""
    pause = ticket.lead_pause
    if pause is None:
        return None
    until = pause.until or _waits_until(ticket.clocks)
    return ParentPause(parent=ticket.complaint.number, why=pause.why, until=until, at=pause.since)


def _waits_until(clocks: Sequence[Clock]) -> datetime | None:
    """Return how long an answer of the citizen is waited for."""
    return next((c.due_at for c in clocks if c.name is ClockName.CITIZEN and c.running), None)
