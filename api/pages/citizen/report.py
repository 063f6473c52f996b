"""Reporting: one form on one page, and the receipt."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import intake
from api.door import Door, TheDoor
from api.filing import Receipt
from api.intake import ComplaintIn
from api.pages.forms import REFUSALS, Form
from api.pages.page import page
from api.translation import N_, language_of
from domain.complaint import Kind

router = APIRouter(include_in_schema=False)

FIELDS = ("city", "kind", "category", "title", "text", "address", "name", "phone")
_WORDS = {
    "phone": N_("This is not a phone number."),
    "text": N_("Please say what happened."),
}


@router.get("/report")
async def report(request: Request, door: TheDoor) -> Response:
    """The form."""
    return _form(request, door, Form.blank(*FIELDS, kind=Kind.COMPLAINT))


@router.post("/report")
async def file(request: Request, door: TheDoor) -> Response:
    """File it; on a mistake show the form again with everything that was typed."""
    form = await Form.read(request, *FIELDS)
    try:
        answer = await intake.file_complaint(_complaint(form), door, f"page/{form.key}")
    except (ValidationError, *REFUSALS) as error:
        return _form(request, door, form, form.refuse(error, _WORDS))
    receipt = Receipt.model_validate_json(bytes(answer.body))
    return page(request, "citizen/receipt.html", receipt=receipt)


def _form(request: Request, door: Door, form: Form, status: int = 200) -> Response:
    packs = [door.packs.get(city) for city in door.packs.ids()]
    english = language_of(request) == "en"
    return page(
        request,
        "citizen/report.html",
        status,
        form=form,
        cities=[(p.city.id, p.city.name_en if english else p.city.name) for p in packs],
        categories=[
            (category.code, category.name_en if english else category.name)
            for category in packs[0].categories
        ]
        if len(packs) == 1
        else [],
        kinds=list(Kind),
    )


def _complaint(form: Form) -> ComplaintIn:
    contact = form.given("name", "phone")
    return ComplaintIn.model_validate(
        {
            **form.given("city", "kind", "category", "title", "text"),
            "place": form.given("address"),
            "contact": contact or None,
            "anonymous": not contact,
        }
    )
