"""The pages shown after a refusal: the sign-in page, or the reason with a link back."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.http import browser_sessions
from api.http.body_limit import LIMIT
from api.http.browser_sessions import FORMS
from api.http.forms import form_of
from api.pages.shared.page import page
from api.pages.shared.sign_in import Pairs
from api.pages.shared.sign_in_again import send_later, sign_in_first
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.errors import Problem

_SIGNED_OUT = ("unauthenticated", "csrf_failed")
_LATER = (
    "too_many_requests",
    "store_unavailable",
    "engine_unavailable",
    "too_late",
    "gave_up",
    "clock_differs",
    "ticket_too_large",
    "password_change_needed",
)
"""Temporary refusals: what was typed is retained, to be sent again."""


async def refused(request: Request, code: str, status: int) -> Response:
    """Answer a refused browser request with a page, on staff and all other addresses."""
    path = request.url.path
    if path != "/staff" and not path.startswith("/staff/"):
        kept = await _kept(request) if code in _LATER else []
        said = [text for name, text in kept if name in _WORDS]
        return page(request, "shared/refused.html", status, code=code, kept=kept, said=said)
    caller: Caller | None = getattr(request.state, "caller", None)
    if code in _SIGNED_OUT and not _from_elsewhere(request):
        return await sign_in_first(request, code, status)
    if code == "password_change_needed" and request.method != "POST":
        return RedirectResponse("/staff/me", 303)
    if code in _LATER and request.method == "POST" and not _from_elsewhere(request):
        return await send_later(request, code, status)
    if caller is None:
        return page(request, "shared/refused_staff.html", status, caller=None, code=code)
    try:
        return staff_page(request, "shared/refused_staff.html", caller, status, code=code)
    except Problem:  # none of their cities is served here, so there is no navigation
        return page(request, "shared/refused_staff.html", status, caller=None, code=code)


_WORDS = ("text", "words", "reason")
"""The fields of citizens' forms with words of their own."""


async def _kept(request: Request) -> Pairs:
    """Return the fields of a citizen's form, to be sent again.

    Larger ones, with photos in them, are not read: they were refused before their bytes came.
    """
    length = request.headers.get("content-length", "")
    small = length.isdecimal() and int(length[:20]) <= LIMIT
    if request.method != "POST" or not small or _from_elsewhere(request):
        return []
    if not request.headers.get("content-type", "").startswith(FORMS):
        return []
    sent = await form_of(request)
    pairs = [(name, text) for name, text in sent.multi_items() if isinstance(text, str)]
    await sent.close()
    return pairs


def _from_elsewhere(request: Request) -> bool:
    """Return whether another site's page sent the request; its fields are not retained."""
    try:
        browser_sessions.check_origin(request, request.app.state.context)
    except Problem:
        return True
    return False
