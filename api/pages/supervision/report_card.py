"""The report card of a period for staff; supervisors choose its typical cases."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.months import Month, Quarter, Year
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.reporting.report_card import CardQuery, CaseIn, choose_case, report_card
from domain.policy.permissions import RIGHTS

router = APIRouter(include_in_schema=False)

HERE = "/staff/report-card"
_PERIOD = ("year", "quarter", "month")
_CASE = ("number", "chosen")


@router.get(HERE)
async def show(
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("get_report_card")],
    year: Year = None,
    quarter: Quarter = None,
    month: Month = None,
) -> Response:
    """Show the card of the city worked in."""
    query = CardQuery(year=year, quarter=quarter, month=month)
    return await _page(request, context, caller, query, Form.blank(*_CASE))


@router.post(HERE)
async def choose(
    request: Request, context: Context, caller: Annotated[Caller, staff("choose_case")]
) -> Response:
    """Choose a case for the period, or take it out."""
    form = await Form.read(request, *_PERIOD, *_CASE)
    try:
        query = CardQuery.model_validate(form.filled(*_PERIOD))
    except ValidationError as error:
        status = form.refuse(error)
        form.faults.clear()  # the page has no such fields: its own buttons name the period
        return await _page(request, context, caller, CardQuery(), form, status)
    city = working_city(request, context, caller).city.id
    try:
        body = CaseIn.model_validate(
            form.filled(*_PERIOD, "number") | {"chosen": form.typed["chosen"] != "no"}
        )
        await choose_case(context, caller, city, body)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, query, form, form.refuse(error))
    asked = "&".join(f"{name}={value}" for name, value in form.filled(*_PERIOD).items())
    return RedirectResponse(f"{HERE}?{asked}", 303)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    query: CardQuery,
    form: Form,
    status: int = 200,
) -> Response:
    pack = working_city(request, context, caller)
    if pack.report_card is None:
        raise Problem("not_found")
    card = await report_card(context, caller, pack.city.id, query)
    year = int(card.period[:4])
    return staff_page(
        request,
        "supervision/report_card.html",
        caller,
        status,
        pack=pack,
        card=card,
        year=year,
        period={"year": year, "quarter": query.quarter or "", "month": query.month or ""},
        may=caller.may(RIGHTS["choose_case"]),
        form=form,
    )
