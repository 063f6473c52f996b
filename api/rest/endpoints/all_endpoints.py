"""The table of all commands."""

from api.rest.endpoints import citizens, desks, several, supervision, units

ENDPOINTS = (
    *desks.ENDPOINTS,
    *units.ENDPOINTS,
    *several.ENDPOINTS,
    *supervision.ENDPOINTS,
    *citizens.ENDPOINTS,
)
"""The commands that `api.rest.commands` creates routes for."""
