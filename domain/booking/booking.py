"""A booking: an appointment that a resident has taken, moved, kept or missed; and its rules.

Nobody has to press a button for what time does: a reminder is due from `remind_at` on, and who was
not said to have come has missed it from `missed_at` on, the end of its day.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.model import Instant, Recorded
from domain.pack.services import Service
from domain.refusals import Refused

CORRECTED_WITHIN = timedelta(days=7)
"""The time after an appointment within which staff may still say what became of it."""


class BookingState(StrEnum):
    BOOKED = "booked"
    ARRIVED = "arrived"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Visit(StrEnum):
    """The outcomes of an appointment that staff record. `excused`: a missed one does not count."""

    ARRIVED = "arrived"
    DONE = "done"
    MISSED = "missed"
    EXCUSED = "excused"


class BookingAct(StrEnum):
    """An entry of a booking's record."""

    BOOKED = "booked"
    MOVED = "moved"
    MOVED_BY_STAFF = "moved_by_staff"
    CANCELLED = "cancelled"
    ARRIVED = "arrived"
    DONE = "done"
    MISSED = "missed"
    EXCUSED = "excused"


class Booking(Recorded):
    """A booking as it is recorded. `state` is what was said; `state_at` what is so by now.

    `seat`: its place among the appointments of the same moment. `phone`: a keyed hash. `sealed`:
    name and phone, encrypted; None once they are erased. `ticket`: the ticket that it belongs to.
    `content`: a mark of what was asked for, by which a key that comes again is known.
    """

    id: str
    number: str
    city: str
    service: str
    place: str
    starts_at: Instant
    ends_at: Instant
    remind_at: Instant
    missed_at: Instant
    seat: int = 0
    moves: int = 0
    state: BookingState = BookingState.BOOKED
    ticket: str | None = None
    phone: str = ""
    sealed: bytes | None = Field(None, repr=False)
    content: str = ""
    made_at: Instant

    def state_at(self, now: datetime) -> BookingState:
        """Return its state, with what time alone has made of it."""
        if self.state is BookingState.BOOKED and self.missed_at <= now:
            return BookingState.MISSED
        return self.state

    def is_reminding(self, now: datetime) -> bool:
        """Return whether the resident is to be reminded of it now."""
        ahead = self.remind_at <= now < self.starts_at
        return self.state is BookingState.BOOKED and ahead


def check_ahead(booking: Booking, now: datetime) -> None:
    """Refuse to change an appointment that is over or cancelled, or that has begun.

    Raises:
        Refused: appointment_over
    """
    if booking.state is not BookingState.BOOKED or booking.starts_at <= now:
        raise Refused("appointment_over", "The appointment is over, cancelled or has begun.")


def check_move(booking: Booking, service: Service, now: datetime) -> None:
    """Refuse a resident's move of an appointment.

    Raises:
        Refused: appointment_over, move_cap
    """
    check_ahead(booking, now)
    if booking.moves >= service.moves:
        raise Refused("move_cap", "It was moved as often as the city allows.")


def check_start(at: datetime, service: Service, now: datetime) -> None:
    """Refuse a beginning that is in the past, too soon, or further ahead than can be booked.

    Raises:
        Refused: in_the_past, too_soon, too_far
    """
    if at <= now:
        raise Refused("in_the_past", "An appointment is in the future.")
    if at < now + service.notice.length:
        raise Refused("too_soon", f"It is booked at least {service.notice} before.")
    if at > now + timedelta(days=service.days_ahead):
        raise Refused("too_far", f"It is booked at most {service.days_ahead} days ahead.")


_STATES = {
    Visit.ARRIVED: BookingState.ARRIVED,
    Visit.DONE: BookingState.DONE,
    Visit.MISSED: BookingState.MISSED,
    Visit.EXCUSED: BookingState.CANCELLED,
}


def recorded(booking: Booking, visit: Visit, now: datetime) -> BookingState:
    """Return the state that staff's words make of an appointment.

    Raises:
        Refused: appointment_over: it is cancelled, or too long ago; appointment_not_yet: nobody can
            have missed what has not begun; not_missed: only what was missed is excused.
    """
    too_late = now > booking.ends_at + CORRECTED_WITHIN
    if booking.state is BookingState.CANCELLED or too_late:
        raise Refused("appointment_over", "The appointment is cancelled, or too long ago.")
    if visit is Visit.MISSED and now < booking.starts_at:
        raise Refused("appointment_not_yet", "The appointment has not begun.")
    if visit is Visit.EXCUSED and booking.state_at(now) is not BookingState.MISSED:
        raise Refused("not_missed", "Only an appointment that was missed can be excused.")
    if booking.starts_at - now > timedelta(days=1):
        raise Refused("appointment_not_yet", "The appointment is not today.")
    return _STATES[visit]
