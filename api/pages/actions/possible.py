"""The action forms that a caller may use on a ticket now, by the workflow's own checks.

A form is tested with sample payloads. If none of them is accepted, the form is not shown, and the
first refusal is the reason. The workflow still checks the actual command.
"""

from typing import Any

from api.pages.actions.context import ActionContext
from api.pages.actions.spec import ActionForm, FieldKind, Told
from domain.commands.base import CommandBase
from domain.commands.units import UnitCommand
from domain.policy.guards import check
from domain.policy.permissions import RIGHTS, Right
from domain.refusals import Refused

COMPLETE = "complete_assignment"

_NOTHING_THERE = Refused("not_now", "There is nothing to do it with.")


def right_of(deed: ActionForm) -> Right:
    """Return the form's permission."""
    return RIGHTS[deed.command.model_fields["do"].default if deed.command else COMPLETE]


def why_not(deed: ActionForm, occasion: ActionContext) -> Refused | None:
    """Return the form's present refusal; None if allowed."""
    right = right_of(deed)
    if not occasion.caller.may(right):
        return Refused("forbidden", right.what)
    barred = deed.bar(occasion)
    if barred is not None or deed.instead:
        return barred
    first: Refused | None = None
    for told in _trials(deed, occasion):
        refused = dry_run(deed, occasion, told)
        if refused is None:
            return _without_choice(deed, occasion)
        first = first or refused
    return first or _NOTHING_THERE


def dry_run(deed: ActionForm, occasion: ActionContext, told: Told) -> Refused | None:
    """Return the ticket's refusal of this payload."""
    command: Any = deed.model.model_construct(None, **told)
    try:
        check(occasion.ticket, command, occasion.caller.actor, occasion.now)
    except Refused as refused:
        return refused
    return None


def _trials(deed: ActionForm, occasion: ActionContext) -> list[Told]:
    trials = list(deed.trials(occasion))
    if not of_share(deed.command):
        return trials
    shares: list[Told] = [{"assignment": share.n} for share in occasion.own] or [{}]
    return [told | share for told in trials for share in shares]


def of_share(command: type[CommandBase] | None) -> bool:
    """Return whether the command is about one share, to be named."""
    return command is None or issubclass(command, UnitCommand)


def _without_choice(deed: ActionForm, occasion: ActionContext) -> Refused | None:
    """Return a refusal if a required field of the form has nothing to choose."""
    for field in deed.at(occasion):
        long = field.kind in (FieldKind.CHOICE, FieldKind.PICK, FieldKind.CALLS)
        if long and field.required and field.choices and not field.choices(occasion):
            return _NOTHING_THERE
    return None
