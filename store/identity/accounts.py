"""Staff accounts: their names, roles, passwords and second factors."""

import re
import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from domain.actors import Role
from domain.canonical import folded
from store.db import identity_tables
from store.db.engine import Insert, ResultRow, Store, Values
from store.db.errors import StoreError
from store.identity.webhook_owners import stop_without_right

_ACCOUNT, _SESSION = identity_tables.account.c, identity_tables.session.c
_IDENTITY, _RECOVERY = identity_tables.identity.c, identity_tables.recovery_code.c
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")

FIRST = "admin"
"""The name of the account that an installation starts with."""


class NameTaken(StoreError):
    """A name that another account has already."""

    code = "name_taken"


class BadName(StoreError):
    """A name other than two to 64 lowercase letters, digits, dots, hyphens, _ or @."""

    code = "bad_name"


@dataclass(frozen=True)
class Account:
    """An account without its secrets; `second_factor`: sign-in needs a one-time password too.

    `password_given_at`: when somebody else set the password; None once the owner chose it.
    """

    id: str
    name: str
    display: str
    role: Role
    unit: str | None
    city: str | None
    second_factor: bool
    created_at: datetime
    disabled_at: datetime | None
    password_given_at: datetime | None

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


@dataclass(frozen=True)
class Credentials:
    """The stored credentials of an account."""

    account: Account
    password: str | None
    totp: bytes | None
    totp_step: int


_SHOWN = tuple(f.name for f in fields(Account) if f.name != "second_factor")
_BY_NAME = select(identity_tables.account).where(_ACCOUNT.name == bindparam("name"))
_BY_ID = select(identity_tables.account).where(_ACCOUNT.id == bindparam("id"))
_BY_IDENTITY = select(identity_tables.account).join(
    identity_tables.identity,
    (_IDENTITY.account == _ACCOUNT.id)
    & (_IDENTITY.issuer == bindparam("issuer"))
    & (_IDENTITY.subject == bindparam("subject")),
)


def account_of(row: ResultRow) -> Account:
    """Return the account in a row that has at least the columns of `account`."""
    values = {name: row._mapping[name] for name in _SHOWN}
    return Account(**values | {"role": Role(row.role), "second_factor": row.totp is not None})


def _insert(store: Store) -> Insert:
    return store.insert(identity_tables.account).on_conflict_do_nothing()


def _link(store: Store) -> Insert:
    return store.insert(identity_tables.identity).on_conflict_do_nothing()


async def create(
    store: Store,
    name: str,
    role: Role,
    *,
    display: str = "",
    unit: str | None = None,
    city: str | None = None,
    password_hash: str | None = None,
    own: bool = False,
) -> Account:
    """Create an account. Without a password it can only be used through an identity provider.

    `own`: the owner chose the password; otherwise it has to be changed.

    Raises:
        BadName, NameTaken
    """
    by_administrator = password_hash is not None and not own
    made = await _create(
        store,
        name,
        role,
        display,
        unit,
        city,
        password_hash,
        by_administrator=by_administrator,
        only_first=False,
    )
    if made is None:
        raise NameTaken(f"there is an account '{name}' already")
    return made


async def create_first(store: Store, password_hash: str) -> Account | None:
    """Create the administrator of a new installation; return None if any account exists."""
    return await _create(
        store,
        FIRST,
        Role.ADMIN,
        "",
        None,
        None,
        password_hash,
        by_administrator=True,
        only_first=True,
    )


async def _create(
    store: Store,
    name: str,
    role: Role,
    display: str,
    unit: str | None,
    city: str | None,
    password_hash: str | None,
    *,
    by_administrator: bool,
    only_first: bool,
) -> Account | None:
    if not _NAME.fullmatch(name):
        raise BadName("a name is two to 64 of a-z, 0-9 and . _ @ -")
    now = datetime.now(UTC)
    row = {
        "id": secrets.token_hex(6),
        "name": name,
        "display": display or name,
        "display_folded": folded(display or name),
        "role": role.value,
        "unit": unit,
        "city": city,
        "password": password_hash,
        "password_given_at": now if by_administrator else None,
        "totp": None,
        "totp_step": 0,
        "created_at": now,
        "changed_at": now,
        "disabled_at": None,
    }
    insert = store.once(_insert)

    def work(connection: Connection) -> bool:
        if only_first and connection.execute(select(func.count(_ACCOUNT.id))).scalar_one():
            return False
        return connection.execute(insert, row).rowcount == 1

    made = await store.write(work)
    return await by_id(store, str(row["id"])) if made else None


