"""The pool of files that belong to no ticket (yet), shared fairly among networks.

Space is reserved before any byte is taken, for as long as the bytes arrive; from then on the record
of the file stands for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from store.db import tables
from store.db.engine import Store
from store.db.locks import lock
from store.identity import reservations
from store.identity.reservations import Window

_FILE = tables.file.c
_SUM = select(func.coalesce(func.sum(_FILE.bytes), 0)).where(_FILE.number.is_(None))
_OF_NETWORK = _SUM.where(_FILE.network == bindparam("network"))
_POOL = "pool"
SHARES = 10
"""One network may have one part in so many of the pool; and one file, however large, at least."""


@dataclass(frozen=True)
class SpaceWanted:
    """Space for `size` bytes from a network, for at most `lasts`.

    `most`: the bytes of the pool. `often`: how often the network may ask; `counts`: this is one of
    those times.
    """

    network: str
    size: int
    most: int
    lasts: timedelta
    often: Window
    counts: bool = True


class Room(NamedTuple):
    """The id of the reserved space; or why there is none: `often`, `share` or `pool`."""

    id: str | None
    lacks: str = ""
    wait: timedelta = timedelta(0)


async def reserve(store: Store, wanted: SpaceWanted, now: datetime) -> Room:
    """Reserve space in the pool; give it back by `store.identity.reservations.give_back`.

    A full pool still takes a file from a network that has none waiting there, up to twice its size.
    """
    own_key = f"{_POOL}/{wanted.network}"
    often = wanted.often
    adding = store.once(reservations.insert)

    def work(connection: Connection) -> Room:
        lock(store, connection, _POOL, often.key)
        if (wait := reservations.wait_for(connection, often, now)) > timedelta(0):
            return Room(None, "often", wait)
        total = _sum(connection, now, _POOL)
        own = _sum(connection, now, own_key, wanted.network)
        if total > (wanted.most if own else 2 * wanted.most):
            return Room(None, "pool")
        if own > wanted.most // SHARES:
            return Room(None, "share")
        space = reservations.new_attempt()
        rows = [
            reservations.place(space, key, now, wanted.lasts, wanted.size)
            for key in (_POOL, own_key)
        ]
        if wanted.counts:
            asked = reservations.new_attempt()
            rows.append(reservations.place(asked, often.key, now, often.lasts))
        reservations.forget_expired(connection, now)
        connection.execute(adding, rows)
        return Room(space)

    return await store.write(work)


def _sum(connection: Connection, now: datetime, key: str, network: str | None = None) -> int:
    values = {"network": network} if network is not None else {}
    waiting = connection.execute(_OF_NETWORK if values else _SUM, values).scalar_one()
    return int(waiting) + reservations.counted(connection, key, now)
