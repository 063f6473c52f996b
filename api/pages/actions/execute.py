"""Execution of action forms, by the API's functions, so that both refuse the same."""

from typing import Any

from api.pages.actions.context import ActionContext
from api.pages.actions.spec import ActionForm, Completion
from app.access.caller import Caller
from app.context import AppContext
from app.filing.attachments import attached
from app.filing.filing import Filed, Receipt
from app.sending.commands import execute
from app.tickets import assignments
from app.tickets.assignments import CompletionIn
from app.tickets.leaving_contacts import LeftContact, leave_contact
from app.tickets.reopen import reopen
from domain.commands.citizens.recur import Recur
from domain.policy.permissions import right_to
from domain.refusals import Refused
from domain.ticket.state import Snapshot
from store.tickets import tickets

LATER = "later"
"""The result of a command not recorded yet."""


async def do(
    context: AppContext,
    action_context: ActionContext,
    action_form: ActionForm,
    command: Any,
    key: str,
) -> Receipt | str | None:
    """Execute the command; return a follow-up's Receipt, or `LATER` if not recorded.

    Raises what `Form.refuse` accepts.
    """
    number, caller = action_context.ticket.complaint.number, action_context.caller
    if isinstance(command, Completion):
        return await _complete(context, action_context, command)
    if isinstance(command, Recur):
        return await _recur(context, caller, number, command, key)
    if isinstance(command, LeftContact):
        return await _recorded(context, await leave_contact(context, caller, number, command, key))
    named = "files" if "files" in action_form.model.model_fields else "evidence"
    files = getattr(command, named, [])
    async with attached(context, caller, right_to(command).key, number, files) as existing:
        if named in action_form.model.model_fields:
            command = command.model_copy(update={named: existing})
        snapshot = await execute(context, caller, number, command, key)
    return await _recorded(context, snapshot)


async def _recorded(context: AppContext, snapshot: Snapshot) -> str | None:
    async def shown() -> bool | None:
        row = await tickets.get(context.store, snapshot.number)
        return True if row is not None and row.version >= snapshot.version else None

    if await shown():
        return None
    return None if await context.record.until(shown) else LATER


async def _recur(
    context: AppContext, caller: Caller, number: str, command: Recur, key: str
) -> Receipt | str | None:
    became = await reopen(context, caller, number, command, key)
    return became.receipt if isinstance(became, Filed) else await _recorded(context, became)


async def _complete(
    context: AppContext, action_context: ActionContext, completion: Completion
) -> str | None:
    """Hand in the result of the share; a form sent twice completes it once."""
    ticket, caller = action_context.ticket, action_context.caller
    n = completion.assignment or _own_share(action_context)
    if n is None:
        raise Refused("unknown_assignment", "This unit has no share of it.")
    body = CompletionIn(**completion.model_dump(include=set(CompletionIn.model_fields)))
    number = ticket.complaint.number
    try:
        if not await _is_mine(context, action_context, n, completion):
            _, recorded = await assignments.complete(context, caller, number, n, body)
            return None if recorded else LATER
    except Refused as refused:
        if refused.code != "already_done" or not await _is_mine(
            context, action_context, n, completion
        ):
            raise
    await assignments.promise_with(context, caller, number, n, body)
    return None


def _own_share(action_context: ActionContext) -> int | None:
    """Return the unit's open share; if there is none, its last one."""
    own = action_context.own or [
        share
        for share in action_context.ticket.assignments
        if share.unit == action_context.caller.unit
    ]
    return own[-1].n if own else None


async def _is_mine(
    context: AppContext, action_context: ActionContext, n: int, completion: Completion
) -> bool:
    """Return whether this very result completed the share."""
    now = await tickets.state(context.store, action_context.ticket.complaint.number)
    done = now.assignment(n).result if now else None
    return done is not None and (done.by, done.reply) == (
        action_context.caller.id,
        completion.reply,
    )
