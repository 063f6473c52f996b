"""Supervision lists (督导清单): what supervisors, and units that act for a post, do with them."""

from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, visible
from app.context import AppContext
from app.errors import Problem
from app.sending.commands import execute
from app.sending.used_keys import reserved
from app.supervision.views import ListRowOut, SupervisionPage, leader_out, may_confirm, row_out
from domain.actors import Role
from domain.commands.supervising.settle_all import SettleAll
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.pack.supervision import Leader
from domain.refusals import Refused
from domain.supervision import rows
from domain.supervision.rows import ListRow, StepKind
from domain.ticket.complaint import Code, Text
from store.tickets import supervision_lists

_EXAMPLE_DAY = "2026-03-31"
_ACTING = frozenset({Role.SUPERVISOR, Role.OFFICER})


class SupervisionQuery(Incoming):
    """The list of one leader, or all; what is settled is left out unless it is asked for.

    `late`: only what is past its day.
    """

    leader: Code | None = None
    settled: bool = False
    late: bool = False


class PutIn(Incoming):
    """A problem to be rectified. Without `unit`: by the one that has the ticket; without `due`: by
    the city's deadline."""

    leader: Code
    text: Text = Field(max_length=500)
    unit: Code | None = None
    due: date | None = Field(None, examples=[_EXAMPLE_DAY], description="The last day in time.")


class RectifiedIn(Incoming):
    """The result: what was done."""

    text: Text = Field(max_length=500)


class RevisitIn(Incoming):
    """A revisit: whether the effect holds. `due`: the new deadline, where the problem came back."""

    holds: bool
    note: Text = Field(max_length=500)
    due: date | None = Field(None, examples=[_EXAMPLE_DAY])


class SettleKindIn(Incoming):
    """An inspection of all of the kind; without `units` at every unit of the lead's kind."""

    text: Text = Field(max_length=500)
    units: list[Code] = Field(default_factory=list, max_length=60)


class _Known(NamedTuple):
    """A row that this caller sees, with the city's pack, and whether they act for the post."""

    row: ListRow
    pack: Pack
    mine: bool


# --- reading ------------------------------------------------------------------------------------


async def supervision_page(
    context: AppContext, caller: Caller, city: str, query: SupervisionQuery
) -> SupervisionPage:
    """Return the lists of a city: all; to officers those of their posts, and their own unit's rows.

    Raises:
        Problem, UnknownCity
    """
    await permit(context, caller, "list_supervision")
    city_of(caller, city)
    pack = _with_lists(context, city)
    if query.leader is not None:
        _leader(pack, query.leader)
    unit, today = caller.unit, rows.day_of(pack.calendar, context.now())
    own = [one.code for one in _posts(pack, unit)]
    found = await supervision_lists.of_city(
        context.store,
        city,
        leaders=None if unit is None else own,
        unit=unit,
        settled=query.settled,
        today=today,
    )
    shown = [
        row
        for row in found
        if query.leader in (None, row.leader) and (row.late(today) or not query.late)
    ]
    steps = await supervision_lists.steps_of(context.store, shown)
    leaders = pack.supervision.leaders if unit is None else _posts(pack, unit)
    acts = caller.actor.role is Role.SUPERVISOR or bool(unit is not None and own)
    return SupervisionPage(
        city=city,
        leaders=[leader_out(one, found, today) for one in leaders],
        rows=[_out(row, pack, today, steps[row.id], caller) for row in shown],
        late=sum(row.late(today) for row in shown),
        may_put=acts,
    )


# --- acting -------------------------------------------------------------------------------------


async def put_on_list(
    context: AppContext, caller: Caller, number: str, body: PutIn, key: str | None = None
) -> ListRowOut:
    """Put a ticket on a leader's list. The same `key` again gives the same row.

    Raises:
        Problem, Refused: ticket_not_found, not_in_this_city, unknown_leader, not_your_list,
            already_on_list, supervision_of_report, in_the_past, too_far
        UnknownUnit
    """
    await permit(context, caller, "put_on_list", number)
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    pack = _with_lists(context, ticket.complaint.city)
    leader = _leader(pack, body.leader)
    if not _acts_for(caller, leader):
        raise Problem("not_your_list")
    unit = pack.unit(body.unit or ticket.unit or pack.city.fallback).code
    nonce = key or context.nonce()
    new = ListRow(
        id=context.mark(f"list/{caller.id}/{number}/{leader.code}/{nonce}")[:32],
        city=pack.city.id,
        number=number,
        leader=leader.code,
        unit=unit,
        text=body.text,
        due=rows.day_of(pack.calendar, context.now()),  # replaced at the moment of the write
        revisits=list(pack.supervision.revisits),
        put_at=context.now(),
    )
    due = partial(_due, pack, body.due)
    scope = f"{number}/lists/{leader.code}"
    async with reserved(context, caller, scope, key, body.model_dump_json()):
        made = await supervision_lists.put(context.store, new, caller.actor, due)
    return await _told(context, made, pack, caller)


