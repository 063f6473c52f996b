"""The base of every fact."""

from datetime import datetime

from domain.model import Recorded
from domain.ticket.ticket import Ticket


class FactBase(Recorded):
    """Something that happened. `apply` changes the ticket; whether it may, the table says."""

    def apply(self, ticket: Ticket, at: datetime) -> None:
        """Change `ticket`. The stage itself is moved by the table, not here."""
