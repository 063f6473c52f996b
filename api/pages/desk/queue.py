"""The centre's work queues: what waits, the open ticket, and the commands for it.

Every command leads to the next ticket. The one just done is left out, because the record may still
show it as waiting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.shared.addresses import QueueAddress, known_parameters
from api.pages.shared.forms import Form
from api.pages.shared.navigation import PAGES
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.sending.commands import execute
from app.tickets import work_queues
from domain.facts.transitions import may_cause
from domain.messages import Command
from domain.pack.pack import Pack
from domain.policy.work_queues import Queue
from store.tickets.numbers import parse_number
from store.tickets.work_queues import QueuedTicket

SHOWN = 30

PARAMETERS = known_parameters("queue", "number", "done", "was")


@dataclass(frozen=True)
class OpenQueue:
    """The queues of a page, their counts, and the open ticket: the requested one, else the first.

    `only`: the one queue that is shown; None: all in one list.
    """

    pack: Pack
    counts: Mapping[Queue, int]
    only: Queue | None
    waits: Sequence[QueuedTicket]
    at: int
    more: bool

    @property
    def hand(self) -> QueuedTicket | None:
        return self.waits[self.at] if self.waits else None

    @property
    def address(self) -> QueueAddress:
        """The address of the shown queue, or of all of them."""
        return QueueAddress(city=self.pack.city.id, queue=self.only)

    @property
    def next_number(self) -> str | None:
        """The next ticket's number, for postponing the open one; the first follows the last."""
        if len(self.waits) < 2:
            return None
        return self.waits[(self.at + 1) % len(self.waits)].row.number


async def desk(
    request: Request, context: AppContext, caller: Caller, page: str, number: str | None = None
) -> OpenQueue:
    """Load the queues of `page` in the city worked in; `number`: the ticket to open."""
    pack = working_city(request, context, caller)
    of = [queue for queue, address in PAGES.items() if address == page]
    only = next((one for one in of if one == request.query_params.get("queue")), None)
    was = request.query_params.get("was", "") if request.method == "GET" else ""
    tickets = await work_queues.waiting(context, caller, pack.city.id, of, only, SHOWN + 1, was)
    shown = tickets.first[:SHOWN]
    wanted = number or request.query_params.get("number")
    at = next((n for n, one in enumerate(shown) if one.row.number == wanted), 0)
    return OpenQueue(pack, tickets.counts, only, shown, at, len(tickets.first) > SHOWN)


async def do(
    request: Request,
    context: AppContext,
    caller: Caller,
    command: Command,
    form: Form,
    done: str,
) -> Response:
    """Send the command to the form's ticket, and redirect to the next one of the queue.

    Raises:
        The refusals of `give`.
    """
    number = parse_number(form.typed["number"])
    await execute(context, caller, number, command, f"page/{form.key}")
    onward = {"done": done, "was": number, "city": working_city(request, context, caller).city.id}
    if only := request.query_params.get("queue"):
        onward["queue"] = only
    address = request.url.path.rpartition("/")[0]
    return RedirectResponse(f"{address}?{urlencode(onward)}", 303)


def template_values(
    request: Request, caller: Caller, at: OpenQueue, messages: dict[str, str]
) -> dict[str, Any]:
    """Return the values for every queue's template: the desk, its pack, and what was just done.

    `may_cause`: whether the caller's role may cause a fact of a kind on the open ticket.
    """
    params = request.query_params if request.method == "GET" else {}
    hand = at.hand
    return {
        "desk": at,
        "pack": at.pack,
        "done": messages.get(params.get("done", "")),
        "was": params.get("was", "")[:13],
        "may_cause": lambda kind: (
            hand is not None and may_cause(caller.actor.role, hand.ticket.stage, kind)
        ),
    }
