"""Which city: the only one, or the one that the reader chose."""

from fastapi import Request
from starlette.responses import Response

from api.door import Door
from api.pages.page import page
from domain.pack.pack import Pack


def packs(door: Door) -> list[Pack]:
    """The cities that are served."""
    return [door.packs.get(city) for city in door.packs.ids()]


def chosen(door: Door, city: str) -> Pack | None:
    """The city that was asked for, else the only one; None where the reader has to choose.

    Raises:
        UnknownCity: it is not served.
    """
    if city:
        return door.packs.get(city)
    served = door.packs.ids()
    return door.packs.get(served[0]) if len(served) == 1 else None


def choose(request: Request, door: Door, url: str, heading: str, status: int = 200) -> Response:
    """The page that asks which city. `url` is where the id goes, `heading` a message."""
    return page(
        request,
        "citizen/cities.html",
        status,
        cities=[pack.city for pack in packs(door)],
        url=url,
        heading=heading,
    )
