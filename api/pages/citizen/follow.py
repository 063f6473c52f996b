"""Following a ticket by number and access code, and the actions of its citizen."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.http import access, browser_sessions
from api.http.access import public
from api.http.dependencies import Context
from api.http.i18n import ENGLISH, language_of
from api.pages.citizen import machines, photos
from api.pages.citizen.handover import (
    acts_elsewhere,
    add_elsewhere,
    handed_over,
    rate_elsewhere,
    urge_elsewhere,
)
from api.pages.citizen.next_step import OUTCOMES, STAGES, STEPS, open_question, step_of
from api.pages.citizen.photos import Brought
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.access.caller import Caller
from app.agents.requests import acts_of
from app.context import AppContext
from app.errors import Problem
from app.filing.attachments import attached
from app.filing.file_views import FileOut, file_out
from app.filing.files import visible_files
from app.filing.filing import Filed, Receipt
from app.incidents.acts import LeaveIn
from app.incidents.acts import leave as leave_incident
from app.messaging.push import push_of
from app.reporting.waiting import waiting_of
from app.rewards.purses import report_reward
from app.sending.commands import execute
from app.tickets import ratings
from app.tickets.access_codes import RenewIn, renew
from app.tickets.citizen_view import CitizenTicket
from app.tickets.leaving_contacts import LeftContact, leave_contact
from app.tickets.rating_checks import checks_of
from app.tickets.ratings import Origin
from app.tickets.reopen import reopen
from app.tickets.tickets import as_citizen
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.open_contact import OpenContact
from domain.commands.citizens.recur import Recur
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.pack.pack import Pack
from domain.policy.permissions import right_to
from domain.ticket.files import FileKind
from domain.ticket.rating import Rating
from domain.ticket.stages import Outcome, Stage
from domain.words import N_
from store.files import files
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

_TICKET = ("number", "code")
_YES = {"yes": True, "no": False}
_WITH_RATING = "（随评价附上的照片）"


@router.get("/follow")
async def ask(request: Request, number: str = "") -> Response:
    """Ask for number and access code of the receipt; its QR code fills in the number."""
    form = Form.blank(*_TICKET, number=number[:20])
    return page(request, "citizen/follow.html", form=form, kept={}, action="/follow")


@router.post("/follow")
async def follow(request: Request, context: Context) -> Response:
    """Show the ticket as its citizen sees it."""
    form = await Form.read(request, *_TICKET)
    try:
        number, caller = await _caller(request, context, form)
        return await _ticket(request, context, caller, number, form)
    except REFUSALS as error:
        status = form.refuse(error)
        return page(request, "citizen/follow.html", status, form=form, kept={}, action="/follow")


# --- actions of a citizen ---------------------------------------------------------------------


class SubmittedForm(NamedTuple):
    """A submitted form of a ticket, with its idempotency key and its photos."""

    number: str
    caller: Caller
    form: Form
    key: str
    photos: Brought
    origin: Origin


async def _add_facts(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    command = AddFacts.model_validate(submitted.form.filled("text"))
    await _add(context, submitted, command, submitted.key)
    return None


async def _add(context: AppContext, submitted: SubmittedForm, command: AddFacts, key: str) -> None:
    """Add the facts with their photos, except photos that the ticket already has."""
    rows = await files.of_ticket(context.store, submitted.number)
    existing = frozenset(row.sha256 for row in rows)
    async with attached(
        context,
        submitted.caller,
        right_to(command).key,
        submitted.number,
        submitted.photos.without(existing),
    ) as ids:
        complete = command.model_copy(update={"files": ids})
        marks = submitted.photos.marks  # a form that is sent again brings the same photos anew
        await execute(context, submitted.caller, submitted.number, complete, key, marks)


async def _urge(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    command = Urge.model_validate(submitted.form.filled("text"))
    await execute(context, submitted.caller, submitted.number, command, submitted.key)
    return None


async def _open_contact(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    await execute(context, submitted.caller, submitted.number, OpenContact(), submitted.key)
    return None


async def _withdraw(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    command = Withdraw.model_validate(submitted.form.filled("reason"))
    await execute(context, submitted.caller, submitted.number, command, submitted.key)
    return None


async def _rate(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    """Rate the ticket; photos are added as facts first: a rating may end it."""
    values: dict[str, Any] = dict(submitted.form.filled("contacted", "resolved", "grade", "words"))
    for name in ("contacted", "resolved"):
        if name in values:
            values[name] = _YES.get(values[name], values[name])
    verdict = Rating.model_validate(values)
    if submitted.photos.references:
        await ratings.check_due(context, submitted.number)
        await _add(context, submitted, AddFacts(text=_WITH_RATING), f"{submitted.key}/photos")
    await ratings.rate(
        context, submitted.caller, submitted.number, verdict, submitted.key, submitted.origin
    )
    return None


async def _back(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    """Reopen the ticket; for an ended one, return the receipt of a follow-up ticket."""
    command = Recur.model_validate(submitted.form.filled("text"))
    became = await reopen(context, submitted.caller, submitted.number, command, submitted.key)
    return became.receipt if isinstance(became, Filed) else None


async def _leave_contact(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    """Leave a contact. What was typed is in the vault now, and not on the page."""
    fields = ("phone", "email", "name")
    contact = LeftContact.model_validate(submitted.form.filled(*fields))
    await leave_contact(context, submitted.caller, submitted.number, contact, submitted.key)
    return None


async def _contest(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    await machines.contest(context, submitted.caller, submitted.number, submitted.form)
    return None


async def _person(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    await machines.person(context, submitted.caller, submitted.number, submitted.form)
    return None


async def _renew(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    """Replace the access code; the page goes on with the new one."""
    renewed = await renew(context, submitted.caller, submitted.number, RenewIn())
    submitted.form.typed["code"] = renewed.access_code
    return None


def _elsewhere(
    do: Callable[[AppContext, Caller, str, Form, str], Awaitable[None]],
) -> Callable[[AppContext, SubmittedForm], Awaitable[Receipt | None]]:
    """Return the act that goes to the other city, which has the matter."""

    async def done(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
        await do(context, submitted.caller, submitted.number, submitted.form, submitted.key)
        return None

    return done


async def _another(context: AppContext, submitted: SubmittedForm) -> Receipt | None:
    """Say that the report is another matter than its incident."""
    await leave_incident(context, submitted.caller, submitted.number, LeaveIn())
    return None


class CitizenAction(NamedTuple):
    """A form of the page: its action, its fields, and the message when it is done."""

    do: Callable[[AppContext, SubmittedForm], Awaitable[Receipt | None]]
    fields: tuple[str, ...]
    done: str


ACTS: dict[str, CitizenAction] = {
    "facts": CitizenAction(_add_facts, ("text",), N_("Passed on. Thank you for telling us more.")),
    "urge": CitizenAction(_urge, ("text",), N_("Urged. Those who are working on it see it.")),
    "open-contact": CitizenAction(
        _open_contact, (), N_("The unit may see how to reach you, and has to contact you.")
    ),
    "leave-contact": CitizenAction(
        _leave_contact,
        ("phone", "email", "name"),
        N_("Thank you. It is kept encrypted, and we can reach you now."),
    ),
    "withdraw": CitizenAction(_withdraw, ("reason",), N_("You took it back. It is closed.")),
    "rate": CitizenAction(
        _rate, ("contacted", "resolved", "grade", "words"), N_("Thank you. Your rating counts.")
    ),
    "back": CitizenAction(_back, ("text",), N_("Thank you. It is handled again.")),
    "elsewhere-facts": CitizenAction(
        _elsewhere(add_elsewhere), ("text",), N_("Kept. It goes on to the other city.")
    ),
    "elsewhere-urge": CitizenAction(
        _elsewhere(urge_elsewhere), ("text",), N_("Urged. The other city sees it.")
    ),
    "elsewhere-rate": CitizenAction(
        _elsewhere(rate_elsewhere),
        ("contacted", "resolved", "grade", "words"),
        N_("Thank you. Your rating goes on to the other city."),
    ),
    "another": CitizenAction(_another, (), N_("Thank you. It is handled by itself now.")),
    "contest": CitizenAction(
        _contest, ("version", "reason"), N_("Thank you. A person looks at it and tells you.")
    ),
    "person": CitizenAction(
        _person, ("reason",), N_("Thank you. A person looks at it and tells you.")
    ),
    "renew": CitizenAction(_renew, (), N_("There is a new access code. The old one ends now.")),
}
_PASSED_ON = ("facts", "urge")
_KEPT_HERE = N_(
    "Recorded with your report. It is not passed on to the unit that handles the other complaint."
)
"""The message instead, where nothing is passed on."""

_APART = ("contest", "person")
"""The forms whose fields have names that others of the page have, too."""

FIELDS = tuple(dict.fromkeys(name for act in ACTS.values() for name in act.fields))


@router.post("/follow/{what}")
async def act(what: str, request: Request, context: Context) -> Response:
    """Execute a form and show the ticket; a refusal keeps the input."""
    if what not in ACTS:
        raise Problem("not_found")

    async def admit(fields: Mapping[str, str]) -> None:
        number = parse_number(fields["number"].strip())
        await access.citizen_of(request, number, fields["code"].strip(), context)

    async with photos.read(request, context, admit) as sent:
        return await _act(what, request, context, sent)


async def _act(what: str, request: Request, context: AppContext, sent: FormData) -> Response:
    chosen = ACTS[what]
    at = f"-{what}" if what in _APART else ""
    form = Form.of(sent, *_TICKET, *chosen.fields, at=at)
    key = f"{what}/{form.key}"  # the forms of one page have one key
    try:
        number, caller = await _caller(request, context, form)
    except REFUSALS as error:
        status = form.refuse(error)
        values = form.filled(*chosen.fields)
        return page(
            request,
            "citizen/follow.html",
            status,
            form=form,
            kept=values,
            action=f"/follow/{what}",
        )
    done, follower, status = None, None, 200
    brought = await photos.brought(request, context, sent, form)
    try:
        if form.faults:
            raise Problem("invalid_request")
        origin = await browser_sessions.origin_of_rating(request, context)
        submitted = SubmittedForm(number, caller, form, key, brought, origin)
        follower = await chosen.do(context, submitted)
        done, brought = chosen.done, Brought()
        if what in _PASSED_ON and (await as_citizen(context, caller, number)).kept_here:
            done = _KEPT_HERE
        form = Form.blank(*_TICKET, **form.filled(*_TICKET))
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
    return await _ticket(
        request,
        context,
        caller,
        number,
        form,
        status,
        what=what,
        done=done,
        follower=follower,
        stored=brought.references,
    )


# --- rendering --------------------------------------------------------------------------------


async def _caller(request: Request, context: AppContext, form: Form) -> tuple[str, Caller]:
    number = parse_number(form.typed["number"])
    return number, await access.citizen_of(request, number, form.typed["code"], context)


async def _ticket(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
    *,
    what: str = "",
    done: str | None = None,
    follower: Receipt | None = None,
    stored: Sequence[str] = (),
) -> Response:
    view = await as_citizen(context, caller, number)
    pack = context.packs.get(view.city)
    english = language_of(request) == ENGLISH
    form.typed = dict.fromkeys(FIELDS, "") | form.typed
    elsewhere = await handed_over(context, caller, number)
    away = acts_elsewhere(elsewhere)
    can, question = ([] if away else _can(view)), open_question(view)
    offered = [*can, *away, *(["facts"] if question is not None else [])]
    _keep_words(form, what, offered)
    return page(
        request,
        "citizen/follow_ticket.html",
        status,
        ticket=view,
        form=form,
        what=what,
        done=done,
        follower=follower,
        photos=photos,
        kept=stored,
        shown=await _shown(context, caller, number),
        reward=await report_reward(context, caller, number) if pack.reward_rules else None,
        machines=await acts_of(context, caller, number) if pack.agents else None,
        push=await push_of(context, caller, number),
        waiting=None if elsewhere else await waiting_of(context, caller, number),
        rating_checks=await checks_of(context, caller, number) if view.rating else [],
        blank=Form.blank(*FIELDS, *_TICKET),
        pack=pack,
        zone=pack.calendar.tz,
        names=_names(pack) if english else {},
        step=step_of(view),
        steps=[name for name, _ in STEPS],
        state=STAGES.get(view.stage),
        elsewhere=elsewhere,
        ending=OUTCOMES[view.outcome] if view.outcome else None,
        question=question,
        can=can,
        offered=offered,
        open_fields=[name for act in offered for name in ACTS[act].fields],
        grades={one.grade: one.en if english else one.zh for one in pack.rating.grades},
    )


def _keep_words(form: Form, what: str, offered: Sequence[str]) -> None:
    """Put words of a form that the ticket offers no longer into the one that it offers."""
    if form.wrong and what and what not in offered and not form.typed["text"]:
        form.typed["text"] = form.typed["words"] or form.typed["reason"]


async def _shown(context: AppContext, caller: Caller, number: str) -> list[FileOut]:
    """Return the photos that the citizen may see."""
    visible = await visible_files(context, caller, number)
    return [file_out(context, row) for row in visible if row.kind is FileKind.PHOTO]


def _names(pack: Pack) -> dict[str, str]:
    """Return the English names of units and categories, by the names that a view has."""
    units = {unit.name: unit.name_en for unit in pack.units}
    return units | {category.name: category.name_en for category in pack.categories}


def _can(ticket: CitizenTicket) -> list[str]:
    """Return the citizen's present actions; the workflow checks again."""
    if ticket.stage is Stage.ACCEPT:
        return []
    if ticket.stage is Stage.ENDED:
        final = ticket.outcome in (Outcome.FINAL_REPLY, Outcome.WITHDRAWN)
        return [] if final else ["back"]
    leaves = [] if ticket.contact_left else ["leave-contact"]
    if ticket.stage is Stage.AFTERCARE:
        return ["facts", *leaves, "back"]
    opens = ["open-contact"] if ticket.contact_hidden else []
    able = ["facts", "urge", *opens, *leaves, "withdraw"]
    return ["rate", *able] if ticket.can_rate else able
