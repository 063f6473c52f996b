"""All that is beside a ticket's workflow: councils, promises, mediations, hand-overs and more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, ParamSpec, TypeVar

from app.access.caller import Caller
from app.access.permission import permit
from app.agents.request_views import request_moments
from app.context import AppContext
from app.handover.views import cipher_of, handover_moments
from app.tickets.appointment_moments import appointment_moments
from app.tickets.council_topics import topic_councils_of
from app.tickets.council_views import CouncilOut, moments_of
from app.tickets.councils import councils_of
from app.tickets.mediations import mediation_moments
from app.tickets.moments import TimelineMoment
from app.tickets.promise_views import PromiseOut, promise_moments
from app.tickets.promises import promises_of
from domain.ticket.ticket import Ticket
from store.agents import requests

Item = TypeVar("Item")
Asked = ParamSpec("Asked")


class BesideWorkflow(NamedTuple):
    """Councils and promises as the reader may see them.

    `moments`: of them, of councils on the topics that the ticket is linked to, of mediations, of
    appointments, and of requests for a person, the first moment first.
    """

    councils: list[CouncilOut]
    promises: list[PromiseOut]
    moments: list[TimelineMoment]


async def beside_workflow(context: AppContext, caller: Caller, ticket: Ticket) -> BesideWorkflow:
    """Return what is beside the workflow of a ticket that this caller may see.

    A subject that the city's pack has not costs no query. Of a report of wrongdoing there is
    neither council, mediation nor appointment.

    Raises:
        Problem, StoreUnavailable
    """
    number, pack = ticket.complaint.number, context.packs.get(ticket.complaint.city)
    await permit(context, caller, "get_ticket", number)
    no_report = not ticket.of_wrongdoing
    councils, of_topics, promises, mediated, booked, (handed, asked) = await asyncio.gather(
        _if(no_report and pack.council is not None, councils_of, context, caller, number),
        _if(no_report and pack.council is not None, topic_councils_of, context, caller, number),
        _if(pack.promises is not None, promises_of, context, caller, number),
        _if(no_report, mediation_moments, context.store, number),
        _if(
            no_report and bool(pack.services.services),
            appointment_moments,
            context.store,
            number,
            pack,
            context.now(),
        ),
        asyncio.gather(
            _if(
                no_report,
                handover_moments,
                context.store,
                cipher_of(context),
                number,
                caller.citizen,
            ),
            _if(pack.agents is not None, requests.of_ticket, context.store, number),
        ),
    )
    held = moments_of([*councils, *of_topics])
    people = request_moments(asked, caller, context.now())
    moments = [*held, *promise_moments(promises), *mediated, *booked, *handed, *people]
    return BesideWorkflow(councils, promises, sorted(moments, key=lambda moment: moment.at))


async def _if(
    has: bool, ask: Callable[Asked, Awaitable[list[Item]]], *asked: Asked.args, **more: Asked.kwargs
) -> list[Item]:
    return await ask(*asked, **more) if has else []
