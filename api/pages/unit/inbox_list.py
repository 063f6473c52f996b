"""The inbox page of a unit: the unit, the parts with their counts, the lines."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from api.pages.shared.addresses import InboxAddress
from api.pages.shared.forms import Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from api.pages.unit.inbox_several import BatchOutcome
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.tickets.assignments import InboxPart, part_of_inbox
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.words import N_
from store.tickets.assignments import Inbox
from store.tickets.inbox import Which

HOME = InboxAddress.path
ROWS = 200
"""The most lines on a page."""

DELEGATING = ("to", "task")
"""The fields of the delegation form; other commands need only the chosen lines."""

PARTS: dict[Which, str] = {
    Which.ALL: N_("All"),
    Which.SIGN: N_("To sign"),
    Which.CONTACT: N_("To contact"),
    Which.LATE: N_("Past the unit's limit"),
    Which.NEAR: N_("Nearly late"),
    Which.ASKED: N_("Waiting for a decision"),
    Which.PAUSED: N_("Clock paused"),
    Which.VERIFY: N_("To verify"),
    Which.DONE: N_("Recently done"),
}
REQUEST_WORDS = {
    "return": N_("Return asked for"),
    "extension": N_("Extension asked for"),
    "hold": N_("Hold asked for"),
}
REFUSED = {
    # why a chosen line was refused, by the code of the refusal
    "already_signed": N_("Signed already."),
    "assignment_ended": N_("No longer with your unit."),
    "assignment_not_found": N_("Not in this inbox."),
    "ticket_not_found": N_("Not in this inbox."),
    "not_your_unit": N_("This is another unit's to do."),
    "same_unit": N_("That unit has a share of it already."),
    "not_below": N_("That unit is not below yours."),
    "unknown_unit": N_("There is no such unit."),
    "accused_unit": N_("The report is about that unit."),
    "accused_unsaid": N_("The hotline has to say first whom it accuses."),
    "delegation_cap": N_("It cannot be delegated further down."),
    "overtaken": N_("It went on meanwhile. Please look again."),
    "too_many_requests": N_("Too many at once. Please try these again in a minute."),
    "engine_unavailable": N_("Not done, as far as we know. Trying again is safe."),
    "too_late": N_("Not done. Please try these again in a moment."),
    "gave_up": N_("Not done. Please try these again in a moment."),
}
PAUSED = {"hold": N_("On hold"), "citizen": N_("Waiting for the citizen")}


class InboxScope(NamedTuple):
    """The city and unit of the inbox; `unit` is None where the reader has to choose one."""

    pack: Pack
    unit: Unit | None
    own: bool


def place_of(
    request: Request, context: AppContext, caller: Caller, query: InboxAddress
) -> InboxScope:
    """Return the city and unit of the inbox.

    Raises:
        Problem: not_your_unit, not_your_city.
        UnknownUnit: the city has no unit with this code.
    """
    pack = working_city(request, context, caller)
    if caller.unit is not None:
        if query.unit not in (None, caller.unit):
            raise Problem("not_your_unit", "This is another unit's inbox.")
        return InboxScope(pack, pack.unit(caller.unit), own=True)
    return InboxScope(pack, pack.unit(query.unit) if query.unit else None, own=False)


async def inbox_page(
    request: Request,
    context: AppContext,
    caller: Caller,
    query: InboxAddress,
    status: int = 200,
    form: Form | None = None,
    *,
    outcome: BatchOutcome | None = None,
    picked: Collection[str] = (),
) -> Response:
    """Draw the list, with results of commands on top; `picked`: references that stay chosen."""
    place, now = place_of(request, context, caller, query), datetime.now(UTC)
    query = query.model_copy(update={"city": place.pack.city.id})
    inbox, counted = await _inbox_and_counts(context, caller, place, query, now)
    return staff_page(
        request,
        "unit/inbox.html",
        caller,
        status,
        pack=place.pack,
        unit=place.unit,
        units=[] if place.own else place.pack.units,
        list_query=query,
        parts=[
            (part, PARTS[part], counted.get(part, 0), query.but(which=part).url) for part in Which
        ],
        whole=query.but(which=Which.ALL, q="").url,
        rows=inbox.rows,
        next_cursor=inbox.next_cursor,
        form=form or Form.blank(*DELEGATING),
        outcome=outcome,
        request_words=REQUEST_WORDS,
        paused_words=PAUSED,
        refused_words=REFUSED,
        picked=set(picked) | (outcome.left if outcome else set()),
        below=below(place.pack, place.unit),
        acts=place.own and caller.may(RIGHTS["sign"]),
        categories=categories(place.pack),
    )


async def _inbox_and_counts(
    context: AppContext, caller: Caller, place: InboxScope, query: InboxAddress, now: datetime
) -> tuple[Inbox, dict[Which, int]]:
    if place.unit is None:
        return Inbox([], None), {}
    part = InboxPart(
        unit=place.unit.code,
        city=place.pack.city.id,
        which=query.which,
        text=query.q,
        cursor=query.cursor,
        limit=ROWS,
        at=now,
    )
    return await part_of_inbox(context, caller, part)


def below(pack: Pack, unit: Unit | None) -> list[Unit]:
    """Return the units it may delegate to; none where the city allows no delegation."""
    if unit is None or not pack.caps.delegations:
        return []
    return [other for other in pack.units if pack.is_under(other.code, unit.code)]


def categories(pack: Pack) -> dict[str, Category]:
    """Return the categories of complaints by code."""
    return {category.code: category for category in pack.categories}
