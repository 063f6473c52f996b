"""Following a complaint by number and access code, and everything its citizen can do with it."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import access, rating, recur, tickets
from api.access import public
from api.caller import Caller
from api.commands import give
from api.door import Door, TheDoor
from api.filing import Receipt
from api.pages.citizen.next import OUTCOMES, STAGES, STEPS, is_asked, step_of
from api.pages.forms import REFUSALS, Form
from api.pages.page import page
from api.problems import Problem
from api.translation import ENGLISH, N_, language_of
from api.views import CitizenTicket
from domain.commands.citizens import AddFacts, Recur, Urge, Withdraw
from domain.pack import Pack
from domain.rating import Rating
from domain.stages import Outcome, Stage
from store.numbers import parse_number

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_TICKET = ("number", "code")
_YES = {"yes": True, "no": False}


@router.get("/follow")
async def ask(request: Request, number: str = "") -> Response:
    """Which one? Number and access code, as on the receipt, whose QR code brings the number."""
    form = Form.blank(*_TICKET, number=number[:20])
    return page(request, "citizen/follow.html", form=form, kept={}, action="/follow")


@router.post("/follow")
async def follow(request: Request, door: TheDoor) -> Response:
    """The ticket as its citizen sees it."""
    form = await Form.read(request, *_TICKET)
    try:
        number, _ = await _caller(request, door, form)
        return await _ticket(request, door, number, form)
    except REFUSALS as error:
        status = form.refuse(error)
        return page(request, "citizen/follow.html", status, form=form, kept={}, action="/follow")


# --- what a citizen can do --------------------------------------------------------------------


async def _add_facts(
    door: Door, number: str, caller: Caller, form: Form, key: str
) -> Receipt | None:
    command = AddFacts.model_validate(form.given("text"))
    await give(door, caller, number, command, key)
    return None


async def _urge(door: Door, number: str, caller: Caller, form: Form, key: str) -> Receipt | None:
    await give(door, caller, number, Urge.model_validate(form.given("text")), key)
    return None


async def _withdraw(
    door: Door, number: str, caller: Caller, form: Form, key: str
) -> Receipt | None:
    await give(door, caller, number, Withdraw.model_validate(form.given("reason")), key)
    return None


async def _rate(door: Door, number: str, caller: Caller, form: Form, key: str) -> Receipt | None:
    said: dict[str, Any] = dict(form.given("contacted", "resolved", "grade", "words"))
    for name in ("contacted", "resolved"):
        if name in said:
            said[name] = _YES.get(said[name], said[name])
    await rating.rate_ticket(number, caller, Rating.model_validate(said), door, key)
    return None


async def _back(door: Door, number: str, caller: Caller, form: Form, key: str) -> Receipt | None:
    """The same ticket goes on; one that has ended is followed by another, with its receipt."""
    body = Recur.model_validate(form.given("text"))
    answer = await recur.recur(number, caller, door, body, key)
    if answer.status_code == 200:
        return None
    return Receipt.model_validate_json(bytes(answer.body))


Deed = Callable[[Door, str, Caller, Form, str], Awaitable[Receipt | None]]


class Act(NamedTuple):
    """What one form of the page does: its fields, and what is said when it is done."""

    do: Deed
    fields: tuple[str, ...]
    done: str


ACTS: dict[str, Act] = {
    "facts": Act(_add_facts, ("text",), N_("Passed on. Thank you for telling us more.")),
    "urge": Act(_urge, ("text",), N_("Urged. Those who are working on it see it.")),
    "withdraw": Act(_withdraw, ("reason",), N_("You took it back. It is closed.")),
    "rate": Act(
        _rate, ("contacted", "resolved", "grade", "words"), N_("Thank you. Your rating counts.")
    ),
    "back": Act(_back, ("text",), N_("Thank you. It is handled again.")),
}
FIELDS = tuple(dict.fromkeys(name for act in ACTS.values() for name in act.fields))


@router.post("/follow/{what}")
async def act(what: str, request: Request, door: TheDoor) -> Response:
    """Do it, and show what became of the ticket; what was typed is never lost."""
    chosen = ACTS.get(what)
    if chosen is None:
        raise Problem("not_found")
    form = await Form.read(request, *_TICKET, *chosen.fields)
    key = f"{what}/{form.key}"  # the forms of one page have one key
    try:
        number, caller = await _caller(request, door, form)
    except REFUSALS as error:
        status = form.refuse(error)
        kept = form.given(*chosen.fields)
        return page(
            request,
            "citizen/follow.html",
            status,
            form=form,
            kept=kept,
            action=f"/follow/{what}",
        )
    done, follower, status = None, None, 200
    try:
        follower = await chosen.do(door, number, caller, form, key)
        done = chosen.done
        form = Form.blank(*_TICKET, **form.given(*_TICKET))
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return await _ticket(
        request, door, number, form, status, what=what, done=done, follower=follower
    )


# --- showing it -------------------------------------------------------------------------------


async def _caller(request: Request, door: Door, form: Form) -> tuple[str, Caller]:
    number = parse_number(form.typed["number"])
    return number, await access.citizen_of(request, number, form.typed["code"], door)


async def _ticket(
    request: Request,
    door: Door,
    number: str,
    form: Form,
    status: int = 200,
    *,
    what: str = "",
    done: str | None = None,
    follower: Receipt | None = None,
) -> Response:
    view = await tickets.as_citizen(door, number)
    pack = door.packs.get(view.city)
    english = language_of(request) == ENGLISH
    form.typed = dict.fromkeys(FIELDS, "") | form.typed
    return page(
        request,
        "citizen/ticket.html",
        status,
        ticket=view,
        form=form,
        what=what,
        done=done,
        follower=follower,
        pack=pack,
        zone=pack.calendar.tz,
        names=_names(pack) if english else {},
        step=step_of(view),
        steps=[name for name, _ in STEPS],
        state=STAGES.get(view.stage),
        ending=OUTCOMES[view.outcome] if view.outcome else None,
        question=is_asked(view),
        can=_can(view),
        grades={one.grade: one.en if english else one.zh for one in pack.rating.grades},
    )


def _names(pack: Pack) -> dict[str, str]:
    """What units and categories are called in English, by the names that a view has."""
    units = {unit.name: unit.name_en for unit in pack.units}
    return units | {category.name: category.name_en for category in pack.categories}


def _can(ticket: CitizenTicket) -> list[str]:
    """What the citizen may do now; the ticket itself has the last word."""
    if ticket.stage is Stage.ACCEPT:
        return []
    if ticket.stage is Stage.ENDED:
        sealed = ticket.outcome in (Outcome.FINAL_REPLY, Outcome.WITHDRAWN)
        return [] if sealed else ["back"]
    if ticket.stage is Stage.AFTERCARE:
        return ["facts", "back"]
    able = ["facts", "urge", "withdraw"]
    return ["rate", *able] if ticket.can_rate else able
