"""Triage by hand: tickets the machine was unsure of, and those a person has to dispatch."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.i18n import language_of
from api.pages.desk import queue
from api.pages.desk.request_mapping import UNKNOWN_AREA, UNKNOWN_CATEGORY
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.lookups import area_of, category_of, places, unit_of
from api.pages.shared.navigation import TRIAGE
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import Translator
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.filing.suggestions import guess, located, promise
from app.reporting.waiting import UnitAhead, units_ahead
from app.topics.views import AlikeTicketOut, alike_tickets
from app.triage.advice import learned_advice
from app.triage.precedents import PrecedentsQuery, precedents
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage as Classify
from domain.pack.catalogue import Unit
from domain.pack.pack import Pack
from domain.pack.routing import route
from domain.policy.permissions import RIGHTS
from domain.ticket.complaint import Kind, of_wrongdoing
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from domain.words import N_
from store.tickets.work_queues import QueuedTicket

router = APIRouter(include_in_schema=False, dependencies=[queue.PARAMETERS])

FIELDS = (
    "number", "category", "kind", "area", "unit", "accused", "nobody", "note", "outcome", "text",
    "reason",
)  # fmt: skip
DONE = {
    "triage": N_("Classified and on its way."),
    "reassign": N_("Sent to the unit."),
    "conclude": N_("Concluded; the citizen is told."),
}
UNKNOWN_UNIT = N_("There is no such unit; choose one from the list.")


@router.get(TRIAGE)
async def waiting(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_queue")]
) -> Response:
    """Show the queue, most urgent first, with the first ticket open."""
    return await _page(request, context, caller, Form.blank(*FIELDS))


@router.post(f"{TRIAGE}/triage")
async def classify(
    request: Request, context: Context, caller: Annotated[Caller, staff("triage")]
) -> Response:
    """Set the category, and if need be the unit: the suggested ones, or others."""
    form = await Form.read(request, *FIELDS)

    def command(pack: Pack) -> Classify:
        values = {
            **form.filled("kind", "note", "nobody"),
            "category": _code(form, "category", category_of(pack, form.typed["category"])),
            "area": _code(form, "area", area_of(pack, form.typed["area"])),
            "unit": _code(form, "unit", unit_of(pack, form.typed["unit"])),
            "accused": _code(form, "accused", unit_of(pack, form.typed["accused"])),
        }
        return Classify.model_validate({name: value for name, value in values.items() if value})

    return await _do(request, context, caller, form, "triage", command)


@router.post(f"{TRIAGE}/reassign")
async def dispatch(
    request: Request, context: Context, caller: Annotated[Caller, staff("reassign")]
) -> Response:
    """Name the unit of a ticket that waits at dispatch for a person."""
    form = await Form.read(request, *FIELDS)

    def command(pack: Pack) -> Reassign:
        unit = _code(form, "unit", unit_of(pack, form.typed["unit"]))
        values = {"unit": unit, **form.filled("reason")}
        return Reassign.model_validate({name: value for name, value in values.items() if value})

    return await _do(request, context, caller, form, "reassign", command)


@router.post(f"{TRIAGE}/conclude")
async def conclude(
    request: Request, context: Context, caller: Annotated[Caller, staff("conclude")]
) -> Response:
    """Conclude the ticket without a unit: answered, referred or declined."""
    form = await Form.read(request, *FIELDS)

    def command(pack: Pack) -> Conclude:
        outcome, _, reason = form.typed["outcome"].partition(":")
        values = {"outcome": outcome, "reason": reason or None, **form.filled("text")}
        return Conclude.model_validate(values)

    return await _do(request, context, caller, form, "conclude", command)


def _code(form: Form, name: str, result: str | None) -> str | None:
    """Return the code that was found; if there is none, mark the field as faulty."""
    if form.typed[name] and result is None:
        known = {"category": UNKNOWN_CATEGORY, "area": UNKNOWN_AREA}
        form.fail(name, known.get(name, UNKNOWN_UNIT))
    return result


async def _do(
    request: Request, context: AppContext, caller: Caller, form: Form, what: str, command: Any
) -> Response:
    try:
        value = command(working_city(request, context, caller))
        if form.faults:
            form.problem = "invalid_request"
            return await _page(request, context, caller, form, 422, what)
        return await queue.do(request, context, caller, value, form, what)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error), what)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    opened: str = "",
) -> Response:
    at = await queue.desk(request, context, caller, TRIAGE, form.typed["number"] or None)
    speech = Translator(language_of(request), at.pack)
    advice = _advice(context, speech, at.hand) if at.hand else None
    learned = await _learned(context, at.hand, at.pack) if at.hand else None
    return staff_page(
        request,
        "desk/triage.html",
        caller,
        status,
        form=form,
        opened=opened,
        accuses=at.hand is not None and _may_accuse(at.hand.ticket, form),
        advice=advice,
        ahead=await _ahead(context, caller, at.pack, advice, learned) if advice else [],
        nearest=await _nearest(context, caller, at.hand.ticket) if at.hand else [],
        settled=await _settled(context, speech, caller, at.hand) if at.hand else None,
        learned=learned,
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or at.pack.features.appoint],
        places=places(at.pack),
        **queue.template_values(request, caller, at, DONE),
    )


async def _nearest(context: AppContext, caller: Caller, ticket: Ticket) -> list[AlikeTicketOut]:
    """Return the tickets most like the one in hand, if this caller may see them."""
    if not caller.may(RIGHTS["list_alike_tickets"]):
        return []
    return (await alike_tickets(context, caller, ticket.complaint.number)).items


async def _settled(
    context: AppContext, speech: Translator, caller: Caller, hand: QueuedTicket
) -> dict[str, Any] | None:
    """Return how disputes about the subject were settled; None if there were none."""
    ticket, pack = hand.ticket, speech.pack
    category = ticket.category or (hand.doubt.suggestion if hand.doubt else None)
    if category is None or not caller.may(RIGHTS["list_precedents"]):
        return None
    found = await precedents(
        context, caller, ticket.complaint.number, PrecedentsQuery(category=category)
    )
    grounds = {one.code: one for one in pack.reasons.returns}
    units = {one.code: one for one in pack.units}
    items = [
        {"one": one, "ground": grounds.get(one.ground or ""), "unit": units.get(one.unit or ""),
         "instead": units.get(one.instead or "")}
        for one in found.items
    ]  # fmt: skip
    shares = [
        {"times": one.times, "settled": one.settled, "unit": units.get(one.unit or ""),
         "instead": units.get(one.instead or "")}
        for one in found.shares
    ]  # fmt: skip
    return {"items": items, "shares": shares} if items else None


async def _ahead(
    context: AppContext,
    caller: Caller,
    pack: Pack,
    advice: dict[str, Any],
    learned: dict[str, Any] | None,
) -> list[UnitAhead]:
    """Return the load of the units that may get the ticket in hand, the suggested one first."""
    category, promised = advice["category"], advice["promise"]
    if category is None:
        return []
    places = [advice["area"], *(unit.area for unit in _units_of(advice["candidates"]))]
    units = [
        advice["unit"],
        learned and learned["unit"],
        *(pack.street_of(area) for area in places),
        pack.unit(pack.city.fallback),
    ]
    due = promised.due_at if promised else None
    found = [unit for unit in units if unit is not None]
    return await units_ahead(context, caller, pack, category.code, found, due)


def _units_of(candidates: list[dict[str, Any]]) -> list[Unit]:
    return [one["unit"] for one in candidates if one["unit"] is not None]


def _may_accuse(ticket: Ticket, form: Form) -> bool:
    """Return whether a person has to say whom it accuses, with the kind that was chosen."""
    chosen = form.typed["kind"]
    kinds = [Kind(chosen)] if chosen in set(Kind) else []
    return ticket.of_wrongdoing or of_wrongdoing(*kinds)


async def _learned(context: AppContext, hand: QueuedTicket, pack: Pack) -> dict[str, Any] | None:
    """Return what the learned model suggested for the open ticket, beside the rules."""
    doubt = hand.doubt.learned if hand.doubt else None
    advice = await learned_advice(context, hand.ticket, doubt)
    if advice is None or not pack.knows(advice.suggestion.category):
        return None
    told = advice.suggestion
    return {
        "category": pack.category(told.category),
        "percent": round(told.probability * 100),
        "unit": next((unit for unit in pack.units if unit.code == told.unit), None),
        "sure": told.sure,
        "words": advice.words,
        "kind": told.kind,
        "kind_percent": round(told.kind_probability * 100),
        "kind_words": advice.kind_words,
        "alike": told.alike,
        "model": told.model,
    }


def _candidates(context: AppContext, speech: Translator, ticket: Ticket) -> list[dict[str, Any]]:
    """Return the places that the ticket may be at, and the words or the point that led there."""
    pack = speech.pack
    known = {place.code: place.name for place in pack.known_places}
    return [
        {
            "unit": pack.community_of(one.area) or pack.street_of(one.area),
            "name": speech.area(one.area),
            "site": known.get(one.site or ""),
            "percent": round(one.confidence * 100),
            "words": list(one.words),
        }
        for one in located(context, pack, ticket.complaint).candidates
    ]


def _advice(context: AppContext, speech: Translator, hand: QueuedTicket) -> dict[str, Any]:
    """Return the machine's suggestion for the open ticket, why, and what would follow."""
    pack, ticket = speech.pack, hand.ticket
    suggestion = guess(context, pack, ticket.complaint)
    code = (hand.doubt.suggestion if hand.doubt else None) or ticket.category or suggestion.category
    category = pack.category(code) if code and pack.knows(code) else None
    area = ticket.area or suggestion.area
    values: dict[str, Any] = {
        "category": category,
        "area": area,
        "reasons": speech.reasons(hand.doubt) if hand.doubt else speech.because(suggestion.because),
        "classified": ticket.stage is not Stage.TRIAGE,
        "candidates": _candidates(context, speech, ticket),
    }
    if category is None:
        return values | {"unit": None, "unit_reasons": [], "promise": None}
    routing = route(pack, category.code, area, ticket.complaint.place)
    return values | {
        "unit": pack.unit(routing.unit),
        "unit_reasons": speech.because(routing.because),
        "promise": promise(pack, category.tier, ticket.updated_at),
    }
