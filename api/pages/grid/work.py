"""A grid worker's day on the phone.

With a script (static/grid.js) entries are kept on the phone and sent when there is a network;
without one each is sent by itself, as a plain form.
"""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.http import browser_sessions
from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.pages.shared.chosen_files import chosen_files, photo_bytes, reference, store_chosen
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.labels import PROBLEMS
from api.pages.shared.navigation import GRID
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.errors import CODES, Problem
from app.grid.checks import DayOut, grid_day
from app.grid.sync import BatchIn, EntryOut, EntryOutcome, synchronise
from domain.actors import Role
from domain.grid.entries import Seen
from domain.pack.pack import Pack
from domain.ticket.files import Purpose
from media.errors import FileRefused
from store.db.errors import StoreError

router = APIRouter(include_in_schema=False)

FIELDS = ("kind", "id", "text", "category", "area", "address", "lat", "lon", "done", "private",
          "check", "seen", "note")  # fmt: skip
PHOTOS: Mapping[str, Purpose] = {
    "before": Purpose.BEFORE,
    "after": Purpose.AFTER,
    "photos": Purpose.EVIDENCE,
}


@router.get("/grid", dependencies=[public("page_citizen")])
async def entrance(request: Request, context: Context) -> Response:
    """Lead grid workers to their day, and everybody else to signing up."""
    session = await browser_sessions.session_of(request, context)
    mine = session is not None and session.account.role is Role.GRID_WORKER
    return RedirectResponse(GRID if mine else "/grid/join", 303)


@router.get(GRID)
async def work(
    request: Request, context: Context, caller: Annotated[Caller, staff("get_grid_day")]
) -> Response:
    """Show the places to look at, and the forms of a day's entries."""
    return await _page(request, context, caller, _blank())


@router.post(GRID)
async def send(
    request: Request, context: Context, caller: Annotated[Caller, staff("sync_grid")]
) -> Response:
    """Take one entry from a plain form."""
    async with form_of(request) as sent:
        form = Form.of(sent, *FIELDS)
        try:
            files = await _files(context, caller, sent)
            body = BatchIn(entries=[_entry(context, form, files)])
            [answer] = (await synchronise(context, caller, body)).items
        except FileRefused as error:
            form.problem = error.code
            return await _page(request, context, caller, form, 422)
        except (Problem, StoreError) as error:
            return await _page(request, context, caller, form, form.refuse(error))
    if answer.outcome is EntryOutcome.REFUSED:
        form.problem = answer.code
        return await _page(request, context, caller, form, 422)
    return await _page(request, context, caller, _blank(), kept=answer)


def _blank() -> Form:
    return Form.blank(*FIELDS, kind="report", id=secrets.token_hex(16))


async def _files(context: AppContext, caller: Caller, sent: FormData) -> dict[str, list[str]]:
    """Store the photos of a form; return their references by its fields."""
    return {
        name: [
            reference(context, await store_chosen(context, caller, chosen, purpose))
            for chosen in chosen_files(sent, name)
        ]
        for name, purpose in PHOTOS.items()
    }


def _entry(context: AppContext, form: Form, files: dict[str, list[str]]) -> dict[str, Any]:
    """Return the entry that a form says."""
    typed = form.typed
    entry: dict[str, Any] = {
        "kind": typed["kind"],
        "id": typed["id"],
        "at": context.now().isoformat(),
    }
    point = form.filled("lat", "lon")
    if typed["kind"] == "check":
        return entry | point | form.filled("check", "seen", "note") | {"photos": files["photos"]}
    entry |= {"text": typed["text"], "place": point | form.filled("area", "address")}
    if typed["kind"] == "diary":
        return entry | {"private": typed["private"] == "yes"}
    more = form.filled("category", "done")
    return entry | more | {"before": files["before"], "after": files["after"]}


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    form: Form,
    status: int = 200,
    kept: EntryOut | None = None,
) -> Response:
    day: DayOut | None = None
    try:
        day = await grid_day(context, caller)
    except REFUSALS as error:
        form.problem, status = str(getattr(error, "code", "internal_error")), 403
    pack: Pack | None = context.packs.get(day.city) if day else None
    return staff_page(
        request,
        "grid/work.html",
        caller,
        status,
        form=form,
        day=day,
        kept=kept,
        seen=list(Seen),
        categories=pack.categories if pack else (),
        photo_bytes=photo_bytes(context),
        reasons={code: PROBLEMS.get(code) or CODES[code].title for code in _REASONS},
    )


_REASONS = (
    "place_without_area", "before_after_missing", "entry_differs", "grid_entry_cap",
    "not_on_the_spot", "check_answered", "check_not_found", "check_of_report", "file_too_large",
    "picture_too_large", "unsupported_file", "broken_file", "unknown_file", "invalid_request",
    "grid_worker_unconfirmed", "unknown_category", "too_many_files",
)  # fmt: skip
"""The reasons that the script shows beside an entry."""
