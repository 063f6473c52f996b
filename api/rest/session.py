"""Signing in and out: a session is a resource that is created and ended."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.http import browser_sessions
from api.http.access import public, staff
from api.http.dependencies import Context
from api.http.parameters import SessionId
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access import sessions as app_sessions
from app.access.caller import Caller
from app.access.sessions import (
    NewPassword,
    OwnSessions,
    SignedIn,
    SignInRequest,
    signed_in_as,
)
from app.context import API, AppContext
from store.identity.sessions import Session

router = APIRouter(prefix=API, tags=["Sessions"])

SIGN_IN = {"name": "wang.fang", "password": "correct horse battery staple", "totp": "123456"}  # nosec B105  # pragma: allowlist secret
NEW_PASSWORD = {"old": "correct horse battery staple", "new": "staple battery horse correct"}


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
    request: Request, body: Annotated[SignInRequest, Body(examples=[SIGN_IN])], context: Context
) -> Response:
    """Sign in. The answer sets the cookie and ends this browser's earlier session.

    Repeated failures wait longer each time; nothing reveals whether the account exists. A password
    given by somebody else opens a session in which it can be changed, and nothing else.
    """
    browser_sessions.check_origin(request, context)
    begun, secret = await browser_sessions.sign_in(request, body, context)
    return _begun(request, begun, secret, context)


@router.get(
    "/session",
    operation_id="who_am_i",
    summary="As whom one is known here",
    response_model=SignedIn,
    responses=responses("unauthenticated", "store_unavailable"),
)
async def who_am_i(caller: Annotated[Caller, staff("who_am_i")], context: Context) -> Response:
    return json_of(await app_sessions.who_am_i(context, caller))


@router.delete(
    "/session",
    operation_id="sign_out",
    summary="Sign out",
    status_code=204,
    responses=responses("unauthenticated", "forbidden", "csrf_failed", "store_unavailable"),
)
async def sign_out(
    request: Request, caller: Annotated[Caller, staff("sign_out")], context: Context
) -> Response:
    await app_sessions.sign_out(context, caller)
    return _forgotten(request, context)


@router.delete(
    "/sessions",
    operation_id="sign_out_everywhere",
    summary="End all of one's sessions, on every machine",
    status_code=204,
    responses=responses("unauthenticated", "forbidden", "csrf_failed", "store_unavailable"),
)
async def sign_out_everywhere(
    request: Request, caller: Annotated[Caller, staff("sign_out_everywhere")], context: Context
) -> Response:
    await app_sessions.sign_out_everywhere(context, caller)
    return _forgotten(request, context)


@router.get(
    "/sessions",
    operation_id="list_own_sessions",
    summary="One's own sessions",
    response_model=OwnSessions,
    responses=responses("unauthenticated", "forbidden", "store_unavailable"),
)
async def list_own_sessions(
    caller: Annotated[Caller, staff("list_own_sessions")], context: Context
) -> Response:
    return json_of(OwnSessions(items=await app_sessions.own_sessions(context, caller)))


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
    session: SessionId, caller: Annotated[Caller, staff("end_own_session")], context: Context
) -> Response:
    """End a session; another person's is answered as unknown."""
    await app_sessions.end_one(context, caller, session)
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
    context: Context,
) -> Response:
    """Change the password; all sessions end, and this browser gets a new one."""
    begun, secret = await browser_sessions.renew(request, caller, body, context)
    return _begun(request, begun, secret, context)


def _begun(request: Request, session: Session, secret: str, context: AppContext) -> Response:
    response = json_of(signed_in_as(browser_sessions.caller(session, context), context))
    browser_sessions.remember(request, response, secret, context)
    return response


def _forgotten(request: Request, context: AppContext) -> Response:
    response = Response(status_code=204)
    browser_sessions.forget(request, response, context)
    return response
