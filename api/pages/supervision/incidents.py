"""The incidents of a city: declared and ended here, told of, and their reports sorted."""

from datetime import datetime, timedelta
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
from app.errors import Problem
from app.incidents import acts
from app.incidents.acts import EndIn, IncidentIn, TellIn
from app.incidents.views import (
    IncidentOut,
    incidents_of,
    one_incident,
    picture_of,
    reports_of,
)
from domain.incident.incident import IncidentScope, IncidentState, MemberState
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False)

HERE = "/staff/incidents"
_SCOPE = ("category", "area", "places", "words", "began_at")
_FIELDS = ("title", *_SCOPE, "statement", "lead")
_CHANGES = ("statement", "lead", "number")
_BEFORE = timedelta(minutes=30)
"""The time for which an incident has gone on, where nobody says otherwise."""

IncidentId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


@router.get(HERE)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_incidents")]
) -> Response:
    """Show the proposed and open incidents of the city worked in, then those that are over."""
    pack = working_city(request, context, caller)
    return await _list(request, context, caller, _new(pack, context.now()))


@router.post(HERE)
async def declare(
    request: Request, context: Context, caller: Annotated[Caller, staff("declare_incident")]
) -> Response:
    """Declare an incident."""
    form = await Form.read(request, *_FIELDS)
    pack = working_city(request, context, caller)
    try:
        made = await acts.declare(context, caller, pack.city.id, _declared(form, pack), form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _list(request, context, caller, form, form.refuse(error))
    return RedirectResponse(f"{HERE}/{made.id}", 303)


@router.get(f"{HERE}/{{incident}}")
async def show(
    incident: IncidentId,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("list_incidents")],
) -> Response:
    """Show an incident: what was told to how many, its members over time and by area."""
    one = await one_incident(context, caller, incident)
    return await _one(request, context, caller, one, _form(context, one))


@router.post(f"{HERE}/{{incident}}/declare")
async def accept(
    incident: IncidentId,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("declare_incident")],
) -> Response:
    """Declare a proposed incident as it was proposed, or corrected."""
    form = await Form.read(request, *_FIELDS)
    one = await one_incident(context, caller, incident)
    try:
        body = _declared(form, context.packs.get(one.city), one)
        await acts.declare(context, caller, one.city, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _one(request, context, caller, one, form, form.refuse(error))
    return _back(incident)


@router.post(f"{HERE}/{{incident}}/dismiss")
async def dismiss(
    incident: IncidentId, context: Context, caller: Annotated[Caller, staff("declare_incident")]
) -> Response:
    """Say that a proposed incident is none."""
    await acts.dismiss(context, caller, incident)
    return _back(incident)


@router.post(f"{HERE}/{{incident}}/tell")
async def tell(
    incident: IncidentId,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("run_incident")],
) -> Response:
    """Say what is told from now on, or name another lead."""
    form = await Form.read(request, *_CHANGES)
    one = await one_incident(context, caller, incident)
    try:
        body = TellIn.model_validate(form.filled("statement", "lead"))
        await acts.tell(context, caller, incident, body)
    except (ValidationError, *REFUSALS) as error:
        return await _one(request, context, caller, one, form, form.refuse(error))
    return _back(incident)


@router.post(f"{HERE}/{{incident}}/end")
async def end(
    incident: IncidentId,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("run_incident")],
) -> Response:
    """End an incident, or open it again, with what everybody is told."""
    form = await Form.read(request, *_CHANGES)
    one = await one_incident(context, caller, incident)
    try:
        body = EndIn.model_validate({"statement": form.typed["statement"]})
        again = one.state is IncidentState.ENDED
        await (acts.reopen if again else acts.end)(context, caller, incident, body)
    except (ValidationError, *REFUSALS) as error:
        return await _one(request, context, caller, one, form, form.refuse(error))
    return _back(incident)


