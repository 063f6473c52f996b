"""Forms that act: what is done goes back to a page, what is refused is shown as it was typed."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.pages.shared.forms import REFUSALS, Form

Act = Callable[[], Awaitable[Any]]
"""The act of a form; it may raise whatever `Form.refuse` knows, or mark fields as wrong."""


async def acted(
    form: Form, act: Act, again: Callable[[int], Awaitable[Response]], back: str
) -> Response:
    """Act and go `back`; if it is refused, draw the form `again` with the status of the refusal."""
    try:
        await act()
    except (ValidationError, *REFUSALS) as error:
        return await again(form.refuse(error))
    if form.wrong:
        return await again(422)
    return RedirectResponse(back, 303)
