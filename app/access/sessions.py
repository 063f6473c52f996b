"""A person's own session, sessions and password."""

from datetime import datetime

from pydantic import Field, SecretStr

from app.access import authentication
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from store.identity import accounts, passwords, sessions
from store.identity.accounts import Account
from store.identity.sessions import Session


class SignInRequest(Incoming):
    """A sign-in. `totp`: the one-time password, or a recovery code, if the account needs one."""

    name: str = Field(max_length=64)
    password: SecretStr = Field(max_length=passwords.LONGEST)
    totp: str | None = Field(None, max_length=40)


class NewPassword(Incoming):
    old: SecretStr = Field(max_length=passwords.LONGEST)
    new: SecretStr = Field(max_length=passwords.LONGEST)


class SignedIn(Recorded):
    """The caller. Send `csrf` as `X-CSRF-Token` with every request that changes something; it is
    null for tokens, which need none. `first_password_until`: the password was given by somebody
    else and expires then; until it is changed nothing else can be done."""

    id: str
    name: str = Field(examples=["王芳"])
    role: Role
    unit: str | None = None
    city: str | None = None
    scopes: list[str]
    ends_at: Instant | None = None
    csrf: str | None = None
    first_password_until: Instant | None = None


class OwnSession(Recorded):
    """A session of one's own. `device`: browser and system, if known; `current`: that of this
    request."""

    id: str
    device: str = Field(examples=["Firefox · Windows"])
    began_at: Instant
    seen_at: Instant = Field(description="When it was last used, to the minute.")
    ends_at: Instant = Field(description="When it ends in any case.")
    current: bool


class OwnSessions(Recorded):
    items: list[OwnSession]


async def who_am_i(context: AppContext, caller: Caller) -> SignedIn:
    """Return as whom this caller is known."""
    await permit(context, caller, "who_am_i")
    return signed_in_as(caller, context)


async def own_sessions(context: AppContext, caller: Caller) -> list[OwnSession]:
    """Return this caller's open sessions, the oldest first; a token has none."""
    await permit(context, caller, "list_own_sessions")
    mine = _session_of(caller)
    open_sessions = await sessions.listing(
        context.store, mine.account.id, context.now(), context.idle
    )
    return [
        OwnSession(
            id=one.id,
            device=one.device,
            began_at=one.began_at,
            seen_at=one.seen_at,
            ends_at=one.ends_at,
            current=one.digest == mine.digest,
        )
        for one in open_sessions
    ]


async def sign_out(context: AppContext, caller: Caller) -> None:
    """End the session of this caller; a token has none to end."""
    await permit(context, caller, "sign_out")
    await sessions.end(context.store, _session_of(caller).digest)


async def sign_out_everywhere(context: AppContext, caller: Caller) -> None:
    """End all sessions of this caller's account; a token has none to end."""
    await permit(context, caller, "sign_out_everywhere")
    await sessions.end_all(context.store, _session_of(caller).account.id)


async def change_password(
    context: AppContext, caller: Caller, network: str, new_password: NewPassword
) -> Account:
    """Change this caller's own password, and return the account; all its sessions have ended.

    Raises:
        Problem: forbidden, sign_in_failed, same_password, too_many_attempts, first_password_over
        WeakPassword
    """
    await permit(context, caller, "change_password")
    if caller.session is None:
        raise Problem("forbidden", "A token has no password.")
    account = caller.session.account
    old, new = new_password.old.get_secret_value(), new_password.new.get_secret_value()
    await authentication.check_again(context, network, account, old)
    passwords.check_password(new, account.name)
    if new == old:
        raise Problem("same_password")
    await accounts.set_password(context.store, account, await passwords.hashed(new), own=True)
    return account


async def end_one(context: AppContext, caller: Caller, session_id: str) -> None:
    """End one of this caller's sessions; session_not_found for any other."""
    await permit(context, caller, "end_own_session")
    if not await sessions.end_own(context.store, _session_of(caller).account.id, session_id):
        raise Problem("session_not_found")


def _session_of(caller: Caller) -> Session:
    if caller.session is None:
        raise Problem("forbidden", "A token has no session.")
    return caller.session


def signed_in_as(caller: Caller, context: AppContext) -> SignedIn:
    session = caller.session
    return SignedIn(
        id=caller.id,
        name=caller.name,
        role=caller.actor.role,
        unit=caller.actor.unit,
        city=caller.city,
        scopes=sorted(caller.scopes),
        ends_at=session.ends_at if session else None,
        csrf=csrf_of(session, context) if session else None,
        first_password_until=first_password_until(caller, context),
    )


def first_password_until(caller: Caller, context: AppContext) -> datetime | None:
    """Return until when a password given by somebody else can be changed; None if it is not."""
    if caller.session is None or not caller.first_password:
        return None
    return authentication.good_until(context, caller.session.account)


def csrf_of(session: Session, context: AppContext) -> str:
    """Return the CSRF token of the session, which only its own pages can know."""
    return context.mark(f"csrf/{session.digest}")
