"""Reasons for what a person may command and the workflow does by itself."""

from domain.ticket.because import Because, sentence
from domain.ticket.ticket import Ticket


def text_of(reason: str | Because) -> str:
    """Return a person's reason as written, the system's as its sentence."""
    return reason if isinstance(reason, str) else sentence([reason])


def codes_of(ticket: Ticket, reason: str | Because) -> list[Because]:
    """Return the reason to record beside its text; none for a person's."""
    return coded(ticket, [reason]) if isinstance(reason, Because) else []


def coded(ticket: Ticket, reasons: list[Because]) -> list[Because]:
    """Return the workflow's own reasons as they are recorded for this ticket.

    None for one that was accepted before there were codes: when its history is replayed, the
    events must be those that were recorded.
    """
    return reasons if ticket.rules is not None and ticket.rules.reason_codes else []
