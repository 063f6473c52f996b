"""The base of every fact."""

from datetime import datetime
from typing import TYPE_CHECKING

from domain.model import Recorded
from domain.ticket.ticket import Ticket


class FactBase(Recorded):
    """Something that happened. `apply` changes the ticket; the transition table must permit it."""

    if TYPE_CHECKING:
        kind: str

    def apply(self, ticket: Ticket, at: datetime) -> None:
        """Change `ticket`, except its stage, which the transition table sets."""
