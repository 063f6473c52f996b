"""The action forms of the desk for a citizen on the phone."""

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.context import ActionContext
from api.pages.actions.fields import files, note, said
from api.pages.actions.spec import ActionForm, Field, FieldKind, Group, Told
from domain.commands import citizens
from domain.policy.permissions import RIGHTS
from domain.policy.transitions import transition
from domain.refusals import Refused
from domain.ticket.files import Purpose
from domain.ticket.stages import Outcome, Stage


def _reached(_occasion: ActionContext) -> list[Told]:
    return [{"reached": True}]


def _back(occasion: ActionContext) -> Refused | None:
    """Return why it cannot be reopened (see `api.rest.reopen`)."""
    ticket, caller = occasion.ticket, occasion.caller
    if not RIGHTS["recur"].allows(caller.actor.role, caller.near(ticket, occasion.pack)):
        return Refused("not_your_unit", "This is another unit's to do.")
    stage = Stage.AFTERCARE if ticket.stage is Stage.ENDED else ticket.stage
    try:
        transition(stage, citizens.Recur.leads_to).permit(caller.actor)
    except Refused as refused:
        return refused
    if ticket.outcome is Outcome.FINAL_REPLY:
        return Refused("final_reply_sealed", "This matter was concluded with a final reply.")
    return None


DEEDS = (
    ActionForm(
        "call-back",
        citizens.CallBack,
        Group.CITIZEN,
        N_("Record a call-back"),
        N_("The call-back is recorded."),
        fields=(
            Field(
                "reached",
                FieldKind.YES_NO,
                N_("Was the citizen reached?"),
                required=True,
                yes=N_("Reached"),
                no=N_("Not reached"),
            ),
            Field(
                "resolved",
                FieldKind.YES_NO,
                N_("Is it solved?"),
                N_("The rating: only of a citizen who was reached."),
                yes=N_("Solved"),
                no=N_("Not solved"),
                into="rating.resolved",
            ),
            Field(
                "grade",
                FieldKind.CHOICE,
                N_("How satisfied"),
                choices=choices.grades,
                into="rating.grade",
            ),
            Field(
                "contacted",
                FieldKind.YES_NO,
                N_("Did the unit contact them?"),
                yes=N_("They did"),
                no=N_("They did not"),
                into="rating.contacted",
            ),
            note("words", N_("What the citizen said"))._replace(into="rating.words"),
            note(),
        ),
        trials=_reached,
        shortcut="b",
    ),
    ActionForm(
        "facts",
        citizens.AddFacts,
        Group.CITIZEN,
        N_("Add facts for the citizen"),
        N_("Added."),
        fields=(
            said("text", N_("What the citizen adds")),
            files(N_("Photos and papers"), name="files", purpose=Purpose.COMPLAINT),
        ),
        shortcut="f",
    ),
    ActionForm(
        "urge",
        citizens.Urge,
        Group.CITIZEN,
        N_("Urge for the citizen"),
        N_("Urged."),
        fields=(note("text", N_("What the citizen said")),),
    ),
    ActionForm(
        "recur",
        citizens.Recur,
        Group.CITIZEN,
        N_("The problem is back"),
        N_("It is handled again."),
        fields=(said("text", N_("What is back, and since when")),),
        bar=_back,
        instead=True,
    ),
    ActionForm(
        "withdraw",
        citizens.Withdraw,
        Group.END,
        N_("The citizen takes it back"),
        N_("Taken back. The ticket has ended."),
        fields=(note("reason", N_("Why")),),
    ),
)
