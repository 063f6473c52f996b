"""The sign-in page, with the fields of an interrupted form as hidden fields."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages.shared.page import page
from app.context import AppContext

Pairs = list[tuple[str, str]]
"""The names and values of a form's fields, in their order."""


def sign_in_page(
    request: Request,
    status: int = 200,
    *,
    to: str = "",
    pairs: Pairs | None = None,
    lost: bool = False,
    name: str = "",
    problem: str | None = None,
    **values: Any,
) -> Response:
    """Draw the sign-in page. `pairs`: the fields waiting to be sent; `lost`: files were lost."""
    context: AppContext = request.app.state.context
    return page(
        request,
        "shared/sign_in.html",
        status,
        to=to,
        kept=pairs or [],
        lost=lost,
        name=name,
        problem=problem,
        oidc=bool(context.settings.oidc_issuer),
        **values,
    )
