"""Traces: commands without effect, issued by tasks that would issue none before they wait.

The SDK presents tasks without commands together with the next one, messages before results, to a
worker that reads the history anew. The ticket would decide otherwise than recorded, and stand still
for good (ADR 0026).
"""

from typing import Protocol, cast

from temporalio import workflow

from domain.ticket.ticket import Ticket

_TRACE = "trace"
"""The memo field that a trace removes; nothing ever sets it."""


class _OfTicket(Protocol):
    ticket: Ticket


def leave_trace() -> None:
    """Issue a command without effect, as this task changed the ticket and issues no other."""
    if workflow.patched("no-empty-tasks"):
        workflow.upsert_memo({_TRACE: None})


def result_arrived() -> bool:
    """Issue a command without effect, as this task brought a result; return whether it did.

    The task may be cut in two where it asks a local activity: the engine is answered before that is
    done, if somebody asks for the ticket's state at that moment. The first part would be empty.
    """
    rules = cast("_OfTicket", workflow.instance()).ticket.rules
    # Recorded at acceptance, as a patch costs two events; before it, this is seldom needed.
    if not (rules.traces if rules is not None else workflow.patched("results-leave-traces")):
        return False
    workflow.upsert_memo({_TRACE: None})
    return True
