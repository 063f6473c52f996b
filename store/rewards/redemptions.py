"""Redemptions: prizes that were chosen for points, fetched with a code, cancelled, or expired."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select, update

from domain.actors import SYSTEM, Actor
from domain.pack.rewards import Prize
from domain.refusals import Refused
from store.db import reward_tables
from store.db.engine import ResultRow, Store
from store.db.errors import KeyReused
from store.rewards import ledger, stock
from store.rewards.ledger import Entry
from store.rewards.wallets import Purse

_REDEMPTION, _RECEIPT = reward_tables.reward_redemption.c, reward_tables.reward_receipt.c
_ROW = select(reward_tables.reward_redemption)


class RedemptionState(StrEnum):
    OPEN = "open"
    FETCHED = "fetched"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Redemption:
    """A prize that was chosen. `settled_at`: when it was fetched, cancelled, or expired."""

    id: str
    city: str
    prize: str
    unit: str
    points: int
    state: RedemptionState
    made_at: datetime
    valid_until: datetime
    settled_at: datetime | None


def _redemption(row: ResultRow) -> Redemption:
    return Redemption(
        id=row.id,
        city=row.city,
        prize=row.prize,
        unit=row.unit,
        points=row.points,
        state=RedemptionState(row.state),
        made_at=row.made_at,
        valid_until=row.valid_until,
        settled_at=row.settled_at,
    )


@dataclass(frozen=True)
class PrizeChoice:
    """The prize that is chosen. `mark`: of the code that will fetch it, until `valid_until`."""

    id: str
    prize: Prize
    mark: str
    valid_until: datetime


async def choose(store: Store, purse: Purse, choice: PrizeChoice, at: datetime) -> Redemption:
    """Choose a prize for points; the same id again is the same choice.

    Raises:
        Refused: `prize_out_of_stock`, `points_short`, `receipt_joined`.
        KeyReused: the id stands for another prize, or another purse.
    """
    prize, city = choice.prize, purse.city

    def work(connection: Connection) -> Redemption:
        ledger.lock(store, connection, city)
        before = connection.execute(_ROW.where(_REDEMPTION.id == choice.id)).first()
        if before is not None:
            if (before.prize, before.account) != (prize.code, purse.account):
                raise KeyReused("this idempotency key was used for another prize")
            return _redemption(before)
        _check_purse(connection, purse)
        if stock.supply(store, connection, city, prize, at) < 1:
            raise Refused("prize_out_of_stock", "Nothing is left of this prize.")
        entry = Entry("redeem", choice.id, prize=prize.code, redemption=choice.id)
        pledged = ledger.pledged_account(prize.unit)
        piece = stock.reserving(prize.code)
        ledger.move(store, connection, city, entry, at, prize.points, purse.account, pledged, piece)
        values = {
            "id": choice.id,
            "city": city,
            "prize": prize.code,
            "unit": prize.unit,
            "points": prize.points,
            "account": purse.account,
            "mark": choice.mark,
            "state": RedemptionState.OPEN.value,
            "made_at": at,
            "valid_until": choice.valid_until,
            "settled_by": "",
        }
        connection.execute(reward_tables.reward_redemption.insert(), values)
        return _redemption(connection.execute(_ROW.where(_REDEMPTION.id == choice.id)).one())

    return await store.write(work)


def _check_purse(connection: Connection, purse: Purse) -> None:
    number = purse.account.removeprefix("receipt/")
    if number == purse.account:
        return
    joined = connection.execute(select(_RECEIPT.wallet).where(_RECEIPT.number == number)).first()
    if joined is not None:
        raise Refused("receipt_joined", "The points of this receipt are in a wallet.")


async def taken(store: Store, city: str, prizes: Iterable[str]) -> Mapping[str, int]:
    """Return how many pieces of each prize are promised or handed out, by the ledger."""
    stocks = await ledger.stock_of(store, city, prizes)
    return {prize: one.promised + one.given for prize, one in stocks.items()}


async def chosen_ever(store: Store, city: str) -> list[str]:
    """Return the prizes that were ever chosen in a city, by code."""
    rows = await store.rows(select(_REDEMPTION.prize).where(_REDEMPTION.city == city).distinct())
    return sorted(row.prize for row in rows)


async def confirm(store: Store, mark: str, by: Actor, city: str | None, at: datetime) -> Redemption:
    """Hand out the prize of a code, once, for an officer of the unit that has it.

    `city`: the only one that the officer serves, if it is one.

    Raises:
        Refused: `unknown_prize_code`, `prize_of_another_unit`, `prize_fetched`,
            `prize_cancelled`, `prize_expired`.
    """
    row = await store.first(_ROW.where(_REDEMPTION.mark == mark))
    if row is None or city not in (None, row.city):
        raise Refused("unknown_prize_code", "There is no such code.")
    if row.unit != by.unit:
        raise Refused("prize_of_another_unit", "Another unit hands out this prize.")
    return await _settled(store, row, RedemptionState.FETCHED, by, at)


async def cancel(store: Store, purse: Purse, redemption: str, at: datetime) -> Redemption:
    """Give a prize up that was not fetched; its points come back.

    Raises:
        Refused: `redemption_not_found`, `prize_fetched`, `prize_cancelled`, `prize_expired`.
    """
    mine = _ROW.where(_REDEMPTION.id == redemption, _REDEMPTION.account == purse.account)
    row = await store.first(mine.where(_REDEMPTION.city == purse.city))
    if row is None:
        raise Refused("redemption_not_found", "There is no such choice of yours.")
    return await _settled(store, row, RedemptionState.CANCELLED, SYSTEM, at)


async def expire(store: Store, now: datetime, limit: int) -> int:
    """Give back the points of prizes that nobody fetched in time; return how many."""
    over = (
        _ROW.where(_REDEMPTION.state == RedemptionState.OPEN.value, _REDEMPTION.valid_until <= now)
        .order_by(_REDEMPTION.valid_until)
        .limit(limit)
    )
    rows = await store.rows(over)
    done = 0
    for row in rows:
        try:
            await _settled(store, row, RedemptionState.EXPIRED, SYSTEM, now)
        except Refused:  # fetched or cancelled meanwhile
            continue
        done += 1
    return done


_CODES = {
    RedemptionState.FETCHED: "prize_fetched",
    RedemptionState.CANCELLED: "prize_cancelled",
    RedemptionState.EXPIRED: "prize_expired",
}
_KINDS = {
    RedemptionState.FETCHED: "fetch",
    RedemptionState.CANCELLED: "cancel",
    RedemptionState.EXPIRED: "expire",
}


async def _settled(
    store: Store, row: ResultRow, state: RedemptionState, by: Actor, at: datetime
) -> Redemption:
    which = _ROW.where(_REDEMPTION.id == row.id)

    def work(connection: Connection) -> Redemption:
        ledger.lock(store, connection, row.city)
        now = connection.execute(which).one()
        if now.state != RedemptionState.OPEN.value:
            raise Refused(_CODES[RedemptionState(now.state)], "This code is not open any more.")
        if state is RedemptionState.FETCHED and now.valid_until <= at:
            raise Refused("prize_expired", "The time to fetch it is over.")
        stock.catch_up(store, connection, now.city, now.prize, at)
        fetched = state is RedemptionState.FETCHED
        target = ledger.unit_account(now.unit) if fetched else now.account
        entry = Entry(_KINDS[state], now.id, prize=now.prize, redemption=now.id, by=by)
        pledged = ledger.pledged_account(now.unit)
        piece = stock.settling(now.prize, handed_out=fetched)
        ledger.move(store, connection, now.city, entry, at, now.points, pledged, target, piece)
        connection.execute(
            update(reward_tables.reward_redemption)
            .where(_REDEMPTION.id == now.id)
            .values(state=state.value, settled_at=at, settled_by=by.id)
        )
        return _redemption(connection.execute(which).one())

    return await store.write(work)


async def of_purse(store: Store, purse: Purse, limit: int = 50) -> list[Redemption]:
    """Return the prizes that were chosen from a purse, the latest first."""
    statement = (
        _ROW.where(_REDEMPTION.city == purse.city, _REDEMPTION.account == purse.account)
        .order_by(_REDEMPTION.made_at.desc(), _REDEMPTION.id)
        .limit(limit)
    )
    return [_redemption(row) for row in await store.rows(statement)]
