"""The sign-in page, with the fields of an interrupted form as hidden fields."""

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from api.pages.shared.page import page
from app.context import AppContext

Pairs = list[tuple[str, str]]
"""The names and values of a form's fields, in their order."""


class CarriedForm(NamedTuple):
    """A form that waits to be sent: its seal, its address and its fields.

    Without a seal there is only an address to continue at.
    """

    seal: str = ""
    to: str = ""
    pairs: Pairs = []  # noqa: RUF012 - never changed


def sign_in_page(
    request: Request,
    status: int = 200,
    *,
    to: str = "",
    carried: CarriedForm | None = None,
    lost: bool = False,
    name: str = "",
    problem: str | None = None,
    **values: Any,
) -> Response:
    """Draw the sign-in page. `carried`: the form waiting to be sent; `lost`: files were lost."""
    context: AppContext = request.app.state.context
    return page(
        request,
        "shared/sign_in.html",
        status,
        to=to,
        seal=carried.seal if carried else "",
        lost=lost,
        name=name,
        problem=problem,
        oidc=bool(context.settings.oidc_issuer),
        **values,
    )
