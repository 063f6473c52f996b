"""Administration of the accounts of others, for the routes and the pages.

Administrators cannot do to their own account what another one has to agree to, and at least one
always remains. An administrator of one city sees the accounts of that city only.
"""

from datetime import UTC, datetime
from typing import Annotated

import structlog
from pydantic import AfterValidator, Field, StringConstraints

from app.access import authentication
from app.access.caller import Caller
from app.access.permission import permit
from app.access.role_scope import hand_on, scope_of
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from domain.policy.permissions import scopes_of
from domain.ticket.complaint import Code, cleaned
from store.identity import accounts, administrators, lockouts, passwords, sessions
from store.identity.accounts import Account

logger = structlog.stdlib.get_logger("jiesu.api")

Line = Annotated[str, StringConstraints(max_length=64), AfterValidator(cleaned)]
"""A single line of text typed by people."""


class AccountIn(Incoming):
    """The role of a person. Officers have a unit; with a city the account is for that one only."""

    role: Role
    display: Line = Field("", description="Their name as others read it.")
    unit: Code | None = None
    city: Code | None = None


class NewAccount(AccountIn):
    """A new account. `password` false: for sign-in by an identity provider only."""

    name: str = Field(max_length=64, description="What they sign in with.")
    password: bool = True


class AccountQuery(Incoming):
    text: Line = Field("", description="Part of a name.")
    role: Role | None = None
    city: Code | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


class AccountLine(Recorded):
    """An account without its secrets. `sessions`: how many are open; `locked`: for a while, after
    too many wrong passwords; `first_password_until`: when a password that was given expires, if it
    is not changed."""

    id: str
    name: str
    display: str
    role: Role
    unit: str | None
    city: str | None
    second_factor: bool
    created_at: Instant
    disabled_at: Instant | None
    sessions: int = 0
    seen_at: Instant | None = None
    locked: bool = False
    first_password_until: Instant | None = None


class AccountList(Recorded):
    items: list[AccountLine]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


class IssuedPassword(AccountLine):
    """The account, with its `password`, shown only here: only a hash of it is stored."""

    password: str | None


async def managed_account(context: AppContext, caller: Caller, account_id: str) -> Account:
    """Return the account, if this caller manages it; account_not_found otherwise."""
    await permit(context, caller, "manage_accounts")
    account = await accounts.by_id(context.store, account_id)
    if account is None:
        raise Problem("account_not_found")
    await _managed(context, caller, account)
    return account


async def listed(context: AppContext, caller: Caller, query: AccountQuery) -> AccountList:
    await permit(context, caller, "manage_accounts")
    page = await administrators.page(
        context.store,
        city=city_of(caller, query.city),
        role=query.role,
        text=query.text,
        cursor=query.cursor,
        limit=query.limit,
    )
    return AccountList(items=await _lines(context, page.accounts), next_cursor=page.next_cursor)


async def line(context: AppContext, caller: Caller, account: Account) -> AccountLine:
    """Return the account as administrators see it."""
    await _managed(context, caller, account)
    return (await _lines(context, [account]))[0]


async def create(context: AppContext, caller: Caller, body: NewAccount) -> IssuedPassword:
    await permit(context, caller, "manage_accounts")
    who = scope_of(context.packs, body.role, body.unit, body.city, within=caller.city)
    hand_on(caller, scopes_of(who.role))
    password = passwords.random_password() if body.password else None
    account = await accounts.create(
        context.store,
        body.name,
        who.role,
        display=body.display,
        unit=who.unit,
        city=who.city,
        password_hash=await passwords.hashed(password) if password else None,
    )
    _log(caller, account, "created")
    return await _issued(context, caller, account, password)


