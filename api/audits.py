"""Audit routes: one ticket in full, its state after any event, and verdicts on many tickets."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from api.access import TicketNumber, city_of, staff
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of
from api.problems import Problem, responses
from audit.compare import Difference
from audit.errors import AuditError
from audit.replay import Break
from audit.report import Report, StateThen, examine, state_then
from audit.verdicts import Finding, judge
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code
from domain.ticket.stages import Outcome, Stage
from store.tickets import intake, tickets
from store.tickets.tickets import Filters, TicketRow

router = APIRouter(prefix=API, tags=["Audit"])

MOST = 50
"""Tickets on which one request gives verdicts: each needs the replay of a history."""

LENGTH = 15_000
"""Events of a history that are replayed here: of a longer one, the last runs. `jiesu audit` replays
all."""

_PATIENCE = 60.0
"""Seconds for one ticket: a long history is replayed here, beside other work."""

_ASKING = ("unauthenticated", "forbidden", "scope_missing", "invalid_request", "store_unavailable")
_ONE = (*_ASKING, "ticket_not_found", "bad_number", "engine_unavailable")

Version = Annotated[int, Path(ge=1, le=100_000, description="Which event: the state after it.")]


class SampleQuery(Incoming):
    """The filter of tickets, ordered by their last change; omitted fields match everything."""

    city: Code | None = None
    unit: Code | None = Field(None, description="The unit that has, or had last, the ticket.")
    category: Code | None = None
    stage: Stage | None = None
    outcome: Outcome | None = None
    open: bool | None = Field(False, description="Open ones, or those that have ended.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(20, ge=1, le=MOST)


class VerdictLine(Recorded):
    """A verdict on one ticket; `detail` says why no comparison could be made.

    Of its `runs`, the first `lost` are no longer retained by the engine, or the first `left_out`
    are not replayed here: the verdict does not cover events before `since`.
    """

    number: str
    title: str
    stage: Stage
    outcome: Outcome | None
    unit: str | None
    updated_at: Instant
    finding: Finding
    detail: str | None = None
    version: int
    history_events: int
    runs: int = 1
    lost: int = 0
    left_out: int = 0
    since: int = 1
    differences: list[Difference]
    breaks: list[Break] = Field(
        default_factory=list,
        description="Each field in which a run begins otherwise than the one before it ended.",
    )


class VerdictPage(Recorded):
    items: list[VerdictLine]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


@router.get(
    "/audit/verdicts",
    operation_id="list_verdicts",
    summary="Replay some tickets and compare each with its record",
    response_model=VerdictPage,
    responses=responses(*_ASKING, "bad_cursor", "not_your_city", "engine_unavailable"),
)
async def list_verdicts(
    caller: Annotated[Caller, staff("audit_ticket")],
    door: TheDoor,
    query: Annotated[SampleQuery, Query()],
) -> Response:
    """Give verdicts on at most fifty tickets, replayed during the request."""
    return json_of(await verdicts(door, caller, query))


@router.get(
    "/tickets/{number}/audit",
    operation_id="audit_ticket",
    summary="One ticket by its history, beside its record",
    response_model=Report,
    responses=responses(*_ONE),
)
async def audit_ticket(
    number: TicketNumber, caller: Annotated[Caller, staff("audit_ticket")], door: TheDoor
) -> Response:
    """Return the ticket by its history, its record, their differences, and the view log.

    Of a history with more than 15,000 events the last runs are replayed. A ticket whose record was
    removed is still reported by its history.
    """
    return json_of(await report(door, number))


@router.get(
    "/tickets/{number}/audit/{version}",
    operation_id="audit_state",
    summary="The ticket as it was after one of its events, by its history",
    response_model=StateThen,
    responses=responses(*_ONE, "no_such_state"),
)
async def audit_state(
    number: TicketNumber,
    version: Version,
    caller: Annotated[Caller, staff("audit_ticket")],
    door: TheDoor,
) -> Response:
    """Return the state by replay, not by the record, and the changes."""
    return json_of(await state(door, number, version))


# --- shared with the pages ------------------------------------------------------------------------


async def verdicts(door: Door, caller: Caller, query: SampleQuery) -> VerdictPage:
    """Return a verdict on each ticket that the query finds."""
    asked = query.model_dump(exclude={"cursor", "limit"}) | {"city": city_of(caller, query.city)}
    page = await tickets.page(door.store, Filters(**asked), query.cursor, query.limit)
    return VerdictPage(
        items=[await _verdict(door, row) for row in page.rows], next_cursor=page.next_cursor
    )


async def _verdict(door: Door, row: TicketRow) -> VerdictLine:
    told = await door.engine.ask(
        lambda client: judge(client, door.store, row.number, LENGTH), within=_PATIENCE
    )
    return VerdictLine(
        number=row.number,
        title=row.title,
        stage=row.stage,
        outcome=row.outcome,
        unit=row.unit,
        updated_at=row.updated_at,
        finding=told.finding,
        detail=told.problem,
        version=told.version,
        history_events=told.history_events,
        runs=told.runs,
        lost=told.lost,
        left_out=told.left_out,
        since=told.since,
        differences=told.differences,
        breaks=told.breaks,
    )


async def report(door: Door, number: str) -> Report:
    """Return the report on a ticket; ticket_not_found if neither history nor record has it."""
    made = await door.engine.ask(
        lambda client: examine(client, door.store, number, LENGTH), within=_PATIENCE
    )
    if not made.exists and await intake.get(door.store, number) is None:
        raise Problem("ticket_not_found")
    return made


async def state(door: Door, number: str, version: int) -> StateThen:
    """Return the ticket after that event; no_such_state if its history does not show it."""
    try:
        then = await door.engine.ask(
            lambda client: state_then(client, door.store, number, version), within=_PATIENCE
        )
    except AuditError as error:
        raise Problem("no_such_state", f"{error.code}: {error}") from error
    if then is None:
        raise Problem("no_such_state", "The history has no such event.")
    return then
