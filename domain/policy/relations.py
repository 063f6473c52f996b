"""What a unit has to do with a ticket."""

from collections.abc import Collection
from enum import StrEnum

from domain.pack.pack import Pack
from domain.ticket.ticket import Ticket


class Relation(StrEnum):
    """From nearest to farthest; whoever is accused stands farther than a stranger."""

    LEAD = "lead"  # 主办: its answer is, or was last, the ticket's
    SHARE = "share"  # has, or had, a share of it
    ABOVE = "above"  # is above a unit that has, or had, a share
    NONE = "none"
    ACCUSED = "accused"  # 举报: the report is about it, or about one above it


NEAR = frozenset({Relation.LEAD, Relation.SHARE})
"""Those who work, or worked, on it."""

SEEING = NEAR | {Relation.ABOVE}
"""Those who know that there is such a ticket. To all others there is none."""


def relation(ticket: Ticket, unit: str | None, pack: Pack | None = None) -> Relation:
    """What `unit` has to do with `ticket`.

    Who is above whom stands in the pack: without it nobody is above, and only the very unit that
    a report names is accused. For what units may do to a ticket that is enough, because those
    above may do nothing, and the accused are given no share.
    """
    if unit is None:
        return Relation.NONE
    if ticket.accused is not None and ticket.accused in _chain(unit, pack):
        return Relation.ACCUSED
    if unit == ticket.unit:
        return Relation.LEAD
    having = {assignment.unit for assignment in ticket.assignments} | set(ticket.dropped.units)
    if unit in having:
        return Relation.SHARE
    return Relation.ABOVE if any(unit in _chain(one, pack) for one in having) else Relation.NONE


def _chain(unit: str, pack: Pack | None) -> Collection[str]:
    """The unit and those above it; the unit alone where the pack does not know it (any more)."""
    return pack.chain(unit) if pack is not None and pack.has_unit(unit) else (unit,)
