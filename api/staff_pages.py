"""The staff's way in: sign in, see as whom, sign out. Works without JavaScript."""

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api import oidc, session, signed_in, signing_in
from api.access import public
from api.door import Door, TheDoor
from api.page import code_of, page, status_of
from api.problems import Problem
from api.words import language_of
from store.errors import StoreError

router = APIRouter(include_in_schema=False)

HOME, SIGN_IN = "/staff", "/staff/sign-in"


@router.get(HOME, dependencies=[public("page_staff")])
async def home(request: Request, door: TheDoor) -> Response:
    """As whom somebody is signed in; whoever is not is sent to sign in."""
    found = await signed_in.session_of(request, door)
    if found is None:
        return _to(request, SIGN_IN)
    csrf = signed_in.csrf_of(found, door)
    return page(request, "staff.html", account=found.account, csrf=csrf)


@router.get(SIGN_IN, dependencies=[public("page_sign_in")])
async def form(request: Request, door: TheDoor) -> Response:
    return _form(request, door)


@router.post(SIGN_IN, dependencies=[public("sign_in")])
async def sign_in(request: Request, door: TheDoor) -> Response:
    """Sign in with what the form says; on a mistake show it again, with the name."""
    typed = {name: str(value) for name, value in (await request.form()).items()}
    try:
        signed_in.check_origin(request, door)
        said = session.SignIn.model_validate(
            {name: typed.get(name) or None for name in ("name", "password", "totp")}
        )
        account = await signing_in.sign_in(
            request, door, said.name, said.password.get_secret_value(), said.totp
        )
        _, secret = await signed_in.begin(request, account, door)
    except ValidationError:
        return _form(request, door, typed, "sign_in_failed", 401)
    except (Problem, StoreError) as error:
        return _form(request, door, typed, code_of(error), status_of(error))
    answer = _to(request, HOME)
    signed_in.remember(request, answer, secret, door)
    return answer


@router.get("/staff/oidc", dependencies=[public("sign_in")])
async def depart(request: Request, door: TheDoor) -> Response:
    """Off to the identity provider; a cookie remembers what has to come back."""
    try:
        departure = await oidc.depart(request, door)
    except Problem as error:
        return _form(request, door, problem=code_of(error), status=status_of(error))
    answer = RedirectResponse(departure.url, 303)
    answer.set_cookie(
        oidc.COOKIE,
        departure.cookie,
        max_age=oidc.LONGEST,
        path=oidc.BACK,
        secure=signed_in.is_secure(request, door),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(oidc.BACK, dependencies=[public("sign_in")])
async def arrive(request: Request, door: TheDoor) -> Response:
    """Back from the identity provider, with what proves it."""
    try:
        account = await oidc.arrive(request, door)
        _, secret = await signed_in.begin(request, account, door)
    except (Problem, StoreError) as error:
        return _form(request, door, problem=code_of(error), status=status_of(error))
    answer = _to(request, HOME)
    answer.delete_cookie(oidc.COOKIE, path=oidc.BACK)
    signed_in.remember(request, answer, secret, door)
    return answer


@router.post("/staff/sign-out", dependencies=[public("page_staff")])
async def sign_out(request: Request, door: TheDoor) -> Response:
    """End this session, or with `everywhere` all of them."""
    try:
        caller = await signed_in.caller_of(request, door)
    except Problem as error:
        return _form(request, door, problem=code_of(error), status=status_of(error))
    if caller is None:
        return _to(request, SIGN_IN)
    everywhere = "everywhere" in await request.form()
    await signed_in.end(caller, door, everywhere=everywhere)
    answer = _to(request, SIGN_IN)
    signed_in.forget(request, answer, door)
    return answer


def _form(
    request: Request,
    door: Door,
    typed: dict[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    name = (typed or {}).get("name", "")
    oidc = bool(door.settings.oidc_issuer)
    return page(request, "sign_in.html", status, name=name, problem=problem, oidc=oidc)


def _to(request: Request, path: str) -> Response:
    return RedirectResponse(f"{path}?lang={language_of(request)}", 303)
