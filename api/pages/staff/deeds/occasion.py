"""Who stands before which ticket: what choices and possibilities depend on."""

from dataclasses import dataclass
from datetime import datetime

from api.caller import Caller
from api.pages.staff.speech import Speech
from domain.pack.pack import Pack
from domain.ticket.assignment import Assignment
from domain.ticket.ticket import Ticket


@dataclass(frozen=True)
class Occasion:
    """The ticket as last told, and whoever looks at it, in their language."""

    ticket: Ticket
    caller: Caller
    speech: Speech
    now: datetime

    @property
    def pack(self) -> Pack:
        return self.speech.pack

    @property
    def own(self) -> list[Assignment]:
        """The open shares that this caller may act on: a unit's own; for all others, every one."""
        unit = self.caller.unit
        return [share for share in self.ticket.opened if unit in (None, share.unit)]