@router.post(f"{HERE}/{{incident}}/reports/{{what}}")
async def sort(
    incident: IncidentId,
    what: str,
    request: Request,
    context: Context,
    caller: Annotated[Caller, staff("sort_incident")],
) -> Response:
    """Take a report in or out."""
    if what not in ("in", "out"):
        raise Problem("not_found")
    form = await Form.read(request, *_CHANGES)
    one = await one_incident(context, caller, incident)
    try:
        number = parse_number(form.typed["number"])
        do = acts.take_in if what == "in" else acts.take_out
        await do(context, caller, incident, number)
    except (ValidationError, *REFUSALS) as error:
        return await _one(request, context, caller, one, form, form.refuse(error))
    return _back(incident)


def _back(incident: str) -> Response:
    return RedirectResponse(f"{HERE}/{incident}", 303)


def _new(pack: Pack, now: datetime) -> Form:
    began = (now - _BEFORE).astimezone(pack.calendar.tz)
    return Form.blank(*_FIELDS, began_at=f"{began:%Y-%m-%dT%H:%M}")


def _form(context: AppContext, one: IncidentOut) -> Form:
    """Return the form of an incident, with what is known of it."""
    scope, zone = one.scope, context.packs.get(one.city).calendar.tz
    return Form.blank(
        *_FIELDS,
        "number",
        title=one.title,
        category=scope.categories[0],
        area=scope.areas[0] if scope.areas else "",
        places="、".join(scope.places),
        words="、".join(scope.words),
        began_at=f"{scope.began_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        statement=one.statement,
        lead=one.lead or "",
    )


def _declared(form: Form, pack: Pack, proposed: IncidentOut | None = None) -> IncidentIn:
    """Convert the form; what it does not show of a proposed incident stays."""
    typed = form.typed
    began = form.moment("began_at", pack.calendar.tz)
    own: dict[str, Any] = {
        "categories": [typed["category"]] if typed["category"] else [],
        "areas": [typed["area"]] if typed["area"] else [],
        "places": _several(typed["places"]),
        "words": _several(typed["words"]),
        "began_at": began,
    }
    kept = proposed.scope.model_dump(exclude=set(own)) if proposed else {}
    values = form.filled("title", "statement", "lead")
    if form.faults:
        raise Problem("invalid_request")
    return IncidentIn.model_validate(
        {
            **values,
            "scope": IncidentScope.model_validate(kept | own),
            "proposal": proposed.id if proposed else None,
        }
    )


def _several(typed: str) -> list[str]:
    """Split what was typed as a list, with the signs that people use for it."""
    for sign in "，,；;\n":
        typed = typed.replace(sign, "、")
    return [one.strip() for one in typed.split("、") if one.strip()]


async def _list(
    request: Request, context: AppContext, caller: Caller, form: Form, status: int = 200
) -> Response:
    pack = working_city(request, context, caller)
    if pack.incidents is None:
        raise Problem("not_found")
    return staff_page(
        request,
        "supervision/incidents.html",
        caller,
        status,
        pack=pack,
        incidents=await incidents_of(context, caller, pack.city.id),
        over=await incidents_of(context, caller, pack.city.id, over=True),
        may=caller.may(RIGHTS["declare_incident"]),
        streets=pack.streets,
        form=form,
    )


async def _one(
    request: Request,
    context: AppContext,
    caller: Caller,
    one: IncidentOut,
    form: Form,
    status: int = 200,
) -> Response:
    pack = context.packs.get(one.city)
    form.typed = dict.fromkeys((*_FIELDS, "number"), "") | form.typed
    picture = await picture_of(context, caller, one.id)
    zone = pack.calendar.tz
    return staff_page(
        request,
        "supervision/incidents_one.html",
        caller,
        status,
        pack=pack,
        one=one,
        bars=[(f"{bar.at.astimezone(zone):%H:%M}", bar.size) for bar in picture.bars],
        areas=[(pack.street_of(area), size) for area, size in picture.areas],
        suggested=await reports_of(context, caller, one.id, MemberState.SUGGESTED),
        may_run=caller.may(RIGHTS["run_incident"]),
        may_sort=caller.may(RIGHTS["sort_incident"]),
        streets=pack.streets,
        form=form,
    )
