"""Assignments of a unit: its inbox, and handing in a result."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import city_of, discreet, discreet_events, hidden_from, visible
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.filing.attachments import attached
from app.sending.call_errors import EngineUnavailable, NotRunning
from app.sending.commands import refuse_simulated
from app.sending.read_your_writes import until
from app.tickets.promises import check_promise, make_promise
from domain.model import Incoming, Recorded
from domain.policy.hearing import said_in
from domain.promise.promise import PromiseDraft
from domain.refusals import Refused
from domain.ticket.assignment import Ending, Evidence, HandlingResult
from domain.ticket.complaint import Code, Text, cleaned
from domain.ticket.said import Said
from domain.ticket.ticket import Ticket
from runtime.engine_limits import TAKEN_WITHIN
from store.tickets import assignments, inbox, tickets
from store.tickets.accused_units import Hidden
from store.tickets.assignments import AssignmentRow, Inbox
from store.tickets.inbox import Which

COMPLETE = "complete_assignment"

AT_REST = 2.0
"""Seconds to wait for a ticket to complete the task that is under way."""

SCHEDULING = TAKEN_WITHIN.total_seconds()
"""Seconds for the engine to schedule an assignment that is already recorded: its ticket may be
about to, or may just be continuing in a new run."""


Ref = tuple[str, int]
"""The number of a ticket and the number of its assignment."""


class CompletionIn(Incoming):
    """The unit's result and reply to the citizen: a `HandlingResult` without actor and time."""

    reply: Text = Field(description="The answer to the citizen, word for word.")
    resolved: bool = Field(True, description="False: explained why it cannot be solved (yet).")
    evidence: Evidence = Field(default_factory=list)
    promise: Annotated[str, StringConstraints(max_length=500), AfterValidator(cleaned)] = Field(
        "", description="What the unit that leads promises with it; needs `promise_due`."
    )
    promise_due: date | None = Field(None, description="The last day on which it is kept in time.")

    @property
    def promised(self) -> PromiseDraft | None:
        """The promise that comes with the result."""
        if not self.promise:
            return None
        return PromiseDraft(text=self.promise, due=self.promise_due)

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.promise_due is not None and not self.promise:
            raise ValueError("a day is given, but not what is promised")
        return self


class AssignmentPage(Recorded):
    items: list[AssignmentRow]
    next_cursor: str | None = Field(None, description="Ask again with it for what follows.")


class InboxQuery(Incoming):
    unit: Code | None = Field(None, description="Officers may leave it out: it is their own.")
    city: Code | None = Field(None, description="Where several cities have a unit of this code.")
    open: bool = Field(True, description="False: those that have ended as well.")
    which: Which = Field(
        Which.ALL,
        description="Only those to `sign`, whose citizen is to `contact`, that are `late` or "
        "`near` it, that wait for a decision (`asked`), stand still (`paused`), are to `verify`, "
        "or were `done` within a week.",
    )
    text: Annotated[str, StringConstraints(max_length=100), AfterValidator(cleaned)] = Field(
        "", description="In the title, the place or the task; or a number's start."
    )
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(50, ge=1, le=200)


async def listed(context: AppContext, caller: Caller, query: InboxQuery) -> AssignmentPage:
    """Return a unit's assignments, the most urgent first.

    Raises:
        Problem, BadCursor
    """
    await permit(context, caller, "list_assignments")
    unit = query.unit or caller.unit
    if unit is None:
        missing = FieldProblem(field="query.unit", code="missing", message="Name a unit.")
        raise Problem("invalid_request", errors=[missing])
    _own_unit(caller, unit)
    inbox_page = await assignments.inbox(
        context.store,
        unit,
        query.open,
        query.cursor,
        query.limit,
        hidden_from(context, caller),
        city_of(caller, query.city),
        which=query.which,
        text=query.text,
    )
    return AssignmentPage(items=inbox_page.rows, next_cursor=inbox_page.next_cursor)


