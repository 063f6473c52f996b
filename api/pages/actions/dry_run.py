"""A command tried against the ticket's own checks, without giving it."""

from typing import Any

from pydantic import BaseModel

from api.pages.actions.context import ActionContext
from api.pages.actions.spec import Told
from domain.policy.guards import check
from domain.refusals import Refused


def dry_run(model: type[BaseModel], occasion: ActionContext, told: Told) -> Refused | None:
    """Return the ticket's refusal of a command with these values."""
    command: Any = model.model_construct(None, **told)
    try:
        check(occasion.ticket, command, occasion.actor, occasion.now)
    except Refused as refused:
        return refused
    return None
