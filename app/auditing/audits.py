"""The auditor's verdicts on tickets, and a ticket's state at any moment."""

from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from audit.compare import Difference
from audit.errors import AuditError
from audit.replay import Break
from audit.report import Report, StateThen, examine, state_then
from audit.verdicts import ComparisonResult, judge
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code
from domain.ticket.stages import Outcome, Stage
from store.tickets import intake, tickets
from store.tickets.tickets import Filters, TicketRow

LENGTH = 15_000
"""Events of a history that are replayed here: of a longer one, the last runs. `jiesu audit` replays
all."""

MOST = 50
"""Tickets on which one request gives verdicts: each needs the replay of a history."""


_PATIENCE = 60.0
"""Seconds for one ticket: a long history is replayed here, beside other work."""


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

    Of its `runs`, the first `lost` are kept by neither engine nor archive, or the first `left_out`
    are not replayed here: the verdict does not cover events before `since`.
    """

    number: str
    title: str
    stage: Stage
    outcome: Outcome | None
    unit: str | None
    updated_at: Instant
    finding: ComparisonResult
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


async def verdicts(context: AppContext, caller: Caller, query: SampleQuery) -> VerdictPage:
    """Return a verdict on each ticket that the query finds."""
    await permit(context, caller, "audit_ticket")
    values = query.model_dump(exclude={"cursor", "limit"}) | {"city": city_of(caller, query.city)}
    page = await tickets.page(context.store, Filters(**values), query.cursor, query.limit)
    return VerdictPage(
        items=[await _verdict(context, row) for row in page.rows], next_cursor=page.next_cursor
    )


async def _verdict(context: AppContext, row: TicketRow) -> VerdictLine:
    audit_verdict = await context.engine.ask(
        lambda client: judge(client, context.store, row.number, LENGTH, context.archive),
        within=_PATIENCE,
    )
    return VerdictLine(
        number=row.number,
        title=row.title,
        stage=row.stage,
        outcome=row.outcome,
        unit=row.unit,
        updated_at=row.updated_at,
        finding=audit_verdict.finding,
        detail=audit_verdict.problem,
        version=audit_verdict.version,
        history_events=audit_verdict.history_events,
        runs=audit_verdict.runs,
        lost=audit_verdict.lost,
        left_out=audit_verdict.left_out,
        since=audit_verdict.since,
        differences=audit_verdict.differences,
        breaks=audit_verdict.breaks,
    )


async def report(context: AppContext, caller: Caller, number: str) -> Report:
    """Return the report on a ticket; ticket_not_found if neither history nor record has it."""
    await permit(context, caller, "audit_ticket", number)
    made = await context.engine.ask(
        lambda client: examine(client, context.store, number, LENGTH, context.archive),
        within=_PATIENCE,
    )
    if not made.exists and await intake.get(context.store, number) is None:
        raise Problem("ticket_not_found")
    return made


async def state(context: AppContext, caller: Caller, number: str, version: int) -> StateThen:
    """Return the ticket after that event; no_such_state if its history does not show it."""
    await permit(context, caller, "audit_ticket", number)
    try:
        then = await context.engine.ask(
            lambda client: state_then(client, context.store, number, version, context.archive),
            within=_PATIENCE,
        )
    except AuditError as error:
        raise Problem("no_such_state", f"{error.code}: {error}") from error
    if then is None:
        raise Problem("no_such_state", "The history has no such event.")
    return then
