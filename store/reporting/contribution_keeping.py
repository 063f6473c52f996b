"""Contributions are kept up to date: tickets that changed are replayed, and their rows replaced.

Triggers mark a ticket in the transaction that writes one of its events. Whoever asks for figures in
between replays the marked ones, so the answer is exact at every moment. A mark has a `token` that
is new with each writing: it is deleted only while it is still the one that was read before the
events, so a ticket that changes meanwhile stays marked.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, literal, select, update

from packs.registry import PackError, PackRegistry, UnknownCity
from store.db import tables
from store.db.engine import ResultRow, Store
from store.db.figure_tables import (
    contribution,
    earned_point,
    figure_formulas,
    figure_mark,
    figure_sum,
)
from store.packs import archive
from store.packs.archive import UnknownPackVersion
from store.reporting import kept_rows
from store.reporting.contributions import Contributions, contributions_of
from store.reporting.formulas import Formulas, compiled, formulas_of
from store.tickets.event_replay import TicketReplay, each_replay

AT_ONCE = 100
"""The tickets that one step replays, and one transaction writes."""

_NOTED = timedelta(days=1)
"""The time for which it need not be noted again that formulas were asked for."""

_TICKET = tables.ticket.c
_SETS, _MARK = figure_formulas.c, figure_mark.c
_KNOWN = select(figure_formulas).order_by(_SETS.id)
_ONE = select(figure_formulas).where(
    _SETS.city == bindparam("city"), _SETS.digest == bindparam("digest")
)
_WAITING = (
    select(_MARK.number, _MARK.token, _TICKET.city)
    .select_from(figure_mark.outerjoin(tables.ticket, _TICKET.number == _MARK.number))
    .where(~_MARK.broken)
    .order_by(_MARK.number)
    .limit(bindparam("limit"))
)
_STILL = (
    select(_MARK.number, _MARK.token)
    .where(_MARK.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_MARK.number)
    # The projector writes marks: it is not waited for, and never waits long.
    .with_for_update(skip_locked=True)
)
_BROKEN = (
    update(figure_mark)
    .where(_MARK.number.in_(bindparam("numbers", expanding=True)))
    .values(broken=True)
)
_DONE = delete(figure_mark).where(_MARK.number.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True)
class KeptSet:
    """A set of formulas for which contributions are kept. `scanned`: for all tickets."""

    id: int
    formulas: Formulas
    scanned: bool


async def known(store: Store, formulas: Formulas) -> KeptSet | None:
    """Return the kept set of these formulas, if contributions are kept by them."""
    row = await store.first(_ONE, {"city": formulas.city, "digest": formulas.digest})
    return None if row is None else KeptSet(row.id, formulas, row.scanned)


async def asked(store: Store, formulas: Formulas) -> KeptSet | None:
    """Return the kept set of these formulas if it has all tickets; note that it was asked for.

    Formulas that were not kept are so from then on: a job reads the tickets for them.
    """
    now = datetime.now(UTC)
    row = await store.first(_ONE, {"city": formulas.city, "digest": formulas.digest})
    if row is None or now - row.asked_at > _NOTED:
        await keep(store, formulas, now)
    return KeptSet(row.id, formulas, True) if row is not None and row.scanned else None


async def keep(store: Store, formulas: Formulas, now: datetime) -> KeptSet:
    """Keep contributions by these formulas from now on; return their set."""
    insert = store.insert(figure_formulas).values(
        city=formulas.city,
        digest=formulas.digest,
        pack_version=formulas.pack.version,
        scanned_to="",
        scanned=False,
        asked_at=now,
    )
    asked = insert.on_conflict_do_update(
        index_elements=["city", "digest"], set_={"asked_at": insert.excluded.asked_at}
    )
    await store.change(asked)
    found = await known(store, formulas)
    if found is None:
        raise RuntimeError("what was written just now is gone")
    return found


async def kept_sets(store: Store, packs: PackRegistry) -> list[KeptSet]:
    """Return all kept sets. One whose formulas nobody can compile any more is dropped."""
    found = []
    for row in await store.rows(_KNOWN):
        formulas = compiled(row.city, row.digest) or await _recalled(store, packs, row)
        if formulas is None:
            await drop(store, row.id)
        else:
            found.append(KeptSet(row.id, formulas, row.scanned))
    return found


async def _recalled(store: Store, packs: PackRegistry, row: ResultRow) -> Formulas | None:
    try:
        current = packs.get(row.city)
        pack = current
        if current.version != row.pack_version:
            pack = await archive.recall(store, row.city, row.pack_version)
    except (UnknownPackVersion, UnknownCity, PackError):
        return None
    formulas = formulas_of(pack)
    return formulas if formulas.digest == row.digest else None


async def scan(store: Store, which: KeptSet, limit: int = AT_ONCE) -> bool:
    """Mark the next tickets that were there before the set; return whether all are marked."""

    def work(connection: Connection) -> bool:
        of_set = _SETS.id == which.id
        after = connection.execute(select(_SETS.scanned_to).where(of_set)).scalar_one()
        numbers = (
            select(_TICKET.number)
            .where(_TICKET.city == which.formulas.city, _TICKET.number > after)
            .order_by(_TICKET.number)
            .limit(limit)
        )
        found = list(connection.execute(numbers).scalars())
        if found:
            _mark(store, connection, found)
        done = len(found) < limit
        values = {"scanned": done} | ({"scanned_to": found[-1]} if found else {})
        connection.execute(update(figure_formulas).where(of_set).values(values))
        return done

    return await store.write(work)


def _mark(store: Store, connection: Connection, numbers: Sequence[str]) -> None:
    insert = store.insert(figure_mark)
    token = func.random() if store.dialect == "sqlite" else func.floor(func.random() * 9e18)
    new = insert.from_select(
        ["number", "token", "broken"],
        select(_TICKET.number, token, literal(False)).where(_TICKET.number.in_(numbers)),
    ).on_conflict_do_update(
        index_elements=["number"], set_={"token": insert.excluded.token, "broken": False}
    )
    connection.execute(new)


async def waiting(store: Store) -> int:
    """Return how many marked tickets wait to be replayed."""
    row = await store.first(select(func.count()).select_from(figure_mark).where(~_MARK.broken))
    return int(row[0]) if row else 0


async def settle(store: Store, sets: Sequence[KeptSet], limit: int = AT_ONCE) -> int:
    """Replay some marked tickets, and replace what they contribute; return how many are settled.

    `sets`: all that are kept. If there is another one by now, all stay marked.
    """
    marks = await store.rows(_WAITING, {"limit": limit})
    if not marks:
        return 0
    by_city: dict[str, list[KeptSet]] = defaultdict(list)
    for one in sets:
        by_city[one.formulas.city].append(one)
    cities = {mark.number: mark.city for mark in marks}
    kept: dict[tuple[int, str], Contributions] = {
        # What has no ticket (any more) contributes nothing.
        (one.id, number): Contributions()
        for number, city in cities.items()
        for one in (sets if city is None else by_city[city])
    }

    def look(replay: TicketReplay) -> None:
        computed = {
            (one.id, replay.number): contributions_of(replay, one.formulas)
            for one in by_city[cities[replay.number]]
        }
        kept.update(computed)

    asked = sorted(number for number, city in cities.items() if by_city[city or ""])
    broken = set(await each_replay(store, asked, look))
    tokens = {mark.number: mark.token for mark in marks}
    ids = {one.id for one in sets}
    days = {one.id: one.formulas.days for one in sets}

    def work(connection: Connection) -> int:
        if {row.id for row in connection.execute(_KNOWN)} != ids:
            return 0
        still = connection.execute(_STILL, {"numbers": sorted(tokens)}).all()
        same = {row.number for row in still if row.token == tokens[row.number]}
        done = same - broken
        mine = {key: value for key, value in kept.items() if key[1] in done}
        kept_rows.write(store, connection, mine, days)
        for statement, numbers in ((_DONE, done), (_BROKEN, same & broken)):
            if numbers:
                connection.execute(statement, {"numbers": sorted(numbers)})
        return len(same)

    return await store.write(work)


async def settle_all(store: Store, sets: Sequence[KeptSet]) -> None:
    """Scan and settle until nothing waits."""
    for one in sets:
        while not await scan(store, one, AT_ONCE * 10):
            while await settle(store, sets):
                pass
    while await settle(store, sets):
        pass


async def unused(store: Store, asked_before: datetime, but: Sequence[int]) -> list[int]:
    """Return the kept sets that nobody has asked for since, but for these."""
    rows = await store.rows(
        select(_SETS.id).where(_SETS.asked_at < asked_before, _SETS.id.not_in(but))
    )
    return [row.id for row in rows]


async def drop(store: Store, which: int) -> None:
    """Forget a set of formulas, and what is kept by it."""
    await store.change(delete(figure_formulas).where(_SETS.id == which))
    for table in (figure_sum, contribution, earned_point):
        await store.change(delete(table).where(table.c.formulas == which))
