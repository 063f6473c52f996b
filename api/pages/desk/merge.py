"""Merging (并单): tickets side by side, differences marked, one chosen to be handled for all."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.sending.commands import execute
from app.tickets.comparing import alike, compared, crowds
from app.topics.views import alike_tickets
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.pack.pack import Pack
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from domain.words import N_
from store.db.errors import BadNumber
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

MERGE = "/staff/merge"
SLOTS = ("a", "b", "c", "d")
FIELDS = (*SLOTS, "parent", "reason", "number")
DONE = {
    "merged": N_("Merged. Each citizen still gets an answer of their own."),
    "unmerged": N_("It is a ticket of its own again."),
}
_NO_TICKET = N_("There is no such ticket.")
_CHOOSE = N_("Choose the one that is handled for all.")
_TOGETHER = (Stage.TRIAGE, Stage.DISPATCH, Stage.HANDLE)


class ComparedProperty(NamedTuple):
    """A compared property: its label, and the function that reads its value from a ticket."""

    words: str
    value: Callable[[Pack, Ticket], Any]
    kind: str = "text"


LINES = (
    ComparedProperty(N_("Title"), lambda pack, one: one.complaint.title),
    ComparedProperty(N_("What is said"), lambda pack, one: one.complaint.text),
    ComparedProperty(N_("Kind"), lambda pack, one: one.kind, "kind"),
    ComparedProperty(
        N_("Subject"), lambda pack, one: _named(pack, one.category or one.suggestion), "named"
    ),
    ComparedProperty(N_("Place"), lambda pack, one: one.complaint.place.address),
    ComparedProperty(N_("Street or community"), lambda pack, one: _area(pack, one.area), "named"),
    ComparedProperty(N_("Unit"), lambda pack, one: _unit(pack, one.unit), "named"),
    ComparedProperty(N_("Stage"), lambda pack, one: one.stage, "stage"),
    ComparedProperty(N_("Filed at"), lambda pack, one: one.complaint.filed_at, "time"),
    ComparedProperty(N_("Merged into it"), lambda pack, one: len(one.complainants)),
    ComparedProperty(N_("Severity"), lambda pack, one: one.severity),
)


@router.get(MERGE)
async def compare(
    request: Request, context: Context, caller: Annotated[Caller, staff("page_desk")]
) -> Response:
    """Show the tickets in the address side by side, and others that may be about the same."""
    values = {slot: request.query_params.get(slot, "")[:20] for slot in SLOTS}
    return await _page(request, context, caller, Form.blank(*FIELDS, **values))


@router.post(MERGE)
async def merge(
    request: Request, context: Context, caller: Annotated[Caller, staff("merge")]
) -> Response:
    """Merge the other tickets into the chosen one."""
    form = await Form.read(request, *FIELDS)
    refused: dict[str, str] = {}
    try:
        numbers = [parse_number(form.typed[slot]) for slot in SLOTS if form.typed[slot]]
        if form.typed["parent"] not in numbers:
            form.fail("parent", _CHOOSE)
            raise Problem("invalid_request")
        command = Merge.model_validate({"into": form.typed["parent"], **form.filled("reason")})
        for number in dict.fromkeys(numbers):
            if number != command.into:
                await _into(context, caller, number, command, form, refused)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    if refused:
        form.problem = next(iter(refused.values()))
        return await _page(request, context, caller, form, 409, refused)
    return _done("merged", command.into)


async def _into(
    context: AppContext,
    caller: Caller,
    number: str,
    command: Merge,
    form: Form,
    refused: dict[str, str],
) -> None:
    """Merge one ticket; a refusal does not stop the others from being merged."""
    try:
        await execute(context, caller, number, command, f"page/{form.key}/{number}")
    except REFUSALS as error:
        refused[number] = str(getattr(error, "code", "internal_error"))


@router.post(f"{MERGE}/unmerge")
async def unmerge(
    request: Request, context: Context, caller: Annotated[Caller, staff("unmerge")]
) -> Response:
    """Separate a merged ticket from its parent again."""
    form = await Form.read(request, *FIELDS)
    try:
        number = parse_number(form.typed["number"])
        command = Unmerge.model_validate(form.filled("reason"))
        await execute(context, caller, number, command, f"page/{form.key}/{number}")
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return _done("unmerged", number)


def _done(what: str, number: str) -> Response:
    return RedirectResponse(f"{MERGE}?{urlencode({'a': number, 'done': what})}", 303)


# --- showing it -------------------------------------------------------------------------------


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    refused: dict[str, str] | None = None,
) -> Response:
    pack = working_city(request, context, caller)
    shown = await _shown(context, caller, form)
    if shown:
        pack = context.packs.get(shown[0].complaint.city)
    first = shown[0] if shown else None
    others = await alike(context, caller, first, pack) if first else []
    nearest = await alike_tickets(context, caller, first.complaint.number) if first else None
    return staff_page(
        request,
        "desk/merge.html",
        caller,
        status,
        pack=pack,
        form=form,
        shown=shown,
        lines=[_line(pack, shown, line) for line in LINES],
        possible=[one.complaint.number for one in shown if _may_lead(one)],
        others=[one for one in others if one.number not in _numbers(shown)],
        nearest=nearest.items if nearest else [],
        crowds=[] if shown else await crowds(context, caller, pack.city.id),
        refused=refused or {},
        done=DONE.get(request.query_params.get("done", "")),
        free=next((slot for slot in SLOTS if not form.typed[slot]), None),
    )


async def _shown(context: AppContext, caller: Caller, form: Form) -> list[Ticket]:
    """Return the form's tickets that this caller may see, in its order; mark others as faults."""
    numbers: dict[str, str] = {}
    for slot in SLOTS:
        try:
            if form.typed[slot]:
                numbers[slot] = parse_number(form.typed[slot])
        except BadNumber:
            form.fail(slot, _NO_TICKET)
    tickets = await compared(context, caller, list(numbers.values()))
    known = {one.complaint.number: one for one in tickets}
    for slot, number in numbers.items():
        if number not in known:
            form.fail(slot, _NO_TICKET)
    return [known[number] for number in dict.fromkeys(numbers.values()) if number in known]


def _numbers(shown: list[Ticket]) -> list[str]:
    return [one.complaint.number for one in shown]


def _may_lead(ticket: Ticket) -> bool:
    """Return whether others can be merged into it, judged by its recorded state."""
    return ticket.parent is None and ticket.stage in _TOGETHER and ticket.category is not None


def _line(pack: Pack, shown: list[Ticket], line: ComparedProperty) -> dict[str, Any]:
    values = [line.value(pack, one) for one in shown]
    # Times are compared by the city's day, because no two calls come in the same second.
    zone = pack.calendar.tz
    compared = [v.astimezone(zone).date() if isinstance(v, datetime) else v for v in values]
    differs = [value != compared[0] for value in compared]
    return {
        "words": line.words,
        "kind": line.kind,
        "cells": list(zip(values, differs, strict=True)),
    }


def _named(pack: Pack, code: str | None) -> Any:
    return pack.category(code) if code and pack.knows(code) else None


def _area(pack: Pack, area: str | None) -> Any:
    return pack.community_of(area) or pack.street_of(area)


def _unit(pack: Pack, code: str | None) -> Any:
    return pack.unit(code) if code and pack.has_unit(code) else None
