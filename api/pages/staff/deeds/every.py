"""All action forms."""

from api.pages.staff.deeds import citizens, desks, several, supervision, units
from api.pages.staff.deeds.row import Deed, Group
from api.translation import N_

DEEDS: tuple[Deed, ...] = (
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
