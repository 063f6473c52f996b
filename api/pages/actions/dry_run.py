"""A command tried against the ticket's own checks, without giving it."""

from typing import Any

from pydantic import BaseModel

from api.pages.actions.context import ActionContext
from api.pages.actions.spec import FormValues
from domain.policy.guards import check
from domain.refusals import Refused


def dry_run(
    model: type[BaseModel], action_context: ActionContext, values: FormValues
) -> Refused | None:
    """Return the ticket's refusal of a command with these values."""
    command: Any = model.model_construct(None, **values)
    try:
        check(action_context.ticket, command, action_context.actor, action_context.now)
    except Refused as refused:
        return refused
    return None
