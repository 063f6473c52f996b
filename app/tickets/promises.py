"""Promises (承诺): recorded with a day, asked about by themselves, and never silently moved."""

from datetime import date
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, visible, withheld
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.filing import attachments
from app.sending.used_keys import reserved
from app.tickets.promise_views import PromiseOut, PromisesOut, numbers_of, promise_out
from domain.commands.relations import NEAR, relation
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.pack.policies import PromisePolicy
from domain.policy.permissions import RIGHTS
from domain.promise.checks import check_day
from domain.promise.promise import Promise, PromiseDraft, PromiseEnd
from domain.ticket.complaint import Code, required
from domain.ticket.ticket import Ticket
from store.files.files import Attaching
from store.reporting import public_promises
from store.tickets import intake, promises, tickets
from store.tickets.promises import PromiseEnding, PromisePart, Promises

Said = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(required)]


class KeepPromiseIn(Incoming):
    """The evidence that a promise is kept."""

    evidence: Said
    photo: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The reference of an uploaded photo; it joins the files of the ticket."
    )


class BreakPromiseIn(Incoming):
    """Why a promise is not kept."""

    reason: Said


class ExcusePromiseIn(Incoming):
    """Why a promise is excused, for everybody to read; and the day that it is moved to."""

    reason: Said
    moved_to: date | None = Field(None, description="The day of a new promise of the same words.")


