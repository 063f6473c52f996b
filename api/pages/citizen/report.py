"""Reporting: the form, the open tickets about the same matter nearby, and the receipt."""

from collections.abc import Sequence
from typing import Any

import segno
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from api.http import browser_sessions
from api.http.access import public
from api.http.dependencies import Context
from api.pages.citizen import photos
from api.pages.citizen.cities import choose, chosen
from api.pages.citizen.similar import NONE, named, with_same
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.context import AppContext
from app.filing import bot_checks
from app.filing.filing import Receipt
from app.filing.intake import ComplaintIn, take
from app.reporting.waiting import waiting_by_subject
from app.tickets.similar import join, similar
from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from domain.words import N_

router = APIRouter(include_in_schema=False)

FIELDS = (
    "city", "kind", "category", "text", "area", "address", "lat", "lon", "name", "phone",
    "anonymous", "public", "same", bot_checks.HONEYPOT, bot_checks.STAMP,
)  # fmt: skip
_WORDS = {
    "phone": N_("This is not a phone number."),
    "lat": N_("This is not a place on earth."),
    "lon": N_("This is not a place on earth."),
}
_HEADING = N_("Where is it?")


@router.get("/report", dependencies=[public("page_citizen")])
async def report(request: Request, context: Context, city: str = "") -> Response:
    """Show the form; of several cities, first the choice of one."""
    pack = chosen(context, city)
    if pack is None:
        return choose(request, context, "/report?city=", _HEADING)
    form = Form.blank(*FIELDS, kind=Kind.COMPLAINT, city=pack.city.id)
    return await _form(request, context, pack, form)


@router.post("/report", dependencies=[public("file_complaint")])
async def file(request: Request, context: Context) -> Response:
    """File the complaint; on a mistake show the form again with everything that was typed.

    Before filing, the open tickets about the same matter in the same place are shown once: the
    form then carries `same`, a number or "none".
    """
    async with photos.read(request, context) as sent:
        return await _file(request, context, sent)


async def _file(request: Request, context: AppContext, sent: FormData) -> Response:
    form = Form.of(sent, *FIELDS)
    stored: list[str] = []
    pack = None
    try:
        pack = chosen(context, form.typed["city"])
        if pack is None:
            return choose(request, context, "/report?city=", _HEADING, 422)
        bot_checks.check_honeypot(form.typed[bot_checks.HONEYPOT])
        brought = await photos.brought(request, context, sent, form)
        stored = brought.references
        bot_checks.check_form(context, form.typed)  # shown again, it has its photos
        body = _complaint(form, stored, pack)
        if form.faults:
            form.problem = "invalid_request"
            return await _form(request, context, pack, form, 422, stored)
        checked = form.typed["same"] != NONE
        similar_tickets = await similar(context, pack, body, _key(form)) if checked else []
        if similar_tickets and not form.typed["same"]:
            return page(
                request,
                "citizen/report_similar.html",
                form=form,
                found=similar_tickets,
                pack=pack,
                kept=stored,
            )
        place = browser_sessions.place_of(request, context)
        body = with_same(body, form)
        filed = await take(context, None, body, _key(form), brought.marks, place=place)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _WORDS)
        if pack is None:
            return choose(request, context, "/report?city=", _HEADING, status)
        return await _form(request, context, pack, form, status, stored)
    receipt = filed.receipt
    same = named(similar_tickets, form)
    joined = same is not None and await join(context, pack, body, receipt.number, same)
    joined_to = same.ticket.number if joined and same else None
    return _receipt(request, pack, receipt, form.key, joined_to)


def _key(form: Form) -> str:
    return f"page/{form.key}"


async def _form(
    request: Request,
    context: AppContext,
    pack: Pack,
    form: Form,
    status: int = 200,
    stored: Sequence[str] = (),
) -> Response:
    form.typed[bot_checks.STAMP] = bot_checks.stamp(context, form.typed[bot_checks.STAMP])
    return page(
        request,
        "citizen/report.html",
        status,
        form=form,
        pack=pack,
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or pack.features.appoint],
        photos=photos,
        kept=stored,
        usual_days=await waiting_by_subject(context, pack),
    )


def _receipt(
    request: Request, pack: Pack, receipt: Receipt, key: str, joined: str | None
) -> Response:
    """Show the receipt of the form with this key; `joined`: the ticket it was merged into."""
    # The number is no secret; the access code is, and appears in no URL.
    address = f"{request.base_url}follow?number={receipt.number}"
    code = segno.make_qr(address, error="m").svg_inline(scale=4, border=2, omitsize=True)
    return page(
        request,
        "citizen/report_receipt.html",
        receipt=receipt,
        key=key,
        code=code,
        joined=joined,
        zone=pack.calendar.tz,
    )


def _complaint(form: Form, files: list[str], pack: Pack) -> ComplaintIn:
    """Convert the form to the API's model; a position from a phone is in WGS-84."""
    contact = form.filled("name", "phone")
    values: dict[str, Any] = {
        **form.filled("city", "kind", "category", "text"),
        "place": form.filled("area", "address", "lat", "lon"),
        "contact": contact or None,
        "anonymous": not contact or form.typed["anonymous"] == "yes",
        "public": form.typed["public"] == "yes",
        "channel": pack.rewards.channel_on_the_web(bool(files)),
    }
    return ComplaintIn.model_validate(values | ({"files": files} if files else {}))
