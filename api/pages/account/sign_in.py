"""Staff sign-in, sign-out, and the own account: sessions and password."""

from collections.abc import Container
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http import browser_sessions, parameters
from api.http.access import count_address, public, staff
from api.http.dependencies import Context
from api.http.forms import form_of
from api.http.networks import origin_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import entries
from api.pages.shared.sign_in import CarriedForm, sign_in_page
from api.pages.shared.sign_in_again import carried, once_more
from api.pages.shared.staff_page import staff_page
from api.pages.shared.subjects import Subject, subjects_of
from app.access import oidc, sessions
from app.access.caller import Caller
from app.access.sessions import csrf_of
from app.context import AppContext
from app.errors import CODES, Problem
from domain.words import N_
from store.db.errors import StoreError

router = APIRouter(include_in_schema=False)

HOME, SIGN_IN, AGAIN, ME = "/staff", "/staff/sign-in", "/staff/again", "/staff/me"
CARRIED = 512 * 1024
"""Bytes of a form that is carried through signing in: each is longer by the names of its fields."""


@router.get(HOME, dependencies=[public("page_staff")])
async def home(request: Request, context: Context) -> Response:
    """Redirect to the first page of the caller's role, or to the sign-in page."""
    session = await browser_sessions.session_of(request, context)
    if session is None:
        return _to(SIGN_IN)
    if session.first_password:
        return _to(ME)
    account, city = session.account, session.account.city
    subjects: Container[Subject] = tuple(Subject)
    if city is not None and city in context.packs.ids():
        subjects = subjects_of(context.packs.get(city), account.unit)
    return _to(next((entry.url for entry in entries(account.role, subjects)), ME))


@router.get(SIGN_IN, dependencies=[public("page_sign_in")])
async def form(request: Request, to: str = "") -> Response:
    return sign_in_page(request, to=to)


@router.post(SIGN_IN, dependencies=[public("sign_in")])
async def sign_in(request: Request, context: Context) -> Response:
    """Sign in with the form's values; on a mistake show it again, with the name."""
    sent = await form_of(request)
    typed = {name: str(sent.get(name) or "") for name in ("name", "password", "totp")}
    waiting = CarriedForm()
    try:
        waiting = carried(request, sent)
        credentials = sessions.SignInRequest.model_validate(
            {name: typed[name] or None for name in typed}
        )
        begun, secret = await browser_sessions.sign_in(request, credentials, context)
    except (ValidationError, Problem, StoreError) as error:
        refused = isinstance(error, ValidationError)
        code = "sign_in_failed" if refused else str(getattr(error, "code", "internal_error"))
        return sign_in_page(
            request,
            CODES[code].status,
            to=waiting.to,
            carried=waiting,
            name=typed["name"],
            problem=code,
        )
    if waiting.seal:
        request.state.csrf = csrf_of(begun, context)
        answer = once_more(request, waiting.to, waiting.pairs)
    else:
        answer = _to(waiting.to or HOME)
    browser_sessions.remember(request, answer, secret, context)
    return answer


@router.post(AGAIN, dependencies=[public("page_staff")])
async def again(request: Request, context: Context) -> Response:
    """Show the retained form to a person who has signed in since, perhaps in another window."""
    waiting = carried(request, await form_of(request))
    session = await browser_sessions.session_of(request, context)
    if session is None:
        return sign_in_page(request, 401, carried=waiting, problem="unauthenticated")
    request.state.csrf = csrf_of(session, context)
    return once_more(request, waiting.to, waiting.pairs) if waiting.seal else _to(HOME)


