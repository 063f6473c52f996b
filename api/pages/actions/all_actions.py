"""All action forms, made from the registry of commands."""

from api.pages.actions.complete import COMPLETE
from api.pages.actions.spec import ActionForm
from domain.commands.forms import Group
from domain.commands.registry import COMMANDS
from domain.words import N_

_FIRST: dict[Group, tuple[str, ...]] = {
    Group.WORK: ("sign", "contact", "complete", "step", "answer-order", "review"),
    Group.DECIDE: (
        "triage",
        "decide",
        "reassign",
        "reclassify",
        "arbitrate",
        "intervene",
        "supervise",
        "notice",
    ),
    Group.ASK: ("ask", "return", "extend", "hold", "exclude"),
    Group.JOINT: ("merge", "unmerge", "whistle", "delegate", "release", "override", "raise-level"),
    Group.CITIZEN: ("call-back", "facts", "urge", "open-contact", "leave-contact", "recur"),
    Group.RECORD: ("minutes", "settle-all", "appoint", "revisit", "replan"),
    Group.END: ("conclude", "withdraw"),
}
"""The order of the forms of a group, by how often they are used; others follow by name."""

GROUPS: dict[Group, str] = {
    Group.WORK: N_("Handle"),
    Group.DECIDE: N_("Decide"),
    Group.ASK: N_("Ask for"),
    Group.JOINT: N_("Together"),
    Group.CITIZEN: N_("For the citizen"),
    Group.RECORD: N_("Record"),
    Group.END: N_("End"),
}
"""The heading of each group, in the order of the page."""


def _place(action: ActionForm) -> tuple[int, int, str]:
    group = action.form.group
    first = _FIRST[group]
    rank = first.index(action.path) if action.path in first else len(first)
    return list(GROUPS).index(group), rank, action.path


ACTION_FORMS: tuple[ActionForm, ...] = tuple(
    sorted(
        (
            COMPLETE,
            *(ActionForm(command.spec.path, command, command.spec.form) for command in COMMANDS),
        ),
        key=_place,
    )
)
BY_PATH = {action_form.path: action_form for action_form in ACTION_FORMS}
