"""A unit's action forms for its own share."""

from datetime import timedelta

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.context import ActionContext
from api.pages.actions.fields import RECORDS, SHARE, files, ground, note, reason, said
from api.pages.actions.spec import ActionForm, Field, FieldKind, Group, Told
from domain.commands import units
from domain.policy.guards import return_bar
from domain.refusals import Refused
from domain.ticket.assignment import Share
from domain.ticket.files import Purpose


def _own_lead(occasion: ActionContext) -> Refused | None:
    """Return why a return is barred, so that no futile attempt is recorded."""
    ticket = occasion.ticket
    if ticket.rules is None or ticket.current is None:
        return Refused("not_now", "No unit has this ticket now.")
    return return_bar(ticket, ticket.current)


def _nothing_of_own(occasion: ActionContext) -> Refused | None:
    return None if occasion.own else Refused("not_now", "No share of it is open.")


def _looks(occasion: ActionContext) -> bool:
    """Return whether the caller's share is to verify, not to handle."""
    return any(share.share is Share.VERIFY for share in occasion.own)


def _orders(occasion: ActionContext) -> list[Told]:
    return [{"order": int(choice.value)} for choice in choices.orders(occasion)]


def _steps(occasion: ActionContext) -> list[Told]:
    return [{"step": choice.value} for choice in choices.steps(occasion)]


def _later(occasion: ActionContext) -> list[Told]:
    return [{"until": occasion.now + timedelta(days=1)}]


_RESULT = (
    Field(
        "reply",
        FieldKind.TEXT,
        N_("The answer"),
        N_("The answer of the unit that leads goes to the citizen, word for word."),
        required=True,
        when=lambda occasion: not _looks(occasion),
    ),
    Field(
        "reply",
        FieldKind.TEXT,
        N_("What was found on the spot"),
        required=True,
        when=_looks,
    ),
    Field(
        "resolved",
        FieldKind.YES_NO,
        N_("Is it solved?"),
        required=True,
        preset="yes",
        yes=N_("Solved"),
        no=N_("Explained why it cannot be solved yet"),
        when=lambda occasion: not _looks(occasion),
    ),
    Field(
        "resolved",
        FieldKind.YES_NO,
        N_("Is it so?"),
        required=True,
        yes=N_("It is so"),
        no=N_("It is not so"),
        when=_looks,
    ),
    files(N_("Photos and papers"), N_("What was done, as it looks now."), purpose=Purpose.AFTER),
    RECORDS,
    SHARE,
)

DEEDS = (
    ActionForm(
        "sign",
        units.Sign,
        Group.WORK,
        N_("Sign"),
        N_("Signed."),
        N_("Your unit has seen it; its clocks run."),
        (SHARE,),
        shortcut="s",
    ),
    ActionForm(
        "contact",
        units.Contact,
        Group.WORK,
        N_("Record a contact"),
        N_("The contact is recorded."),
        N_("The citizen hears a voice before an answer."),
        (
            Field(
                "reached",
                FieldKind.YES_NO,
                N_("Was the citizen reached?"),
                N_("A failed attempt is kept, too; the clock runs on."),
                required=True,
                preset="yes",
                yes=N_("Reached"),
                no=N_("Not reached"),
            ),
            note(label=N_("What was said")),
            SHARE,
        ),
        shortcut="c",
    ),
    ActionForm(
        "complete",
        None,
        Group.WORK,
        N_("Hand in the result"),
        N_("Handed in."),
        fields=_RESULT,
        shortcut="d",
        bar=_nothing_of_own,
        instead=True,
    ),
    ActionForm(
        "step",
        units.Step,
        Group.WORK,
        N_("Report a step"),
        N_("The step is reported as done."),
        fields=(
            Field("step", FieldKind.CHOICE, N_("Step"), required=True, choices=choices.steps),
            note(),
            files(N_("Photos and papers")),
            RECORDS,
            SHARE,
        ),
        trials=_steps,
        shortcut="p",
    ),
    ActionForm(
        "answer-order",
        units.AnswerOrder,
        Group.WORK,
        N_("Answer an order"),
        N_("The order is answered."),
        fields=(
            Field("order", FieldKind.CHOICE, N_("Order"), required=True, choices=choices.orders),
            said("answer", N_("What was done")),
        ),
        trials=_orders,
        shortcut="o",
    ),
    ActionForm(
        "review",
        units.Review,
        Group.WORK,
        N_("Review the hold"),
        N_("The review is recorded."),
        fields=(
            said("note", N_("How it stands")),
            Field(
                "resume",
                FieldKind.YES_NO,
                N_("Are the long works done?"),
                required=True,
                preset="no",
                yes=N_("Done: the clock goes on"),
                no=N_("They go on"),
            ),
            SHARE,
        ),
        shortcut="v",
    ),
    ActionForm(
        "ask",
        units.Ask,
        Group.ASK,
        N_("Ask the citizen"),
        N_("The citizen is asked; your clock stands still until they answer."),
        N_("Your clock stands still until they answer, but not forever."),
        (said("question", N_("Question"), N_("It goes to the citizen, word for word.")), SHARE),
        shortcut="a",
    ),
    ActionForm(
        "return",
        units.Return,
        Group.ASK,
        N_("Ask to return it"),
        N_("The return is asked for. Until it is decided, the ticket stays with you."),
        fields=(ground(N_("Ground"), "returns"), reason(), SHARE),
        shortcut="r",
        bar=_own_lead,
    ),
    ActionForm(
        "extend",
        units.Extend,
        Group.ASK,
        N_("Ask for more time"),
        N_("The extension is asked for."),
        fields=(
            Field("by", FieldKind.SPAN, N_("How much more"), required=True),
            reason(),
            SHARE,
        ),
        shortcut="e",
    ),
    ActionForm(
        "hold",
        units.Hold,
        Group.ASK,
        N_("Ask for a hold"),
        N_("The hold is asked for."),
        N_("For works that take long: the clock stands still, with reviews in between."),
        (
            ground(N_("Ground"), "hold"),
            Field("until", FieldKind.MOMENT, N_("Until"), required=True),
            reason(),
            SHARE,
        ),
        trials=_later,
        shortcut="h",
    ),
    ActionForm(
        "exclude",
        units.Exclude,
        Group.ASK,
        N_("Ask to be excluded"),
        N_("The exclusion is asked for."),
        N_("A mistaken or malicious rating does not count, if a supervisor agrees."),
        (
            ground(N_("Ground"), "exclude"),
            reason(),
            files(N_("Evidence"), N_("A file, or a reference below: one is needed.")),
            RECORDS,
        ),
        shortcut="x",
    ),
)
