"""All action forms."""

from api.http.i18n import N_
from api.pages.actions import citizens, desks, several, supervision, units
from api.pages.actions.spec import ActionForm, Group

DEEDS: tuple[ActionForm, ...] = (
    *units.DEEDS,
    *desks.DEEDS,
    *several.DEEDS,
    *supervision.DEEDS,
    *citizens.DEEDS,
)
BY_PATH = {deed.path: deed for deed in DEEDS}

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
