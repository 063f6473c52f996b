"""The citizens' pages: file a complaint, follow it, rate it. They work without JavaScript.

A page calls what the API's routes call, so that both refuse and accept the same. The access code
travels in the body of a form, never in an address, where it would be logged.
"""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import access, intake, rating, tickets, traps
from api.access import public
from api.door import Door, TheDoor
from api.filing import Receipt
from api.intake import ComplaintIn
from api.page import code_of, page, status_of
from api.problems import Problem
from domain.complaint import Kind
from domain.pack import UnknownInPack
from domain.rating import Grade, Rating
from domain.refusals import Refused
from store.errors import KeyReused, StoreError
from store.numbers import parse_number
from store.packs import UnknownCity

router = APIRouter(include_in_schema=False)

_FIELDS = (
    *("city", "kind", "category", "title", "text", "address", "name", "phone"),
    *(traps.HONEYPOT, traps.STAMP),
)


@router.get("/", dependencies=[public("page_citizen")])
async def home(request: Request, door: TheDoor) -> Response:
    """Two doors: report something, follow something."""
    return _home(request, door, {})


@router.post("/complaints", dependencies=[public("file_complaint")])
async def file(request: Request, door: TheDoor) -> Response:
    """File the form; on a mistake show it again with everything that was typed."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip() for name in _FIELDS}
    key = str(form.get("key", ""))[:64]
    try:
        traps.check_form(door, typed)
        body = _complaint(typed)
        answer = await intake.take(body, door, f"page/{key}" if key else None)
    except ValidationError as error:
        wrong = {str(each["loc"][-1]) for each in error.errors()}
        return _home(request, door, typed, key=key, wrong=wrong, status=422)
    except (Problem, StoreError, UnknownInPack, UnknownCity) as error:
        if isinstance(error, KeyReused):  # back, changed, and sent again: another complaint
            key = secrets.token_hex(16)
        return _home(request, door, typed, key=key, problem=code_of(error), status=status_of(error))
    receipt = Receipt.model_validate_json(bytes(answer.body))
    return page(request, "receipt.html", receipt=receipt)


@router.post("/follow", dependencies=[public("page_citizen")])
async def follow(
    request: Request,
    door: TheDoor,
    number: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """The ticket as its citizen sees it."""
    return await _ticket(request, door, number, code)


@router.post("/rate", dependencies=[public("page_citizen")])
async def rate(request: Request, door: TheDoor) -> Response:
    """Rate the answer, and show what became of it."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    number, code = form.get("number", ""), form.get("code", "")
    problem = None
    try:
        parsed = parse_number(number)
        caller = await access.citizen_of(request, parsed, code, door)
        given = Rating.model_validate(
            {
                "contacted": {"yes": True, "no": False}.get(form.get("contacted", "")),
                "resolved": form.get("resolved") == "yes",
                "grade": int(form.get("grade", "0") or 0),
                "words": form.get("words", ""),
            }
        )
        await rating.rate_ticket(parsed, caller, given, door)
    except (ValidationError, ValueError):
        problem = "invalid_request"
    except (Problem, Refused, StoreError) as error:
        problem = code_of(error)
    return await _ticket(request, door, number, code, problem)


async def _ticket(
    request: Request, door: Door, number: str, code: str, problem: str | None = None
) -> Response:
    try:
        parsed = parse_number(number)
        await access.citizen_of(request, parsed, code, door)
        view = await tickets.as_citizen(door, parsed)
    except (Problem, StoreError) as error:
        return _home(request, door, {}, follow_problem=code_of(error), status=status_of(error))
    zone = door.packs.get(view.city).calendar.tz
    return page(
        request,
        "ticket.html",
        ticket=view,
        code=code,
        zone=zone,
        grades=list(reversed(Grade)),
        problem=problem,
    )


def _home(request: Request, door: Door, typed: dict[str, str], **more: Any) -> Response:
    packs = [door.packs.get(city) for city in door.packs.ids()]
    told = {
        "wrong": set[str](),
        "problem": None,
        "follow_problem": None,
        **more,
    }
    status = told.pop("status", 200)
    told["key"] = more.get("key") or secrets.token_hex(16)
    return page(
        request,
        "home.html",
        status,
        packs=packs,
        kinds=list(Kind),
        typed={name: typed.get(name, "") for name in _FIELDS},
        stamp=traps.stamp(door, typed.get(traps.STAMP, "")),
        **told,
    )


def _complaint(typed: dict[str, str]) -> ComplaintIn:
    contact = {name: typed[name] for name in ("name", "phone") if typed[name]}
    return ComplaintIn.model_validate(
        {
            "city": typed["city"] or None,
            "kind": typed["kind"] or Kind.COMPLAINT,
            "category": typed["category"] or None,
            "title": typed["title"],
            "text": typed["text"],
            "place": {"address": typed["address"]},
            "contact": contact or None,
            "anonymous": not contact,
        }
    )
