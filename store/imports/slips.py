"""Batches of slips that somebody at the desk is filing: kept until every row is a ticket.

What is written on a slip is encrypted, and deleted when the slip is a ticket or the batch is old.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from store.db.engine import Store
from store.db.errors import KeyReused
from store.db.import_tables import slip, slip_batch
from store.secrets.encryption import Cipher

KEPT = timedelta(days=7)
"""The time for which a batch is kept, whether it is filed or not."""

_BATCH, _SLIP = slip_batch.c, slip.c
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SlipBatch:
    """A batch. `account`: whose it is; nobody else sees it."""

    id: str
    city: str
    account: str
    digest: str
    channel: str
    kind: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Slip:
    """A row. `cells`: by column, none once it is the ticket `number`. `faults`: codes by column."""

    n: int
    cells: Mapping[str, str]
    faults: Mapping[str, str]
    number: str | None = None


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch in a list, with how many of its rows are tickets."""

    id: str
    created_at: datetime
    rows: int
    filed: int


async def keep(store: Store, cipher: Cipher, batch: SlipBatch, slips: Sequence[Slip]) -> bool:
    """Keep a new batch; return False if it is kept already. Old ones of everybody are deleted.

    Raises:
        KeyReused: there is one of this id with another digest.
    """
    of_id = select(_BATCH.digest).where(_BATCH.id == batch.id)
    entry = store.insert(slip_batch).on_conflict_do_nothing()
    rows = [_row(cipher, batch.id, one) for one in slips]

    def work(connection: Connection) -> bool:
        if connection.execute(entry, asdict(batch)).rowcount == 0:
            if connection.execute(of_id).scalar_one() != batch.digest:
                raise KeyReused("this key was used for another batch")
            return False
        for begin in range(0, len(rows), _AT_ONCE):
            connection.execute(slip.insert(), rows[begin : begin + _AT_ONCE])
        _purge(connection, batch.created_at)
        return True

    return await store.write(work)


async def purge(store: Store, now: datetime) -> int:
    """Delete the batches that are too old; return how many."""
    return await store.write(lambda connection: _purge(connection, now))


def _purge(connection: Connection, now: datetime) -> int:
    old = select(_BATCH.id).where(_BATCH.created_at < now - KEPT)
    connection.execute(delete(slip).where(_SLIP.batch.in_(old)))
    return connection.execute(delete(slip_batch).where(_BATCH.created_at < now - KEPT)).rowcount


async def get(store: Store, batch: str) -> SlipBatch | None:
    row = await store.first(select(slip_batch).where(_BATCH.id == batch))
    return None if row is None else SlipBatch(**row._mapping)


async def slips_of(store: Store, cipher: Cipher, batch: str) -> list[Slip]:
    """Return the rows of a batch, in their order."""
    rows = await store.rows(select(slip).where(_SLIP.batch == batch).order_by(_SLIP.n))
    return [
        Slip(
            row.n,
            json.loads(cipher.decrypt(_owner(batch, row.n), row.sealed)) if row.sealed else {},
            json.loads(row.faults),
            row.number,
        )
        for row in rows
    ]


async def batches_of(store: Store, account: str, city: str) -> list[BatchSummary]:
    """Return somebody's batches of a city, the last one first."""
    filed = func.count(_SLIP.number)
    statement = (
        select(_BATCH.id, _BATCH.created_at, func.count().label("rows"), filed.label("filed"))
        .join(slip, _SLIP.batch == _BATCH.id)
        .where(_BATCH.account == account, _BATCH.city == city)
        .group_by(_BATCH.id, _BATCH.created_at)
        .order_by(_BATCH.created_at.desc(), _BATCH.id)
        .limit(20)
    )
    return [BatchSummary(**row._mapping) for row in await store.rows(statement)]


async def correct(store: Store, cipher: Cipher, batch: str, slips: Sequence[Slip]) -> None:
    """Write corrected rows; those that are tickets by now stay."""

    def work(connection: Connection) -> None:
        for one in slips:
            row = _row(cipher, batch, one)
            connection.execute(
                update(slip)
                .where(_SLIP.batch == batch, _SLIP.n == one.n, _SLIP.number.is_(None))
                .values(sealed=row["sealed"], faults=row["faults"])
            )

    await store.write(work)


async def settle(store: Store, batch: str, n: int, number: str) -> None:
    """Write down which ticket a row became, and forget what was on the slip."""
    await store.change(
        update(slip)
        .where(_SLIP.batch == batch, _SLIP.n == n, _SLIP.number.is_(None))
        .values(number=number, sealed=None, faults="{}")
    )


def _row(cipher: Cipher, batch: str, one: Slip) -> dict[str, object]:
    cells = json.dumps({name: cell for name, cell in one.cells.items() if cell}, ensure_ascii=False)
    return {
        "batch": batch,
        "n": one.n,
        "sealed": cipher.encrypt(_owner(batch, one.n), cells),
        "faults": json.dumps(dict(one.faults)),
        "number": None,
    }


def _owner(batch: str, n: int) -> str:
    return f"{batch}/{n}"
