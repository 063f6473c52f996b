"""The checks of what is done to a promise. Each is asked with the day of the write."""

from datetime import date, timedelta

from domain.promise.promise import MOST_OF_TICKET, Promise
from domain.refusals import Refused


def check_day(due: date | None, today: date, most_ahead: int) -> date:
    """Return the day of a promise.

    Raises:
        Refused: promise_undated, in_the_past, too_far
    """
    if due is None:
        raise Refused("promise_undated", "A promise needs the day by which it is kept.")
    if due < today:
        raise Refused("in_the_past", "That day is over already.")
    if (due - today).days > most_ahead:
        raise Refused("too_far", f"At most {most_ahead} days ahead.")
    return due


def check_count(promises: int) -> None:
    """Check that a ticket with so many promises may have another."""
    if promises >= MOST_OF_TICKET:
        raise Refused("promise_cap", f"A ticket has at most {MOST_OF_TICKET} promises.")


def check_open(promise: Promise) -> None:
    """Check that nothing was said of its end yet."""
    if promise.end is not None:
        raise Refused("promise_ended", "The end of this promise is recorded already.")


def last_day_to_say(due: date, grace: int) -> date:
    """Return the last day on which something can be said before it is broken by itself."""
    return due + timedelta(days=grace)
