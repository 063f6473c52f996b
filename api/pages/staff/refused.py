"""What staff see instead of a page: sign in first; or why not, with the way back."""

from starlette.requests import Request
from starlette.responses import Response

from api.caller import Caller
from api.pages.page import page
from api.pages.staff.again import sign_in_first
from api.pages.staff.sheet import staff_page

_SIGNED_OUT = ("unauthenticated", "csrf_failed")


async def refused(request: Request, code: str, status: int) -> Response:
    """A refusal for somebody with a browser, wherever they are."""
    path = request.url.path
    if path != "/staff" and not path.startswith("/staff/"):
        return page(request, "refused.html", status, code=code)
    caller: Caller | None = getattr(request.state, "caller", None)
    if code in _SIGNED_OUT and not _from_elsewhere(request):
        return await sign_in_first(request, code, status)
    # Of another city no page of ours can be drawn around it.
    if caller is None or code in ("forbidden", "not_your_city"):
        return page(request, "refused.html", status, code=code)
    return staff_page(request, "staff/refused.html", caller, status, code=code)


def _from_elsewhere(request: Request) -> bool:
    """Whether somebody else's page sent it: then there is nothing of ours to keep."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
