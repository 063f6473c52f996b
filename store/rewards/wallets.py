"""Wallets: the points of several receipts, joined by who has their access codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from domain.refusals import Refused
from store.db import reward_tables
from store.db.engine import Store
from store.rewards import ledger
from store.rewards.ledger import Entry

_WALLET, _RECEIPT = reward_tables.reward_wallet.c, reward_tables.reward_receipt.c
_REDEMPTION = reward_tables.reward_redemption.c


@dataclass(frozen=True)
class Purse:
    """An account that points are spent from: that of a wallet, or of a receipt that is in none."""

    city: str
    account: str


async def of_mark(store: Store, mark: str) -> Purse | None:
    """Return the wallet whose code has this mark."""
    row = await store.first(select(_WALLET.id, _WALLET.city).where(_WALLET.mark == mark))
    return None if row is None else Purse(row.city, ledger.wallet_account(row.id))


async def is_joined(store: Store, number: str) -> bool:
    """Return whether the points of this receipt are in a wallet."""
    row = await store.first(select(_RECEIPT.wallet).where(_RECEIPT.number == number))
    return row is not None


async def create(store: Store, wallet: str, city: str, mark: str, at: datetime) -> None:
    """Create a wallet. It may be repeated."""
    row = {"id": wallet, "city": city, "mark": mark, "created_at": at}
    await store.change(store.insert(reward_tables.reward_wallet).on_conflict_do_nothing(), row)


async def join(store: Store, number: str, purse: Purse, at: datetime) -> bool:
    """Join a receipt to a wallet, with its points and what was chosen for them; False if it is.

    Raises:
        Refused: `receipt_joined`, to another wallet.
    """
    wallet = purse.account.removeprefix("wallet/")

    def work(connection: Connection) -> bool:
        ledger.lock(store, connection, purse.city)
        known = select(_RECEIPT.wallet).where(_RECEIPT.number == number)
        before = connection.execute(known).scalar_one_or_none()
        if before == wallet:
            return False
        if before is not None:
            raise Refused("receipt_joined", "The points of this receipt are in a wallet.")
        row = {"number": number, "city": purse.city, "wallet": wallet, "joined_at": at}
        connection.execute(reward_tables.reward_receipt.insert(), row)
        receipt = ledger.receipt_account(number)
        points = ledger.balance(connection, purse.city, receipt)
        if points:
            entry = Entry("join", number, number)
            ledger.move(store, connection, purse.city, entry, at, points, receipt, purse.account)
        connection.execute(
            update(reward_tables.reward_redemption)
            .where(_REDEMPTION.account == receipt)
            .values(account=purse.account)
        )
        return True

    return await store.write(work)


async def numbers(store: Store, purse: Purse) -> Sequence[str]:
    """Return the receipts of a purse, in the order in which they were joined."""
    if purse.account.startswith("receipt/"):
        return [purse.account.removeprefix("receipt/")]
    wallet = purse.account.removeprefix("wallet/")
    statement = (
        select(_RECEIPT.number)
        .where(_RECEIPT.wallet == wallet)
        .order_by(_RECEIPT.joined_at, _RECEIPT.number)
    )
    return [str(row.number) for row in await store.rows(statement)]


async def balance(store: Store, purse: Purse) -> int:
    """Return the points of a purse."""
    return await store.read(
        lambda connection: ledger.balance(connection, purse.city, purse.account)
    )
