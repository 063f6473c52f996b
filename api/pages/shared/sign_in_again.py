"""Signing in again after a session has ended, without losing what was typed.

The fields of the interrupted form pass through the sign-in page, sealed: signed together with the
address that they were sent to and with a secret of this browser's own, for some hours. They are
shown again, with what will be done, before they are sent: another person may have signed in by
then. What another site's page prepared is not carried, and has no seal of this browser.
"""

import secrets
from collections.abc import Iterable
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.http import browser_sessions
from api.http.browser_sessions import CSRF_FIELD
from api.http.forms import form_of
from api.pages.shared.carried_acts import act_at
from api.pages.shared.page import page
from api.pages.shared.sign_in import CarriedForm, Pairs, sign_in_page
from app.context import AppContext

TO, CARRIED = "to", "carried"
"""The fields with the address to continue at, and with the sealed fields of a form."""

COOKIE = "jiesu-carried"
"""The cookie with the secret that ties a sealed form to the browser that it was typed in."""

LONGEST = 4 * 3600
"""Seconds after which a sealed form is not accepted any more."""

_NEVER_CARRIED = (CSRF_FIELD, "password", "old", "new")


async def sign_in_first(request: Request, code: str, status: int) -> Response:
    """Show the sign-in page that leads back here, with the typed fields if it was a form."""
    to = _here(request)
    if request.method != "POST":
        return sign_in_page(request, status, to=to)
    if act_at(to) is None:
        return sign_in_page(request, status, problem=code)
    pairs, lost = await _typed(request)
    browser = request.cookies.get(COOKIE) or secrets.token_hex(16)
    waiting = CarriedForm(_sealed(request, browser, to, pairs))
    answer = sign_in_page(request, status, carried=waiting, lost=lost, problem=code)
    answer.set_cookie(
        COOKIE,
        browser,
        max_age=LONGEST,
        path="/staff",
        secure=browser_sessions.is_secure(request, _context(request)),
        httponly=True,
        samesite="strict",
    )
    return answer


async def send_later(request: Request, code: str, status: int) -> Response:
    """Show what was typed and why it was refused, to be sent again in a moment."""
    pairs, lost = await _typed(request)
    return once_more(request, _here(request), pairs, status, lost=lost, problem=code)


def once_more(
    request: Request,
    to: str,
    pairs: Pairs,
    status: int = 200,
    *,
    lost: bool = False,
    problem: str | None = None,
) -> Response:
    """Show the retained fields before they are sent to `to`."""
    return page(
        request,
        "shared/sign_in_again.html",
        status,
        to=to,
        act=act_at(to),
        kept=pairs,
        lost=lost,
        problem=problem,
    )


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _typed(request: Request) -> tuple[Pairs, bool]:
    """Return the form's fields without secrets, and whether files are lost."""
    sent = await form_of(request)
    lost = any(isinstance(value, UploadFile) and value.filename for value in sent.values())
    await sent.close()
    return [pair for pair in _texts(sent.multi_items()) if pair[0] not in _NEVER_CARRIED], lost


def carried(request: Request, sent: FormData) -> CarriedForm:
    """Return what the sign-in page sent: an address to continue at, or a form with its seal.

    A form whose seal is over, or of another browser, is dropped.

    Raises:
        Problem: csrf_failed, if another site's page sent it.
    """
    browser_sessions.check_origin(request, _context(request))
    seal = str(sent.get(CARRIED, ""))
    if not seal:
        return CarriedForm(to=within(str(sent.get(TO, ""))))
    try:
        browser, to, pairs = _signer(request).loads(seal, max_age=LONGEST)
    except (BadSignature, ValueError):
        return CarriedForm()
    if browser != _mark(request.cookies.get(COOKIE, "")):
        return CarriedForm()
    return CarriedForm(seal, within(to), [(name, text) for name, text in pairs])


def _sealed(request: Request, browser: str, to: str, pairs: Pairs) -> str:
    return str(_signer(request).dumps([_mark(browser), to, pairs]))


def _mark(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()


def _signer(request: Request) -> URLSafeTimedSerializer:
    return _context(request).signer("carried form")


def _context(request: Request) -> AppContext:
    context: AppContext = request.app.state.context
    return context


def within(to: str) -> str:
    """Return `to` if it is a staff address, else "": no form may redirect to another site."""
    ours = to == "/staff" or to.startswith(("/staff/", "/staff?"))
    return to if ours and "\\" not in to and "//" not in to else ""


def _texts(pairs: Iterable[tuple[str, UploadFile | str]]) -> Pairs:
    return [(name, value) for name, value in pairs if isinstance(value, str)]
