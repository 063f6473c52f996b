"""The call screen: the caller, the complaint, and a ticket filed during the call.

It is one form, and every button sends all of it, so that nothing is lost without JavaScript. With
JavaScript (static/desk.js) suggestions appear while the operator types.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.http.i18n import language_of
from api.pages.actions import files as action_files
from api.pages.actions.parsing import STORED_FILES
from api.pages.desk.caller_history import Earlier, reload_earlier, search
from api.pages.desk.request_mapping import FIELDS, WORDS, complaint, conclusion
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.lookups import area_of, category_of, matching, places
from api.pages.shared.page import page
from api.pages.shared.staff_page import staff_page
from api.pages.shared.translator import Translator
from api.pages.shared.workplace import cities, working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.filing.attachments import attached
from app.filing.files import own_files
from app.filing.filing import Receipt
from app.filing.intake import take
from app.filing.suggestions import Suggestions, suggestions_for
from app.reporting.waiting import expected_days
from app.sending.commands import execute
from domain.commands import forms
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.pack.pack import Pack
from domain.policy.permissions import COMMANDS
from domain.ticket.complaint import Channel, Kind
from domain.ticket.files import Purpose
from domain.words import N_
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

CALL = "/staff/call"
PURPOSE = "来电查询"
DONE = {
    "facts": N_("Added to the ticket."),
    "urge": N_("Urged; the unit sees it."),
}
FILES = forms.files(
    N_("Photos and papers"),
    N_("What the caller sent by e-mail or brought to the counter."),
    name="files",
    purpose=Purpose.COMPLAINT,
)
_NAMES = (*FIELDS, FILES.name, STORED_FILES)
_NOT_WITH_URGING = N_("Files cannot go with urging; add to the ticket instead.")
Looking = Annotated[Caller, staff("page_desk")]


@router.get(CALL)
async def blank(request: Request, context: Context, caller: Looking) -> Response:
    """Show an empty screen for the next call."""
    pack = working_city(request, context, caller)
    form = Form.blank(
        *_NAMES,
        city=pack.city.id,
        kind=Kind.COMPLAINT,
        channel=Channel.HOTLINE,
        purpose=PURPOSE,
        outcome="answered",
    )
    return await _screen(request, context, caller, pack, form)


@router.post(CALL)
async def act(
    request: Request, context: Context, caller: Annotated[Caller, staff("page_register")]
) -> Response:
    """Carry out the pressed button; on a mistake, show the screen again with all that was typed."""
    async with form_of(request) as sent:  # closes the files
        form = Form.of(sent, *_NAMES)
        pack = city_of_form(request, context, caller, form)
        what, _, which = form.typed["do"].partition(":")
        try:
            action = _ACTIONS.get(what)
            if action is None:
                raise Problem("not_found")
            await _take_files(request, context, caller, pack, form, sent)
            if form.wrong:
                return await _screen(request, context, caller, pack, form, 422)
            return await action(request, context, caller, pack, form, which)
        except (ValidationError, *REFUSALS) as error:
            status = form.refuse(error, WORDS)
            return await _screen(request, context, caller, pack, form, status)


@router.post(f"{CALL}/suggestions")
async def suggest(request: Request, context: Context, caller: Looking) -> Response:
    """Show suggestions for what is typed so far: a part of the screen."""
    form = await Form.read(request, *FIELDS)
    pack = city_of_form(request, context, caller, form)
    current = await _suggestions(context, caller, pack, form)
    return page(
        request,
        "desk/call_suggestions.html",
        form=form,
        pack=pack,
        suggestions=current,
        expected=await _expected(context, caller, pack, current),
        zone=pack.calendar.tz,
        speech=Translator(language_of(request), pack),
    )


@router.post(f"{CALL}/caller")
async def caller_known(
    request: Request, context: Context, caller: Annotated[Caller, staff("search_people")]
) -> Response:
    """Show the caller's earlier tickets: a part of the screen. The search is logged."""
    form = await Form.read(request, *FIELDS)
    pack = city_of_form(request, context, caller, form)
    status, earlier = 200, None
    try:
        earlier = await search(context, caller, form)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, WORDS)
    return page(
        request,
        "desk/call_caller.html",
        status,
        form=form,
        pack=pack,
        earlier=earlier,
        zone=pack.calendar.tz,
    )


@router.get(f"{CALL}/categories")
async def categories(
    request: Request, context: Context, caller: Looking, category: str = ""
) -> Response:
    """List subjects by code, name or keyword, as the options of a datalist."""
    pack = working_city(request, context, caller)
    categories = matching(pack, category[:40])
    return page(request, "desk/call_options.html", found=categories)


# --- what the buttons do ----------------------------------------------------------------------