class PromisesQuery(Incoming):
    which: PromisePart = PromisePart.WAITING
    city: Code | None = None
    unit: Code | None = Field(None, description="Officers: always their own.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class PublicPromisesQuery(Incoming):
    which: PromisePart = PromisePart.ALL
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class _Known(NamedTuple):
    """A ticket that the caller may do this to, the city's pack, and its rules of promises."""

    ticket: Ticket
    pack: Pack
    rules: PromisePolicy


# --- one ticket -------------------------------------------------------------------------------


async def promises_of(context: AppContext, caller: Caller, number: str) -> list[PromiseOut]:
    """Return the promises of a ticket, in the order in which they were made.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_ticket_promises", number)
    ticket = await _seen(context, caller, number)
    if ticket is None:
        return []
    found = await promises.of_ticket(context.store, number)
    pack = context.packs.get(ticket.complaint.city)
    return await _outs(context, found, pack, staff=not caller.citizen)


async def check_promise(
    context: AppContext, caller: Caller, number: str, draft: PromiseDraft
) -> None:
    """Check that the promise could be made now.

    Raises:
        Problem, Refused: as `make_promise`
    """
    known = await _permitted(context, caller, number, "make_promise")
    _unit(caller, known, draft)
    check_day(draft.due, _today(context, known.pack), known.rules.ahead)


async def make_promise(
    context: AppContext,
    caller: Caller,
    number: str,
    draft: PromiseDraft,
    key: str | None = None,
    hearing: str | None = None,
) -> PromiseOut:
    """Record what a unit promises. The same `key` again gives the same promise.

    `hearing`: the public hearing at which it is given.

    Raises:
        Problem, Refused: not_in_this_city, not_your_unit, promise_unit, promise_undated,
            in_the_past, too_far, promise_cap
    """
    known = await _permitted(context, caller, number, "make_promise")
    unit = _unit(caller, known, draft)
    nonce = key or context.nonce()
    today = _today(context, known.pack)
    new = Promise(
        id=context.mark(f"promise/{caller.id}/{number}/{nonce}")[:32],
        number=number,
        city=known.pack.city.id,
        n=0,
        unit=unit,
        text=draft.text,
        due=today,
        asked_until=today,
        made_at=context.now(),
        made_by=caller.id,
        hearing=hearing,
    )
    rules = (known.rules.ahead, known.rules.grace)
    async with reserved(context, caller, number, key, f"promise/{draft.model_dump_json()}"):
        made = await promises.make(context.store, new, draft.due, rules, known.pack.calendar.tz)
    return await _out(context, made, known.pack)


def _unit(caller: Caller, known: _Known, draft: PromiseDraft) -> str:
    """Return the unit that promises: it has, or had, a share of the ticket."""
    unit = draft.unit or caller.unit or known.ticket.unit
    if caller.unit not in (None, unit):
        raise Problem("not_your_unit")
    if unit is None or relation(known.ticket, unit, known.pack) not in NEAR:
        raise Problem("promise_unit")
    return unit


async def keep_promise(
    context: AppContext, caller: Caller, number: str, n: int, body: KeepPromiseIn
) -> PromiseOut:
    """Record that a promise is kept; after the grace it stays broken, and is done late.

    Raises:
        Problem, Refused: promise_not_found, not_your_unit, promise_ended
        UnknownFile, TooManyFiles
    """
    known = await _permitted(context, caller, number, "keep_promise")
    photo = attachments.wanted(context, [body.photo], caller.id) if body.photo else None
    file = photo.claims[0].id if photo else None
    ending = PromiseEnding(PromiseEnd.KEPT, body.evidence, caller.id, file)
    return await _end(context, caller, known, n, ending, photo)


async def break_promise(
    context: AppContext, caller: Caller, number: str, n: int, body: BreakPromiseIn
) -> PromiseOut:
    """Record that a promise is not kept, and why.

    Raises:
        Problem, Refused: promise_not_found, not_your_unit, promise_ended
    """
    known = await _permitted(context, caller, number, "break_promise")
    ending = PromiseEnding(PromiseEnd.BROKEN, body.reason, caller.id)
    return await _end(context, caller, known, n, ending)


async def excuse_promise(
    context: AppContext, caller: Caller, number: str, n: int, body: ExcusePromiseIn
) -> PromiseOut:
    """Excuse a promise with a published reason; one that is moved gets a promise that follows.

    Raises:
        Problem, Refused: promise_not_found, promise_ended, in_the_past, too_far, promise_cap
    """
    known = await _permitted(context, caller, number, "excuse_promise")
    ending = PromiseEnding(
        PromiseEnd.EXCUSED,
        body.reason,
        caller.id,
        moved_to=body.moved_to,
        most_ahead=known.rules.ahead,
        grace=known.rules.grace,
    )
    return await _end(context, caller, known, n, ending)


async def _end(
    context: AppContext,
    caller: Caller,
    known: _Known,
    n: int,
    ending: PromiseEnding,
    photo: Attaching | None = None,
) -> PromiseOut:
    found = await promises.get(context.store, known.ticket.complaint.number, n)
    if found is None:
        raise Problem("promise_not_found")
    if caller.unit not in (None, found.unit):
        raise Problem("not_your_unit", "Another unit gave this promise.")
    ended = await promises.end(context.store, found.id, ending, known.pack.calendar.tz, photo)
    return await _out(context, ended, known.pack)


async def _permitted(context: AppContext, caller: Caller, number: str, key: str) -> _Known:
    """Return the ticket, if the caller may do this to it, and its city records promises."""
    await permit(context, caller, key, number)
    ticket = await _seen(context, caller, number)
    if ticket is None:
        raise Problem("not_started_yet")
    pack = context.packs.get(ticket.complaint.city)
    if not RIGHTS[key].allows(caller.actor.role, caller.near(ticket, pack)):
        raise Problem("forbidden", f"The unit may not do this: {key}.")
    if pack.promises is None:
        raise Problem("not_in_this_city")
    return _Known(ticket, pack, pack.promises)


async def _seen(context: AppContext, caller: Caller, number: str) -> Ticket | None:
    """Return the ticket; None of one that is registered, and not started yet."""
    if caller.citizen:  # who has shown the access code of this very ticket
        return await tickets.state(context.store, number)
    ticket = await visible(context, caller, number)
    if ticket is not None:
        return ticket
    registered = await intake.get(context.store, number) if caller.unit is None else None
    if registered is None or not caller.serves(registered.complaint.city):
        raise Problem("ticket_not_found")
    if await tickets.get(context.store, number) is not None:
        raise Problem("ticket_not_found")
    return None


# --- lists ------------------------------------------------------------------------------------


async def list_promises(context: AppContext, caller: Caller, query: PromisesQuery) -> PromisesOut:
    """Return promises of a city by their day; officers see those of their own unit.

    Raises:
        Problem: not_your_city, not_your_unit, not_in_this_city; invalid_request without a city
        UnknownCity, BadCursor
    """
    await permit(context, caller, "list_promises")
    city = city_of(caller, query.city) or _only(context)
    if caller.unit is not None and query.unit not in (None, caller.unit):
        raise Problem("not_your_unit")
    pack = context.packs.get(city)
    if pack.promises is None:
        raise Problem("not_in_this_city")
    found = await promises.listed(
        context.store,
        city,
        query.which,
        _today(context, pack),
        caller.unit or query.unit,
        query.cursor,
        query.limit,
    )
    gone = await withheld(context, caller, numbers_of(found.items))
    seen = [one for one in found.items if one.number not in gone]
    return PromisesOut(
        items=await _outs(context, seen, pack, staff=True), next_cursor=found.next_cursor
    )


def _only(context: AppContext) -> str:
    """Return the only city that is served; of several, one has to be named."""
    served = list(context.packs.ids())
    if len(served) != 1:
        missing = FieldProblem(field="query.city", code="missing", message="Name a city.")
        raise Problem("invalid_request", errors=[missing])
    return served[0]


async def public_promises_of(
    context: AppContext, city: str, query: PublicPromisesQuery
) -> PromisesOut:
    """Return the promises of tickets whose answer is public, never of reports of wrongdoing.

    Raises:
        Problem: not_in_this_city
        UnknownCity, BadCursor
    """
    await permit(context, None, "list_public_promises")
    pack = context.packs.get(city)
    if pack.promises is None:
        raise Problem("not_in_this_city")
    found: Promises = await public_promises.listed(
        context.store, city, query.which, _today(context, pack), query.cursor, query.limit
    )
    items = await _outs(context, found.items, pack, staff=False)
    return PromisesOut(items=items, next_cursor=found.next_cursor)


# --- shared -----------------------------------------------------------------------------------


async def _outs(
    context: AppContext, found: list[Promise], pack: Pack, *, staff: bool
) -> list[PromiseOut]:
    followers = await promises.followers(context.store, found)
    today = _today(context, pack)
    return [promise_out(one, pack, today, followers, staff=staff) for one in found]


async def _out(context: AppContext, of: Promise, pack: Pack) -> PromiseOut:
    [out] = await _outs(context, [of], pack, staff=True)
    return out


def _today(context: AppContext, pack: Pack) -> date:
    return context.now().astimezone(pack.calendar.tz).date()
