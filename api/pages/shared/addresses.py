"""Addresses of lists: each is built and read by one class, so that link and list agree.

A number on a page links to the list behind it with `url` of such a class, never with a text put
together by hand. A parameter that the list does not know is refused: were it ignored, the list
would show something else than was asked for, and nobody would see that.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Self, get_args
from urllib.parse import urlencode

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from api.http.i18n import COOKIE as LANGUAGE
from api.pages.shared.navigation import TICKETS
from api.pages.shared.workplace import CITY
from app.cities.periods import Moment
from app.errors import FieldProblem, Problem
from app.tickets.search import SearchOrder
from domain.model import Incoming
from domain.policy.work_queues import Queue
from domain.search.query import MOST_CHARACTERS
from domain.ticket.complaint import Channel, Code, Kind
from domain.ticket.stages import Outcome, Stage
from store.reporting.board_events import BoardEvents
from store.reporting.drill_down import What
from store.tickets.inbox import Which
from store.tickets.promises import PromisePart
from store.tickets.states import State

EVERYWHERE = (CITY, LANGUAGE)
"""The parameters of every staff page."""

Text = Annotated[str, Field(max_length=100)]
Cursor = Annotated[str, Field(max_length=500)]


class Address(Incoming):
    """The address of a list: its path, and its parameters with their types."""

    model_config = ConfigDict(frozen=True)

    path: ClassVar[str]

    city: Code | None = None
    lang: Text | None = None
    cursor: Cursor | None = None

    @property
    def url(self) -> str:
        """The address as text."""
        values = self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        own = [name for name in values if name not in Address.model_fields]
        pairs = [
            (name, "true" if values[name] is True else values[name])
            for name in (*own, *(name for name in Address.model_fields if name in values))
        ]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    @property
    def sheet(self) -> str:
        """The address of the same list as CSV."""
        return self.but(cursor=None).url.replace(self.path, f"{self.path}.csv", 1)

    @property
    def following(self) -> str:
        """The address of the list's pages, to which the cursor is added at the end."""
        first = self.but(cursor=None).url
        return f"{first}&" if "?" in first else f"{first}?"

    def but(self, **changes: Any) -> Self:
        """Return the address with other values, from the list's beginning.

        Raises:
            ValidationError
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(values | {"cursor": None} | changes)

    @classmethod
    def read(cls, request: Request) -> Self:
        """Read the address of a request. A parameter without a value, as forms send it, is none.

        Raises:
            Problem: unknown_parameter
            ValidationError: a value is not of its type.
        """
        pairs = request.query_params.multi_items()
        names = [name for name, _ in pairs]
        refuse_unknown(name for name in names if name not in cls.model_fields)
        refuse_unknown(name for name in names if names.count(name) > 1)
        return cls.model_validate({name: value for name, value in pairs if value.strip()})

    @classmethod
    def read_exactly(cls, request: Request) -> Self:
        """Read the address of a request, where a wrong value leads nowhere.

        Raises:
            Problem: unknown_parameter, not_found
        """
        try:
            return cls.read(request)
        except ValidationError:
            raise Problem("not_found") from None


def every_address(of: type[Address] = Address) -> Iterator[type[Address]]:
    """Yield every class of addresses."""
    for one in of.__subclasses__():
        yield one
        yield from every_address(one)


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse an address with these parameters, if there are any.

    Raises:
        Problem: unknown_parameter
    """
    if wrong := sorted(set(names)):
        errors = [
            FieldProblem(field=f"query.{name[:50]}", code="unknown", message="Not known here.")
            for name in wrong
        ]
        raise Problem(
            "unknown_parameter", f"Not known here: {', '.join(wrong)[:200]}.", errors=errors
        )


