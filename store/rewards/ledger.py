"""The ledger of points and of prizes' stock: double entry, append-only, nothing below zero.

Whatever moves points is one entry with postings that add up to zero, and a cause that stands for
it once and for all. A balance is the sum of an account's postings; each posting carries the sum up
to itself, so that the database can refuse one that would be below zero (ADR 0043). Only the fund
may owe points, and only what supplies a prize may owe pieces of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from domain.actors import SYSTEM, Actor
from domain.refusals import Refused
from store.db import locks, reward_tables
from store.db.engine import Insert, ResultRow, Store

FUND, HELD = "fund", "held"
"""The accounts that points are granted from, and that hold what a person has to decide about."""

_ENTRY, _POSTING = reward_tables.reward_entry.c, reward_tables.reward_posting.c
_GRANT = reward_tables.reward_grant.c
_DECISIONS = ("release", "refuse")
_LAST = (
    select(_POSTING.n, _POSTING.balance)
    .where(_POSTING.city == bindparam("city"), _POSTING.account == bindparam("account"))
    .order_by(_POSTING.n.desc())
    .limit(1)
)


def receipt_account(number: str) -> str:
    """Return the account of a receipt, as long as it is joined to no wallet."""
    return f"receipt/{number}"


def wallet_account(wallet: str) -> str:
    return f"wallet/{wallet}"


def pledged_account(unit: str) -> str:
    """Return the account with the points of prizes that were chosen and not fetched yet."""
    return f"pledged/{unit}"


def unit_account(unit: str) -> str:
    """Return the account with the points of prizes that a partner unit has handed out."""
    return f"unit/{unit}"


SUPPLY, SHELF, RESERVED, GIVEN = "supply", "shelf", "reserved", "given"
"""The accounts of a prize's pieces: where they come from, what is left, what is promised, and what
was handed out."""
_OF_PIECES = (SUPPLY, SHELF, RESERVED, GIVEN)


def pieces_account(where: str, prize: str) -> str:
    """Return an account of a prize's pieces: of its supply, its shelf and so on."""
    return f"{where}/{prize}"


def is_of_pieces(account: str) -> bool:
    """Return whether an account counts pieces of a prize, not points."""
    return account.partition("/")[0] in _OF_PIECES


def may_owe(account: str) -> bool:
    return account == FUND or account.startswith(f"{SUPPLY}/")


@dataclass(frozen=True)
class Entry:
    """An entry: `what` happened to `key`, which is its cause. The other fields say more of it."""

    what: str
    key: str
    number: str | None = None
    version: int | None = None
    rule: str | None = None
    prize: str | None = None
    redemption: str | None = None
    by: Actor = field(default_factory=lambda: SYSTEM)

    @property
    def cause(self) -> str:
        return f"{self.what}/{self.key}"


class PointsShort(Refused):
    """An account with fewer points than are to be taken from it."""

    def __init__(self) -> None:
        super().__init__("points_short", "There are not enough points for that.")


def lock(store: Store, connection: Connection, city: str) -> None:
    """Make transactions that move points of this city wait for each other."""
    locks.lock(store, connection, f"rewards/{city}")


def balance(connection: Connection, city: str, account: str) -> int:
    """Return an account's points."""
    row = _last(connection, city, account)
    return 0 if row is None else int(row.balance)


def postings(connection: Connection, city: str, account: str) -> int:
    """Return how many postings an account has."""
    row = _last(connection, city, account)
    return 0 if row is None else int(row.n)


def move(
    store: Store,
    connection: Connection,
    city: str,
    entry: Entry,
    at: datetime,
    points: int,
    source: str,
    target: str,
    piece: tuple[str, str] | None = None,
) -> bool:
    """Enter `points` from one account to another, in a transaction that holds the city's lock.

    `piece`: the accounts between which one piece of a prize moves in the same entry. Return whether
    it is new: a cause that was entered before moves nothing again.

    Raises:
        PointsShort: the source has fewer; nothing is entered.
    """
    if points <= 0:
        raise ValueError("an entry moves at least one point")
    if not may_owe(source) and balance(connection, city, source) < points:
        if _entered(connection, entry.cause):
            return False
        raise PointsShort
    moved = [(source, -points), (target, points)]
    if piece is not None:
        moved += [(piece[0], -1), (piece[1], 1)]
    return enter(store, connection, city, entry, at, moved)


def enter(
    store: Store,
    connection: Connection,
    city: str,
    entry: Entry,
    at: datetime,
    moved: Sequence[tuple[str, int]],
) -> bool:
    """Enter what is added to accounts and taken from them, in a transaction that holds the lock.

    Return whether it is new.
    """
    values = {
        "cause": entry.cause,
        "city": city,
        "kind": entry.what,
        "at": at,
        "number": entry.number,
        "version": entry.version,
        "rule": entry.rule,
        "prize": entry.prize,
        "redemption": entry.redemption,
        "role": entry.by.role.value,
        "actor": entry.by.id,
        "unit": entry.by.unit,
    }
    if connection.execute(store.once(_enter), values).rowcount != 1:
        return False
    for account, amount in moved:
        last = _last(connection, city, account)
        posting = {
            "city": city,
            "account": account,
            "n": 1 if last is None else last.n + 1,
            "cause": entry.cause,
            "amount": amount,
            "balance": (0 if last is None else last.balance) + amount,
        }
        connection.execute(reward_tables.reward_posting.insert(), posting)
    return True


def _enter(store: Store) -> Insert:
    return store.insert(reward_tables.reward_entry).on_conflict_do_nothing(index_elements=["cause"])


def _entered(connection: Connection, cause: str) -> bool:
    known = select(_ENTRY.cause).where(_ENTRY.cause == cause)
    return connection.execute(known).first() is not None


