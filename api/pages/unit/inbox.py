"""A unit's inbox: most urgent first, its parts, and commands for several tickets at once."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.shared.addresses import InboxAddress
from api.pages.shared.forms import Form
from api.pages.shared.staff_page import staff_page
from api.pages.unit.inbox_list import (
    DELEGATING,
    HOME,
    categories,
    inbox_page,
    place_of,
)
from api.pages.unit.inbox_several import give_all, ref_of, refs
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.tickets import assignments
from app.tickets.assignments import Ref
from domain.commands.joint.delegate import Delegate
from domain.commands.units.sign import Sign
from domain.messages import Command
from domain.words import N_

router = APIRouter(include_in_schema=False)

_Reader = Annotated[Caller, staff("list_assignments")]
_NOTHING = N_("Choose at least one line first.")
_FAULTS = {"unit": ("to", N_("Please choose one.")), "task": ("task", N_("Please fill this in."))}
"""The form field and the error message for each field of the command."""


@router.get(HOME)
async def show(request: Request, caller: _Reader, context: Context) -> Response:
    """Show the inbox. Officers see their own unit's; everybody else chooses a unit."""
    try:
        asked = InboxAddress.read(request)
    except ValidationError:
        raise Problem("invalid_request") from None
    return await inbox_page(request, context, caller, asked)


@router.post(f"{HOME}/sign")
async def sign(
    request: Request, caller: Annotated[Caller, staff("sign")], context: Context
) -> Response:
    """Sign the chosen assignments, or the one whose button was pressed."""
    return await _give(request, context, caller, lambda n: Sign(assignment=n))


@router.post(f"{HOME}/delegate")
async def delegate(
    request: Request, caller: Annotated[Caller, staff("delegate")], context: Context
) -> Response:
    """Delegate the chosen assignments to one subordinate unit, with one task."""
    sent = await form_of(request)
    form = Form.of(sent, *DELEGATING)
    try:
        command = Delegate.model_validate({"unit": form.typed["to"], "task": form.typed["task"]})
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            form.fail(*_FAULTS[str(fault["loc"][0])])
        form.problem = "invalid_request"
        picked = [ref_of(ref) for ref in _chosen(sent)]
        return await inbox_page(
            request, context, caller, _list_query(sent), 422, form, picked=picked
        )
    return await _give(
        request, context, caller, lambda n: command.model_copy(update={"assignment": n})
    )


@router.post(f"{HOME}/print")
async def sheets(request: Request, caller: _Reader, context: Context) -> Response:
    """Show the chosen assignments for printing: each with the complaint, and space for notes."""
    sent = await form_of(request)
    query, chosen = _list_query(sent), _chosen(sent)
    if not chosen:
        return await _nothing(request, context, caller, sent)
    place = place_of(request, context, caller, query)
    if place.unit is None:
        raise Problem("invalid_request", "Name a unit.")
    orders = await assignments.orders(context, caller, place.unit.code, place.pack.city.id, chosen)
    return staff_page(
        request,
        "unit/inbox_print.html",
        caller,
        pack=place.pack,
        unit=place.unit,
        orders=orders,
        back=query.url,
        categories=categories(place.pack),
    )


async def _give(
    request: Request, context: AppContext, caller: Caller, command: Callable[[int], Command]
) -> Response:
    """Send the command to each chosen assignment, then show the list with the results."""
    sent = await form_of(request)
    form, query, chosen = Form.of(sent, *DELEGATING), _list_query(sent), _chosen(sent)
    if not chosen:
        return await _nothing(request, context, caller, sent)
    place = place_of(request, context, caller, query)
    if place.unit is None:
        raise Problem("not_your_unit")
    rows = await assignments.chosen(context, caller, place.unit.code, place.pack.city.id, chosen)
    key = f"inbox/{form.key}"
    outcome = await give_all(request, context, caller, rows, chosen, command, key)
    values = form.typed if outcome.left else {}
    fresh = Form.blank(*DELEGATING, **values)  # with a new key, as the next form is another
    return await inbox_page(request, context, caller, query, 200, fresh, outcome=outcome)


async def _nothing(
    request: Request, context: AppContext, caller: Caller, sent: FormData
) -> Response:
    form = Form.of(sent, *DELEGATING)
    form.fail("pick", _NOTHING)
    return await inbox_page(request, context, caller, _list_query(sent), 422, form)


# --- reading what was sent --------------------------------------------------------------------


def _list_query(sent: FormData) -> InboxAddress:
    """Return the query of the list that the form was on."""
    values = {name: str(sent.get(name) or "") for name in ("unit", "which", "q")}
    try:
        return InboxAddress.model_validate({name: value for name, value in values.items() if value})
    except ValidationError:
        return InboxAddress()


def _chosen(sent: FormData) -> list[Ref]:
    """Return the assignment whose button was pressed, else those that are ticked."""
    one = sent.get("one")
    picked = [one] if one else sent.getlist("pick")
    return refs([each for each in picked if isinstance(each, str)])
