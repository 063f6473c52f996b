"""Fair satisfaction: ratings set apart, citizens who are asked again, the rate with its error."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import TicketNumber, citizen_or_staff, optional_caller, staff
from api.http.dependencies import Context
from api.http.problem_responses import ACTING, OF_CITY, OF_TICKET, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.cities.periods import RECKONING, ReckoningQuery
from app.context import API
from app.reporting import fair_satisfaction, satisfaction
from app.reporting.fair_satisfaction import FairSatisfactionOut
from app.reporting.satisfaction import (
    AskedAgainIn,
    ResampleOut,
    SampleIn,
    SampleOut,
    SamplesOut,
)
from app.tickets import rating_checks
from app.tickets.rating_checks import CountRatingIn, RatingCheckOut, RatingChecksOut
from domain.ticket.complaint import Code

router = APIRouter(prefix=API)

SAMPLE = {"city": "jinan", "since": "2026-03-01", "until": "2026-03-31", "size": 60}
SAID = {"reached": True, "resolved": True, "grade": 4}
COUNTING = {"reason": "市民来电说明，评价系本人意愿。"}

SampleId = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z_.-]{1,48}$", description="The number of the draw."),
]
RatingVersion = Annotated[
    int, Path(ge=1, le=1_000_000, description="The version of the event of the rating.")
]
City = Annotated[Code | None, Query(description="May be left out where it is yours.")]


@router.get(
    "/cities/{city}/satisfaction",
    operation_id="get_satisfaction",
    summary="The satisfaction of a period with its error",
    tags=["Cities"],
    response_model=FairSatisfactionOut,
    responses=responses(*RECKONING, "csrf_failed", "not_your_city"),
    openapi_extra={"security": [{}]},
)
async def get_satisfaction(
    city: str,
    context: Context,
    caller: Annotated[Caller | None, optional_caller("get_figures")],
    query: Annotated[ReckoningQuery, Query()],
) -> Response:
    """Return the rate, how many ratings are set apart and why, and what those say who were asked
    again. Without a token: months, as they were when they ended.
    """
    found = await fair_satisfaction.fair_page(context, caller, city, query)
    return json_of(found) if caller else json_of(found, Cache_Control="public, max-age=60")


@router.get(
    "/tickets/{number}/rating-checks",
    operation_id="list_rating_checks",
    summary="See which ratings of a ticket are set apart, and why",
    tags=["Citizens", "Staff"],
    response_model=RatingChecksOut,
    responses=responses(*READING, *OF_TICKET, "too_many_attempts"),
)
async def list_rating_checks(
    number: TicketNumber,
    caller: Annotated[Caller, citizen_or_staff("list_rating_checks")],
    context: Context,
) -> Response:
    """Return those that are or were set apart. The ratings themselves stay as they are."""
    return json_of(RatingChecksOut(items=await rating_checks.checks_of(context, caller, number)))


@router.post(
    "/tickets/{number}/rating-checks/{version}/count",
    operation_id="count_rating",
    summary="Let a rating that is set apart count after all",
    tags=["Staff"],
    response_model=RatingCheckOut,
    responses=responses(*ACTING, *OF_TICKET, "not_started_yet", "not_set_apart", "lifted_already"),
)
async def count_rating(
    number: TicketNumber,
    version: RatingVersion,
    caller: Annotated[Caller, staff("count_rating")],
    context: Context,
    body: Annotated[CountRatingIn, Body(examples=[COUNTING])],
) -> Response:
    """Record why. Figures of periods that ended before keep what was known when they ended."""
    return json_of(await rating_checks.count_rating(context, caller, number, version, body))


@router.get(
    "/satisfaction/draws",
    operation_id="list_samples",
    summary="The draws of citizens who are asked again",
    tags=["Staff"],
    response_model=SamplesOut,
    responses=responses(*READING, *OF_CITY, "not_in_this_city"),
)
async def list_samples(
    caller: Annotated[Caller, staff("list_samples")], context: Context, city: City = None
) -> Response:
    """Return them, the newest first."""
    return json_of(await satisfaction.list_samples(context, caller, city))


@router.post(
    "/satisfaction/draws",
    operation_id="draw_sample",
    summary="Draw rated tickets whose citizens are asked again",
    tags=["Staff"],
    status_code=201,
    response_model=SampleOut,
    responses=responses(
        *ACTING,
        *OF_CITY,
        "not_in_this_city",
        "sample_too_early",
        "draw_period",
        "sample_too_large",
    ),
)
async def draw_sample(
    caller: Annotated[Caller, staff("draw_sample")],
    context: Context,
    body: Annotated[SampleIn, Body(examples=[SAMPLE])],
) -> Response:
    """Return the draw with its seed. Every draw is recorded with the next number, for good."""
    return json_of(await satisfaction.draw_sample(context, caller, body), 201)


@router.get(
    "/satisfaction/draws/{sample}",
    operation_id="get_sample",
    summary="A draw, and what became of its tickets",
    tags=["Staff"],
    response_model=SampleOut,
    responses=responses(*READING, "draw_not_found"),
)
async def get_sample(
    sample: SampleId, caller: Annotated[Caller, staff("get_sample")], context: Context
) -> Response:
    """Return seed, population and what was drawn, so that anybody can repeat it."""
    return json_of(await satisfaction.get_sample(context, caller, sample))


@router.get(
    "/satisfaction/draws/{sample}/redraw",
    operation_id="redraw_sample",
    summary="Repeat a draw of those asked again from its seed",
    tags=["Staff"],
    response_model=ResampleOut,
    responses=responses(*READING, "draw_not_found", "unknown_algorithm"),
)
async def redraw_sample(
    sample: SampleId, caller: Annotated[Caller, staff("redraw_sample")], context: Context
) -> Response:
    """Return what comes out now, and whether it is what is recorded."""
    return json_of(await satisfaction.redraw_sample(context, caller, sample))


@router.post(
    "/satisfaction/draws/{sample}/tickets/{number}",
    operation_id="record_second_answer",
    summary="Record what a citizen said who was asked again",
    tags=["Staff"],
    response_model=SampleOut,
    responses=responses(
        *ACTING,
        "bad_number",
        "draw_not_found",
        "not_sampled",
        "answered_already",
        "second_answer_incomplete",
        "contact_budget_spent",
    ),
)
async def record_second_answer(
    sample: SampleId,
    number: TicketNumber,
    caller: Annotated[Caller, staff("record_second_answer")],
    context: Context,
    body: Annotated[AskedAgainIn, Body(examples=[SAID])],
) -> Response:
    """Record an attempt: not reached, or the answer, which is not changed again.

    It counts in the day's budget of contacts with the citizen.
    """
    return json_of(await satisfaction.record_second_answer(context, caller, sample, number, body))
