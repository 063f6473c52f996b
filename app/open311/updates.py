"""Updates of requests: what a client is told of many tickets, and what it adds to one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.open311.doors import door, malformed, open_doors, policy_of, read_as
from app.open311.moments import local, span
from app.open311.requests import told_of
from app.open311.statuses import EVENTS
from app.open311.wording import is_link
from app.sending.commands import execute
from domain.commands.citizens.add_facts import AddFacts
from domain.events import Event
from domain.model import Incoming, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import TEXT_LIMIT
from store.db.errors import KeyReused
from store.reporting import open311_requests
from store.reporting.open311_requests import PublicEvent, RequestFilter
from store.tickets import tickets
from store.tickets.numbers import parse_number

RECENT = timedelta(hours=2)
"""The span that is listed without start_date."""

MOST = 5000
"""The most updates of one answer."""

_WITH_ANSWER = frozenset(kind for kind, told in EVENTS.items() if told.answer)
_ADDED = frozenset({"facts_added"})
_MARK = "［外部更新］"
_FIELDS: Mapping[str, str] = {"text": "description"}

STATUSES = frozenset(
    {
        "OPEN",
        "FIXED",
        "IN_PROGRESS",
        "ACTION_SCHEDULED",
        "INVESTIGATING",
        "DUPLICATE",
        "NOT_COUNCILS_RESPONSIBILITY",
        "NO_FURTHER_ACTION",
        "INTERNAL_REFERRAL",
        "FOR_TRIAGE",
        "CLOSED",
        "CANCELLED",
        "REOPEN",
    }
)
"""The statuses that clients send."""


class UpdatesQuery(Incoming):
    """The parameters of the list, its empty ones left out."""

    jurisdiction_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    page: int = Field(1, ge=1, le=10**9)
    page_size: int = Field(MOST, ge=1, le=MOST)


class UpdateOut(Recorded):
    """An update, as FixMyStreet's extension of the standard names its fields."""

    update_id: str
    service_request_id: str
    status: str
    updated_datetime: str
    description: str
    media_url: str | None
    external_status_code: str


class UpdateIn(Incoming):
    """An update as a client sends it, its empty parameters left out."""

    update_id: Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x21-\x7e]+$")]
    service_request_id: Annotated[str, StringConstraints(max_length=100)]
    jurisdiction_id: str | None = None
    status: Annotated[str, StringConstraints(max_length=100)] | None = None
    description: Annotated[str, StringConstraints(max_length=TEXT_LIMIT)] = ""
    media_url: tuple[str, ...] = Field((), max_length=10)


class UpdateTaken(Recorded):
    update_id: str


async def updates(
    context: AppContext, caller: Caller, query: UpdatesQuery, now: datetime
) -> list[UpdateOut]:
    """List what happened to public tickets, the first first; by default in the last two hours.

    Whose key is for filing reads them: what is said is public all the same.

    Raises:
        Problem: not_in_this_city, not_your_city, invalid_request
    """
    await permit(context, caller, "file_complaint")
    pack = door(context, query.jurisdiction_id, caller)
    since, until = span(pack, query.start_date, query.end_date)
    wanted = RequestFilter(
        city=pack.city.id,
        categories=[one.code for one in policy_of(pack).services],
        updated_since=since or (until or now) - RECENT,
        updated_until=until,
    )
    offset = (query.page - 1) * query.page_size
    found = await open311_requests.changed(
        context.store, wanted, EVENTS, _WITH_ANSWER, offset, query.page_size
    )
    return [_out(one, pack) for one in found]


async def take_update(context: AppContext, caller: Caller, body: UpdateIn) -> UpdateTaken:
    """Add what a client says to the ticket, like anything that its citizen adds.

    It changes no stage: what outsiders call fixed, a unit answers for. One update of a client is
    added once, whenever it comes again; another content under its id is refused, and not lost.

    Raises:
        Problem: ticket_not_found, not_your_city, invalid_request
        Refused: by the ticket; BadNumber, KeyReused
    """
    number = parse_number(body.service_request_id)
    await permit(context, caller, "add_facts", number)
    row = await tickets.get(context.store, number)
    cities = [door(context, body.jurisdiction_id, caller)] if body.jurisdiction_id else None
    served = {pack.city.id for pack in cities or open_doors(context)}
    if row is None or row.city not in served:
        raise Problem("ticket_not_found", "service_request_id is unknown here.")
    mark = f"{_MARK}{caller.name or caller.id}：{body.update_id}"
    command = read_as(AddFacts, {"text": _text(body, mark)}, lambda name: _FIELDS[name])
    events = await open311_requests.happened(context.store, [number], _ADDED)
    before = _added_before(events.get(number, []), caller, mark)
    if before is None:
        await execute(context, caller, number, command, f"open311:{body.update_id}")
    elif before != command.text:
        raise KeyReused("this update_id was used for another update")
    return UpdateTaken(update_id=body.update_id)


def _added_before(events: Sequence[Event], caller: Caller, mark: str) -> str | None:
    """Return the text of this caller's update with this mark, if it was added.

    The mark is the last line of what this door wrote for that caller. Anywhere else anybody may
    have written it: a citizen must not be able to keep a later update out.
    """
    for event in events:
        text = str(getattr(event.fact, "text", ""))
        if event.actor.id == caller.actor.id and text.rpartition("\n")[2] == mark:
            return text
    return None


def _text(body: UpdateIn, mark: str) -> str:
    if body.status is not None and body.status.upper() not in STATUSES:
        raise malformed("status", "malformed", "is none of the statuses of updates")
    for link in body.media_url:
        if not is_link(link):
            raise malformed("media_url", "malformed", "is not an http or https address")
    if not (body.description or body.media_url or body.status):
        raise malformed("description", "missing", "is needed")
    status = [f"（对方平台状态：{body.status.upper()}）"] if body.status else []
    text = "\n".join([*filter(None, [body.description]), *status, *body.media_url, mark])
    if len(text) > TEXT_LIMIT:
        raise malformed("description", "too_long", f"has more than {TEXT_LIMIT} characters")
    return text


def _out(one: PublicEvent, pack: Pack) -> UpdateOut:
    event = one.event
    return UpdateOut(
        update_id=f"{event.number}-{event.version}",
        service_request_id=event.number,
        status=EVENTS[event.kind].status,
        updated_datetime=local(event.at, pack),
        description=told_of(event, one.of),
        media_url=None,
        external_status_code=event.kind,
    )