@router.get("/staff/oidc", dependencies=[public("sign_in")])
async def depart(request: Request, context: Context) -> Response:
    """Redirect to the identity provider; a cookie holds what its answer has to match."""
    try:
        await count_address(request, context, "oidc")
        departure = await oidc.depart(context, origin_of(request, context.settings))
    except Problem as error:
        return _refused(request, error)
    answer = RedirectResponse(departure.url, 303)
    answer.set_cookie(
        oidc.COOKIE,
        departure.cookie,
        max_age=oidc.LONGEST,
        path=oidc.BACK,
        secure=browser_sessions.is_secure(request, context),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(oidc.BACK, dependencies=[public("sign_in")])
async def arrive(request: Request, context: Context) -> Response:
    """Begin a session with the identity provider's answer."""
    try:
        await count_address(request, context, "oidc")
        arrival = oidc.Arrival(
            request.cookies.get(oidc.COOKIE, ""),
            request.query_params.get("state", ""),
            request.query_params.get("code", ""),
        )
        account = await oidc.arrive(context, origin_of(request, context.settings), arrival)
        _, secret = await browser_sessions.begin(request, account, context)
    except (Problem, StoreError) as error:
        return _refused(request, error)
    answer = _to(HOME)
    answer.delete_cookie(oidc.COOKIE, path=oidc.BACK)
    browser_sessions.remember(request, answer, secret, context)
    return answer


@router.post("/staff/sign-out", dependencies=[public("page_staff")])
async def sign_out(request: Request, context: Context) -> Response:
    """End this session, or with `everywhere` all of them."""
    try:
        caller = await browser_sessions.caller_of(request, context)
    except Problem as error:
        return _refused(request, error)
    if caller is not None:
        everywhere = "everywhere" in await form_of(request)
        end = sessions.sign_out_everywhere if everywhere else sessions.sign_out
        await end(context, caller)
    answer = _to(SIGN_IN)
    browser_sessions.forget(request, answer, context)
    return answer


# --- one's own account ------------------------------------------------------------------------

_PASSWORDS = ("old", "new")
_CHANGED = N_("Your password is changed. You are signed out everywhere else.")
_DONE = {"ended": N_("That session has ended.")}


@router.get(ME)
async def me(
    request: Request, caller: Annotated[Caller, staff("who_am_i")], context: Context
) -> Response:
    """Show the caller's account, sessions and password form."""
    done = _DONE.get(request.query_params.get("done", ""))
    return await _me(request, caller, context, Form.blank(*_PASSWORDS), done=done)


@router.post(ME)
async def change_password(
    request: Request, caller: Annotated[Caller, staff("change_password")], context: Context
) -> Response:
    """Change the password and end the account's other sessions; typed passwords are not shown."""
    form = await Form.read(request, *_PASSWORDS)
    try:
        body = sessions.NewPassword.model_validate(form.filled(*_PASSWORDS))
        begun, secret = await browser_sessions.renew(request, caller, body, context)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        form.typed = dict.fromkeys(_PASSWORDS, "")
        return await _me(request, caller, context, form, status)
    request.state.csrf = csrf_of(begun, context)
    blank = Form.blank(*_PASSWORDS)
    answer = await _me(
        request, browser_sessions.caller(begun, context), context, blank, done=_CHANGED
    )
    browser_sessions.remember(request, answer, secret, context)
    return answer


@router.post(f"{ME}/sessions/{{one}}/end")
async def end_one(
    one: parameters.SessionId, caller: Annotated[Caller, staff("end_own_session")], context: Context
) -> Response:
    """End one of the caller's own sessions."""
    await sessions.end_one(context, caller, one)
    return _to(f"{ME}?done=ended")


async def _me(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    status: int = 200,
    *,
    done: str | None = None,
) -> Response:
    return staff_page(
        request,
        "account/sign_in_own_account.html",
        caller,
        status,
        form=form,
        done=done,
        sessions=await sessions.own_sessions(context, caller) if caller.session else [],
        first_until=sessions.first_password_until(caller, context),
    )


def _refused(request: Request, error: Problem | StoreError) -> Response:
    # A link to another language would send the provider's answer a second time.
    status = CODES[error.code].status
    return sign_in_page(request, status, problem=error.code, other_language=None)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)
