"""The refusal codes of each command, as its endpoint declares them."""

from api.rest.endpoints.all_endpoints import ENDPOINTS
from api.rest.endpoints.citizens import BACK
from app.errors import CODES
from domain.commands.base import CommandBase

_EVERYWHERE = {"forbidden", "not_now", "ticket_ended"}

REFUSALS: dict[type[CommandBase], set[str]] = {
    offer.command: {*offer.refusals, *_EVERYWHERE} & set(CODES) for offer in (*ENDPOINTS, BACK)
}
