"""Signing in again after a session has ended, without losing what was typed.

The fields of the interrupted form pass through the sign-in page as hidden fields, and are shown
again before they are sent, because another person may have signed in by then.
"""

from collections.abc import Iterable

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.http.browser_sessions import CSRF_FIELD
from api.http.forms import form_of
from api.pages.shared.page import page
from api.pages.shared.sign_in import Pairs, sign_in_page

TO, PREFIX = "to", "kept."
"""The field with the address to continue at, and the prefix of the names of carried fields."""

_NEVER_CARRIED = (CSRF_FIELD, "password", "old", "new")


async def sign_in_first(request: Request, code: str, status: int) -> Response:
    """Show the sign-in page that leads back here, with the typed fields if it was a form."""
    to = _here(request)
    if request.method != "POST":
        return sign_in_page(request, status, to=to)
    pairs, lost = await _typed(request)
    return sign_in_page(request, status, to=to, pairs=pairs, lost=lost, problem=code)


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
        request, "shared/sign_in_again.html", status, to=to, kept=pairs, lost=lost, problem=problem
    )


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _typed(request: Request) -> tuple[Pairs, bool]:
    """Return the form's fields without secrets, and whether files are lost."""
    sent = await form_of(request)
    lost = any(isinstance(value, UploadFile) and value.filename for value in sent.values())
    await sent.close()
    return [pair for pair in _texts(sent.multi_items()) if pair[0] not in _NEVER_CARRIED], lost


def carried(sent: FormData) -> tuple[str, Pairs]:
    """Return the address to continue at and the carried fields, as the sign-in page sent them."""
    to = str(sent.get(TO, ""))
    pairs = _texts(sent.multi_items())
    return within(to), [
        (name[len(PREFIX) :], text) for name, text in pairs if name.startswith(PREFIX)
    ]


def within(to: str) -> str:
    """Return `to` if it is a staff address, else "": no form may redirect to another site."""
    ours = to == "/staff" or to.startswith(("/staff/", "/staff?"))
    return to if ours and "\\" not in to and "//" not in to else ""


def _texts(pairs: Iterable[tuple[str, UploadFile | str]]) -> Pairs:
    return [(name, value) for name, value in pairs if isinstance(value, str)]