def known_parameters(*by_hand: str) -> Any:
    """Return the dependency of pages that refuses parameters which the page does not read.

    Those that the route declares are known; `by_hand`: those that it reads from the request.
    """

    async def known(request: Request) -> None:
        route = request.scope.get("route")
        if request.method == "GET" and isinstance(route, APIRoute):
            names = {*EVERYWHERE, *by_hand, *_declared(route.dependant)}
            refuse_unknown(name for name in request.query_params if name not in names)

    return Depends(known)


def _declared(dependant: Dependant) -> Iterator[str]:
    for one in dependant.query_params:
        kinds = [one.field_info.annotation, *get_args(one.field_info.annotation)]
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        yield from models[0].model_fields if models else (one.alias,)
    for below in dependant.dependencies:
        yield from _declared(below)


# --- the addresses ------------------------------------------------------------------------------


class TicketSearch(Address):
    """The search of tickets. `unit` and `category`: a code, a name, or both as the form lists them.

    Times are half-open: since <= t < until.
    """

    path: ClassVar[str] = TICKETS

    text: Annotated[str, Field(max_length=MOST_CHARACTERS)] | None = None
    order: SearchOrder | None = None
    state: State | None = None
    stage: Stage | None = None
    outcome: Outcome | None = None
    queue: Queue | None = None
    queue_late: bool | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    category: Text | None = None
    unit: Text | None = None
    filed_since: Moment | None = None
    filed_until: Moment | None = None
    ended_since: Moment | None = None
    ended_until: Moment | None = None


class BoardEventList(Address):
    """The cards and orders behind a number of the board. Times: since <= t <= until."""

    path: ClassVar[str] = "/staff/board/events"

    what: BoardEvents
    since: Moment | None = None
    until: Moment | None = None


class SupervisionList(Address):
    """Supervision lists. `settled`, `late`: "yes", as the form sends it. `number`: to be put."""

    path: ClassVar[str] = "/staff/supervision"

    leader: Text | None = None
    settled: Text | None = None
    late: Text | None = None
    number: Text | None = None
    done: Text | None = None

    def beside(self, end: str) -> str:
        """Return the address of the same rows in another form: the path with this end."""
        url = self.but(number=None, done=None).url
        return url.replace(self.path, f"{self.path}{end}", 1)


class CouncilTaskList(Address):
    """The tasks of councils that are late."""

    path: ClassVar[str] = "/staff/council-tasks"


class PersonRequestList(Address):
    """The requests that wait for a person's decision about a machine."""

    path: ClassVar[str] = "/staff/person-requests"


class PromiseList(Address):
    """A part of the promises."""

    path: ClassVar[str] = "/staff/promises"

    which: PromisePart | None = None


class InboxAddress(Address):
    """A part of a unit's inbox; officers have only their own unit's. `q` is searched for."""

    path: ClassVar[str] = "/staff/inbox"

    unit: Code | None = None
    which: Which = Which.ALL
    q: Text = ""


class QueueAddress(Address):
    """A page of the centre's queues, with one queue alone; each queue has its own path."""

    path: ClassVar[str] = ""

    number: Text | None = None
    queue: Queue | None = None

    def at(self, page: str) -> str:
        """Return the address on this page."""
        return f"{page}{self.url}"


class PlaceTickets(Address):
    """The tickets that one number of a place, of a spot or of a common problem counts.

    `exactly`: with a division code of no more than so many digits. `square`: row and column.
    """

    path: ClassVar[str] = "/staff/places/tickets"

    what: What | None = None
    month: Text | None = None
    area: Text | None = None
    exactly: Text | None = None
    category: Text | None = None
    square: Text | None = None
    site: Text | None = None


class FigureTickets(Address):
    """The tickets that one figure counts; of a unit, or of the whole city."""

    path: ClassVar[str] = "/staff/league/tickets"

    indicator: Text = ""
    unit: Text = ""
    month: Text | None = None
    only: Text = ""


class UnitPoints(Address):
    """The events that brought a unit its points."""

    path: ClassVar[str] = "/staff/league/points/events"

    unit: Text = ""
    month: Text | None = None
