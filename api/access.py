"""Who is asking: staff by token, citizens by the access code of their ticket.

At the door only this is decided, and who may see what. What somebody may do is the ticket's to
say (`domain.lifecycle`).
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.door import Door, TheDoor
from api.problems import Problem
from domain.actors import CITIZEN, Actor, Role
from domain.complaint import Channel, Kind
from domain.ticket import Ticket
from store import attempts, tickets, tokens
from store.hidden import Hidden
from store.numbers import parse_number

WINDOW = timedelta(minutes=10)
WRONG_PER_TICKET = 10
WRONG_PER_ADDRESS = 60

_bearer = HTTPBearer(
    scheme_name="Token",
    bearerFormat="jsu_…",
    description="Access token of staff or of a program, issued with `jiesu token create`.",
    auto_error=False,
)
_code = APIKeyHeader(
    name="Access-Code",
    scheme_name="AccessCode",
    description="The eight digits a citizen received with the number of the ticket.",
    auto_error=False,
)


@dataclass(frozen=True)
class Caller:
    """Somebody known. `id` tells callers apart, as a prefix of what they name (keys)."""

    actor: Actor
    id: str

    @property
    def citizen(self) -> bool:
        return self.actor.role is Role.CITIZEN

    @property
    def unit(self) -> str | None:
        """The unit whose share this caller is confined to; None: not confined."""
        if self.actor.role is not Role.OFFICER:
            return None
        if self.actor.unit is None:
            raise Problem("forbidden", "This officer's token names no unit.")
        return self.actor.unit

    def sees(self, ticket: Ticket) -> bool:
        """An officer sees a ticket on which their unit has, or had, an assignment."""
        unit = self.unit
        return unit is None or any(given.unit == unit for given in ticket.assignments)


async def ticket_number(
    number: Annotated[
        str,
        Path(
            description="The number of the ticket, 13 digits; spaces and hyphens do not matter.",
            examples=["2603021234560"],
        ),
    ],
) -> str:
    return parse_number(number)


TicketNumber = Annotated[str, Depends(ticket_number)]
_Token = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
_Code = Annotated[str | None, Security(_code)]


async def _staff(token: _Token, door: TheDoor) -> Caller:
    if token is None:
        raise Problem("unauthenticated")
    row = await tokens.find(door.store, token.credentials, datetime.now(UTC))
    if row is None or row.role in (Role.CITIZEN, Role.SYSTEM):
        raise Problem("unauthenticated", "The token is unknown, expired or revoked.")
    return Caller(Actor(role=row.role, id=row.id, unit=row.unit), row.id)


async def citizen(request: Request, number: TicketNumber, code: _Code, door: TheDoor) -> Caller:
    """Whoever has the ticket's access code. A wrong one is counted, and answered as no ticket."""
    if code is None:
        raise Problem("unauthenticated")
    ticket_key, address_key = f"ticket/{number}", f"from/{door.mark(_network(request))}"
    await _not_guessing(door, ticket_key, address_key)
    if not door.vault.check_access_code(number, code):
        now = datetime.now(UTC)
        await attempts.count_wrong(door.store, ticket_key, now)
        await attempts.count_wrong(door.store, address_key, now)
        raise Problem("ticket_not_found")
    return Caller(CITIZEN, "citizen")


async def _anyone(
    request: Request, number: TicketNumber, token: _Token, code: _Code, door: TheDoor
) -> Caller:
    if token is not None:
        return await _staff(token, door)
    return await citizen(request, number, code, door)


async def _perhaps_staff(token: _Token, door: TheDoor) -> Caller | None:
    return await _staff(token, door) if token is not None else None


Staff = Annotated[Caller, Depends(_staff)]
PerhapsStaff = Annotated[Caller | None, Depends(_perhaps_staff)]
Citizen = Annotated[Caller, Depends(citizen)]
Anyone = Annotated[Caller, Depends(_anyone)]


async def visible(door: Door, caller: Caller, number: str) -> Ticket | None:
    """The ticket, as last told, if this caller may see it: not an officer who is accused in it."""
    ticket = await tickets.state(door.store, number)
    if ticket is None or not caller.sees(ticket):
        return None
    accused = hidden_from(door, caller).get(ticket.complaint.city, ())
    return None if ticket.accused in accused else ticket


def hidden_from(door: Door, caller: Caller) -> Hidden:
    """举报: the accused whose tickets this caller is not to see: their own unit, those above."""
    unit = caller.unit
    if unit is None:
        return {}
    packs = [door.packs.get(city) for city in door.packs.ids()]
    return {pack.city.id: pack.chain(unit) for pack in packs if pack.has_unit(unit)}


def discreet(caller: Caller, ticket: Ticket) -> Ticket:
    """The ticket as this caller may read it: who reported (举报) is not the unit's to know."""
    if caller.unit is None or ticket.kind is not Kind.REPORT:
        return ticket
    unknown = {"channel": Channel.OTHER, "anonymous": True, "person": None}
    return ticket.model_copy(update={"complaint": ticket.complaint.model_copy(update=unknown)})


async def _not_guessing(door: Door, ticket_key: str, address_key: str) -> None:
    """The right code is refused as well: otherwise guessing on would still be worth it."""
    now = datetime.now(UTC)
    blocked = await asyncio.gather(
        attempts.too_many(door.store, ticket_key, now, WRONG_PER_TICKET, WINDOW),
        attempts.too_many(door.store, address_key, now, WRONG_PER_ADDRESS, WINDOW),
    )
    if any(blocked):
        seconds = str(int(WINDOW.total_seconds()))
        raise Problem("too_many_attempts", headers={"Retry-After": seconds})


def _network(request: Request) -> str:
    """Where the caller comes from: an address, or the network a subscriber of IPv6 has."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
