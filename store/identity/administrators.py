"""Accounts for administrators: lists, and changes that keep at least one administrator.

Errors:
    LastAdministrator `last_admin`  no administrator would be left
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from domain.actors import Role
from domain.canonical import folded
from store.db import identity_tables
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.db.engine import Store
from store.db.errors import StoreError
from store.identity.accounts import Account, account_of
from store.identity.webhook_owners import stop_without_right

_ACCOUNT, _SESSION = identity_tables.account.c, identity_tables.session.c


class LastAdministrator(StoreError):
    """A change after which no administrator would have the scope of this account."""

    code = "last_admin"


@dataclass(frozen=True)
class Presence:
    """The number of an account's sessions, and when one was last used."""

    sessions: int
    seen_at: datetime


@dataclass(frozen=True)
class AccountPage:
    """Part of the list, by name; `next_cursor` is None at its end."""

    accounts: list[Account]
    next_cursor: str | None


async def page(
    store: Store,
    *,
    city: str | None = None,
    role: Role | None = None,
    text: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> AccountPage:
    """List accounts by name; `city`: only those confined to it; `text`: part of a name.

    Raises:
        BadCursor: `cursor` is not a `next_cursor` of this list.
    """
    statement = select(identity_tables.account).order_by(_ACCOUNT.name).limit(limit + 1)
    if city is not None:
        statement = statement.where(_ACCOUNT.city == city)
    if role is not None:
        statement = statement.where(_ACCOUNT.role == role)
    if text:
        name, display = (
            column.contains(folded(text), autoescape=True)
            for column in (_ACCOUNT.name, _ACCOUNT.display_folded)
        )
        statement = statement.where(or_(name, display))
    if cursor is not None:
        statement = statement.where(_ACCOUNT.name > key_of(cursor, str)[0])
    accounts = [account_of(row) for row in await store.rows(statement)]
    more, accounts = len(accounts) > limit, accounts[:limit]
    return AccountPage(accounts, cursor_of(accounts[-1].name) if more else None)


async def present(store: Store, accounts: Sequence[Account], now: datetime) -> dict[str, Presence]:
    """Return the presence of those accounts that are signed in, by id."""
    statement = (
        select(_SESSION.account, func.count().label("sessions"), func.max(_SESSION.seen_at))
        .where(_SESSION.account.in_([one.id for one in accounts]), _SESSION.ends_at > now)
        .group_by(_SESSION.account)
    )
    return {row[0]: Presence(row[1], row[2]) for row in await store.rows(statement)}


async def become(
    store: Store,
    account: Account,
    *,
    role: Role,
    display: str,
    unit: str | None,
    city: str | None,
) -> None:
    """Change an account's role, name, unit and city, and end its sessions.

    Raises:
        LastAdministrator
    """
    loses = account.role is Role.ADMIN and (role is not Role.ADMIN or city != account.city)
    display = display or account.name
    values = {
        "role": role.value,
        "display": display,
        "display_folded": folded(display),
        "unit": unit,
        "city": city,
    }
    await _change(store, account, values, loses=loses)


async def close(store: Store, account: Account) -> None:
    """Disable an account and end its sessions.

    Raises:
        LastAdministrator
    """
    values = {"disabled_at": datetime.now(UTC)}
    await _change(store, account, values, loses=account.role is Role.ADMIN)


async def _change(
    store: Store, account: Account, values: Mapping[str, object], *, loses: bool
) -> None:
    """Change an account in one transaction: of two that remove each other, one is refused."""
    wider = _ACCOUNT.city.is_(None)
    others = select(_ACCOUNT.id).where(
        _ACCOUNT.role == Role.ADMIN,
        _ACCOUNT.disabled_at.is_(None),
        wider if account.city is None else or_(wider, _ACCOUNT.city == account.city),
    )
    stamp = update(identity_tables.account).where(_ACCOUNT.id == account.id)
    end = delete(identity_tables.session).where(_SESSION.account == account.id)

    def work(connection: Connection) -> None:
        if loses:
            able = {row[0] for row in connection.execute(others.with_for_update())}
            if not able - {account.id}:
                raise LastAdministrator("somebody has to remain who can administer")
        connection.execute(stamp.values(**values, changed_at=datetime.now(UTC)))
        connection.execute(end)
        stop_without_right(connection, account.id, datetime.now(UTC))

    await store.write(work)
