"""Topics (共性问题) for supervisors: what many citizens complain about, and what is done."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.topics import acts, views
from app.topics.views import CitizenTopicPage, CitizenTopicsQuery
from domain.policy.permissions import RIGHTS
from domain.words import N_

router = APIRouter(include_in_schema=False)

HERE = "/staff/topics"
_FIELDS = ("into", "reason", "tickets", "title", "text", "ticket", "month", "unit")

TopicPath = Annotated[str, Path(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")]

DONE = {
    "merge": N_("The topics are one."),
    "split": N_("These tickets have a topic of their own."),
    "name": N_("The topic is named."),
    "ticket": N_("A ticket is opened on behalf of the city."),
    "inspect": N_("Inspections are opened."),
    "month": N_("It is the subject of the month."),
    "progress": N_("The progress is noted."),
}


@router.get(HERE)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_citizen_topics")]
) -> Response:
    """Show the topics of the city worked in, those of most citizens first."""
    pack = working_city(request, context, caller)
    found = await views.citizen_topics(context, caller, pack.city.id, CitizenTopicsQuery())
    return staff_page(request, "supervision/topics.html", caller, pack=pack, found=found, here=HERE)


@router.get(f"{HERE}/{{topic}}")
async def shown(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("get_citizen_topic")],
) -> Response:
    """Show a topic: its trend, places, units, tickets, and what was done about it."""
    return await _page(request, context, caller, topic, Form.blank(*_FIELDS))


@router.post(f"{HERE}/{{topic}}/merge")
async def merge(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("merge_topics")],
) -> Response:
    """Make it part of another topic."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.MergeTopicIn.model_validate(form.filled("into", "reason"))
        return await acts.merge_topics(context, caller, topic, body)

    return await _do(request, context, caller, topic, "merge", act)


@router.post(f"{HERE}/{{topic}}/split")
async def split(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("split_topic")],
) -> Response:
    """Give tickets a topic of their own."""

    async def act(form: Form) -> CitizenTopicPage:
        numbers = form.typed["tickets"].replace(",", " ").replace("，", " ").split()
        values: dict[str, Any] = {"tickets": numbers, **form.filled("reason")}
        body = acts.SplitTopicIn.model_validate(values)
        return await acts.split_topic(context, caller, topic, body)

    return await _do(request, context, caller, topic, "split", act)


@router.post(f"{HERE}/{{topic}}/name")
async def name(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("name_topic")],
) -> Response:
    """Name it."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.NameTopicIn.model_validate(form.filled("title"))
        return await acts.name_topic(context, caller, topic, body)

    return await _do(request, context, caller, topic, "name", act)


@router.post(f"{HERE}/{{topic}}/ticket")
async def open_ticket(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("open_topic_ticket")],
) -> Response:
    """Open a ticket on behalf of the city."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.TopicTicketIn.model_validate(form.filled("text"))
        return await acts.open_topic_ticket(context, caller, topic, body, f"page/{form.key}")

    return await _do(request, context, caller, topic, "ticket", act)


@router.post(f"{HERE}/{{topic}}/inspect")
async def inspect(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("inspect_topic")],
) -> Response:
    """Open inspections at sibling units."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.InspectTopicIn.model_validate(form.filled("ticket", "text"))
        return await acts.inspect_topic(context, caller, topic, body, f"page/{form.key}")

    return await _do(request, context, caller, topic, "inspect", act)


@router.post(f"{HERE}/{{topic}}/month")
async def subject(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("make_monthly_subject")],
) -> Response:
    """Make it the subject of a month."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.MonthlySubjectIn.model_validate(form.filled("month", "unit", "text"))
        return await acts.make_monthly_subject(context, caller, topic, body)

    return await _do(request, context, caller, topic, "month", act)


@router.post(f"{HERE}/{{topic}}/progress")
async def progress(
    request: Request,
    topic: TopicPath,
    context: Context,
    caller: Annotated[Caller, staff("note_topic_progress")],
) -> Response:
    """Say how far it is."""

    async def act(form: Form) -> CitizenTopicPage:
        body = acts.TopicProgressIn.model_validate(form.filled("text"))
        return await acts.note_topic_progress(context, caller, topic, body, f"page/{form.key}")

    return await _do(request, context, caller, topic, "progress", act)


async def _do(
    request: Request,
    context: AppContext,
    caller: Caller,
    topic: str,
    what: str,
    act: Callable[[Form], Awaitable[CitizenTopicPage]],
) -> Response:
    form = await Form.read(request, *_FIELDS)
    try:
        made = await act(form)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, topic, form, form.refuse(error))
    return RedirectResponse(f"{HERE}/{made.number}?done={what}", 303)


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    topic: str,
    form: Form,
    status: int = 200,
) -> Response:
    found = await views.citizen_topic(context, caller, topic)
    pack = context.packs.get(found.city)
    return staff_page(
        request,
        "supervision/topics_topic.html",
        caller,
        status,
        pack=pack,
        found=found,
        form=form,
        here=f"{HERE}/{found.number}",
        units=[(one.code, one) for one in pack.units],
        may=caller.may(RIGHTS["open_topic_ticket"]) and found.merged_into is None,
        done=DONE.get(request.query_params.get("done", "")),
    )