def _last(connection: Connection, city: str, account: str) -> ResultRow | None:
    return connection.execute(_LAST, {"city": city, "account": account}).first()


# --- reading ------------------------------------------------------------------------------------

CITIZENS = "citizen"
"""The word for the accounts of receipts and wallets wherever staff reads: whose points they are
is nobody's business, nor which reports are one person's."""


@dataclass(frozen=True)
class LedgerLine:
    """An entry as staff reads it. `source`, `target`: fund, held, citizen, pledged/… or unit/….

    `reason`: what was said of a decision, until the ticket is erased.
    """

    at: datetime
    kind: str
    points: int
    source: str
    target: str
    number: str | None
    rule: str | None
    prize: str | None
    role: str
    actor: str
    unit: str | None
    reason: str


async def lines(
    store: Store, city: str, since: datetime, until: datetime, limit: int, offset: int = 0
) -> list[LedgerLine]:
    """Return the entries of since ≤ t < until, in order, without what moves between citizens.

    Those that move pieces alone are left out, too: `stock_of` tells of them. That a receipt was
    joined to a wallet changes nothing of the city's, and would tell which
    reports are one person's.
    """
    entries = (
        select(reward_tables.reward_entry)
        .where(
            _ENTRY.city == city,
            _ENTRY.at >= since,
            _ENTRY.at < until,
            _ENTRY.kind.not_in(("join", "stock")),
        )
        .order_by(_ENTRY.at, _ENTRY.cause)
        .limit(limit)
        .offset(offset)
    )

    def work(connection: Connection) -> list[LedgerLine]:
        rows = connection.execute(entries).all()
        moved = _moved(connection, [row.cause for row in rows])
        decided = [row.number for row in rows if row.kind in _DECISIONS]
        said = _said(connection, decided)
        return [
            _line(row, moved[row.cause], said.get(row.number, "") if row.kind in _DECISIONS else "")
            for row in rows
        ]

    return await store.read(work)


def _moved(connection: Connection, causes: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    moved: dict[str, list[tuple[str, int]]] = {cause: [] for cause in causes}
    for start in range(0, len(causes), 500):
        some = causes[start : start + 500]
        statement = select(_POSTING.cause, _POSTING.account, _POSTING.amount).where(
            _POSTING.cause.in_(some)
        )
        for row in connection.execute(statement):
            if not is_of_pieces(row.account):
                moved[row.cause].append((row.account, row.amount))
    return moved


def _said(connection: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """Return what was said of the decisions about these reports."""
    said = dict[str, str]()
    for start in range(0, len(numbers), 500):
        statement = select(_GRANT.number, _GRANT.decision).where(
            _GRANT.number.in_(numbers[start : start + 500])
        )
        said |= {row.number: row.decision for row in connection.execute(statement)}
    return said


def _line(row: ResultRow, moved: Sequence[tuple[str, int]], reason: str) -> LedgerLine:
    source = next(account for account, amount in moved if amount < 0)
    target = next(account for account, amount in moved if amount > 0)
    return LedgerLine(
        at=row.at,
        kind=row.kind,
        points=sum(amount for _, amount in moved if amount > 0),
        source=_shown(source),
        target=_shown(target),
        number=row.number,
        rule=row.rule,
        prize=row.prize,
        role=row.role,
        actor=row.actor,
        unit=row.unit,
        reason=reason,
    )


def _shown(account: str) -> str:
    return CITIZENS if account.startswith(("receipt/", "wallet/")) else account


@dataclass(frozen=True)
class Totals:
    """The sums of a city's accounts: `citizens` of all receipts and wallets together."""

    granted: int
    citizens: int
    held: int
    pledged: int
    handed_out: int


async def totals(store: Store, city: str) -> Totals:
    """Return the sums of a city's accounts now."""
    statement = (
        select(_POSTING.account, func.sum(_POSTING.amount).label("points"))
        .where(_POSTING.city == city)
        .group_by(_POSTING.account)
    )
    sums = {row.account: int(row.points) for row in await store.rows(statement)}

    def of(*beginnings: str) -> int:
        return sum(points for account, points in sums.items() if account.startswith(beginnings))

    return Totals(
        granted=-of(FUND),
        citizens=of("receipt/", "wallet/"),
        held=of(HELD),
        pledged=of("pledged/"),
        handed_out=of("unit/"),
    )


@dataclass(frozen=True)
class PrizeStock:
    """The pieces of a prize: supplied so far, left, promised, and handed out."""

    supplied: int
    left: int
    promised: int
    given: int


async def stock_of(store: Store, city: str, prizes: Iterable[str]) -> dict[str, PrizeStock]:
    """Return the stock of prizes by the last postings of their accounts, however many these have.

    A prize of which no piece was ever entered is left out.
    """
    named = sorted(set(prizes))
    accounts = [pieces_account(where, prize) for where in _OF_PIECES for prize in named]
    last = (
        select(_POSTING.account, func.max(_POSTING.n).label("n"))
        .where(_POSTING.city == city, _POSTING.account.in_(accounts))
        .group_by(_POSTING.account)
        .subquery()
    )
    same = (_POSTING.account == last.c.account) & (_POSTING.n == last.c.n)
    found = await store.rows(
        select(_POSTING.account, _POSTING.balance).join(last, same).where(_POSTING.city == city)
    )
    pieces = {row.account: int(row.balance) for row in found}

    def of(where: str, prize: str) -> int:
        return pieces.get(pieces_account(where, prize), 0)

    return {
        prize: PrizeStock(
            -of(SUPPLY, prize), of(SHELF, prize), of(RESERVED, prize), of(GIVEN, prize)
        )
        for prize in named
        if any(pieces_account(where, prize) in pieces for where in _OF_PIECES)
    }
