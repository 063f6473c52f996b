"""The action context: the ticket and caller on which choices depend."""

from dataclasses import dataclass
from datetime import datetime

from api.pages.shared.translator import Translator
from app.access.caller import Caller
from domain.actors import Actor
from domain.pack.pack import Pack
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket


@dataclass(frozen=True)
class ActionContext:
    """The ticket's last known state, the caller, and their language."""

    ticket: Ticket
    caller: Caller
    speech: Translator
    now: datetime

    @property
    def pack(self) -> Pack:
        return self.speech.pack

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def own(self) -> list[Assignment]:
        """The open shares the caller may act on: their unit's; all if the caller has no unit."""
        unit = self.caller.unit
        return [share for share in self.ticket.opened if unit in (None, share.unit)]
