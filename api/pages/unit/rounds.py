"""Walking rounds (巡查): what there is to walk, one's place at each point, and what was found."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.shared.chosen_files import chosen_files, photo_bytes, store_chosen
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.labels import PROBLEMS
from api.pages.shared.navigation import ROUNDS
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.errors import CODES, Problem
from app.patrols import walking
from app.patrols.walking import FindingIn, FindingOut, StampIn, StampsIn
from domain.actors import Role
from domain.pack.pack import Pack
from domain.patrol.rounds import LOOKED_BACK, TO_WALK
from domain.ticket.files import Purpose
from domain.words import N_
from media.errors import FileRefused

router = APIRouter(include_in_schema=False)

_STAMP = ("point", "lat", "lon", "accuracy", "at", "sent_at")
_FINDING = ("text", "category", "address", "lat", "lon")
_ALL = (*_STAMP, *_FINDING)
_PHOTO = "photo"
_BAD_PHOTO = N_("This photo could not be taken. Please choose another one.")

_REASONS = (
    "round_not_found", "not_your_unit", "round_not_open", "round_over", "round_done",
    "nothing_walked", "unknown_point", "too_many_stamps", "same_photo", "finding_without_place",
    "unknown_category", "unknown_file", "too_many_files", "file_too_large", "picture_too_large",
    "unsupported_file", "broken_file", "invalid_request", "forbidden",
)  # fmt: skip
REASONS = {code: PROBLEMS.get(code) or CODES[code].title for code in _REASONS}
"""Why something that a phone kept was not taken, as the script says it."""

RoundId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,80}$")]
Walks = Annotated[Caller, staff("walk_round")]


@router.get("/patrols", dependencies=[public("page_staff")])
async def short_address() -> Response:
    """Lead from the address that people are told to the page."""
    return RedirectResponse(ROUNDS, 303)


@router.get(ROUNDS)
async def listed(
    request: Request, context: Context, caller: Annotated[Caller, staff("list_own_rounds")]
) -> Response:
    """Show the rounds that the caller's unit has to walk."""
    pack = working_city(request, context, caller)
    _check_city(pack)
    found = await walking.own_rounds(context, caller, pack.city.id)
    return staff_page(
        request,
        "unit/rounds.html",
        caller,
        pack=pack,
        rounds=found.items,
        photo_bytes=photo_bytes(context),
        reasons=REASONS,
    )


@router.get(f"{ROUNDS}/{{round}}")
async def show(
    request: Request,
    round: RoundId,
    context: Context,
    caller: Annotated[Caller, staff("get_round")],
) -> Response:
    """Show a round with its points, and the forms of who walks it."""
    return await _page(request, context, caller, round, Form.blank(*_ALL))


@router.post(f"{ROUNDS}/{{round}}/stamps")
async def stamp(request: Request, round: RoundId, context: Context, caller: Walks) -> Response:
    """Record that the phone is at a point; without a script it says no position."""
    async with form_of(request) as sent:
        form = Form.of(sent, *_STAMP)
        return await _stamp(request, round, context, caller, sent, form)


async def _stamp(
    request: Request,
    round: str,
    context: AppContext,
    caller: Caller,
    sent: FormData,
    form: Form,
) -> Response:
    try:
        photos = await _photos(context, caller, sent, form, Purpose.EVIDENCE)
        body = _stamps(form, photos)
        if form.faults:
            return await _page(request, context, caller, round, form, 422)
        done = await walking.stamp_round(context, caller, round, body)
        if (code := done.stamps[0].code) is not None:
            raise Problem(code)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, round, form, form.refuse(error))
    return RedirectResponse(f"{ROUNDS}/{round}#p-{form.typed['point']}", 303)


@router.post(f"{ROUNDS}/{{round}}/finish")
async def finish(request: Request, round: RoundId, context: Context, caller: Walks) -> Response:
    """Finish the round; the page then says whether it is proved."""
    form = await Form.read(request)
    try:
        await walking.finish_round(context, caller, round)
    except REFUSALS as error:
        return await _page(request, context, caller, round, form, form.refuse(error))
    return RedirectResponse(f"{ROUNDS}/{round}", 303)


@router.post(f"{ROUNDS}/{{round}}/findings")
async def found(
    request: Request,
    round: RoundId,
    context: Context,
    caller: Annotated[Caller, staff("report_finding")],
) -> Response:
    """File a ticket for what was found; what is refused stays in the form."""
    async with form_of(request) as sent:
        form = Form.of(sent, *_FINDING)
        return await _found(request, round, context, caller, sent, form)


async def _found(
    request: Request,
    round: str,
    context: AppContext,
    caller: Caller,
    sent: FormData,
    form: Form,
) -> Response:
    try:
        photos = await _photos(context, caller, sent, form, Purpose.BEFORE)
        if form.faults:
            return await _page(request, context, caller, round, form, 422)
        place = form.filled("address", "lat", "lon")
        body = FindingIn.model_validate(
            form.filled("text", "category") | {"place": place, "files": photos}
        )
        made, _ = await walking.report_finding(context, caller, round, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, round, form, form.refuse(error))
    return await _page(request, context, caller, round, Form.blank(*_ALL), found=made)


# --- what was sent ------------------------------------------------------------------------------


async def _photos(
    context: AppContext, caller: Caller, sent: FormData, form: Form, purpose: Purpose
) -> list[str]:
    """Store the photos of a form, and return their ids; one that is refused is its fault."""
    ids = []
    for chosen in chosen_files(sent, _PHOTO):
        try:
            ids.append((await store_chosen(context, caller, chosen, purpose)).id)
        except FileRefused:
            form.fail(_PHOTO, _BAD_PHOTO)
            form.problem = "invalid_request"
    return ids


def _stamps(form: Form, photos: list[str]) -> StampsIn:
    """Return one stamp. Without a script there is no clock of a phone: then it is now."""
    now = datetime.now(UTC).isoformat()
    fields: Mapping[str, str] = form.filled("point", "lat", "lon", "accuracy")
    made = StampIn.model_validate(
        {
            **fields,
            "id": form.key or secrets.token_hex(16),
            "at": form.typed["at"] or now,
            "photos": photos,
        }
    )
    return StampsIn.model_validate({"sent_at": form.typed["sent_at"] or now, "stamps": [made]})


# --- drawing ------------------------------------------------------------------------------------


def _check_city(pack: Pack) -> None:
    if not pack.patrols.routes:
        raise Problem("not_found")


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    round_id: str,
    form: Form,
    status: int = 200,
    *,
    found: FindingOut | None = None,
) -> Response:
    of = await walking.get_round(context, caller, round_id)
    pack = context.packs.get(of.city)
    form.typed = dict.fromkeys(_ALL, "") | form.typed
    now = context.now()
    walks = caller.actor.unit == of.unit and caller.actor.role in (Role.OFFICER, Role.GRID_WORKER)
    open_until = of.ends + LOOKED_BACK
    return staff_page(
        request,
        "unit/rounds_walk.html",
        caller,
        status,
        pack=pack,
        of=of,
        reach=pack.patrols.reach(of.reach),
        walks=walks and of.state in TO_WALK and now <= open_until,
        finds=walks and now <= open_until,
        # A page that a phone keeps has the forms, and shows them when the round begins.
        begun=of.starts <= now,
        kept=[one for one in of.stamps if one.kept and one.attempt == of.attempt],
        photo_bytes=photo_bytes(context),
        reasons=REASONS,
        categories=pack.categories,
        form=form,
        found=found,
    )
