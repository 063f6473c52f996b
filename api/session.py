"""Signing in and out: a session is a resource that is made and ended."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field, SecretStr

from api import signed_in, signing_in
from api.access import public, staff
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of
from api.problems import Problem, responses
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from store import accounts, passwords
from store.accounts import Account

router = APIRouter(prefix=API, tags=["Sessions"])

SIGN_IN = {"name": "wang.fang", "password": "correct horse battery staple", "totp": "123456"}  # nosec B105  # pragma: allowlist secret
NEW_PASSWORD = {"old": "correct horse battery staple", "new": "staple battery horse correct"}


class SignIn(Incoming):
    """`totp`: the one-time password, or a recovery code, of an account that asks for one."""

    name: str = Field(max_length=64)
    password: SecretStr = Field(max_length=passwords.LONGEST)
    totp: str | None = Field(None, max_length=40)


class NewPassword(Incoming):
    old: SecretStr = Field(max_length=passwords.LONGEST)
    new: SecretStr = Field(max_length=passwords.LONGEST)


class SignedIn(Recorded):
    """As whom one is known. `csrf` goes along, as `X-CSRF-Token`, with whatever changes something;
    it is null for tokens, which need none."""

    id: str
    name: str = Field(examples=["王芳"])
    role: Role
    unit: str | None = None
    city: str | None = None
    scopes: list[str]
    ends_at: Instant | None = None
    csrf: str | None = None


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
    """The answer sets the cookie. The session this browser had before ends.

    Who fails waits longer each time; nothing tells whether there is an account of that name.
    """
    signed_in.check_origin(request, door)
    account = await signing_in.sign_in(
        request, door, body.name, body.password.get_secret_value(), body.totp
    )
    return await _begun(request, account, door)


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
    """All sessions of the account end, and this browser gets a new one."""
    if caller.session is None:
        raise Problem("forbidden", "A token has no password.")
    account = caller.session.account
    await signing_in.check_again(request, door, account, body.old.get_secret_value())
    new = body.new.get_secret_value()
    passwords.check_password(new, account.name)
    await accounts.change(door.store, account, password=await passwords.hashed(new))
    return await _begun(request, account, door)


async def _begun(request: Request, account: Account, door: Door) -> Response:
    session, secret = await signed_in.begin(request, account, door)
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
    )
