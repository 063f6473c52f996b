"""The councils of a ticket or topic for staff: prepare, invite, open, follow up and close."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.http.matters import TopicNumber, on_topics
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.tickets import councils
from app.tickets.council_matters import may_on_topic
from app.tickets.council_topics import CouncilTopicOut, council_topic, link_to_topic
from app.tickets.councils import InvitationsOut, InviteIn
from app.tickets.tickets import visible_ticket
from domain.council.council import CouncilDraft, FollowUp
from domain.council.topic import is_topic
from domain.pack.pack import Pack
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/councils"
ON_TOPIC = "/staff/council-topics/{topic}/councils"
ONE = "/{council}"

OPTIONS, TASKS = range(1, 6), range(1, 6)
"""The rows of the forms; more come by the API."""

_TIMES = ("statements_until", "vote_opens_at", "vote_closes_at")
_PREPARING = (
    "subject",
    *_TIMES,
    *(f"{part}_{n}" for n in OPTIONS for part in ("title", "pros", "cons")),
)
_FOLLOWING = ("minutes", *(f"{part}_{n}" for n in TASKS for part in ("task", "unit", "due")))
_INVITING = ("count", "replace")
_ALL = (*_PREPARING, *_FOLLOWING, *_INVITING)

CouncilNumber = Annotated[int, Path(ge=1, le=100_000)]
"""The number of a council on its ticket, or of a task of a council."""

_Handler = Callable[..., Awaitable[Response]]


class _Matter(NamedTuple):
    """A ticket or topic of councils.

    `may`: the caller acts on them; `can_prepare`: there may be a new one.
    """

    pack: Pack
    topic: CouncilTopicOut | None
    may: bool
    can_prepare: bool


def _served(add: Callable[[str], Any], path: str = "") -> Callable[[_Handler], _Handler]:
    """Serve a page, or an act of it, at the tickets and at the topics that councils hang on."""

    def serve(handler: _Handler) -> _Handler:
        add(HERE + path)(handler)
        add(ON_TOPIC + path)(on_topics(handler))
        return handler

    return serve


@_served(router.get)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_councils")],
) -> Response:
    """Show the councils, and the forms of what can be done with them."""
    return await _page(request, context, caller, number, Form.blank(*_ALL))


@_served(router.post)
async def prepare(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("prepare_council")],
) -> Response:
    """Prepare a council."""
    form = await Form.read(request, *_PREPARING)
    pack = await _pack(context, caller, number)

    async def act() -> None:
        draft = CouncilDraft.model_validate(_draft(form, pack))
        await councils.prepare_council(context, caller, number, draft, form.key)

    return await _done(request, context, caller, number, form, act)


@_served(router.post, f"{ONE}/invitations")
async def invite(
    request: Request,
    number: TicketNumber,
    council: CouncilNumber,
    context: Context,
    caller: Annotated[Caller, staff("invite_to_council")],
) -> Response:
    """Issue codes; they are shown in this response only."""
    form = await Form.read(request, *_INVITING, at=f"-{council}")
    try:
        values = form.filled("count") | {"replace": form.typed["replace"] == "yes"}
        body = InviteIn.model_validate(values)
        issued = await councils.invite_to_council(context, caller, number, council, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await _page(request, context, caller, number, form, status)
    blank = Form.blank(*_ALL)
    return await _page(request, context, caller, number, blank, issued=issued)


@_served(router.post, f"{ONE}/open")
async def open_(
    request: Request,
    number: TicketNumber,
    council: CouncilNumber,
    context: Context,
    caller: Annotated[Caller, staff("open_council")],
) -> Response:
    """Open it for statements."""
    form = await Form.read(request)

    async def act() -> None:
        await councils.open_council(context, caller, number, council)

    return await _done(request, context, caller, number, form, act)


@_served(router.post, f"{ONE}/follow-up")
async def follow_up(
    request: Request,
    number: TicketNumber,
    council: CouncilNumber,
    context: Context,
    caller: Annotated[Caller, staff("follow_up_council")],
) -> Response:
    """Record the minutes, and the tasks that follow."""
    form = await Form.read(request, *_FOLLOWING, at=f"-{council}")

    async def act() -> None:
        tasks = [
            {
                "text": form.typed[f"task_{n}"],
                "unit": form.typed[f"unit_{n}"],
                "due": form.day(f"due_{n}", needed=True),
            }
            for n in TASKS
            if form.filled(f"task_{n}", f"unit_{n}", f"due_{n}")
        ]
        body = FollowUp.model_validate(form.filled("minutes") | {"tasks": tasks})
        await councils.follow_up_council(context, caller, number, council, body)

    return await _done(request, context, caller, number, form, act)


@_served(router.post, f"{ONE}/tasks/{{task}}/done")
async def finish(
    request: Request,
    number: TicketNumber,
    council: CouncilNumber,
    task: CouncilNumber,
    context: Context,
    caller: Annotated[Caller, staff("finish_council_task")],
) -> Response:
    """Say that a task is done."""
    form = await Form.read(request)

    async def act() -> None:
        await councils.finish_council_task(context, caller, number, council, task)

    return await _done(request, context, caller, number, form, act)


@_served(router.post, f"{ONE}/close")
async def close(
    request: Request,
    number: TicketNumber,
    council: CouncilNumber,
    context: Context,
    caller: Annotated[Caller, staff("close_council")],
) -> Response:
    """Close it, or give up one that was not opened."""
    form = await Form.read(request)

    async def act() -> None:
        await councils.close_council(context, caller, number, council)

    return await _done(request, context, caller, number, form, act)


@router.post("/staff/council-topics/{topic}/tickets")
async def link(
    request: Request,
    topic: TopicNumber,
    context: Context,
    caller: Annotated[Caller, staff("link_to_council_topic")],
) -> Response:
    """Link a ticket of the topic's kind."""
    form = await Form.read(request, "number")

    async def act() -> None:
        await link_to_topic(context, caller, topic, parse_number(form.typed["number"]))

    return await _done(request, context, caller, topic, form, act)


