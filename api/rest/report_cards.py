"""The report card of a period (向群众汇报)."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api.http.access import optional_caller, staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.reporting import report_card
from app.reporting.report_card import CardQuery, CaseIn, ReportCard

router = APIRouter(prefix=API)

_PROBLEMS = (
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "csrf_failed",
    "not_your_city",
    "unknown_city",
    "not_in_this_city",
    "pack_invalid",
    "store_unavailable",
)
EXAMPLE = {"year": 2026, "month": 11, "number": "2611012345675"}


@router.get(
    "/cities/{city}/report-card",
    operation_id="get_report_card",
    summary="The report card of a month, a quarter or a year",
    tags=["Cities"],
    response_model=ReportCard,
    responses=responses(*_PROBLEMS),
    openapi_extra={"security": [{}]},
)
async def get_report_card(
    city: str,
    context: Context,
    caller: Annotated[Caller | None, optional_caller("get_report_card")],
    query: Annotated[CardQuery, Query()],
) -> Response:
    """Return figures by the city's formulas, the categories with most tickets, published cases,
    and what became of the promises whose day lies in the period. Without a token only where the
    city publishes it.
    """
    return json_of(await report_card.report_card(context, caller, city, query))


@router.post(
    "/cities/{city}/report-card/cases",
    operation_id="choose_case",
    summary="Choose a typical case of a report card, or take it out",
    tags=["Staff"],
    response_model=ReportCard,
    responses=responses(
        *_PROBLEMS,
        "malformed_json",
        "body_too_large",
        "scope_missing",
        "too_many_requests",
        "case_not_published",
        "case_cap",
    ),
)
async def choose_case(
    city: str,
    caller: Annotated[Caller, staff("choose_case")],
    context: Context,
    body: Annotated[CaseIn, Body(examples=[EXAMPLE])],
) -> Response:
    """Only tickets whose answer is published: their texts are covered as everywhere."""
    await report_card.choose_case(context, caller, city, body)
    query = CardQuery(year=body.year, quarter=body.quarter, month=body.month)
    return json_of(await report_card.report_card(context, caller, city, query))
