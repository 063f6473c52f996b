"""Following a complaint by number and access code; rating its answer."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import access, rating, tickets
from api.door import Door, TheDoor
from api.pages.forms import REFUSALS, Form
from api.pages.page import page
from domain.rating import Grade, Rating
from store.numbers import parse_number

router = APIRouter(include_in_schema=False)

_TICKET = ("number", "code")
_RATING = ("contacted", "resolved", "grade", "words")
_YES = {"yes": True, "no": False}


@router.get("/follow")
async def ask(request: Request) -> Response:
    """Which one? Number and access code, as on the receipt."""
    return page(request, "citizen/follow.html", form=Form.blank(*_TICKET))


@router.post("/follow")
async def follow(request: Request, door: TheDoor) -> Response:
    """The ticket as its citizen sees it."""
    return await _ticket(request, door, await Form.read(request, *_TICKET))


@router.post("/follow/rate")
async def rate(request: Request, door: TheDoor) -> Response:
    """Rate the answer, and show what became of it."""
    form = await Form.read(request, *_TICKET, *_RATING)
    try:
        number = parse_number(form.typed["number"])
        caller = await access.citizen(request, number, form.typed["code"], door)
        await rating.rate_ticket(number, caller, _rating(form), door, form.key)
    except (ValidationError, *REFUSALS) as error:
        form.refuse(error)
    return await _ticket(request, door, form)


async def _ticket(request: Request, door: Door, form: Form) -> Response:
    try:
        number = parse_number(form.typed["number"])
        await access.citizen(request, number, form.typed["code"], door)
        view = await tickets.as_citizen(door, number)
    except REFUSALS as error:
        return page(request, "citizen/follow.html", form.refuse(error), form=form)
    form.typed = dict.fromkeys(_RATING, "") | form.typed
    return page(
        request,
        "citizen/ticket.html",
        ticket=view,
        form=form,
        zone=door.packs.get(view.city).calendar.tz,
        grades=list(reversed(Grade)),
    )


def _rating(form: Form) -> Rating:
    said: dict[str, Any] = dict(form.given(*_RATING))
    for name in ("contacted", "resolved"):
        if name in said:
            said[name] = _YES.get(said[name], said[name])
    return Rating.model_validate(said)