# --- what was typed ---------------------------------------------------------------------------


def _draft(form: Form, pack: Pack) -> dict[str, Any]:
    """Return what was typed as a draft; times are those of the city's clocks."""
    options = [
        {
            "title": form.typed[f"title_{n}"],
            "pros": _lines(form.typed[f"pros_{n}"]),
            "cons": _lines(form.typed[f"cons_{n}"]),
        }
        for n in OPTIONS
        if form.filled(f"title_{n}", f"pros_{n}", f"cons_{n}")
    ]
    times = {name: form.moment(name, pack.calendar.tz) for name in _TIMES if form.typed[name]}
    return form.filled("subject") | times | {"options": options}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


# --- drawing ----------------------------------------------------------------------------------


async def _done(
    request: Request, context: AppContext, caller: Caller, number: str, form: Form, act: Act
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, context, caller, number, form, status)

    return await acted(form, act, again, _here(number))


def _here(number: str) -> str:
    if is_topic(number):
        return ON_TOPIC.format(topic=number)
    return HERE.format(number=number)


async def _pack(context: AppContext, caller: Caller, number: str) -> Pack:
    return (await _matter(context, caller, number)).pack


async def _matter(context: AppContext, caller: Caller, number: str) -> _Matter:
    """Return the ticket or topic with what this caller may do with its councils."""
    if is_topic(number):
        topic = await council_topic(context, caller, number)
        pack = context.packs.get(topic.city)
        may = may_on_topic(caller, "prepare_council", topic.unit)
        return _Matter(pack, topic, may, pack.council is not None)
    ticket, waiting = await visible_ticket(context, caller, number)
    pack = context.packs.get(ticket.complaint.city)
    may = not ticket.of_wrongdoing and caller.may_with("prepare_council", ticket, pack)
    can_prepare = pack.council is not None and ticket.open and not waiting
    return _Matter(pack, None, may, can_prepare)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
    *,
    issued: InvitationsOut | None = None,
) -> Response:
    matter = await _matter(context, caller, number)
    form.typed = dict.fromkeys((*_ALL, "number"), "") | form.typed
    return staff_page(
        request,
        "ticket/councils.html",
        caller,
        status,
        pack=matter.pack,
        number=number,
        here=_here(number),
        topic=matter.topic,
        councils=await councils.councils_of(context, caller, number),
        may=matter.may,
        may_link=matter.topic is not None
        and may_on_topic(caller, "link_to_council_topic", matter.topic.unit),
        can_prepare=matter.can_prepare,
        form=form,
        issued=issued,
        options_rows=OPTIONS,
        task_rows=TASKS,
    )
