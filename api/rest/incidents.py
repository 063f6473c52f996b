"""Incidents (突发事件): declared, told of, ended; their reports; and what everybody may know."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, citizen, public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import (
    ACTING,
    BODY,
    BY_CODE,
    OF_CITY,
    OF_TICKET,
    READING,
    responses,
)
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.filing.filing import IncidentTold
from app.incidents import acts, views
from app.incidents.acts import EndIn, IncidentIn, LeaveIn, TellIn
from app.incidents.views import IncidentOut, IncidentsOut, PublicIncidentsOut, ReportsOut
from app.tickets.citizen_view import CitizenTicket
from app.tickets.tickets import as_citizen
from domain.incident.incident import MemberState

router = APIRouter(prefix=API)

_ONE = ("incident_not_found",)

EXAMPLE = {
    "title": "新华西街停水",
    "scope": {
        "categories": ["0401"],
        "areas": ["110112003"],
        "places": ["新华西街"],
        "words": ["停水", "没水"],
        "began_at": "2026-03-02T18:30:00+08:00",
    },
    "statement": "新华西街供水管爆裂，正在抢修，预计今晚十点恢复供水。",
}
TELLING = {"statement": "抢修已完成一半，预计今晚十一点恢复供水。"}
ENDING = {"statement": "供水已于二十二时四十分恢复。给您带来不便，敬请谅解。"}

IncidentId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="The incident's id.")]


@router.get(
    "/cities/{city}/incidents",
    operation_id="list_incidents",
    summary="See a city's incidents",
    tags=["Staff"],
    response_model=IncidentsOut,
    responses=responses(*READING, *OF_CITY, "not_in_this_city"),
)
async def listed(
    city: str,
    caller: Annotated[Caller, staff("list_incidents")],
    context: Context,
    over: Annotated[bool, Query(description="Those that ended or were dismissed.")] = False,
) -> Response:
    """Return the proposed and open ones, the newest first."""
    items = await views.incidents_of(context, caller, city, over=over)
    return json_of(IncidentsOut(items=items))


@router.post(
    "/cities/{city}/incidents",
    operation_id="declare_incident",
    summary="Declare an incident",
    tags=["Staff"],
    status_code=201,
    response_model=IncidentOut,
    responses=responses(
        *ACTING,
        *OF_CITY,
        *_ONE,
        "not_in_this_city",
        "unknown_category",
        "unknown_unit",
        "bad_lead",
        "incident_over",
        "idempotency_key_reused",
    ),
)
async def declare(
    city: str,
    caller: Annotated[Caller, staff("declare_incident")],
    context: Context,
    body: Annotated[IncidentIn, Body(examples=[EXAMPLE])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Declare it. From now on reports that surely fit are members: they are told the statement at
    once, and answered together with the lead. Reports since it began are looked through.
    """
    return json_of(await acts.declare(context, caller, city, body, idempotency_key), 201)


@router.get(
    "/incidents/{incident}/staff",
    operation_id="show_incident",
    summary="See an incident, and what was told of it to how many",
    tags=["Staff"],
    response_model=IncidentOut,
    responses=responses(*READING, *_ONE),
)
async def show(
    incident: IncidentId, caller: Annotated[Caller, staff("list_incidents")], context: Context
) -> Response:
    """Return it with all statements."""
    return json_of(await views.one_incident(context, caller, incident))


@router.get(
    "/incidents/{incident}/reports",
    operation_id="list_incident_reports",
    summary="See the reports of an incident, and why each is one",
    tags=["Staff"],
    response_model=ReportsOut,
    responses=responses(*READING, *_ONE),
)
async def reports(
    incident: IncidentId,
    caller: Annotated[Caller, staff("list_incidents")],
    context: Context,
    state: MemberState = MemberState.SUGGESTED,
    cursor: Annotated[str, Query(max_length=13, pattern=r"^[0-9]*$")] = "",
) -> Response:
    """Return them by their numbers; the cursor is the last one read."""
    return json_of(await views.reports_of(context, caller, incident, state, cursor))


@router.post(
    "/incidents/{incident}/dismiss",
    operation_id="dismiss_incident",
    summary="Say that a proposed incident is none",
    tags=["Staff"],
    response_model=IncidentOut,
    responses=responses(*ACTING, *_ONE, "incident_over"),
)
async def dismiss(
    incident: IncidentId, caller: Annotated[Caller, staff("declare_incident")], context: Context
) -> Response:
    """Dismiss it; the same reports do not propose it again."""
    return json_of(await acts.dismiss(context, caller, incident))