@dataclass(frozen=True)
class InboxPart:
    """The requested part of the inbox of a unit in a city, at a moment."""

    unit: str
    city: str
    which: Which
    text: str
    cursor: str | None
    limit: int
    at: datetime


async def part_of_inbox(
    context: AppContext, caller: Caller, inbox_part: InboxPart
) -> tuple[Inbox, dict[Which, int]]:
    """Return the part of the inbox, and how many assignments each part has."""
    await permit(context, caller, "list_assignments")
    hidden = _own_inbox(context, caller, inbox_part.unit, inbox_part.city)
    inbox_page = await assignments.inbox(
        context.store,
        inbox_part.unit,
        cursor=inbox_part.cursor,
        limit=inbox_part.limit,
        hidden=hidden,
        city=inbox_part.city,
        which=inbox_part.which,
        text=inbox_part.text,
        now=inbox_part.at,
    )
    return inbox_page, await inbox.counts(
        context.store,
        inbox_part.unit,
        inbox_part.city,
        hidden,
        inbox_part.at,
        inbox_part.text,
    )


async def chosen(
    context: AppContext, caller: Caller, unit: str, city: str, refs: Sequence[Ref]
) -> Mapping[Ref, AssignmentRow]:
    """Return the chosen assignments that are the unit's and visible to the caller."""
    await permit(context, caller, "list_assignments")
    hidden = _own_inbox(context, caller, unit, city)
    rows = await assignments.of_refs(context.store, unit, refs, hidden, city)
    return {(row.number, row.n): row for row in rows}


class PrintedOrder(NamedTuple):
    """A chosen assignment for paper. `said`: what citizens added, here and on merged tickets.

    `files`: how many photos and papers there are to look at on the ticket's page.
    """

    row: AssignmentRow
    ticket: Ticket
    said: list[Said]
    files: int


async def orders(
    context: AppContext, caller: Caller, unit: str, city: str, refs: Sequence[Ref]
) -> list[PrintedOrder]:
    """Return the chosen assignments, each with its ticket as this caller may read it."""
    items = []
    for row in (await chosen(context, caller, unit, city, refs)).values():
        ticket = await tickets.state(context.store, row.number)
        if ticket is None:
            continue
        events = await tickets.events(context.store, row.number)
        shown = await discreet_events(context, caller, events)
        known = {row.number, *ticket.complainants}
        heard = [said for event in shown if (said := said_in(event)) and said.number in known]
        files = len(ticket.complaint.files) + sum(len(said.files) for said in heard)
        items.append(PrintedOrder(row, await discreet(context, caller, ticket), heard, files))
    return items


def _own_inbox(context: AppContext, caller: Caller, unit: str, city: str) -> Hidden:
    """Return the accused units that are hidden in this inbox; refuse another unit's or city's."""
    _own_unit(caller, unit)
    city_of(caller, city)
    return hidden_from(context, caller)


def _own_unit(caller: Caller, unit: str) -> None:
    if caller.unit not in (None, unit):
        raise Problem("not_your_unit", "This is another unit's inbox.")


async def assignment(context: AppContext, caller: Caller, number: str, n: int) -> AssignmentRow:
    """Return the assignment, if this caller may see its ticket.

    Raises:
        Problem: assignment_not_found
    """
    await permit(context, caller, "get_assignment", number, unknown="assignment_not_found")
    return await _visible(context, caller, number, n)


