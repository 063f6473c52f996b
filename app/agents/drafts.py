"""Replies that machines propose: nothing is sent before a person of the unit has confirmed it."""

from typing import Annotated

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.agents.reading import reading, visible_to
from app.agents.request_views import ReplyDraftOut, draft_out
from app.context import AppContext
from app.errors import Problem
from app.tickets.acted_on import acted_on
from app.tickets.assignments import CompletionIn, complete
from domain.model import Incoming
from domain.refusals import Refused
from domain.ticket.complaint import Text
from store.agents import drafts
from store.agents.drafts import ReplyDraft

AssignmentN = Annotated[int, Field(ge=1, le=10_000, description="The number of the unit's share.")]


class DraftIn(Incoming):
    """A reply to propose for a share of one's unit."""

    assignment: AssignmentN
    text: Text = Field(description="The proposed answer to the citizen, word for word.")


class UseDraftIn(Incoming):
    """The reply that a person sends: the proposed words, or others."""

    reply: Text
    resolved: bool = True


class DiscardIn(Incoming):
    """Nothing more is said of a draft that is put aside."""


async def propose_reply(
    context: AppContext, caller: Caller, number: str, body: DraftIn
) -> ReplyDraftOut:
    """Record a machine's proposal for its unit's open share. It moves nothing.

    Raises:
        Problem, Refused: agent_token_needed, ticket_not_found, not_your_unit, assignment_ended,
            unknown_assignment, left_to_people, person_request_cap
    """
    if not caller.machine:
        raise Problem("agent_token_needed", "A person hands in the result.")
    machine = reading(caller)
    await permit(context, machine, "propose_reply", number)
    ticket = await visible_to(context, machine, number)
    share = next((one for one in ticket.assignments if one.n == body.assignment), None)
    if share is None:
        raise Problem("unknown_assignment")
    if share.unit != caller.unit:
        raise Problem("not_your_unit")
    if not share.open:
        raise Refused("assignment_ended", "This assignment has ended.")
    new = ReplyDraft(
        id=context.nonce(),
        number=number,
        assignment=share.n,
        unit=share.unit,
        text=body.text,
        proposed_at=context.now(),
        proposed_by=caller.id,
    )
    return draft_out(await drafts.propose(context.store, new))


async def use_draft(
    context: AppContext, caller: Caller, number: str, n: int, body: UseDraftIn
) -> ReplyDraftOut:
    """Hand in the result of the share, with the words that a person has read and confirmed.

    Raises:
        Problem, Refused: draft_not_found, draft_decided, and those of handing in a result
    """
    found = await _draft(context, caller, number, n)
    await permit(context, caller, "complete_assignment", number)
    if found.decided_at is not None:
        raise Problem("draft_decided")
    completion = CompletionIn(reply=body.reply, resolved=body.resolved)
    await complete(context, caller, number, found.assignment, completion)
    return draft_out(await drafts.decide(context.store, number, n, caller.id, used=True))


async def discard_draft(context: AppContext, caller: Caller, number: str, n: int) -> ReplyDraftOut:
    """Put a draft aside.

    Raises:
        Problem, Refused: draft_not_found, draft_decided
    """
    await _draft(context, caller, number, n)
    return draft_out(await drafts.decide(context.store, number, n, caller.id, used=False))


async def _draft(context: AppContext, caller: Caller, number: str, n: int) -> ReplyDraft:
    """Return a draft for the caller's unit."""
    await acted_on(context, caller, "use_draft", number)
    found = [one for one in await drafts.of_ticket(context.store, number) if one.n == n]
    if not found or caller.unit != found[0].unit:
        raise Problem("draft_not_found")
    return found[0]
