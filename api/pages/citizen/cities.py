"""The choice of a city: the only one, or the reader's choice."""

from collections.abc import Sequence

from fastapi import Request
from starlette.responses import Response

from api.pages.shared.page import page
from app.context import AppContext
from domain.pack.pack import Pack


def packs(context: AppContext) -> list[Pack]:
    """Return the packs of all cities."""
    return [context.packs.get(city) for city in context.packs.ids()]


def chosen(context: AppContext, city: str) -> Pack | None:
    """Return the requested city, else the only one; None if the reader has to choose.

    Raises:
        UnknownCity: the city is not served.
    """
    if city:
        return context.packs.get(city)
    served = context.packs.ids()
    return context.packs.get(served[0]) if len(served) == 1 else None


def choose(
    request: Request,
    context: AppContext,
    url: str,
    heading: str,
    status: int = 200,
    offered: Sequence[Pack] | None = None,
) -> Response:
    """Show the choice of city. The id is appended to `url`; `heading` is a message.

    `offered`: the cities to choose from; None: all.
    """
    return page(
        request,
        "citizen/cities.html",
        status,
        cities=[pack.city for pack in (packs(context) if offered is None else offered)],
        url=url,
        heading=heading,
    )
