"""Relations of units to a ticket."""

from collections.abc import Collection
from enum import StrEnum

from domain.commands.may_have import may_have
from domain.pack.pack import Pack
from domain.ticket.ticket import Ticket


class Relation(StrEnum):
    """The relations, from nearest to farthest; an accused unit is the farthest."""

    LEAD = "lead"  # 主办: its answer is, or was last, the ticket's
    SHARE = "share"  # has, or had, a share of it
    ABOVE = "above"  # is above a unit that has, or had, a share
    NONE = "none"
    ACCUSED = "accused"  # 举报: the report is about it, or about one above it


LEAD = frozenset({Relation.LEAD})
"""The relation of the unit that leads."""

NEAR = frozenset({Relation.LEAD, Relation.SHARE})
"""Relations of units that work, or worked, on it."""

SEEING = NEAR | {Relation.ABOVE}
"""Relations of units that may know of the ticket; for others it does not exist."""


def relation(ticket: Ticket, unit: str | None, pack: Pack | None = None) -> Relation:
    """Return the relation of `unit` to `ticket`.

    The hierarchy is in the pack: without it no unit is above, and only the units that a report is
    recorded to be kept from are accused. That is enough to check commands, because units above may
    give none, and the accused are given no share.
    """
    if unit is None:
        return Relation.NONE
    if not may_have(ticket, unit, pack):
        return Relation.ACCUSED
    if unit == ticket.unit:
        return Relation.LEAD
    having = {assignment.unit for assignment in ticket.assignments} | set(ticket.dropped.units)
    if unit in having:
        return Relation.SHARE
    return Relation.ABOVE if any(unit in _chain(one, pack) for one in having) else Relation.NONE


def _chain(unit: str, pack: Pack | None) -> Collection[str]:
    """Return the unit and those above it; the unit alone if the pack does not know it."""
    return pack.chain(unit) if pack is not None and pack.has_unit(unit) else (unit,)
