"""Sessions in the API: the cookie, and the protection against forged requests (CSRF).

The cookie holds a random secret, signed; everything else is in the store. Browsers send it
automatically, so a request that changes something needs more: the session's CSRF token, and, if the
browser states an origin, our own.
"""

import hmac
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response
from itsdangerous import BadSignature

from api.http.forms import form_of
from api.http.networks import host_of, network_of
from app.access import authentication
from app.access.caller import Caller
from app.access.guests import Guest
from app.access.role_scope import confined
from app.access.sessions import NewPassword, SignInRequest, change_password, csrf_of
from app.access.user_agents import device_of
from app.context import AppContext
from app.errors import Problem
from app.tickets.ratings import Origin
from domain.actors import Actor
from store.identity import sessions, sign_in_places
from store.identity.accounts import Account
from store.identity.sessions import Session

COOKIE = "jiesu-session"
SECURE_COOKIE = f"__Host-{COOKIE}"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def begin(
    request: Request, account: Account, context: AppContext, *, first_password: bool = False
) -> tuple[Session, str]:
    """Start a session, and return its secret; the one that this browser had before ends.

    `first_password`: it is for changing the password that was given, and for nothing else.
    """
    if (before := await session_of(request, context)) is not None:
        await sessions.end(context.store, before.digest)
    settings, now = context.settings, datetime.now(UTC)
    longest = timedelta(hours=settings.session_longest)
    device = device_of(request.headers.get("user-agent", ""))
    secret = await sessions.begin(
        context.store, account, now, longest, device=device, first_password=first_password
    )
    if place := place_of(request, context):
        await sign_in_places.note(context.store, account.id, place, now)
    begun = Session(
        sessions.digest_of(secret), account, now, now, now + longest, device, first_password
    )
    return begun, secret


def place_of(request: Request, context: AppContext) -> str:
    """Return a keyed fingerprint of the network that the request comes from; "" of a local one."""
    if context.limits.is_exempt(host_of(request)):
        return ""
    return context.mark(f"place/{network_of(request)}")


async def origin_of_rating(request: Request, context: AppContext) -> Origin:
    """Return from where a citizen's rating comes, to tell it from one of the unit's own."""
    signed_in = await session_of(request, context) is not None
    return Origin(place_of(request, context), signed_in=signed_in)


async def guest_of(request: Request, context: AppContext) -> Guest:
    """Return who comes with a code: from where, and whether staff is signed in, or has a token."""
    token = request.headers.get("authorization", "").lower().startswith("bearer ")
    signed_in = token or await session_of(request, context) is not None
    return Guest(network_of(request), signed_in=signed_in)


def remember(request: Request, response: Response, secret: str, context: AppContext) -> None:
    """Set the session cookie."""
    secure = is_secure(request, context)
    longest = timedelta(hours=context.settings.session_longest)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        str(context.signer("session").dumps(secret)),
        max_age=int(longest.total_seconds()),
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def forget(request: Request, response: Response, context: AppContext) -> None:
    """Delete the session cookie."""
    secure = is_secure(request, context)
    response.delete_cookie(
        SECURE_COOKIE if secure else COOKIE, secure=secure, httponly=True, samesite="lax"
    )


async def session_of(request: Request, context: AppContext) -> Session | None:
    """Return the session of the cookie."""
    secret = _secret(request, context)
    if secret is None:
        return None
    return await sessions.find(context.store, secret, datetime.now(UTC), context.idle)


def seems_signed_in(request: Request, context: AppContext) -> bool:
    """Return whether there is a cookie that we signed and that has not expired.

    The store is not read: the session itself may have ended meanwhile.
    """
    return _secret(request, context) is not None


def _secret(request: Request, context: AppContext) -> str | None:
    secure = is_secure(request, context)
    cookie = request.cookies.get(SECURE_COOKIE if secure else COOKIE)
    if not cookie:
        return None
    longest = timedelta(hours=context.settings.session_longest)
    try:
        return str(context.signer("session").loads(cookie, max_age=int(longest.total_seconds())))
    except BadSignature:
        return None


async def caller_of(request: Request, context: AppContext) -> Caller | None:
    """Return the signed-in caller; refuse requests that may be forged."""
    known = await signed_in_caller(request, context)
    if known is not None:
        await check_meant(request, known, context)
    return known


async def signed_in_caller(request: Request, context: AppContext) -> Caller | None:
    """Return the signed-in caller, whose request may still be forged (`check_meant`).

    Pages find the caller, and the token of their forms, in the request's state.
    """
    session = await session_of(request, context)
    if session is None:
        return None
    request.state.caller = caller(session, context)
    request.state.csrf = csrf_of(session, context)
    if request.method not in _SAFE:
        check_origin(request, context)  # another site's request counts for nobody
    return caller(session, context)


def caller(session: Session, context: AppContext) -> Caller:
    """Return the caller of a session."""
    account = session.account
    actor = Actor(role=account.role, id=account.id, unit=account.unit)
    signed_in = Caller(actor, account.id, account.display, account.city, session=session)
    return confined(context.packs, signed_in)


async def check_meant(request: Request, known: Caller, context: AppContext) -> None:
    """Refuse a request with a session that changes something and may be forged.

    The token may be in the form, with files: whoever may not send them is refused before.
    """
    session = known.session
    if session is None or request.method in _SAFE:
        return
    value = request.headers.get(CSRF_HEADER, "")
    if not value and request.headers.get("content-type", "").startswith(FORMS):
        value = str((await form_of(request)).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(value.encode(), csrf_of(session, context).encode()):
        raise Problem("csrf_failed")


def check_origin(request: Request, context: AppContext) -> None:
    """Refuse requests that the browser marks as coming from another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("csrf_failed")
    origin = request.headers.get("origin")
    here = {f"{request.url.scheme}://{request.url.netloc}", context.settings.public_url}
    if origin is not None and origin not in here:
        raise Problem("csrf_failed")


def is_secure(request: Request, context: AppContext) -> bool:
    """Return whether the browser used https, perhaps only to the proxy in front."""
    return request.url.scheme == "https" or context.settings.public_url.startswith("https://")


async def sign_in(
    request: Request, credentials: SignInRequest, context: AppContext
) -> tuple[Session, str]:
    """Start a session after authentication, and return its secret."""
    account = await authentication.sign_in(
        context,
        network_of(request),
        credentials.name,
        credentials.password.get_secret_value(),
        credentials.totp,
    )
    by_administrator = account.password_given_at is not None
    return await begin(request, account, context, first_password=by_administrator)


async def renew(
    request: Request, caller: Caller, new_password: NewPassword, context: AppContext
) -> tuple[Session, str]:
    """Change one's own password; return a session, with its secret, that replaces all others."""
    account = await change_password(context, caller, network_of(request), new_password)
    return await begin(request, account, context)
