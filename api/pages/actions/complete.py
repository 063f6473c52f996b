"""The form by which a unit hands in its result: it completes an assignment, and is no command."""

from api.pages.actions.spec import ActionForm
from domain.commands import forms
from domain.refusals import Refused
from domain.ticket.assignment import Share
from domain.ticket.files import Purpose
from domain.words import N_


def _nothing_of_own(context: forms.FormContext) -> Refused | None:
    return None if context.own else Refused("not_now", "No share of it is open.")


def _verifies(context: forms.FormContext) -> bool:
    """Return whether the caller's share is to verify, not to handle."""
    return any(share.share is Share.VERIFY for share in context.own)


def _handles(context: forms.FormContext) -> bool:
    return not _verifies(context)


def _may_promise(context: forms.FormContext) -> bool:
    """Return whether the answer can come with a promise: of the unit that leads, in such a city."""
    leads = any(share.unit == context.ticket.unit for share in context.own)
    return context.pack.promises is not None and leads and _handles(context)


_RESULT = (
    forms.Field(
        "reply",
        forms.FieldKind.TEXT,
        N_("The answer"),
        N_("The answer of the unit that leads goes to the citizen, word for word."),
        required=True,
        when=_handles,
    ),
    forms.Field(
        "reply",
        forms.FieldKind.TEXT,
        N_("What was found on the spot"),
        required=True,
        when=_verifies,
    ),
    forms.Field(
        "resolved",
        forms.FieldKind.YES_NO,
        N_("Is it solved?"),
        required=True,
        preset="yes",
        yes=N_("Solved"),
        no=N_("Explained why it cannot be solved yet"),
        when=_handles,
    ),
    forms.Field(
        "resolved",
        forms.FieldKind.YES_NO,
        N_("Is it so?"),
        required=True,
        yes=N_("It is so"),
        no=N_("It is not so"),
        when=_verifies,
    ),
    forms.files(
        N_("Photos and papers"), N_("What was done, as it looks now."), purpose=Purpose.AFTER
    ),
    forms.RECORDS,
    forms.Field(
        "promise",
        forms.FieldKind.LINE,
        N_("What is promised"),
        N_("What the unit will do by a day. It is asked about then, and published."),
        most=500,
        when=_may_promise,
    ),
    forms.Field("promise_due", forms.FieldKind.DAY, N_("Done by"), when=_may_promise),
    forms.SHARE,
)

COMPLETE = ActionForm(
    "complete",
    None,
    forms.CommandForm(
        forms.Group.WORK,
        N_("Hand in the result"),
        N_("Handed in."),
        fields=_RESULT,
        shortcut="d",
        bar=_nothing_of_own,
        instead=True,
    ),
)
