"""The table of all commands."""

from api.rest.endpoints import citizens, desks, several, supervision, units

OFFERS = (
    *desks.OFFERS,
    *units.OFFERS,
    *several.OFFERS,
    *supervision.OFFERS,
    *citizens.OFFERS,
)
"""The commands that `api.rest.commands` creates routes for."""