async def by_id(store: Store, account_id: str) -> Account | None:
    row = await store.first(_BY_ID, {"id": account_id})
    return None if row is None else account_of(row)


async def by_name(store: Store, name: str) -> Account | None:
    row = await store.first(_BY_NAME, {"name": name})
    return None if row is None else account_of(row)


async def by_identity(store: Store, issuer: str, subject: str) -> Account | None:
    """Return the account linked to a user of an identity provider."""
    row = await store.first(_BY_IDENTITY, {"issuer": issuer, "subject": subject})
    return None if row is None else account_of(row)


async def proof_of(store: Store, name: str) -> Credentials | None:
    """Return the credentials that a sign-in with this name is checked against."""
    row = await store.first(_BY_NAME, {"name": name})
    if row is None:
        return None
    return Credentials(account_of(row), row.password, row.totp, row.totp_step)


async def link(store: Store, account: Account, issuer: str, subject: str) -> None:
    """Link the account to the user `subject` of `issuer`. The first link of a user stays."""
    row = {
        "issuer": issuer,
        "subject": subject,
        "account": account.id,
        "created_at": datetime.now(UTC),
    }
    await store.change(store.once(_link), row)


async def listing(store: Store) -> list[Account]:
    """Return all accounts, by name."""
    return [account_of(row) for row in await store.rows(_ALL)]


_ALL = select(identity_tables.account).order_by(_ACCOUNT.name)


async def change(store: Store, account: Account, **values: object) -> None:
    """Change columns of an account, and end its sessions: its rights may have changed.

    Webhooks that it may not manage any more are disabled.
    """
    stamp = update(identity_tables.account).where(_ACCOUNT.id == account.id)
    entries: Values = {**values, "changed_at": datetime.now(UTC)}
    end = delete(identity_tables.session).where(_SESSION.account == account.id)

    def work(connection: Connection) -> None:
        connection.execute(stamp.values(**entries))
        connection.execute(end)
        stop_without_right(connection, account.id, datetime.now(UTC))

    await store.write(work)


async def set_password(store: Store, account: Account, password_hash: str, *, own: bool) -> None:
    """Set a new password and end all sessions. `own`: see `create`."""
    given_at = None if own else datetime.now(UTC)
    await change(store, account, password=password_hash, password_given_at=given_at)


async def set_second_factor(
    store: Store, account: Account, encrypted: bytes | None, recovery: list[str]
) -> None:
    """Require one-time passwords, or (None) no longer; revoke the old recovery codes."""
    await change(store, account, totp=encrypted, totp_step=0)
    forget = delete(identity_tables.recovery_code).where(_RECOVERY.account == account.id)
    rows = [{"account": account.id, "digest": digest} for digest in recovery]

    def work(connection: Connection) -> None:
        connection.execute(forget)
        if rows:
            connection.execute(identity_tables.recovery_code.insert(), rows)

    await store.write(work)


async def use_step(store: Store, account: Account, step: int) -> bool:
    """Mark the one-time password of a time step as used; return False if it was used before."""
    stamp = (
        update(identity_tables.account)
        .where(_ACCOUNT.id == account.id, _ACCOUNT.totp_step < step)
        .values(totp_step=step)
    )
    return await store.change(stamp) == 1


async def use_recovery(store: Store, account: Account, digest: str) -> bool:
    """Use up a recovery code; return False if there is no such code."""
    used = delete(identity_tables.recovery_code).where(
        _RECOVERY.account == account.id, _RECOVERY.digest == digest
    )
    return await store.change(used) == 1
