"""Rewards as supervisors see them: what is held back, and the ledger of the city."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, visible
from app.cities.periods import MonthQuery, month_or_span
from app.context import AppContext
from app.errors import Problem
from domain.model import Incoming, Instant, Recorded
from domain.pack.periods import Period
from domain.policy.rewards import RewardReason, RewardState
from domain.ticket.complaint import Text
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.rewards import grants, ledger, redemptions
from store.rewards.grants import Grant
from store.rewards.ledger import LedgerLine

MOST_HELD = 200


class HeldReward(Recorded):
    """A reward that waits for a decision. `alike`: reports to compare it with."""

    number: str
    rule: str | None
    points: int
    reasons: list[RewardReason]
    alike: list[str]
    judged_at: Instant


class HeldRewards(Recorded):
    items: list[HeldReward]


class DecisionIn(Incoming):
    """The decision on a reward that is held back, and its reason; both are recorded."""

    release: bool
    reason: Text = Field(max_length=500)


class Decided(Recorded):
    number: str
    state: RewardState
    points: int


class LedgerQuery(MonthQuery):
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(200, ge=1, le=1000, description="Entries in one answer.")


class LedgerEntryOut(Recorded):
    """An entry: so many points from one account to another. All accounts of citizens are
    `citizen`: whose points they are is not told, nor which reports are one person's.
    """

    at: Instant
    kind: str = Field(examples=["grant"])
    points: int
    source: str = Field(examples=["fund"])
    target: str = Field(examples=["citizen"])
    number: str | None
    rule: str | None
    prize: str | None
    role: str
    actor: str
    unit: str | None
    reason: str


class StockOut(Recorded):
    """The pieces of a prize, by the ledger. `left`: as of the last choice of it."""

    prize: str
    supplied: int
    left: int
    promised: int
    given: int


class LedgerPage(Recorded):
    """The entries of a period, and what the accounts have now."""

    city: str
    since: Instant
    until: Instant
    granted: int
    citizens: int
    held: int
    pledged: int
    handed_out: int
    stock: list[StockOut]
    entries: list[LedgerEntryOut]
    next_cursor: str | None = None


async def held_rewards(context: AppContext, caller: Caller, city: str) -> HeldRewards:
    """Return the rewards of a city that wait for a decision, the oldest first."""
    await permit(context, caller, "list_held_rewards")
    city_of(caller, city)
    context.packs.get(city)
    rows = await grants.held(context.store, city, MOST_HELD)
    return HeldRewards(items=[_held(row) for row in rows])


def _held(row: Grant) -> HeldReward:
    return HeldReward(
        number=row.number,
        rule=row.rule,
        points=row.points,
        reasons=list(row.reasons),
        alike=list(row.alike),
        judged_at=row.judged_at,
    )


async def decide(context: AppContext, caller: Caller, number: str, body: DecisionIn) -> Decided:
    """Release or refuse a reward that is held back.

    Raises:
        Problem: ticket_not_found, own_request
        Refused: reward_not_held
    """
    await permit(context, caller, "decide_reward", number)
    ticket = await visible(context, caller, number)
    if ticket is None:
        raise Problem("ticket_not_found")
    filer = ticket.complaint.filed_by
    if filer is not None and filer.account == caller.id:  # they may have the receipt
        raise Problem("own_request")
    release = body.release and not ticket.of_wrongdoing
    by = caller.actor.model_copy(update={"id": caller.id})
    done = await grants.decide(
        context.store, number, release=release, by=by, reason=body.reason, at=datetime.now(UTC)
    )
    return Decided(number=number, state=done.state, points=done.points)


async def ledger_page(
    context: AppContext, caller: Caller, city: str, query: LedgerQuery
) -> LedgerPage:
    """Return the ledger of a period, in order, page by page."""
    await permit(context, caller, "get_reward_ledger")
    city_of(caller, city)
    now = datetime.now(UTC)
    pack = context.packs.get(city)
    period = month_or_span(query, pack, now)
    begin = int(key_of(query.cursor, int)[0]) if query.cursor is not None else 0
    rows = await ledger.lines(
        context.store, city, period.since, period.until, query.limit + 1, begin
    )
    totals = await ledger.totals(context.store, city)
    chosen = await redemptions.chosen_ever(context.store, city)
    prizes = [*chosen, *(prize.code for prize in pack.prizes)]
    stock = await ledger.stock_of(context.store, city, prizes)
    more = len(rows) > query.limit
    return LedgerPage(
        city=city,
        since=period.since,
        until=period.until,
        **asdict(totals),
        stock=[StockOut(prize=prize, **asdict(one)) for prize, one in stock.items()],
        entries=[LedgerEntryOut(**asdict(row)) for row in rows[: query.limit]],
        next_cursor=cursor_of(begin + query.limit) if more else None,
    )


async def ledger_lines(
    context: AppContext, caller: Caller, city: str, period: Period, most: int
) -> Sequence[LedgerLine]:
    """Return the entries of a period for a sheet."""
    await permit(context, caller, "get_reward_ledger")
    city_of(caller, city)
    return await ledger.lines(context.store, city, period.since, period.until, most)
