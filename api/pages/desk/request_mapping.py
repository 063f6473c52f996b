"""The operator's form as commands of the API, with each fault at its field."""

from collections.abc import Sequence

from pydantic import ValidationError

from api.pages.shared.forms import Form
from api.pages.shared.lookups import area_of, category_of
from app.errors import Problem
from app.filing.intake import ComplaintIn
from domain.commands.intake.conclude import Conclude
from domain.pack.pack import Pack
from domain.words import N_
from store.tickets.numbers import parse_number

FIELDS = (
    "city", "phone", "name", "purpose", "earlier", "text", "title", "category", "area", "address",
    "kind", "channel", "anonymous", "same", "answer", "outcome", "do",
)  # fmt: skip
WORDS = {
    "phone": N_("This is not a phone number."),
    "files": N_("At most 20 files at once, please."),
}
UNKNOWN_CATEGORY = N_("There is no such subject; choose one from the list.")
UNKNOWN_AREA = N_("There is no such place; choose one from the list.")


def complaint(pack: Pack, form: Form, files: Sequence[str] = ()) -> ComplaintIn:
    """Build the API's request from the form; `files` are references.

    Raises:
        ValidationError; Problem: the form's faults say what is wrong.
    """
    codes = _codes(pack, form)
    contact = form.filled("name", "phone")
    body = ComplaintIn.model_validate(
        {
            **form.filled("text", "title", "kind", "channel"),
            "city": pack.city.id,
            "category": codes["category"],
            "place": {**form.filled("address"), "area": codes["area"]},
            "contact": contact or None,
            "anonymous": not contact or form.typed["anonymous"] == "yes",
            "files": files,
        }
    )
    if form.faults:
        raise Problem("invalid_request")
    if same := form.typed["same"]:
        text = f"{body.text}\n（与工单 {parse_number(same)} 反映同一问题）"
        body = body.model_copy(update={"text": text})
    return body


def _codes(pack: Pack, form: Form) -> dict[str, str | None]:
    """Return the codes typed into the fields with lists; mark unknown ones as faults."""
    values: dict[str, str | None] = {}
    for name, find, words in (
        ("category", category_of, UNKNOWN_CATEGORY),
        ("area", area_of, UNKNOWN_AREA),
    ):
        values[name] = find(pack, form.typed[name])
        if form.typed[name] and values[name] is None:
            form.fail(name, words)
    return values


def conclusion(form: Form) -> Conclude:
    outcome, _, reason = form.typed["outcome"].partition(":")
    try:
        return Conclude.model_validate(
            {"outcome": outcome, "reason": reason or None, "text": form.typed["answer"]}
        )
    except ValidationError:
        form.fail("answer", N_("Please say what the caller was told."))
        raise
