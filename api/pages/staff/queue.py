"""Queues of the centre at work: what waits, the one in hand, and what can be done with it.

Whatever is done leads to the next one. What was done a moment ago is left out, because the record
may still show it as waiting.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.caller import Caller
from api.commands import give
from api.door import Door
from api.pages.forms import Form
from api.pages.staff.place import working_city
from domain.commands.messages import Command
from domain.pack.pack import Pack
from domain.policy.work_queues import Queue
from store.tickets import work_queues
from store.tickets.numbers import parse_number
from store.tickets.work_queues import Waits

SHOWN = 30

TRIAGE, DECISIONS, CALL_BACKS = "/staff/triage", "/staff/decisions", "/staff/call-backs"

PAGES = {
    Queue.TRIAGE: TRIAGE,
    Queue.DISPATCH: TRIAGE,
    Queue.DECISION: DECISIONS,
    Queue.ARBITRATE: DECISIONS,
    Queue.CALL_BACK: CALL_BACKS,
}
"""Where what waits is worked on; with `?queue=` only that queue is shown. The last word is said on
the ticket's own page."""


@dataclass(frozen=True)
class Desk:
    """The queues of a page, how many wait in each, and the one in hand: asked for, else the first.

    `only`: the one of them that is shown; None: all in one list.
    """

    pack: Pack
    counts: Mapping[Queue, int]
    only: Queue | None
    waits: Sequence[Waits]
    at: int
    more: bool

    @property
    def hand(self) -> Waits | None:
        return self.waits[self.at] if self.waits else None

    @property
    def narrowed(self) -> str:
        """What an address needs more to stay with the queue that is shown."""
        return f"&queue={self.only}" if self.only else ""

    @property
    def next_number(self) -> str | None:
        """The one after it, for whoever leaves this one for later; the first after the last."""
        if len(self.waits) < 2:
            return None
        return self.waits[(self.at + 1) % len(self.waits)].row.number


async def desk(
    request: Request, door: Door, caller: Caller, page: str, number: str | None = None
) -> Desk:
    """The queues of `page` in the city worked in; `number`: the one to take in hand."""
    pack = working_city(request, door, caller)
    of = [queue for queue, address in PAGES.items() if address == page]
    only = next((one for one in of if one == request.query_params.get("queue")), None)
    was = request.query_params.get("was", "") if request.method == "GET" else ""
    found, counts = await asyncio.gather(
        work_queues.whole(door.store, [only] if only else of, pack.city.id, SHOWN + 1, was),
        work_queues.counts(door.store, of, pack.city.id, was),
    )
    shown = found[:SHOWN]
    wanted = number or request.query_params.get("number")
    at = next((n for n, one in enumerate(shown) if one.row.number == wanted), 0)
    return Desk(pack, counts, only, shown, at, len(found) > SHOWN)


async def do(
    request: Request,
    door: Door,
    caller: Caller,
    command: Command,
    form: Form,
    done: str,
) -> Response:
    """Give the command to the form's ticket, and go on to the next one of the queue.

    Raises:
        What the ticket refuses.
    """
    number = parse_number(form.typed["number"])
    await give(door, caller, number, command, f"page/{form.key}")
    onward = {"done": done, "was": number, "city": working_city(request, door, caller).city.id}
    if only := request.query_params.get("queue"):
        onward["queue"] = only
    address = request.url.path.rpartition("/")[0]
    return RedirectResponse(f"{address}?{urlencode(onward)}", 303)


def told(request: Request, at: Desk, messages: dict[str, str]) -> dict[str, Any]:
    """What every queue's template is told: the desk, its zone, and what was just done."""
    params = request.query_params if request.method == "GET" else {}
    return {
        "desk": at,
        "pack": at.pack,
        "done": messages.get(params.get("done", "")),
        "was": params.get("was", "")[:13],
    }