async def _look(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    """Show the screen again with suggestions."""
    return await _screen(request, context, caller, pack, form)


async def _search(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    await search(context, caller, form)
    return await _screen(request, context, caller, pack, form)


async def _use(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    """Append one of the pack's prepared answers to the answer field."""
    reply = next((one for one in pack.phrases.answers if one.code == which), None)
    if reply is not None:
        form.typed["answer"] = "\n".join(filter(None, (form.typed["answer"], reply.zh)))
    return await _screen(request, context, caller, pack, form)


async def _same(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    """Add what was said to an earlier ticket of the same caller, or urge it."""
    what, _, typed = which.partition(":")
    number = parse_number(typed)
    if what not in DONE or number not in (await reload_earlier(context, caller, form)).numbers:
        raise Problem("ticket_not_found")
    values = form.filled("text")
    brought = form.typed[STORED_FILES].split()
    if what == "urge" and brought:
        form.fail(FILES.name, _NOT_WITH_URGING)
        raise Problem("invalid_request")
    right = COMMANDS[AddFacts if what == "facts" else Urge]
    async with attached(context, caller, right.key, number, brought) as existing:
        command = (
            AddFacts.model_validate({**values, "files": existing})
            if what == "facts"
            else Urge.model_validate(values)
        )
        await execute(context, caller, number, command, f"call/{form.key}/{what}/{number}")
    return RedirectResponse(f"{CALL}?done={what}&number={number}", 303)


async def _file(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    receipt = await _filed(context, caller, pack, form)
    return _receipt(request, caller, pack, form, receipt)


async def _answer(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, which: str
) -> Response:
    """File the complaint and conclude it with the answer given in the call."""
    command = conclusion(form)
    receipt = await _filed(context, caller, pack, form, by_hand=True)
    problem = None
    try:
        await execute(context, caller, receipt.number, command, f"call/{form.key}/answer")
    except REFUSALS as error:  # it is filed anyway, and waits at triage for a person
        problem = str(getattr(error, "code", "internal_error"))
    return _receipt(request, caller, pack, form, receipt, command, problem)


CallAction = Callable[[Request, AppContext, Caller, Pack, Form, str], Awaitable[Response]]

_ACTIONS: dict[str, CallAction] = {
    "look": _look,
    "caller": _search,
    "use": _use,
    "same": _same,
    "file": _file,
    "answer": _answer,
}


async def _filed(
    context: AppContext, caller: Caller, pack: Pack, form: Form, *, by_hand: bool = False
) -> Receipt:
    brought = await own_files(context, caller, form.typed[STORED_FILES].split())
    proof = context.uploads.signer.proof
    body = complaint(pack, form, [f"{row.id}.{proof(row.id)}" for row in brought])
    if not body.title:
        current = await _suggestions(context, caller, pack, form)
        body = body.model_copy(update={"title": current.title})
    key = f"staff/{caller.id}/{form.key}"
    marks = [row.sha256 for row in brought]
    return (await take(context, caller, body, key, marks, by_hand=by_hand)).receipt


async def _take_files(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, sent: FormData
) -> None:
    """Receive the chosen files at every button: a browser does not send them again by itself."""
    _, _, earlier = form.typed["do"].partition("same:facts:")
    files = await action_files.taken(context, caller, earlier or None, sent, FILES)
    action_files.tell(form, FILES, files, Translator(language_of(request), pack))


# --- showing it -------------------------------------------------------------------------------


def city_of_form(request: Request, context: AppContext, caller: Caller, form: Form) -> Pack:
    """Return the city the form was opened in, even if another window has changed the city."""
    named = [pack for pack in cities(context, caller) if pack.city.id == form.typed["city"]]
    return named[0] if named else working_city(request, context, caller)


async def _suggestions(context: AppContext, caller: Caller, pack: Pack, form: Form) -> Suggestions:
    kind = form.typed["kind"]
    area = area_of(pack, form.typed["area"])
    values: dict[str, Any] = {
        "text": form.typed["text"][:4000],
        "title": form.typed["title"][:200],
        "kind": kind if kind in list(Kind) else Kind.COMPLAINT,
        "place": {"address": form.typed["address"][:200], "area": area},
    }
    chosen = category_of(pack, form.typed["category"])
    return await suggestions_for(context, caller, pack, values, chosen)


async def _expected(
    context: AppContext, caller: Caller, pack: Pack, current: Suggestions
) -> int | None:
    """Return within how many days such tickets are usually closed, to be told on the phone."""
    if current.category is None:
        return None
    unit = current.unit.code if current.unit else ""
    return await expected_days(context, caller, pack, current.category.code, unit)


async def _screen(
    request: Request, context: AppContext, caller: Caller, pack: Pack, form: Form, status: int = 200
) -> Response:
    earlier: Earlier = await reload_earlier(context, caller, form)
    current = await _suggestions(context, caller, pack, form)
    return staff_page(
        request,
        "desk/call.html",
        caller,
        status,
        pack=pack,
        form=form,
        suggestions=current,
        expected=await _expected(context, caller, pack, current),
        speech=Translator(language_of(request), pack),
        earlier=earlier if form.typed["earlier"] else None,
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or pack.features.appoint],
        channels=[one for one in Channel if one is not Channel.OPEN311],
        places=places(pack),
        papers=FILES,
        kept=await action_files.shown(context, caller, form.typed[STORED_FILES].split()),
        done=DONE.get(request.query_params.get("done", "")),
        done_number=request.query_params.get("number", "")[:13],
    )


def _receipt(
    request: Request,
    caller: Caller,
    pack: Pack,
    form: Form,
    receipt: Receipt,
    command: Conclude | None = None,
    problem: str | None = None,
) -> Response:
    return staff_page(
        request,
        "desk/call_receipt.html",
        caller,
        pack=pack,
        receipt=receipt,
        concluded=command,
        problem=problem,
        form=form,
    )
