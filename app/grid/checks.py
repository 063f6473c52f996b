"""A grid worker's day: the places to look at; and who asks that a place is looked at.

What is found stands at the ticket as a note, beside its workflow: it moves no stage and no clock.
"""

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import visible
from app.context import AppContext
from app.errors import Problem
from app.filing.file_views import FileOut, file_out
from app.grid.cells import area_of, name_of, policy_of, post_of
from app.tickets.acted_on import acted_on
from app.tickets.redaction import redacted
from domain.grid.entries import CheckMoment, Seen
from domain.model import Incoming, Instant, Recorded
from domain.pack.coordinates import in_wgs84
from domain.pack.pack import Pack
from domain.ticket.complaint import Place, Text
from domain.ticket.ticket import Ticket
from store.files import files
from store.grid import checks, entries
from store.grid.checks import Check

_MOST_WAITING = 3
"""Checks of one ticket that wait for an answer."""
_MOST_SHOWN = 100


class CheckIn(Incoming):
    """A question about a ticket's place. `place`: where the ticket itself has none."""

    moment: CheckMoment = Field(description="`filing`: is it there? `closing`: is it done?")
    question: Text = Field(description="What to look at; grid workers read it, and not the ticket.")
    place: Place | None = None


class CheckTask(Recorded):
    """A place to look at, as grid workers see it: nothing of the ticket but where and what."""

    id: str
    moment: CheckMoment
    question: str
    address: str
    cell: str
    cell_name: str
    own_cell: bool = Field(description="It is in the worker's own cell.")
    lat: float | None
    lon: float | None
    asked_at: Instant


class SentOut(Recorded):
    """An entry that has arrived."""

    id: str
    kind: str
    at: Instant
    number: str | None
    outside: bool
    settled: bool


class DayOut(Recorded):
    """A grid worker's day. `radius`: metres from a place within which an answer counts."""

    account: str
    city: str
    cell: str
    cell_name: str
    full_time: bool
    radius: int
    checks: list[CheckTask]
    sent: list[SentOut]


class CheckOut(Recorded):
    """A check of a ticket, with its answer as soon as there is one."""

    id: str
    moment: CheckMoment
    question: str
    cell: str
    cell_name: str
    asked_at: Instant
    seen: Seen | None
    note: str
    metres: int | None = Field(description="From the place to the worker; null: nobody knows.")
    photos: list[FileOut]
    answered_at: Instant | None


class ChecksOut(Recorded):
    """The checks of a ticket. `outside`: a grid worker filed it from outside the own cell."""

    items: list[CheckOut]
    outside: bool = False


async def grid_day(context: AppContext, caller: Caller) -> DayOut:
    """Return the places that wait in the worker's street, those of the own cell first.

    Raises:
        Problem: grid_worker_unconfirmed, not_in_this_city
    """
    await permit(context, caller, "get_grid_day")
    post = await post_of(context, caller)
    here, own = post.pack.city.id, post.worker.cell
    waiting = await checks.open_within(context.store, here, post.street, _MOST_SHOWN, own)
    sent = await entries.of_worker(context.store, caller.id, _MOST_SHOWN)
    return DayOut(
        account=caller.id,
        city=here,
        cell=own,
        cell_name=name_of(post.pack, own),
        full_time=post.worker.full_time,
        radius=post.policy.radius,
        checks=[_task(one, post.pack, own) for one in waiting],
        sent=[
            SentOut(
                id=one.id,
                kind=one.kind,
                at=one.at,
                number=one.number,
                outside=one.outside,
                settled=one.settled,
            )
            for one in sent
        ],
    )


def _task(of: Check, pack: Pack, own: str) -> CheckTask:
    return CheckTask(
        id=of.id,
        moment=of.moment,
        question=of.question,
        address=of.address,
        cell=of.cell,
        cell_name=name_of(pack, of.cell),
        own_cell=of.cell.startswith(own),
        lat=of.lat,
        lon=of.lon,
        asked_at=of.asked_at,
    )


async def ask_check(
    context: AppContext, caller: Caller, number: str, body: CheckIn, key: str | None
) -> CheckOut:
    """Ask that somebody looks at a ticket's place. The same `key` again asks once.

    Raises:
        Problem: ticket_not_found, forbidden, not_in_this_city, place_without_area, not_started_yet
        Refused: check_of_report, checks_enough
        KeyReused
    """
    ticket, pack = await acted_on(context, caller, "ask_grid_check", number)
    policy_of(pack)
    if ticket.of_wrongdoing:
        raise Problem("check_of_report")
    asked = await checks.ask(context.store, _new(context, caller, ticket, body, key), _MOST_WAITING)
    return await _out(context, asked, pack)


def _new(
    context: AppContext, caller: Caller, ticket: Ticket, body: CheckIn, key: str | None
) -> Check:
    number = ticket.complaint.number
    pack = context.packs.get(ticket.complaint.city)
    where = body.place or ticket.complaint.place
    cell = area_of(context, pack, where)
    point = _point(where)
    return Check(
        id=context.mark(f"grid check/{caller.id}/{number}/{key or context.nonce()}")[:32],
        number=number,
        city=pack.city.id,
        cell=cell,
        moment=body.moment,
        question=redacted(body.question),
        address=redacted(where.address),
        lat=point[0] if point else None,
        lon=point[1] if point else None,
        asked_by=caller.id,
        asked_at=context.now(),
    )


def _point(where: Place) -> tuple[float, float] | None:
    """Return the point of a place in WGS-84."""
    if where.lat is None or where.lon is None:
        return None
    return in_wgs84(where.lat, where.lon, where.crs)


async def checks_of(context: AppContext, caller: Caller, number: str) -> ChecksOut:
    """Return the checks of a ticket, the first one first.

    Raises:
        Problem: ticket_not_found
    """
    await permit(context, caller, "list_grid_checks", number)
    ticket = await visible(context, caller, number)
    if ticket is None or ticket.of_wrongdoing:
        return ChecksOut(items=[])
    pack = context.packs.get(ticket.complaint.city)
    items = [
        await _out(context, one, pack) for one in await checks.of_ticket(context.store, number)
    ]
    entry = await entries.of_ticket(context.store, number)
    return ChecksOut(items=items, outside=entry is not None and entry.outside)


async def _out(context: AppContext, of: Check, pack: Pack) -> CheckOut:
    rows = [await files.get(context.store, one) for one in of.photos]
    return CheckOut(
        id=of.id,
        moment=of.moment,
        question=of.question,
        cell=of.cell,
        cell_name=name_of(pack, of.cell),
        asked_at=of.asked_at,
        seen=of.seen,
        note=of.note,
        metres=of.metres,
        photos=[file_out(context, row) for row in rows if row is not None],
        answered_at=of.answered_at,
    )
