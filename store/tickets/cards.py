"""Cards (黄牌、红牌) that were shown to units, and have not become void since."""

from sqlalchemy import ColumnElement, String, and_, cast, exists, select, text

from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import UNIT_CLOCKS
from store.db import tables

# Under a name of its own, so that statements which read tickets as well can use the condition.
_TICKET, _EVENT = tables.ticket.alias("carded").c, tables.event.c

# Word for word as in the index, so that both databases see that it applies.
_VOID = text(tables.VOID)


def counting(city: str | None) -> ColumnElement[bool]:
    """Return the condition that an event is a card that counts; of one city, or of any.

    A card is void if more time was requested before it, and granted after it. Void cards are
    listed with the ticket, so that the order in which its events are projected does not matter.
    """
    # The few tickets with void cards are selected first, so that no others are read.
    having = select(_TICKET.number).where(_VOID)
    having = having if city is None else having.where(_TICKET.city == city)
    version = "," + cast(_EVENT.version, String) + ","
    named = exists().where(_TICKET.number == _EVENT.number, _TICKET.void_cards.contains(version))
    return and_(
        _EVENT.rung.is_not(None),
        _EVENT.rung.in_([LevelKind.WARN, LevelKind.DUE]),
        _EVENT.clock.in_(UNIT_CLOCKS),
        ~and_(_EVENT.number.in_(having), named),
    )
