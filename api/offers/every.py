"""The whole table."""

from api.offers import citizens, desks, several, supervision, units

OFFERS = (
    *desks.OFFERS,
    *units.OFFERS,
    *several.OFFERS,
    *supervision.OFFERS,
    *citizens.OFFERS,
)
"""The commands that `api.commands` makes a route of."""