async def complete(
    context: AppContext,
    caller: Caller,
    number: str,
    n: int,
    body: CompletionIn,
    *,
    wait: bool = True,
) -> tuple[AssignmentRow, bool]:
    """Hand in the result of an assignment; return its row and whether the record shows it done.

    `wait`: for the record, a few seconds at most.

    Raises:
        Problem, Refused: not this unit's, ended, or not accepted at the moment; and those of
            `make_promise`: the result is then not handed in.
    """
    await permit(context, caller, COMPLETE, number, unknown="assignment_not_found")
    row = await _visible(context, caller, number, n)
    # The engine accepts a result from any caller who knows the name: the unit is checked here.
    if caller.unit not in (None, row.unit):
        raise Refused("not_your_unit", "Another unit has this assignment.")
    _refuse_ended(row)
    promised = body.promised
    if promised is not None:  # refused before the answer goes out, not after it
        await check_promise(context, caller, number, promised)
    async with attached(context, caller, COMPLETE, number, body.evidence) as evidence:
        result = HandlingResult(
            reply=body.reply,
            resolved=body.resolved,
            evidence=evidence,
            by=caller.id,
            at=context.engine.clock.now(),
        )
        await _hand_over(context, row, result)
    await promise_with(context, caller, number, n, body)
    ended = await _ended(context, row) if wait else None
    if ended is not None and ended.ending is not Ending.DONE:
        ended = await _for_good(context, row)
    if ended is None or ended.ending is None:
        return row, False
    if ended.ending is not Ending.DONE:  # ended in the same moment: the result came too late
        raise Refused("assignment_ended", "This assignment has ended.")
    return ended, True


async def promise_with(
    context: AppContext, caller: Caller, number: str, n: int, body: CompletionIn
) -> None:
    """Record the promise that comes with a result, if there is one; the same again is one."""
    await permit(context, caller, COMPLETE, number, unknown="assignment_not_found")
    if body.promised is not None:
        key = f"result/{n}/{body.reply}"
        await make_promise(context, caller, number, body.promised, key)


async def _visible(context: AppContext, caller: Caller, number: str, n: int) -> AssignmentRow:
    row = await assignments.get(context.store, number, n)
    if row is None:
        raise Problem("assignment_not_found")
    # Also a unit that had the share: it may have been accused since.
    if caller.unit is not None and await visible(context, caller, number) is None:
        raise Problem("assignment_not_found")
    return row


async def _hand_over(context: AppContext, row: AssignmentRow, result: HandlingResult) -> None:
    """Give the result to the engine, which may still be about to schedule the assignment.

    No assignment is waiting under this name if it is too early, if another result was first, or if
    this result was accepted and the answer got lost: the record distinguishes these cases.
    """

    async def handed_over() -> bool | None:
        try:
            await context.engine.complete(row.number, row.activity_id, result)
        except NotRunning:
            now = await assignments.get(context.store, row.number, row.n) or row
            if now.ending is Ending.DONE and await _taken(context, row, result):
                return True
            _refuse_ended(now)
            await refuse_simulated(context, row.number)
            return None
        return True

    if await until(handed_over, SCHEDULING) is None:
        raise Problem("too_late", "The ticket does not take it at the moment: send it again.")


async def _taken(context: AppContext, row: AssignmentRow, result: HandlingResult) -> bool:
    """Return whether exactly this result is recorded."""
    ticket = await tickets.state(context.store, row.number)
    shares = ticket.assignments if ticket else []
    return any(share.n == row.n and share.result == result for share in shares)


async def _ended(context: AppContext, row: AssignmentRow) -> AssignmentRow | None:
    async def ended() -> AssignmentRow | None:
        now = await assignments.get(context.store, row.number, row.n)
        return now if now is not None and now.ending is not None else None

    return await context.record.until(ended)


async def _for_good(context: AppContext, row: AssignmentRow) -> AssignmentRow | None:
    """Return the ended assignment once its ticket is at rest; None if that takes too long.

    A workflow task that was lost is run again with the result, and accepts it.
    """

    async def at_rest() -> bool | None:
        return await context.engine.at_rest(row.number) or None

    with suppress(EngineUnavailable):
        if await until(at_rest, AT_REST):
            return await assignments.get(context.store, row.number, row.n)
    return None


def _refuse_ended(row: AssignmentRow) -> None:
    if row.ending is Ending.DONE:
        raise Refused("already_done", "This assignment is completed already.")
    if row.ending is not None:
        raise Refused("assignment_ended", "This assignment has ended.")
