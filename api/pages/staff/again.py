"""When a session has ended: sign in, and nothing that was typed is lost.

The form that found nobody signed in is carried through the sign-in page in hidden fields, and
shown once more before it is sent: by then somebody else may sit there.
"""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.door import Door
from api.pages.page import page
from api.signed_in import CSRF_FIELD

TO, KEPT = "to", "kept."
"""Where to go on to; and what the names of carried fields begin with."""

_NEVER_KEPT = (CSRF_FIELD, "password", "old", "new")

Pairs = list[tuple[str, str]]


async def sign_in_first(request: Request, code: str, status: int) -> Response:
    """The sign-in page, which leads back here; with what was typed, if it was a form."""
    to = _here(request)
    if request.method != "POST":
        return sign_in_page(request, status, to=to)
    kept, lost = await _typed(request)
    return sign_in_page(request, status, to=to, kept=kept, lost=lost, problem=code)


async def send_later(request: Request, code: str, status: int) -> Response:
    """What was typed, with the reason why it was not taken, to be sent again in a moment."""
    kept, lost = await _typed(request)
    return once_more(request, _here(request), kept, status, lost=lost, problem=code)


def once_more(
    request: Request,
    to: str,
    kept: Pairs,
    status: int = 200,
    *,
    lost: bool = False,
    problem: str | None = None,
) -> Response:
    """What is kept, shown before it is sent to `to`."""
    return page(request, "staff/again.html", status, to=to, kept=kept, lost=lost, problem=problem)


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def _typed(request: Request) -> tuple[Pairs, bool]:
    """The fields of the form, without secrets, which are typed anew; and whether files are lost."""
    sent = await request.form()
    lost = any(isinstance(value, UploadFile) and value.filename for value in sent.values())
    await sent.close()
    return [pair for pair in _texts(sent.multi_items()) if pair[0] not in _NEVER_KEPT], lost


def sign_in_page(
    request: Request,
    status: int = 200,
    *,
    to: str = "",
    kept: Pairs | None = None,
    lost: bool = False,
    name: str = "",
    problem: str | None = None,
    **told: Any,
) -> Response:
    """Name, password and one-time password; `kept` is what waits to be sent, `lost`: files."""
    door: Door = request.app.state.door
    return page(
        request,
        "staff/sign_in.html",
        status,
        to=to,
        kept=kept or [],
        lost=lost,
        name=name,
        problem=problem,
        oidc=bool(door.settings.oidc_issuer),
        **told,
    )


def carried(sent: FormData) -> tuple[str, Pairs]:
    """Where to go on to, and what is carried there, as the sign-in page sent it."""
    to = str(sent.get(TO, ""))
    pairs = _texts(sent.multi_items())
    return within(to), [(name[len(KEPT) :], text) for name, text in pairs if name.startswith(KEPT)]


def within(to: str) -> str:
    """An address of ours, or none: nobody is sent elsewhere by what a form says."""
    ours = to == "/staff" or to.startswith(("/staff/", "/staff?"))
    return to if ours and "\\" not in to and "//" not in to else ""


def _texts(pairs: Iterable[tuple[str, UploadFile | str]]) -> Pairs:
    return [(name, value) for name, value in pairs if isinstance(value, str)]