@router.post(
    "/incidents/{incident}/tell",
    operation_id="tell_of_incident",
    summary="Say what is told of an incident",
    tags=["Staff"],
    response_model=IncidentOut,
    responses=responses(*ACTING, *_ONE, "incident_over", "bad_lead"),
)
async def tell(
    incident: IncidentId,
    caller: Annotated[Caller, staff("run_incident")],
    context: Context,
    body: Annotated[TellIn, Body(examples=[TELLING])],
) -> Response:
    """Members read it where they follow their report; new ones get it with their number."""
    return json_of(await acts.tell(context, caller, incident, body))


@router.post(
    "/incidents/{incident}/end",
    operation_id="end_incident",
    summary="End an incident",
    tags=["Staff"],
    response_model=IncidentOut,
    responses=responses(*ACTING, *_ONE, "incident_over"),
)
async def end(
    incident: IncidentId,
    caller: Annotated[Caller, staff("run_incident")],
    context: Context,
    body: Annotated[EndIn, Body(examples=[ENDING])],
) -> Response:
    """End it with a last statement. Later reports are tickets of their own; present members still
    get the answer of the lead.
    """
    return json_of(await acts.end(context, caller, incident, body))


@router.post(
    "/incidents/{incident}/reopen",
    operation_id="reopen_incident",
    summary="Open an incident again",
    tags=["Staff"],
    response_model=IncidentOut,
    responses=responses(*ACTING, *_ONE, "incident_over"),
)
async def reopen(
    incident: IncidentId,
    caller: Annotated[Caller, staff("run_incident")],
    context: Context,
    body: Annotated[EndIn, Body(examples=[TELLING])],
) -> Response:
    """Open it again; reports since its end are looked through."""
    return json_of(await acts.reopen(context, caller, incident, body))


@router.post(
    "/incidents/{incident}/reports/{number}/take-in",
    operation_id="take_into_incident",
    summary="Take a report into an incident",
    tags=["Staff"],
    status_code=204,
    responses=responses(*ACTING, *_ONE, "bad_number", "not_in_incident"),
)
async def take_in(
    incident: IncidentId,
    number: TicketNumber,
    caller: Annotated[Caller, staff("sort_incident")],
    context: Context,
) -> Response:
    """Make a suggested report a member."""
    await acts.take_in(context, caller, incident, number)
    return Response(status_code=204)


@router.post(
    "/incidents/{incident}/reports/{number}/take-out",
    operation_id="take_out_of_incident",
    summary="Take a report out of an incident",
    tags=["Staff"],
    status_code=204,
    responses=responses(*ACTING, *_ONE, "bad_number", "not_in_incident"),
)
async def take_out(
    incident: IncidentId,
    number: TicketNumber,
    caller: Annotated[Caller, staff("sort_incident")],
    context: Context,
) -> Response:
    """Let it be handled by itself, at once."""
    await acts.take_out(context, caller, incident, number)
    return Response(status_code=204)


@router.post(
    "/tickets/{number}/leave-incident",
    operation_id="leave_incident",
    summary="Say that one's report is another matter than its incident",
    tags=["Citizens"],
    response_model=CitizenTicket,
    responses=responses(
        *BY_CODE, *BODY, *OF_TICKET, "unauthenticated", "forbidden", "not_in_incident"
    ),
)
async def leave(
    number: TicketNumber,
    caller: Annotated[Caller, citizen("leave_incident")],
    context: Context,
    body: Annotated[LeaveIn, Body(examples=[{"reason": "我家是暖气漏水，不是停水。"}])],
) -> Response:
    """Let it be handled by itself, at once."""
    await acts.leave(context, caller, number, body)
    return json_of(await as_citizen(context, caller, number))


@router.get(
    "/incidents/{incident}",
    operation_id="get_incident",
    summary="Read what is said of an incident",
    tags=["Public"],
    dependencies=[public("get_incident")],
    response_model=IncidentTold,
    responses=responses("invalid_request", "store_unavailable", "too_many_requests", *_ONE),
)
async def told(incident: IncidentId, context: Context) -> Response:
    """Return its present statement; an incident that is only proposed is not found."""
    return json_of(await views.public_incident(context, incident))


@router.get(
    "/cities/{city}/incidents/public",
    operation_id="list_public_incidents",
    summary="Read what is said of a city's open incidents",
    tags=["Public"],
    dependencies=[public("get_incident")],
    response_model=PublicIncidentsOut,
    responses=responses(
        "invalid_request",
        "store_unavailable",
        "too_many_requests",
        "unknown_city",
        "not_in_this_city",
    ),
)
async def told_in_city(city: str, context: Context) -> Response:
    """Return the open ones, the newest first."""
    return json_of(PublicIncidentsOut(items=await views.public_incidents(context, city)))
