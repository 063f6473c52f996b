"""Signing in and out: a session is a resource that is created and ended."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic import Field, SecretStr

from api import signed_in, signing_in
from api.access import public, staff
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of
from api.problems import Problem, responses
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from store.identity import accounts, passwords, sessions
from store.identity.sessions import Session

router = APIRouter(prefix=API, tags=["Sessions"])

SIGN_IN = {"name": "wang.fang", "password": "correct horse battery staple", "totp": "123456"}  # nosec B105  # pragma: allowlist secret
NEW_PASSWORD = {"old": "correct horse battery staple", "new": "staple battery horse correct"}


class SignIn(Incoming):
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


SessionId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{16}$",
        description="The id of one of one's own sessions.",
        examples=["0123456789abcdef"],
    ),
]


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


@router.post(
    "/session",
    operation_id="sign_in",
    summary="Sign in with name and password",
    dependencies=[public("sign_in")],
    response_model=SignedIn,
    responses=responses(
        "malformed_json",
        "sign_in_failed",
        "second_factor_needed",
        "first_password_over",
        "csrf_failed",
        "body_too_large",
        "invalid_request",
        "too_many_attempts",
        "too_many_requests",
        "store_unavailable",
    ),
)
async def sign_in(
    request: Request, body: Annotated[SignIn, Body(examples=[SIGN_IN])], door: TheDoor
) -> Response:
    """Sign in. The answer sets the cookie and ends this browser's earlier session.

    Repeated failures wait longer each time; nothing reveals whether the account exists. A password
    given by somebody else opens a session in which it can be changed, and nothing else.
    """
    signed_in.check_origin(request, door)
    begun, secret = await begin(request, body, door)
    return _begun(request, begun, secret, door)


@router.get(
    "/session",
    operation_id="who_am_i",
    summary="As whom one is known here",
    response_model=SignedIn,
    responses=responses("unauthenticated", "store_unavailable"),
)
async def who_am_i(caller: Annotated[Caller, staff("who_am_i")], door: TheDoor) -> Response:
    return json_of(_told(caller, door))


@router.delete(
    "/session",
    operation_id="sign_out",
    summary="Sign out",
    status_code=204,
    responses=responses("unauthenticated", "forbidden", "csrf_failed", "store_unavailable"),
)
async def sign_out(
    request: Request, caller: Annotated[Caller, staff("sign_out")], door: TheDoor
) -> Response:
    await signed_in.end(caller, door, everywhere=False)
    return _forgotten(request, door)


@router.delete(
    "/sessions",
    operation_id="sign_out_everywhere",
    summary="End all of one's sessions, on every machine",
    status_code=204,
    responses=responses("unauthenticated", "forbidden", "csrf_failed", "store_unavailable"),
)
async def sign_out_everywhere(
    request: Request, caller: Annotated[Caller, staff("sign_out_everywhere")], door: TheDoor
) -> Response:
    await signed_in.end(caller, door, everywhere=True)
    return _forgotten(request, door)


@router.get(
    "/sessions",
    operation_id="list_own_sessions",
    summary="Where one is signed in",
    response_model=OwnSessions,
    responses=responses("unauthenticated", "forbidden", "store_unavailable"),
)
async def list_own_sessions(
    caller: Annotated[Caller, staff("list_own_sessions")], door: TheDoor
) -> Response:
    return json_of(OwnSessions(items=await own_sessions(caller, door)))


@router.delete(
    "/sessions/{session}",
    operation_id="end_own_session",
    summary="End one of one's sessions",
    status_code=204,
    responses=responses(
        "unauthenticated",
        "forbidden",
        "csrf_failed",
        "session_not_found",
        "invalid_request",
        "store_unavailable",
    ),
)
async def end_own_session(
    session: SessionId, caller: Annotated[Caller, staff("end_own_session")], door: TheDoor
) -> Response:
    """End a session; another person's is answered as unknown."""
    await end_one(caller, session, door)
    return Response(status_code=204)