async def rectify_row(
    context: AppContext, caller: Caller, row: str, body: RectifiedIn
) -> ListRowOut:
    """Say what was done: by the unit of the row, or by whoever acts for the post.

    Raises:
        Problem, Refused: row_not_found, row_not_now, supervision_of_report
    """
    await permit(context, caller, "rectify_row")
    known = await _known(context, caller, row)

    def apply(before: ListRow, at: datetime) -> ListRow:
        return rows.rectified(before, known.pack.calendar, body.text, at)

    made = await supervision_lists.change(
        context.store, row, StepKind.RECTIFIED, caller.actor, body.text, apply
    )
    return await _told(context, made, known.pack, caller)


async def revisit_row(context: AppContext, caller: Caller, row: str, body: RevisitIn) -> ListRowOut:
    """Say whether the effect holds; where the problem came back, it is open again.

    Raises:
        Problem, Refused: row_not_found, not_your_list, own_request, row_not_now,
            revisit_too_early, in_the_past, too_far, supervision_of_report
    """
    await permit(context, caller, "revisit_row")
    known = await _of_post(context, caller, row)
    if not may_confirm(known.row, caller.unit):
        raise Refused("own_request", "Who rectifies it does not say whether the effect holds.")
    pack = known.pack

    def apply(before: ListRow, at: datetime) -> ListRow:
        if body.holds:
            return rows.held(before, pack.calendar, at)
        return rows.came_back(before, _due(pack, body.due, at))

    kind = StepKind.HOLDS if body.holds else StepKind.CAME_BACK
    made = await supervision_lists.change(context.store, row, kind, caller.actor, body.note, apply)
    return await _told(context, made, pack, caller)


async def settle_kind_of_row(
    context: AppContext, caller: Caller, row: str, body: SettleKindIn, key: str | None = None
) -> ListRowOut:
    """Have all of the kind inspected (举一反三): the ticket's command, which its own rules allow.

    Raises:
        Problem, Refused: row_not_found, not_your_list, and those of the command `settle_all`
    """
    await permit(context, caller, "settle_kind_of_row")
    known = await _of_post(context, caller, row)
    command = SettleAll(text=body.text, units=body.units)
    await execute(context, caller, known.row.number, command, key)
    made = await supervision_lists.change(
        context.store, row, StepKind.SETTLE_ALL, caller.actor, body.text, lambda same, _: same
    )
    return await _told(context, made, known.pack, caller)


# --- shared -------------------------------------------------------------------------------------


def _with_lists(context: AppContext, city: str) -> Pack:
    pack = context.packs.get(city)
    if not pack.supervision.leaders:
        raise Problem("not_in_this_city")
    return pack


def _leader(pack: Pack, code: str) -> Leader:
    leader = pack.supervision.leader(code)
    if leader is None:
        raise Problem("unknown_leader")
    return leader


def _posts(pack: Pack, unit: str | None) -> list[Leader]:
    """Return the leaders that the unit acts for."""
    return [one for one in pack.supervision.leaders if unit is not None and one.unit == unit]


def _acts_for(caller: Caller, leader: Leader) -> bool:
    if caller.actor.role not in _ACTING:
        return False
    return caller.unit is None or caller.unit == leader.unit


def _due(pack: Pack, asked: date | None, at: datetime) -> date:
    return rows.deadline(pack.calendar, at, pack.supervision.deadline, asked)


async def _known(context: AppContext, caller: Caller, row_id: str) -> _Known:
    """Return a row that this caller sees; for all others it does not exist."""
    row = await supervision_lists.get(context.store, row_id)
    if row is None or not caller.serves(row.city):
        raise Problem("row_not_found")
    pack = context.packs.get(row.city)
    leader = pack.supervision.leader(row.leader)
    mine = caller.unit is None or (leader is not None and leader.unit == caller.unit)
    if not mine and row.unit != caller.unit:
        raise Problem("row_not_found")
    return _Known(row, pack, mine)


async def _of_post(context: AppContext, caller: Caller, row_id: str) -> _Known:
    known = await _known(context, caller, row_id)
    if not known.mine:
        raise Refused("not_your_list", "Only whoever acts for the post may do this.")
    return known


def _out(
    row: ListRow, pack: Pack, today: date, steps: list[rows.ListStep], caller: Caller
) -> ListRowOut:
    shown = row_out(row, pack, today, steps, caller.unit)
    if caller.actor.role in _ACTING:
        return shown
    return shown.model_copy(update={"may_rectify": False, "may_revisit": False})


async def _told(context: AppContext, row: ListRow, pack: Pack, caller: Caller) -> ListRowOut:
    steps = await supervision_lists.steps_of(context.store, [row])
    today = rows.day_of(pack.calendar, context.now())
    return _out(row, pack, today, steps[row.id], caller)
