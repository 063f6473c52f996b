"""The action forms of desk and dispatch: subject, responsible unit, merging, conclusion."""

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.context import ActionContext
from api.pages.actions.fields import note, reason, said, unit
from api.pages.actions.possible import dry_run
from api.pages.actions.spec import ActionForm, Choice, Field, FieldKind, Group, Told
from domain.commands import intake, supervising
from domain.policy.guards import asked, rules_of
from domain.ticket.complaint import Kind

_ANYBODY = {"unit": "-"}


def _a_unit(_occasion: ActionContext) -> list[Told]:
    return [_ANYBODY]


def _another(_occasion: ActionContext) -> list[Told]:
    return [{"into": "-"}]


def _either(_occasion: ActionContext) -> list[Told]:
    return [{"approve": False}]


def _ends(_occasion: ActionContext) -> list[Told]:
    return [{"outcome": outcome, "reason": "-"} for outcome in choices.OUTCOMES]


def _outcomes(occasion: ActionContext) -> list[Choice]:
    """Return the outcomes that the ticket's checks allow this caller."""
    return [
        Choice(told["outcome"], occasion.speech.say(choices.OUTCOMES[told["outcome"]]))
        for told in _ends(occasion)
        if dry_run(CONCLUDE, occasion, told) is None
    ]


def _needs_reason(occasion: ActionContext) -> bool:
    return any(one.value in ("declined", "referred") for one in _outcomes(occasion))


def _is_praise(occasion: ActionContext) -> bool:
    return Kind.PRAISE in (occasion.ticket.kind, occasion.ticket.complaint.kind)


def _names_next(occasion: ActionContext) -> bool:
    """Return whether a granted return may name the next unit: not before arbitration."""
    ticket, request = occasion.ticket, asked(occasion.ticket)
    if request is None or request.what != "return":
        return False
    rules = rules_of(ticket)
    return not (rules.arbitration and ticket.returns + 1 >= rules.returns)


CONCLUDE = ActionForm(
    "conclude",
    intake.Conclude,
    Group.END,
    N_("Conclude"),
    N_("Concluded. The citizen is told."),
    N_("Without a unit, or with the last word."),
    (
        Field("outcome", FieldKind.CHOICE, N_("How it ends"), required=True, choices=_outcomes),
        Field(
            "reason",
            FieldKind.CHOICE,
            N_("Reason"),
            N_("Needed to decline or to refer."),
            choices=choices.grounds("decline", "refer"),
            when=_needs_reason,
        ),
        said("text", N_("What the citizen is told")),
        Field(
            "unit",
            FieldKind.PICK,
            N_("The unit that is praised"),
            choices=choices.every_unit,
            when=_is_praise,
        ),
    ),
    trials=_ends,
    shortcut="n",
)

DECIDE = ActionForm(
    "decide",
    supervising.Decide,
    Group.DECIDE,
    N_("Decide what was asked"),
    N_("Decided."),
    fields=(
        Field(
            "approve",
            FieldKind.YES_NO,
            N_("Decision"),
            required=True,
            yes=N_("Grant"),
            no=N_("Refuse"),
        ),
        reason(),
        Field(
            "unit",
            FieldKind.PICK,
            N_("Whom to send it to next"),
            N_("Only where the return is granted; it may be chosen later."),
            choices=choices.other_units,
            when=_names_next,
        ),
    ),
    trials=_either,
    shortcut="y",
)

DEEDS = (
    ActionForm(
        "triage",
        intake.Triage,
        Group.DECIDE,
        N_("Classify"),
        N_("Classified."),
        N_("What it is about decides on the limits, and whose it is."),
        (
            Field(
                "category",
                FieldKind.PICK,
                N_("Category"),
                required=True,
                choices=choices.categories,
            ),
            Field("kind", FieldKind.CHOICE, N_("Kind"), choices=choices.kinds),
            Field("area", FieldKind.PICK, N_("Street or community"), choices=choices.areas),
            unit(
                N_("Unit"),
                choices.every_unit,
                N_("Left empty, the responsibilities decide."),
                required=False,
            ),
            unit(
                N_("The unit it is about"),
                choices.units_to_accuse,
                N_("Of a report of wrongdoing: this unit and those under it never get it."),
                required=False,
                name="accused",
            ),
            note(),
        ),
        shortcut="t",
    ),
    DECIDE,
    ActionForm(
        "reassign",
        intake.Reassign,
        Group.DECIDE,
        N_("Send it to a unit"),
        N_("Sent."),
        fields=(unit(N_("Unit"), choices.other_units), reason()),
        trials=_a_unit,
        shortcut="u",
    ),
    ActionForm(
        "arbitrate",
        intake.Arbitrate,
        Group.DECIDE,
        N_("Record the meeting's decision"),
        N_("The decision is recorded; the unit cannot return it."),
        fields=(
            unit(N_("Unit that takes it"), choices.every_unit),
            said("text", N_("Minutes")),
            Field("units", FieldKind.UNITS, N_("Who was there"), choices=choices.involved_units),
        ),
        trials=_a_unit,
    ),
    ActionForm(
        "intervene",
        intake.Intervene,
        Group.DECIDE,
        N_("Take it over for the centre"),
        N_("The centre has taken over."),
        fields=(unit(N_("Unit that leads"), choices.every_unit), reason()),
        trials=_a_unit,
    ),
    ActionForm(
        "merge",
        intake.Merge,
        Group.JOINT,
        N_("Merge into another"),
        N_("Merged. Its citizen gets an answer of their own."),
        N_("Handled once; every citizen has an answer of their own, and rates it."),
        (
            Field("into", FieldKind.LINE, N_("Number of the other ticket"), required=True),
            reason(),
        ),
        trials=_another,
        shortcut="m",
    ),
    ActionForm(
        "unmerge",
        intake.Unmerge,
        Group.JOINT,
        N_("Let it go its own way"),
        N_("It goes its own way again."),
        fields=(reason(),),
    ),
    CONCLUDE,
)
