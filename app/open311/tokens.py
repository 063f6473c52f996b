"""Tokens: what a client gets instead of an id while the ticket has not begun."""

import hmac

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.open311.doors import open_doors
from domain.model import Recorded
from store.tickets import intake, tickets

_MARK = 24


class TokenOut(Recorded):
    """A token, with the id of its request; null until the ticket has begun."""

    service_request_id: str | None
    token: str


def token_of(context: AppContext, number: str) -> str:
    """Return the token of a registered request. It needs no table: it proves its number itself."""
    return f"{number}-{_mark(context, number)}"


async def request_of_token(context: AppContext, token: str) -> TokenOut:
    """Return the request that a token was given for.

    Raises:
        Problem: not_in_this_city, not_found
    """
    await permit(context, None, "read_open311")
    open_doors(context)
    number, _, mark = token.partition("-")
    proven = hmac.compare_digest(_mark(context, number).encode(), mark.encode())
    if proven:
        if await tickets.get(context.store, number) is not None:
            return TokenOut(service_request_id=number, token=token)
        if await intake.get(context.store, number) is not None:
            return TokenOut(service_request_id=None, token=token)
    raise Problem("not_found", "There is no such token.")


def _mark(context: AppContext, number: str) -> str:
    return context.mark(f"open311 token {number}")[:_MARK]
