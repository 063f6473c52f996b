"""The base of every fact."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from domain.model import Recorded
from domain.ticket.ticket import Ticket


class EventWords(NamedTuple):
    """The names of an event, in English and in Chinese (`zh`), for each audience.

    `staff`: on the pages of staff, in the CLI and in stories. `citizen`: in the citizen's timeline,
    "" for an event that stays internal. `quoted`: its text is the citizen's own, or was written for
    the citizen.
    """

    staff: str
    staff_zh: str
    citizen: str = ""
    citizen_zh: str = ""
    quoted: bool = False


class FactBase(Recorded):
    """Something that happened. `apply` changes the ticket; the transition table must permit it."""

    if TYPE_CHECKING:
        kind: str

    words: ClassVar[EventWords]

    def apply(self, ticket: Ticket, at: datetime) -> None:
        """Change `ticket`, except its stage, which the transition table sets."""


class RoundFact(FactBase):
    """A fact that may send an answered ticket back to work: it then begins another round.

    `new_round`: it does; set where it is recorded. False in events of tickets that were accepted
    before there were rounds: the state after them stays as it was recorded.
    """

    new_round: bool = False

    def begin(self, ticket: Ticket) -> None:
        """Begin the round, after the fact has read what it needs of the one before."""
        if self.new_round:
            ticket.begin_round()
