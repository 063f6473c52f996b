"""The question on the report page whether an open ticket nearby is about the same matter."""

from api.pages.shared.forms import Form
from app.filing.intake import ComplaintIn
from app.tickets.similar import Similar
from store.tickets.numbers import parse_number

NONE = "none"


def named(similar_tickets: list[Similar], form: Form) -> Similar | None:
    """Return the ticket that the citizen says is the same, if it is among those found."""
    return next((one for one in similar_tickets if one.ticket.number == form.typed["same"]), None)


def with_same(body: ComplaintIn, form: Form) -> ComplaintIn:
    """Return the complaint with the number of the ticket that the citizen says is the same."""
    same = form.typed["same"]
    if same in ("", NONE):
        return body
    return body.model_copy(
        update={"text": f"{body.text}\n（与工单 {parse_number(same)} 反映同一问题）"}
    )