@router.put(
    "/session/password",
    operation_id="change_password",
    summary="Change one's own password",
    response_model=SignedIn,
    responses=responses(
        "malformed_json",
        "unauthenticated",
        "sign_in_failed",
        "forbidden",
        "csrf_failed",
        "body_too_large",
        "invalid_request",
        "weak_password",
        "same_password",
        "first_password_over",
        "too_many_attempts",
        "store_unavailable",
    ),
)
async def change_password(
    request: Request,
    caller: Annotated[Caller, staff("change_password")],
    body: Annotated[NewPassword, Body(examples=[NEW_PASSWORD])],
    door: TheDoor,
) -> Response:
    """Change the password; all sessions end, and this browser gets a new one."""
    begun, secret = await renew(request, caller, body, door)
    return _begun(request, begun, secret, door)


# --- shared with the pages ----------------------------------------------------------------------


async def begin(request: Request, said: SignIn, door: Door) -> tuple[Session, str]:
    """Start a session after authentication, and return its secret; see `api.signing_in.sign_in`."""
    account = await signing_in.sign_in(
        request, door, said.name, said.password.get_secret_value(), said.totp
    )
    given = account.password_given_at is not None
    return await signed_in.begin(request, account, door, first_password=given)


async def renew(
    request: Request, caller: Caller, said: NewPassword, door: Door
) -> tuple[Session, str]:
    """Change one's own password; return a session, with its secret, that replaces all others."""
    if caller.session is None:
        raise Problem("forbidden", "A token has no password.")
    account = caller.session.account
    old, new = said.old.get_secret_value(), said.new.get_secret_value()
    await signing_in.check_again(request, door, account, old)
    passwords.check_password(new, account.name)
    if new == old:
        raise Problem("same_password")
    await accounts.set_password(door.store, account, await passwords.hashed(new), own=True)
    return await signed_in.begin(request, account, door)


async def own_sessions(caller: Caller, door: Door) -> list[OwnSession]:
    """Return this caller's open sessions, the oldest first; a token has none."""
    mine = _session_of(caller)
    found = await sessions.listing(door.store, mine.account.id, door.now(), door.idle)
    return [
        OwnSession(
            id=one.id,
            device=one.device,
            began_at=one.began_at,
            seen_at=one.seen_at,
            ends_at=one.ends_at,
            current=one.digest == mine.digest,
        )
        for one in found
    ]


async def end_one(caller: Caller, session_id: str, door: Door) -> None:
    """End one of this caller's sessions; session_not_found for any other."""
    if not await sessions.end_own(door.store, _session_of(caller).account.id, session_id):
        raise Problem("session_not_found")


def _session_of(caller: Caller) -> Session:
    if caller.session is None:
        raise Problem("forbidden", "A token has no session.")
    return caller.session


def _begun(request: Request, session: Session, secret: str, door: Door) -> Response:
    response = json_of(_told(signed_in.caller(session), door))
    signed_in.remember(request, response, secret, door)
    return response


def _forgotten(request: Request, door: Door) -> Response:
    response = Response(status_code=204)
    signed_in.forget(request, response, door)
    return response


def _told(caller: Caller, door: Door) -> SignedIn:
    session = caller.session
    return SignedIn(
        id=caller.id,
        name=caller.name,
        role=caller.actor.role,
        unit=caller.actor.unit,
        city=caller.city,
        scopes=sorted(caller.scopes),
        ends_at=session.ends_at if session else None,
        csrf=signed_in.csrf_of(session, door) if session else None,
        first_password_until=first_password_until(caller, door),
    )


def first_password_until(caller: Caller, door: Door) -> datetime | None:
    """Return until when a password given by somebody else can be changed; None if it is not."""
    if caller.session is None or not caller.first_password:
        return None
    return signing_in.good_until(door, caller.session.account)
