"""Moments of a ticket beside its workflow, for the timelines of staff and of citizens."""

from collections.abc import Iterable

from app.context import AppContext
from app.tickets.appointment_moments import appointment_moments
from app.tickets.council_views import CouncilOut, moments_of
from app.tickets.mediations import mediation_moments
from app.tickets.moments import TimelineMoment
from app.tickets.promise_views import PromiseOut, promise_moments
from domain.ticket.ticket import Ticket


async def moments_beside(
    context: AppContext,
    ticket: Ticket,
    councils: Iterable[CouncilOut],
    promises: Iterable[PromiseOut],
) -> list[TimelineMoment]:
    """Return the moments of councils and promises, as the reader may see them, and of mediations
    and appointments, the first moment first.

    Of a report of wrongdoing there is neither mediation nor appointment.

    Raises:
        StoreUnavailable
    """
    found = [*moments_of(councils), *promise_moments(promises)]
    if not ticket.of_wrongdoing:
        number, pack = ticket.complaint.number, context.packs.get(ticket.complaint.city)
        found += await mediation_moments(context.store, number)
        found += await appointment_moments(context.store, number, pack, context.now())
    return sorted(found, key=lambda moment: moment.at)
