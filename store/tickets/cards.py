"""Cards (黄牌、红牌) that units were shown, and that were not taken back since."""

from sqlalchemy import ColumnElement, String, and_, cast, exists, select, text

from domain.deadlines.clocks import UNIT_CLOCKS, RungKind
from store.db import tables

_TICKET, _EVENT = tables.ticket.c, tables.event.c

# Word for word as in the index, so that both databases see that it fits.
_VOID = text(tables.VOID)


def counting(city: str | None) -> ColumnElement[bool]:
    """Whether an event is a card that counts, whenever it was shown; of one city, or of any.

    One is void where more time was asked for before it, and granted after it. Which are is kept
    with the ticket, so that it does not matter in which order its events are told.
    """
    # First whether the ticket has any: these few are read once, and no other ticket at all.
    having = select(_TICKET.number).where(_VOID)
    having = having if city is None else having.where(_TICKET.city == city)
    version = "," + cast(_EVENT.version, String) + ","
    named = exists().where(_TICKET.number == _EVENT.number, _TICKET.void_cards.contains(version))
    return and_(
        _EVENT.rung.is_not(None),
        _EVENT.rung.in_([RungKind.WARN, RungKind.DUE]),
        _EVENT.clock.in_(UNIT_CLOCKS),
        ~and_(_EVENT.number.in_(having), named),
    )
