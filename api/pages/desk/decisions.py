"""Decisions on units' requests, with the facts to decide by, and arbitration."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.desk import queue
from api.pages.desk.triage import UNKNOWN_UNIT
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.lookups import unit_of
from api.pages.shared.navigation import DECISIONS
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.lookups import asking, pending_request
from domain.commands.supervising.decide import Decide
from domain.deadlines.clocks import Clock
from domain.deadlines.limits import Limit
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Reason, Unit
from domain.pack.pack import Pack
from domain.pack.planning import extend_clock
from domain.pack.routing import resolve
from domain.policy.guards import may_decide
from domain.ticket.assignment import Request as Wish
from domain.ticket.ticket import Ticket
from domain.words import N_

router = APIRouter(include_in_schema=False, dependencies=[queue.PARAMETERS])

FIELDS = ("number", "approve", "reason", "unit", "text", "units")
DONE = {
    "granted": N_("Granted."),
    "refused": N_("Refused."),
    "arbitrated": N_("The meeting's word is recorded."),
}
REQUEST_HEADINGS = {
    "return": N_("Asks to return it"),
    "extension": N_("Asks for more time"),
    "hold": N_("Asks to put it on hold"),
    "exclusion": N_("Asks that it does not count"),
    "arbitration": N_("Returned too often: a meeting names the unit"),
}


@router.get(DECISIONS)
async def waiting(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_queue")]
) -> Response:
    """Show the queue, most urgent first, with the first ticket open."""
    return await _page(request, context, caller, Form.blank(*FIELDS))


@router.post(f"{DECISIONS}/decide")
async def decide(
    request: Request, context: Context, caller: Annotated[Caller, staff("decide")]
) -> Response:
    """Grant or refuse a request, with a reason; for a granted return, name the next unit."""
    form = await Form.read(request, *FIELDS)

    def command(pack: Pack) -> Decide:
        values = {**form.filled("approve", "reason"), "unit": _unit(pack, form)}
        return Decide.model_validate(values)

    done = "granted" if form.typed["approve"] == "true" else "refused"
    return await _do(request, context, caller, form, done, command)


@router.post(f"{DECISIONS}/arbitrate")
async def arbitrate(
    request: Request, context: Context, caller: Annotated[Caller, staff("arbitrate")]
) -> Response:
    """Record the meeting's decision: the unit, the minutes, and the units present."""
    form = await Form.read(request, *FIELDS)

    def command(pack: Pack) -> Arbitrate:
        names = [name for name in form.typed["units"].replace("，", ",").split(",") if name.strip()]
        units = [unit_of(pack, name) for name in names]
        if None in units:
            form.fail("units", UNKNOWN_UNIT)
        values = {
            "unit": _unit(pack, form),
            **form.filled("text"),
            "units": [one for one in units if one],
        }
        return Arbitrate.model_validate({name: value for name, value in values.items() if value})

    return await _do(request, context, caller, form, "arbitrated", command)


def _unit(pack: Pack, form: Form) -> str | None:
    result = unit_of(pack, form.typed["unit"])
    if form.typed["unit"] and result is None:
        form.fail("unit", UNKNOWN_UNIT)
    return result


async def _do(
    request: Request, context: AppContext, caller: Caller, form: Form, done: str, command: Any
) -> Response:
    try:
        value = command(working_city(request, context, caller))
        if form.faults:
            form.problem = "invalid_request"
            return await _page(request, context, caller, form, 422)
        return await queue.do(request, context, caller, value, form, done)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))


async def _page(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    at = await queue.desk(request, context, caller, DECISIONS, form.typed["number"] or None)
    return staff_page(
        request,
        "desk/decisions.html",
        caller,
        status,
        form=form,
        wish=_wish(at.pack, at.hand.ticket, caller) if at.hand else None,
        asked_for={one.row.number: REQUEST_HEADINGS[_what(one.ticket)] for one in at.waits},
        **queue.template_values(request, caller, at, DONE),
    )


# --- the request in words ---------------------------------------------------------------------


def _what(ticket: Ticket) -> str:
    wish = pending_request(ticket)
    return wish.what if wish else "arbitration"


def _wish(pack: Pack, ticket: Ticket, caller: Caller) -> dict[str, Any]:
    """Describe the open ticket's request: unit, ground, how often before, and what would follow."""
    wish, share = pending_request(ticket), asking(ticket)
    share = share or ticket.lead
    unit = pack.unit(share.unit) if share and pack.has_unit(share.unit) else None
    what = _what(ticket)
    return {
        "what": what,
        "words": REQUEST_HEADINGS[what],
        "unit": unit,
        "wish": wish,
        "ground": _ground(pack, wish) if wish else None,
        "count": _count(ticket, what),
        "due": _later(pack, ticket, wish, share.n if share else None) if wish else None,
        "others": others(pack, ticket) if what in ("return", "arbitration") else [],
        "last_return": what == "return" and _is_last_return(ticket),
        "may": may_decide(caller.actor.role, ticket),
    }


_GROUNDS = {"return": "returns", "hold": "hold", "exclusion": "exclude"}


def _ground(pack: Pack, wish: Wish) -> Reason | None:
    """Return the pack's entry for the request's ground."""
    table: tuple[Reason, ...] = getattr(pack.reasons, _GROUNDS.get(wish.what, ""), ())
    return next((one for one in table if one.code == wish.ground), None)


def _count(ticket: Ticket, what: str) -> tuple[int, int] | None:
    """Return how often it was granted and how often it may be; None where there is no cap."""
    rules, share = ticket.rules, asking(ticket)
    if rules is None:
        return None
    had = {
        "return": (ticket.returns, rules.returns),
        "arbitration": (ticket.returns, rules.returns),
        "extension": (share.extensions if share else 0, rules.extensions),
        "hold": (share.holds if share else 0, rules.holds),
    }
    return had.get(what)


def _is_last_return(ticket: Ticket) -> bool:
    rules = ticket.rules
    return rules is not None and rules.arbitration and ticket.returns + 1 >= rules.returns


def _later(pack: Pack, ticket: Ticket, wish: Wish, n: int | None) -> Clock | None:
    """Return the handling clock as it would be with the requested extension."""
    promises = (c for c in reversed(ticket.clocks) if c.name is ClockName.HANDLE)
    clock = next((c for c in promises if c.assignment == n), None)
    if wish.by is None or clock is None:
        return None
    try:
        return extend_clock(pack, clock, Limit.parse(wish.by))
    except OverflowError:
        return None


def others(pack: Pack, ticket: Ticket) -> list[Unit]:
    """Return the other candidates: units responsible for the subject, the street, the fallback."""
    place = ticket.complaint.place
    units: dict[str, Unit] = {}
    for row in pack.responsibilities:
        if row.category == "*" or not row.covers(ticket.category, ticket.area):
            continue
        code = resolve(pack, row.unit, ticket.area, place)
        if code is not None and code != ticket.unit:
            units.setdefault(code, pack.unit(code))
    street = pack.street_of(ticket.area)
    for unit in (street, pack.unit(pack.city.fallback)):
        if unit is not None and unit.code != ticket.unit:
            units.setdefault(unit.code, unit)
    return list(units.values())
