"""The action forms that a caller may use on a ticket now, by the workflow's own checks.

A form is tested with sample values, made from the kinds of its fields. If none of them is accepted,
the form is not shown, and the first refusal is the reason. The workflow still checks the actual
command.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from api.pages.actions.choices import choices_of
from api.pages.actions.context import ActionContext
from api.pages.actions.dry_run import dry_run
from api.pages.actions.spec import ActionForm, FormValues
from domain.commands.base import CommandBase
from domain.commands.forms import Field, FieldKind
from domain.commands.joint.whistle import Call
from domain.commands.unit_command import UnitCommand
from domain.policy.permissions import RIGHTS, Right
from domain.refusals import Refused

COMPLETE = "complete_assignment"

_SAMPLE = "-"
"""The text of a field that is not filled in yet: no code of a pack."""

_NOTHING_TO_CHOOSE = Refused("not_now", "There is nothing to do it with.")


def right_of(action_form: ActionForm) -> Right:
    """Return the form's permission."""
    return RIGHTS[action_form.command.tag() if action_form.command else COMPLETE]


def why_not(action_form: ActionForm, action_context: ActionContext) -> Refused | None:
    """Return the form's present refusal; None if allowed."""
    right = right_of(action_form)
    if not action_context.caller.may(right):
        return Refused("forbidden", right.what)
    barred = action_form.form.bar(action_context)
    if barred is not None or action_form.form.instead:
        return barred
    first: Refused | None = None
    for values in _trials(action_form, action_context):
        refused = dry_run(action_form.model, action_context, values)
        if refused is None:
            return _without_choice(action_form, action_context)
        first = first or refused
    return first or _NOTHING_TO_CHOOSE


def is_share_command(command: type[CommandBase] | None) -> bool:
    """Return whether the command is about one share, to be named."""
    return command is None or issubclass(command, UnitCommand)


def _trials(action_form: ActionForm, action_context: ActionContext) -> Iterator[FormValues]:
    """Yield sample values: one set for each choice of its short lists, and for each own share."""
    fields = [field for field in action_form.form.fields if len(field.path) == 1]
    shown = action_form.at(action_context)
    samples = {
        field.path[0]: _samples(field, action_context)
        if field in shown or field.required
        else [None]  # who does not see it leaves it out
        for field in fields
    }
    if is_share_command(action_form.command):
        samples["assignment"] = [share.n for share in action_context.own] or [None]
    for values in product(*samples.values()):
        yield dict(zip(samples, values, strict=True))


def _samples(field: Field, action_context: ActionContext) -> list[Any]:
    """Return values of the field that stand for whatever may be filled in."""
    match field.kind:
        case FieldKind.CHOICE if field.required:
            values = (choice.value for choice in choices_of(field, action_context))
            return [int(value) if value.isdecimal() else value for value in values]
        case FieldKind.YES_NO:
            return [False]
        case FieldKind.MOMENT:
            return [action_context.now + timedelta(days=1)]
        case FieldKind.SPAN:
            return ["1d"]
        case FieldKind.CALLS:
            return [[Call(unit=_SAMPLE, task=_SAMPLE)]]
        case FieldKind.UNITS:
            return [[_SAMPLE]]
        case FieldKind.COUNT:
            return [None]
        case FieldKind.FILES | FieldKind.RECORDS | FieldKind.PLANS:
            return [[]]
        case _:
            return [_SAMPLE]


def _without_choice(action_form: ActionForm, action_context: ActionContext) -> Refused | None:
    """Return a refusal if a required field of the form has nothing to choose."""
    for field in action_form.at(action_context):
        chosen = field.kind in (FieldKind.CHOICE, FieldKind.PICK, FieldKind.CALLS)
        if chosen and field.required and not choices_of(field, action_context):
            return _NOTHING_TO_CHOOSE
    return None
