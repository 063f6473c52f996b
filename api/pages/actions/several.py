"""The action forms for shared tickets and for raising the level."""

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.context import ActionContext
from api.pages.actions.fields import LIMIT, SHARE, ground, reason, said, unit
from api.pages.actions.spec import ActionForm, Field, FieldKind, Group, Told
from domain.commands import joint

_ANYBODY = "-"
"""The placeholder for a unit not chosen yet."""


def _somebody(_occasion: ActionContext) -> list[Told]:
    call = joint.Call(unit=_ANYBODY, task=_ANYBODY)
    return [{"units": [call]}]


def _someone_below(_occasion: ActionContext) -> list[Told]:
    return [{"unit": _ANYBODY}]


def _helpers(occasion: ActionContext) -> list[Told]:
    return [{"assignment": int(choice.value)} for choice in choices.helpers(occasion)]


DEEDS = (
    ActionForm(
        "whistle",
        joint.Whistle,
        Group.JOINT,
        N_("Whistle: call units in"),
        N_("The units are called in. The answer waits for all."),
        N_("Each gets a task of its own; the answer waits for all."),
        (
            ground(N_("Ground"), "whistle"),
            reason(),
            Field(
                "units",
                FieldKind.CALLS,
                N_("Units and their tasks"),
                required=True,
                choices=choices.units_to_call,
            ),
            SHARE,
        ),
        trials=_somebody,
        shortcut="w",
    ),
    ActionForm(
        "delegate",
        joint.Delegate,
        Group.JOINT,
        N_("Delegate"),
        N_("Delegated. Your unit stays answerable."),
        N_("A unit below does the work; yours stays answerable, and both clocks run."),
        (
            unit(N_("Unit below"), choices.units_below),
            said("task", N_("Task")),
            LIMIT,
            SHARE,
        ),
        trials=_someone_below,
        shortcut="g",
    ),
    ActionForm(
        "release",
        joint.Release,
        Group.JOINT,
        N_("Release a helper"),
        N_("Released."),
        fields=(
            Field(
                "assignment",
                FieldKind.CHOICE,
                N_("Whom"),
                required=True,
                choices=choices.helpers,
            ),
            reason(),
        ),
        trials=_helpers,
    ),
    ActionForm(
        "override",
        joint.Override,
        Group.JOINT,
        N_("Do not wait any longer"),
        N_("The answer goes out without those who are missing."),
        N_("The lead's answer goes out; whoever has not handed in is released."),
        (reason(),),
    ),
    ActionForm(
        "raise-level",
        joint.RaiseLevel,
        Group.JOINT,
        N_("Raise it one level"),
        N_("Raised one level up."),
        N_("For what is beyond the unit's authority: the level above takes it."),
        (reason(),),
        shortcut="l",
    ),
)