async def change(
    context: AppContext, caller: Caller, account: Account, body: AccountIn
) -> AccountLine:
    await _managed(context, caller, account)
    who = scope_of(context.packs, body.role, body.unit, body.city, within=caller.city)
    hand_on(caller, scopes_of(who.role))
    if _own(caller, account) and who != (account.role, account.unit, account.city):
        raise Problem("own_account")
    await administrators.become(
        context.store, account, role=who.role, display=body.display, unit=who.unit, city=who.city
    )
    _log(caller, account, "changed")
    return await line(context, caller, await managed_account(context, caller, account.id))


async def disable(context: AppContext, caller: Caller, account: Account) -> AccountLine:
    await _managed(context, caller, account)
    _not_own(caller, account)
    await administrators.close(context.store, account)
    _log(caller, account, "disabled")
    return await line(context, caller, await managed_account(context, caller, account.id))


async def enable(context: AppContext, caller: Caller, account: Account) -> AccountLine:
    """Enable the account, and end a lock-out. Sessions of an enabled account go on."""
    await _managed(context, caller, account)
    if not account.enabled:
        await accounts.change(context.store, account, disabled_at=None)
    await lockouts.clear(context.store, _lock(context, account))
    _log(caller, account, "enabled")
    return await line(context, caller, await managed_account(context, caller, account.id))


async def renew(context: AppContext, caller: Caller, account: Account) -> IssuedPassword:
    await _managed(context, caller, account)
    _not_own(caller, account)
    hand_on(caller, scopes_of(account.role))
    password = passwords.random_password()
    await accounts.set_password(context.store, account, await passwords.hashed(password), own=False)
    _log(caller, account, "password renewed")
    return await _issued(
        context, caller, await managed_account(context, caller, account.id), password
    )


async def reset(context: AppContext, caller: Caller, account: Account) -> AccountLine:
    await _managed(context, caller, account)
    _not_own(caller, account)
    hand_on(caller, scopes_of(account.role))
    await accounts.set_second_factor(context.store, account, None, [])
    _log(caller, account, "second factor reset")
    return await line(context, caller, await managed_account(context, caller, account.id))


async def sign_out(context: AppContext, caller: Caller, account: Account) -> AccountLine:
    await _managed(context, caller, account)
    await sessions.end_all(context.store, account.id)
    _log(caller, account, "signed out")
    return await line(context, caller, account)


async def _managed(context: AppContext, caller: Caller, account: Account) -> None:
    """Refuse an account that this caller does not manage."""
    await permit(context, caller, "manage_accounts")
    if caller.city not in (None, account.city):
        raise Problem("account_not_found")


async def _lines(context: AppContext, some: list[Account]) -> list[AccountLine]:
    now = datetime.now(UTC)
    presences = await administrators.present(context.store, some, now)
    waiting = await lockouts.locked(context.store, [_lock(context, one) for one in some], now)
    return [
        AccountLine(
            **{name: getattr(one, name) for name in _SHOWN},
            sessions=presences[one.id].sessions if one.id in presences else 0,
            seen_at=presences[one.id].seen_at if one.id in presences else None,
            locked=_lock(context, one) in waiting,
            first_password_until=authentication.good_until(context, one),
        )
        for one in some
    ]


_SHOWN = tuple(
    AccountLine.model_fields.keys() - {"sessions", "seen_at", "locked", "first_password_until"}
)


async def _issued(
    context: AppContext, caller: Caller, account: Account, password: str | None
) -> IssuedPassword:
    shown = await line(context, caller, account)
    return IssuedPassword(**shown.model_dump(), password=password)


def _lock(context: AppContext, account: Account) -> str:
    """Return the key by which `app.access.authentication` counts failures of this name."""
    return authentication.key_of(context, account.name)


def _own(caller: Caller, account: Account) -> bool:
    return caller.session is not None and caller.session.account.id == account.id


def _not_own(caller: Caller, account: Account) -> None:
    if _own(caller, account):
        raise Problem("own_account")


def _log(caller: Caller, account: Account, what: str) -> None:
    """Log a change by ids, without names."""
    logger.info("account", what=what, account=account.id, by=caller.id)
