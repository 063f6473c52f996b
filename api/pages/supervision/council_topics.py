"""A city's councils by topic, and the form of a new topic."""

from typing import Annotated

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
from app.tickets.council_topics import council_topics, open_topic
from domain.council.topic import TopicDraft
from domain.policy.permissions import RIGHTS

router = APIRouter(include_in_schema=False)

HERE = "/staff/council-topics"
_FIELDS = ("title", "area", "category", "unit")


@router.get(HERE)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_council_topics")]
) -> Response:
    """Show the topics of the city worked in with their councils, the newest first."""
    return await _page(request, context, caller, Form.blank(*_FIELDS))


@router.post(HERE)
async def open_(
    request: Request, context: Context, caller: Annotated[Caller, staff("open_council_topic")]
) -> Response:
    """Open a topic."""
    form = await Form.read(request, *_FIELDS)
    pack = working_city(request, context, caller)
    try:
        draft = TopicDraft.model_validate(form.filled(*_FIELDS))
        made = await open_topic(context, caller, pack.city.id, draft, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, form, form.refuse(error))
    return RedirectResponse(f"{HERE}/{made.number}/councils", 303)


async def _page(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    return staff_page(
        request,
        "supervision/council_topics.html",
        caller,
        status,
        pack=pack,
        topics=await council_topics(context, caller, pack.city.id),
        may=caller.may(RIGHTS["open_council_topic"]),
        names_unit=caller.unit is None,
        places=[one for one in (*pack.streets, *pack.communities) if one.area],
        form=form,
    )
