"""From where accounts signed in of late, so that a unit's own ratings can be told from citizens'.

A place is a keyed fingerprint of the network. It is forgotten after thirty days.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select

from domain.actors import OF_UNITS
from store.db import identity_tables
from store.db.engine import Store
from store.db.tables import UtcDateTime

KEPT = timedelta(days=30)

_PLACE, _ACCOUNT = identity_tables.sign_in_place.c, identity_tables.account.c
_OLD = delete(identity_tables.sign_in_place).where(
    or_(
        _PLACE.at < bindparam("before", type_=UtcDateTime()),
        (_PLACE.account == bindparam("of")) & (_PLACE.network == bindparam("where")),
    )
)


async def note(store: Store, account_id: str, network: str, now: datetime) -> None:
    """Note that the account signs in from this network now."""
    values = {"before": now - KEPT, "of": account_id, "where": network}
    await store.change(_OLD, values)
    row = {"account": account_id, "network": network, "at": now}
    await store.change(store.insert(identity_tables.sign_in_place).on_conflict_do_nothing(), row)


async def is_of_units(
    store: Store, network: str, city: str, units: Collection[str], now: datetime
) -> bool:
    """Return whether somebody of one of these units signed in from this network of late."""
    statement = (
        select(_PLACE.account)
        .join(identity_tables.account, _ACCOUNT.id == _PLACE.account)
        .where(
            _PLACE.network == network,
            _PLACE.at >= now - KEPT,
            _ACCOUNT.role.in_(sorted(OF_UNITS)),
            _ACCOUNT.unit.in_(sorted(units)),
            or_(_ACCOUNT.city == city, _ACCOUNT.city.is_(None)),
        )
        .limit(1)
    )
    return await store.first(statement) is not None
