"""Contractors (承包企业): monthly assessment sheets, objections to them, and what is published."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.problem_responses import BODY, OF_CITY, READING, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.reporting import contractors
from app.reporting.contractors import (
    AssessmentOut,
    AssessmentQuery,
    CloseMonthIn,
    ObjectionDecisionIn,
    ObjectionIn,
    PublicMonths,
)

router = APIRouter(prefix=API)

_READING = (
    *READING,
    *OF_CITY,
    "not_in_this_city",
    "unknown_pack_version",
    "pack_invalid",
)
_ACTING = (*_READING, *BODY, "csrf_failed")

PATTERN = r"^[0-9]{4}-[0-9]{2}$"
Month = Annotated[
    str, Path(pattern=PATTERN, description="A month of the city.", examples=["2026-10"])
]


@router.get(
    "/cities/{city}/assessments/{month}",
    operation_id="get_assessment",
    summary="See the assessment sheets of a month",
    tags=["Staff"],
    response_model=AssessmentOut,
    responses=responses(*_READING, "unknown_unit", "not_your_unit"),
)
async def page(
    city: str,
    month: Month,
    context: Context,
    caller: Annotated[Caller, staff("get_assessment")],
    query: Annotated[AssessmentQuery, Query()],
) -> Response:
    """Return the sheets, computed, or as the month was closed. Officers see their own unit's, with
    its lines; others see the lines of the `unit` that they ask for.
    """
    return json_of(await contractors.assessment_page(context, caller, city, month, query))


@router.post(
    "/cities/{city}/assessments/{month}/close",
    operation_id="close_assessment",
    summary="Close a month of assessment",
    tags=["Staff"],
    response_model=AssessmentOut,
    responses=responses(*_ACTING, "month_not_over", "month_closed"),
)
async def close(
    city: str,
    month: Month,
    context: Context,
    caller: Annotated[Caller, staff("close_assessment")],
    _body: Annotated[CloseMonthIn, Body(examples=[{}])],
) -> Response:
    """Keep the sheets as they are computed now. A later computation shows differences only."""
    return json_of(await contractors.close_month(context, caller, city, month))


@router.post(
    "/cities/{city}/assessments/{month}/objections",
    operation_id="object_to_assessment",
    summary="Object to a line of one's own sheet",
    tags=["Staff"],
    response_model=AssessmentOut,
    responses=responses(
        *_ACTING,
        "month_not_closed",
        "line_not_found",
        "not_your_unit",
        "objection_over",
        "already_objected",
    ),
)
async def object_to(
    city: str,
    month: Month,
    context: Context,
    caller: Annotated[Caller, staff("object_to_assessment")],
    body: Annotated[ObjectionIn, Body(examples=[{"line": 3, "text": "该点位不属我司。"}])],
) -> Response:
    """Record it, in time by when it is written; a supervisor decides before it is published."""
    return json_of(await contractors.object_to_line(context, caller, city, month, body))


@router.post(
    "/cities/{city}/assessments/{month}/objections/{line}/decision",
    operation_id="decide_objection",
    summary="Decide an objection",
    tags=["Staff"],
    response_model=AssessmentOut,
    responses=responses(*_ACTING, "month_not_closed", "objection_not_found", "objection_decided"),
)
async def decide(
    city: str,
    month: Month,
    line: Annotated[int, Path(ge=1, le=10_000_000, description="The number of the line.")],
    context: Context,
    caller: Annotated[Caller, staff("decide_objection")],
    body: Annotated[
        ObjectionDecisionIn, Body(examples=[{"granted": True, "reason": "经核实属实。"}])
    ],
) -> Response:
    """Record the decision and its reason; a line whose objection is granted does not count."""
    return json_of(await contractors.decide_objection(context, caller, city, month, line, body))


@router.get(
    "/cities/{city}/contractors",
    operation_id="get_contractors",
    summary="See the published assessment of a city's contractors",
    tags=["Citizens"],
    dependencies=[public("get_contractors")],
    response_model=PublicMonths,
    responses=responses(
        "invalid_request",
        "unknown_city",
        "not_in_this_city",
        "not_found",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def published(
    city: str,
    context: Context,
    month: Annotated[str | None, Query(pattern=PATTERN, examples=["2026-10"])] = None,
) -> Response:
    """Return the sheets of a month, of the latest without `month`: points by criterion, and no
    ticket. A month is published once nothing can be objected to and all is decided.
    """
    return json_of(await contractors.public_sheets(context, city, month))
