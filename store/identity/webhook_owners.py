"""The webhooks of accounts: none goes on whose owner could not make it any more."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, true, update

from domain.actors import Role
from domain.policy.permissions import RIGHTS
from domain.webhooks.states import HookState, Why
from store.db import identity_tables, webhook_tables

_ACCOUNT, _HOOK = identity_tables.account.c, webhook_tables.webhook.c


def stop_without_right(connection: Connection, account: str, now: datetime) -> int:
    """Disable the webhooks that an account, as it is now, may not manage; return how many.

    For the transaction in which the account is changed. What they have to be sent stays, and
    goes out when somebody who may lets them go on.
    """
    row = connection.execute(
        select(_ACCOUNT.role, _ACCOUNT.city, _ACCOUNT.disabled_at).where(_ACCOUNT.id == account)
    ).first()
    if row is None:
        return 0
    which: ColumnElement[bool]
    if row.disabled_at is not None or not RIGHTS["manage_webhooks"].allows(Role(row.role)):
        which = true()
    elif row.city is not None:
        which = or_(_HOOK.city.is_(None), _HOOK.city != row.city)
    else:
        return 0
    stop = (
        update(webhook_tables.webhook)
        .where(_HOOK.owner == account, _HOOK.state == HookState.ACTIVE.value, which)
        .values(state=HookState.DISABLED.value, why=Why.OWNER.value, state_at=now)
    )
    return connection.execute(stop).rowcount
