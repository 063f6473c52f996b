"""Failed sign-ins: each further failure of a name from one network lengthens its wait there.

Names and networks are stored as fingerprints of what was typed: an unknown name waits like any
other. Somebody else's failures from another network lengthen nobody's wait.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store.db.engine import Store
from store.identity import reservations
from store.identity.reservations import Pauses

FREE = 5
"""Failures in a row without a wait; each one more doubles the wait."""
FIRST, LONGEST, FORGOTTEN = timedelta(seconds=15), timedelta(minutes=15), timedelta(hours=24)

FREE_ANYWHERE, PACE = 100, timedelta(seconds=10)
"""Failures of one name from all networks together within a day, after which only one attempt in so
long is judged from networks that it never signed in from: slower, but never locked."""


def of_pair(name: str, network: str) -> Pauses:
    """Return the rule for one name from one network, by their fingerprints."""
    return Pauses(f"{name}/{network}", FREE, FIRST, LONGEST, FORGOTTEN)


def of_name(name: str) -> Pauses:
    """Return the rule for one name from all unknown networks together."""
    return Pauses(name, FREE_ANYWHERE, PACE, PACE, FORGOTTEN)


async def locked(store: Store, names: Sequence[str], now: datetime) -> frozenset[str]:
    """Return those names that have to wait in at least one network."""
    return await reservations.waiting(store, names, of_pair("", ""), now)


async def clear(store: Store, name: str) -> None:
    """Forget the failures of a name, in all networks."""
    await reservations.clear(store, name)
