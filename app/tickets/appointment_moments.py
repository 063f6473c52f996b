"""The appointments of a ticket on its timeline: booked, moved, kept or missed."""

from datetime import datetime

from app.tickets.moments import TimelineMoment
from domain.booking.booking import BookingAct
from domain.pack.pack import Pack
from store.db.engine import Store
from store.tickets import bookings

_AHEAD = (BookingAct.BOOKED, BookingAct.MOVED, BookingAct.MOVED_BY_STAFF)


async def appointment_moments(
    store: Store, number: str, pack: Pack, now: datetime
) -> list[TimelineMoment]:
    """Return what happened to the appointments of a ticket, the first moment first.

    Of one that was booked or moved its new time is told. The reason why staff moved it is for its
    resident.
    """
    found: list[TimelineMoment] = []
    booked = await bookings.of_ticket(store, number)
    records = await bookings.records_of(store, [booking.id for booking in booked])
    for booking in booked:
        service = pack.services.service(booking.service)
        subject = service.name if service else booking.service
        for one in records.get(booking.id, []):
            told = f"{one.starts_at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}"
            text = told if one.act in _AHEAD else ""
            found.append(TimelineMoment(one.at, f"appointment_{one.act}", subject, text))
        if booking.state_at(now) is not booking.state:  # nobody has to say that it was missed
            found.append(TimelineMoment(booking.missed_at, "appointment_missed", subject))
    return sorted(found, key=lambda moment: moment.at)
