"""The one question behind every way by which a ticket comes to a unit: may the unit have it?

A report of wrongdoing (举报) never comes to a unit that it accuses, nor to one below such a unit:
no share of it, none of its words, no message about it, no sign that it exists. The units above an
accused unit may have it: somebody has to look into what it did.
"""

from collections.abc import Collection, Iterable, Iterator

from domain.model import Recorded
from domain.pack.pack import Pack
from domain.refusals import Refused
from domain.ticket.assignment import AssignmentPlan
from domain.ticket.ticket import Ticket


def may_have(ticket: Ticket, unit: str, pack: Pack | None = None) -> bool:
    """Return whether a unit may have the ticket, and learn of it.

    `pack`: for units that came under an accused one since it was named, and for tickets of before
    the units below were recorded.
    """
    chain = pack.chain(unit) if pack is not None and pack.has_unit(unit) else (unit,)
    return not any(one in ticket.kept_from or one in (ticket.accused or ()) for one in chain)


def kept_from(ticket: Ticket) -> tuple[str, ...]:
    """Return the units that may not have it, as recorded: accused ones and those below them."""
    return tuple(dict.fromkeys([*(ticket.accused or ()), *ticket.kept_from]))


def covered(pack: Pack, accused: Iterable[str]) -> list[str]:
    """Return the accused units and all below them, in the pack's order; unknown ones as well."""
    named = list(dict.fromkeys(accused))
    below = [unit.code for unit in pack.units if any(pack.is_within(unit.code, x) for x in named)]
    return list(dict.fromkeys([*named, *below]))


def within(pack: Pack, unit: str, units: Collection[str]) -> bool:
    """Return whether the unit, or one above it, is among these."""
    chain = pack.chain(unit) if pack.has_unit(unit) else (unit,)
    return any(one in units for one in chain)


def refuse_accused(ticket: Ticket, units: Iterable[str]) -> None:
    """Refuse to give the ticket to a unit that it is kept from.

    Raises:
        Refused: `accused_unit`
    """
    for unit in units:
        if unit in ticket.kept_from:
            raise Refused("accused_unit", "The report is about that unit: choose another.")


def units_given(fact: Recorded) -> Iterator[str]:
    """Yield the units that a fact gives a share to: each of its assignment plans names one."""
    if isinstance(fact, AssignmentPlan):
        yield fact.unit
    for name in type(fact).model_fields:
        value = getattr(fact, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, AssignmentPlan):
                yield one.unit
