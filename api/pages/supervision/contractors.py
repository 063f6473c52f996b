"""Contractors' monthly sheets for staff: the month, its lines, objections and their decision."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.http.access import staff
from api.http.csv_sheets import sheet
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.addresses import known_parameters
from api.pages.shared.forms import Form
from api.pages.shared.months import requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.reporting import contractors
from app.reporting.contractors import (
    AssessmentOut,
    AssessmentQuery,
    ObjectionDecisionIn,
    ObjectionIn,
)
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.words import N_

router = APIRouter(include_in_schema=False)

URL = "/staff/contractors"

Reads = Annotated[Caller, staff("get_assessment")]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$")]
Line = Annotated[int, Path(ge=1, le=10_000_000)]


@router.get(URL, dependencies=[known_parameters("month", "unit", "compare")])
async def show(request: Request, caller: Reads, context: Context) -> Response:
    """Show the sheets of a month; with `unit` its lines, with `compare` what would change."""
    return await _page(
        request, caller, context, Form.blank(unit=request.query_params.get("unit", ""))
    )


@router.get(f"{URL}.csv", dependencies=[known_parameters("month", "unit")])
async def lines(request: Request, caller: Reads, context: Context) -> Response:
    """Send the lines of a contractor's sheet as CSV."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month, shown = await _shown(request, caller, context, pack)
    heads = (N_("Company"), N_("Criterion"), N_("Points of the line"), N_("Number"), N_("At"),
             N_("Struck out"))  # fmt: skip
    rows: list[list[str | int | float | None]] = [
        [
            words.named(one),
            words.named(line),
            line.points,
            line.number,
            f"{line.at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}",
            words.say(N_("Struck out")) if line.struck else "",
        ]
        for one in shown.sheets
        for line in one.lines or []
    ]
    name = f"{words.named(pack.city)} {words.say(N_('Assessment sheets'))} {month}.csv"
    return sheet(name, [words.say(head) for head in heads], rows)


@router.post(f"{URL}/{{month}}/close")
async def close(
    request: Request,
    month: Month,
    caller: Annotated[Caller, staff("close_assessment")],
    context: Context,
) -> Response:
    """Close the month."""
    form, pack = await Form.read(request, "unit"), working_city(request, context, caller)

    async def act() -> None:
        await contractors.close_month(context, caller, pack.city.id, month)

    return await _done(request, caller, context, form, act, month)


@router.post(f"{URL}/{{month}}/{{line}}/object")
async def object_to(
    request: Request,
    month: Month,
    line: Line,
    caller: Annotated[Caller, staff("object_to_assessment")],
    context: Context,
) -> Response:
    """Object to a line."""
    form = await Form.read(request, "text", "unit", at=f"-{line}")
    pack = working_city(request, context, caller)

    async def act() -> None:
        body = ObjectionIn.model_validate({"line": line, "text": form.typed["text"]})
        await contractors.object_to_line(context, caller, pack.city.id, month, body)

    return await _done(request, caller, context, form, act, month)


@router.post(f"{URL}/{{month}}/{{line}}/decide")
async def decide(
    request: Request,
    month: Month,
    line: Line,
    caller: Annotated[Caller, staff("decide_objection")],
    context: Context,
) -> Response:
    """Decide an objection."""
    form = await Form.read(request, "reason", "granted", "unit", at=f"-{line}")
    pack = working_city(request, context, caller)

    async def act() -> None:
        values = {"granted": form.typed["granted"] == "yes", "reason": form.typed["reason"]}
        body = ObjectionDecisionIn.model_validate(values)
        await contractors.decide_objection(context, caller, pack.city.id, month, line, body)

    return await _done(request, caller, context, form, act, month)


# --- shared -------------------------------------------------------------------------------------


async def _done(
    request: Request, caller: Caller, context: AppContext, form: Form, act: Act, month: str
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, caller, context, form, status, month)

    unit = {"unit": form.typed["unit"]} if form.typed["unit"] else {}
    return await acted(form, act, again, f"{URL}?{urlencode({'month': month} | unit)}")


async def _shown(
    request: Request,
    caller: Caller,
    context: AppContext,
    pack: Pack,
    month: str = "",
    unit: str | None = None,
) -> tuple[str, AssessmentOut]:
    """Return the month and its sheets.

    Raises:
        Problem: not_found, in a city without contractors, and for a month or unit there is not.
    """
    if not pack.contractors.units:
        raise Problem("not_found")
    asked = month or requested_month(request, pack, datetime.now(UTC)).shown
    unit = unit or request.query_params.get("unit") or None
    if unit is not None and unit not in pack.contractors.units:
        raise Problem("not_found")
    query = AssessmentQuery(unit=unit, compare=request.query_params.get("compare") == "yes")
    return asked, await contractors.assessment_page(context, caller, pack.city.id, asked, query)


async def _page(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    status: int = 200,
    month: str = "",
) -> Response:
    pack = working_city(request, context, caller)
    unit = form.typed["unit"]
    asked, shown = await _shown(request, caller, context, pack, month, unit)
    return staff_page(
        request,
        "supervision/contractors.html",
        caller,
        status,
        pack=pack,
        month=requested_month(request, pack, datetime.now(UTC)),
        asked=asked,
        shown=shown,
        form=form,
        unit=unit,
        units={one.code: one for one in pack.units},
        may_close=caller.may(RIGHTS["close_assessment"]),
        may_object=caller.may(RIGHTS["object_to_assessment"]),
        may_decide=caller.may(RIGHTS["decide_objection"]),
    )
