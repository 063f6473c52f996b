"""Diaries (民情日记) of the unit's area, and the tickets that are made of them (未诉先办)."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.filing.filing import Receipt
from app.grid.diary import DiaryPage, DiaryQuery, ProactiveIn, file_from_diary, search_diary

router = APIRouter(include_in_schema=False)

URL = "/staff/diaries"
LOOKING, FILING = ("words", "days"), ("text", "category")


@router.get(URL)
async def ask(
    request: Request, context: Context, caller: Annotated[Caller, staff("search_diary")]
) -> Response:
    """Ask what to look for: nothing is read before, since every search is logged."""
    return _page(request, context, caller, _blank())


@router.post(URL)
async def search(
    request: Request, context: Context, caller: Annotated[Caller, staff("search_diary")]
) -> Response:
    """Show the entries that were found. The words are in the body, and so in no log."""
    form = await Form.read(request, *LOOKING, *FILING)
    try:
        found = await _found(request, context, caller, form)
    except (ValidationError, *REFUSALS) as error:
        return _page(request, context, caller, form, form.refuse(error))
    return _page(request, context, caller, form, found=found)


@router.post(f"{URL}/tickets")
async def file(
    request: Request, context: Context, caller: Annotated[Caller, staff("file_from_diary")]
) -> Response:
    """File a ticket of the ticked entries; on a mistake show them again."""
    sent = await form_of(request)
    form = Form.of(sent, *LOOKING, *FILING)
    ticked = [one for one in sent.getlist("entry") if isinstance(one, str)]
    city = working_city(request, context, caller).city.id
    receipt, found, status = None, None, 200
    try:
        body = ProactiveIn.model_validate(form.filled(*FILING) | {"entries": ticked})
        receipt = await file_from_diary(context, caller, city, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    try:
        found = await _found(request, context, caller, form)
    except (ValidationError, *REFUSALS) as error:
        # Who has filed reads the number in any case.
        status = status if receipt else form.refuse(error)
    return _page(
        request, context, caller, form, status, found=found, ticked=ticked, receipt=receipt
    )


def _blank() -> Form:
    return Form.blank(*LOOKING, *FILING, days="30")


async def _found(request: Request, context: AppContext, caller: Caller, form: Form) -> DiaryPage:
    city = working_city(request, context, caller).city.id
    return await search_diary(
        context, caller, city, DiaryQuery.model_validate(form.filled(*LOOKING))
    )


def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    *,
    found: DiaryPage | None = None,
    ticked: list[str] | None = None,
    receipt: Receipt | None = None,
) -> Response:
    if receipt is not None:
        form = Form.blank(*LOOKING, *FILING, **form.filled(*LOOKING))
    return staff_page(
        request,
        "grid/diaries.html",
        caller,
        status,
        form=form,
        found=found,
        ticked=[] if receipt else ticked or [],
        receipt=receipt,
        categories=working_city(request, context, caller).categories,
    )
