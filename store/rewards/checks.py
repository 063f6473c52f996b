"""The ledger's invariants, told again from its postings: what `jiesu rewards check` looks at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from domain.policy.rewards import RewardState
from store.db import reward_tables, tables
from store.db.engine import ResultRow, Store
from store.rewards import ledger
from store.rewards.ledger import GIVEN, HELD, RESERVED
from store.rewards.redemptions import RedemptionState

_ENTRY, _POSTING = reward_tables.reward_entry.c, reward_tables.reward_posting.c
_GRANT, _REDEMPTION = reward_tables.reward_grant.c, reward_tables.reward_redemption.c

_OF_A_REPORT = ("grant", "hold", "release", "refuse")
_OF_A_PRIZE = ("redeem", "fetch", "cancel", "expire")


async def faults(store: Store, city: str) -> list[str]:
    """Return what is wrong with a city's ledger, as sentences; none where all of it holds.

    Every entry adds up to zero and has postings; every balance is the sum of the postings up to
    it, and none but the fund's and the supplies' is below zero; every entry about a report has its
    ticket; what the accounts say of held, granted, promised and fetched points, and of promised and
    fetched pieces, is what the reports and prizes say.
    """

    def work(connection: Connection) -> list[str]:
        entries = connection.execute(
            select(reward_tables.reward_entry).where(_ENTRY.city == city)
        ).all()
        postings = connection.execute(
            select(reward_tables.reward_posting)
            .where(_POSTING.city == city)
            .order_by(_POSTING.account, _POSTING.n)
        ).all()
        found = [
            *_entries(entries, postings),
            *_balances(postings),
            *_tickets(connection, city, entries),
            *_reports(connection, city, postings, entries),
            *_prizes(connection, city, postings, entries),
        ]
        return sorted(found)

    return await store.read(work)


def _entries(entries: Sequence[ResultRow], postings: Sequence[ResultRow]) -> Iterator[str]:
    sums: dict[str, list[int]] = defaultdict(list)
    pieces: dict[str, int] = defaultdict(int)
    for row in postings:
        sums[row.cause].append(row.amount)
        if ledger.is_of_pieces(row.account):
            pieces[row.cause] += row.amount
    for row in entries:
        amounts = sums.pop(row.cause, [])
        if len(amounts) < 2:
            yield f"{row.cause}: {len(amounts)} postings"
        elif sum(amounts):
            yield f"{row.cause}: its postings add up to {sum(amounts)}"
        elif pieces[row.cause]:
            yield f"{row.cause}: its pieces add up to {pieces[row.cause]}"
    for cause in sums:
        yield f"{cause}: postings without an entry"


def _balances(postings: Sequence[ResultRow]) -> Iterator[str]:
    at: dict[str, tuple[int, int]] = {}
    for row in postings:
        n, balance = at.get(row.account, (0, 0))
        if row.n != n + 1:
            yield f"{row.account}: posting {n + 1} is missing"
        if row.balance != balance + row.amount:
            yield f"{row.account}: after posting {row.n} {row.balance}, not {balance + row.amount}"
        if row.balance < 0 and not ledger.may_owe(row.account):
            yield f"{row.account}: {row.balance} after posting {row.n}"
        at[row.account] = (row.n, balance + row.amount)


def _tickets(connection: Connection, city: str, entries: Sequence[ResultRow]) -> Iterator[str]:
    known = set(
        connection.execute(select(tables.ticket.c.number).where(tables.ticket.c.city == city))
        .scalars()
        .all()
    )
    for row in entries:
        if row.kind in _OF_A_REPORT and row.number not in known:
            yield f"{row.cause}: there is no ticket {row.number}"


def _sums(postings: Sequence[ResultRow]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for row in postings:
        sums[row.account] += row.amount
    return sums


def _reports(
    connection: Connection, city: str, postings: Sequence[ResultRow], entries: Sequence[ResultRow]
) -> Iterator[str]:
    causes = {row.cause for row in entries}
    held = 0
    rows = connection.execute(
        select(_GRANT.number, _GRANT.state, _GRANT.points).where(_GRANT.city == city)
    ).all()
    for row in rows:
        held += row.points if row.state == RewardState.HELD.value else 0
        if row.state == RewardState.GRANTED.value and not (
            {f"grant/{row.number}", f"release/{row.number}"} & causes
        ):
            yield f"{row.number}: granted, and not in the ledger"
    said = {row.number for row in rows}
    for row in entries:
        if row.kind in _OF_A_REPORT and row.number not in said:
            yield f"{row.cause}: the report was never judged"
    if _sums(postings)[HELD] != held:
        yield f"{HELD}: {_sums(postings)[HELD]} points, and {held} wait for a decision"


def _prizes(
    connection: Connection, city: str, postings: Sequence[ResultRow], entries: Sequence[ResultRow]
) -> Iterator[str]:
    should: dict[str, int] = defaultdict(int)
    known = set[str]()
    for row in connection.execute(
        select(reward_tables.reward_redemption).where(_REDEMPTION.city == city)
    ):
        known.add(row.id)
        if row.state == RedemptionState.OPEN.value:
            should[ledger.pledged_account(row.unit)] += row.points
            should[ledger.pieces_account(RESERVED, row.prize)] += 1
        if row.state == RedemptionState.FETCHED.value:
            should[ledger.unit_account(row.unit)] += row.points
            should[ledger.pieces_account(GIVEN, row.prize)] += 1
    sums = _sums(postings)
    for account in sorted({*sums, *should}):
        told = account.startswith(("pledged/", "unit/", f"{RESERVED}/", f"{GIVEN}/"))
        if told and sums[account] != should[account]:
            what = "pieces" if ledger.is_of_pieces(account) else "points"
            yield f"{account}: {sums[account]} {what}, and its prizes are {should[account]}"
    for row in entries:
        if row.kind in _OF_A_PRIZE and row.redemption not in known:
            yield f"{row.cause}: there is no such choice of a prize"
