"""The first city's page of a matter that another city has, and the acts that go there."""

from api.pages.shared.forms import Form
from app.access.caller import Caller
from app.context import AppContext
from app.handover.citizens import NoteIn, tell_other_city
from app.handover.handovers import handovers_of
from app.handover.views import HandoverOut
from domain.handover.handover import HandoverState
from domain.ticket.stages import Stage

ELSEWHERE = "elsewhere-"
"""Begins the names of the acts that go to the other city."""

_YES = {"yes": True, "no": False}


async def handed_over(context: AppContext, caller: Caller, number: str) -> HandoverOut | None:
    """Return the last hand-over of a ticket, as its citizen sees it; None of one that is here.

    What was refused, or not answered, is told by the timeline alone.
    """
    found = await handovers_of(context, caller, number)
    shown = {HandoverState.OFFERED, HandoverState.ACCEPTED, HandoverState.TAKEN}
    return found[-1] if found and found[-1].state in shown else None


def acts_elsewhere(one: HandoverOut | None) -> list[str]:
    """Return the acts that the other city takes now."""
    if one is None or one.state is not HandoverState.TAKEN:
        return []
    if one.there is None:
        return ["elsewhere-facts", "elsewhere-urge"]
    if one.there.stage is Stage.ENDED:
        return []
    rates = ["elsewhere-rate"] if one.there.can_rate else []
    return [*rates, "elsewhere-facts", "elsewhere-urge"]


async def add_elsewhere(
    context: AppContext, caller: Caller, number: str, form: Form, key: str
) -> None:
    """Pass facts on to the other city."""
    body = NoteIn.model_validate({"what": "facts"} | form.filled("text"))
    await tell_other_city(context, caller, number, body, key)


async def urge_elsewhere(
    context: AppContext, caller: Caller, number: str, form: Form, key: str
) -> None:
    """Urge the other city."""
    body = NoteIn.model_validate({"what": "urge"} | form.filled("text"))
    await tell_other_city(context, caller, number, body, key)


async def rate_elsewhere(
    context: AppContext, caller: Caller, number: str, form: Form, key: str
) -> None:
    """Rate the other city's answer."""
    typed = form.filled("resolved", "contacted", "grade", "words")
    values: dict[str, object] = {"what": "rating", "text": typed.get("words", "")}
    for name in ("resolved", "contacted"):
        if name in typed:
            values[name] = _YES.get(typed[name], typed[name])
    if "grade" in typed:
        values["grade"] = typed["grade"]
    await tell_other_city(context, caller, number, NoteIn.model_validate(values), key)
