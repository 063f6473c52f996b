"""The table of all commands."""

from api.offers import citizens, desks, several, supervision, units

OFFERS = (
    *desks.OFFERS,
    *units.OFFERS,
    *several.OFFERS,
    *supervision.OFFERS,
    *citizens.OFFERS,
)
"""The commands that `api.commands` creates routes for."""
