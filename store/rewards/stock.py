"""The stock of prizes in the ledger: supplied as the pack in use says, reserved, handed out.

All of it is done in transactions that hold the city's lock.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.pack.rewards import Prize
from store.db import reward_tables
from store.db.engine import Store
from store.rewards import ledger
from store.rewards.ledger import GIVEN, RESERVED, SHELF, SUPPLY, Entry, pieces_account

_REDEMPTION = reward_tables.reward_redemption.c


def supply(store: Store, connection: Connection, city: str, prize: Prize, at: datetime) -> int:
    """Enter what the pack has more or fewer pieces of than before; return how many are left.

    Pieces that are promised or handed out stay: of fewer than these none is left.
    """
    catch_up(store, connection, city, prize.code, at)
    left = _pieces(connection, city, SHELF, prize.code)
    more = max(prize.stock + _pieces(connection, city, SUPPLY, prize.code), -left)
    if more:
        _enter(store, connection, city, prize.code, at, {SUPPLY: -more, SHELF: more})
    return left + more


def catch_up(store: Store, connection: Connection, city: str, prize: str, at: datetime) -> None:
    """Enter what a program of an earlier version did meanwhile: it counted choices, and entered no
    pieces.
    """
    counted = select(_REDEMPTION.state, func.count().label("many")).where(
        _REDEMPTION.city == city, _REDEMPTION.prize == prize
    )
    rows = connection.execute(counted.group_by(_REDEMPTION.state))
    many = {row.state: int(row.many) for row in rows}
    promised = many.get("open", 0) - _pieces(connection, city, RESERVED, prize)
    given = many.get("fetched", 0) - _pieces(connection, city, GIVEN, prize)
    if promised or given:
        moved = {SUPPLY: -promised - given, RESERVED: promised, GIVEN: given}
        _enter(store, connection, city, prize, at, moved)


def reserving(prize: str) -> tuple[str, str]:
    """Return the accounts between which the piece of a chosen prize moves."""
    return pieces_account(SHELF, prize), pieces_account(RESERVED, prize)


def settling(prize: str, *, handed_out: bool) -> tuple[str, str]:
    """Return the accounts for a piece that is handed out, or given back to the shelf."""
    return pieces_account(RESERVED, prize), pieces_account(GIVEN if handed_out else SHELF, prize)


def _pieces(connection: Connection, city: str, where: str, prize: str) -> int:
    return ledger.balance(connection, city, pieces_account(where, prize))


def _enter(
    store: Store,
    connection: Connection,
    city: str,
    prize: str,
    at: datetime,
    moved: dict[str, int],
) -> None:
    accounts = [pieces_account(one, prize) for one in (SUPPLY, SHELF, RESERVED, GIVEN)]
    before = sum(ledger.postings(connection, city, one) for one in accounts)
    entry = Entry("stock", f"{city}/{prize}/{before + 1}", prize=prize)
    amounts = [(pieces_account(one, prize), pieces) for one, pieces in moved.items() if pieces]
    ledger.enter(store, connection, city, entry, at, amounts)
