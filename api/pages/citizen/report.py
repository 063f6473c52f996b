"""Reporting: one form on one page, what others reported there already, and the receipt."""

from typing import Any

import segno
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import intake
from api.door import TheDoor
from api.filing import Receipt
from api.intake import ComplaintIn
from api.pages.citizen import photos
from api.pages.citizen.cities import choose, chosen
from api.pages.citizen.similar import similar, with_same
from api.pages.forms import REFUSALS, Form
from api.pages.page import page
from api.translation import N_
from domain.complaint import Kind
from domain.pack import Pack

router = APIRouter(include_in_schema=False)

FIELDS = (
    "city", "kind", "category", "text", "area", "address", "lat", "lon", "name", "phone",
    "anonymous", "public", "same",
)  # fmt: skip
_WORDS = {
    "phone": N_("This is not a phone number."),
    "lat": N_("This is not a place on earth."),
    "lon": N_("This is not a place on earth."),
}
_HEADING = N_("Where is it?")


@router.get("/report")
async def report(request: Request, door: TheDoor, city: str = "") -> Response:
    """The form; where several cities are served, first which one."""
    pack = chosen(door, city)
    if pack is None:
        return choose(request, door, "/report?city=", _HEADING)
    return _form(request, pack, Form.blank(*FIELDS, kind=Kind.COMPLAINT, city=pack.city.id))


@router.post("/report")
async def file(request: Request, door: TheDoor) -> Response:
    """File it; on a mistake show the form again with everything that was typed.

    Before that, once, the open tickets about the same thing in the same place are shown: whoever
    has seen them sends `same`, a number or "none".
    """
    sent = await request.form()
    form = Form.of(sent, *FIELDS)
    pack = None
    try:
        pack = chosen(door, form.typed["city"])
        if pack is None:
            return choose(request, door, "/report?city=", _HEADING, 422)
        body = _complaint(form, photos.references(sent) if photos.OFFERED else [])
        if not form.typed["same"]:
            found = await similar(door, pack, body, _key(form))
            if found:
                return page(request, "citizen/similar.html", form=form, found=found, pack=pack)
        answer = await intake.file_complaint(with_same(body, form), door, _key(form))
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error, _WORDS)
        if pack is None:
            return choose(request, door, "/report?city=", _HEADING, status)
        return _form(request, pack, form, status)
    receipt = Receipt.model_validate_json(bytes(answer.body))
    return _receipt(request, pack, receipt)


def _key(form: Form) -> str:
    return f"page/{form.key}"


def _form(request: Request, pack: Pack, form: Form, status: int = 200) -> Response:
    return page(
        request,
        "citizen/report.html",
        status,
        form=form,
        pack=pack,
        kinds=[kind for kind in Kind if kind is not Kind.SERVICE or pack.features.appoint],
        photos=photos,
    )


def _receipt(request: Request, pack: Pack, receipt: Receipt) -> Response:
    # The number is no secret; the access code is, and is in no address.
    address = f"{request.base_url}follow?number={receipt.number}"
    code = segno.make_qr(address, error="m").svg_inline(scale=4, border=2, omitsize=True)
    return page(request, "citizen/receipt.html", receipt=receipt, code=code, zone=pack.calendar.tz)


def _complaint(form: Form, files: list[str]) -> ComplaintIn:
    """What was typed as the API takes it; a position from a phone is in WGS-84."""
    contact = form.given("name", "phone")
    told: dict[str, Any] = {
        **form.given("city", "kind", "category", "text"),
        "place": form.given("area", "address", "lat", "lon"),
        "contact": contact or None,
        "anonymous": not contact or form.typed["anonymous"] == "yes",
        "public": form.typed["public"] == "yes",
    }
    return ComplaintIn.model_validate(told | ({"files": files} if files else {}))
