"""Renewal of an access code: for the citizen who has the old one, or has proved their phone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.tickets.phone_lookup import prove
from domain.model import Incoming, Recorded
from store.secrets.phones import normal_phone
from store.tickets import access_codes

PURPOSE = "更换查询码"


class RenewIn(Incoming):
    """The proof that the citizen asks for it; nothing where the old code is shown."""

    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)] | None = (
        Field(None, description="The phone that the complaint was filed with.")
    )
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{6}$")] | None = (
        Field(
            None,
            description="The one-time code of `POST /api/v1/citizens/verify`, as the citizen "
            "reads it out.",
        )
    )


class RenewedCode(Recorded):
    """The new access code. The old one opens nothing any more."""

    number: str = Field(examples=["2603021234560"])
    access_code: str = Field(examples=["04217735"], description="Shown only here.")


async def renew(
    context: AppContext, caller: Caller, number: str, body: RenewIn, network: str = ""
) -> RenewedCode:
    """Replace the ticket's access code at once; recorded where the citizen can read it.

    Staff prove the citizen's wish by a one-time code that was sent to the phone of the ticket;
    wrong ones are counted by `network`.

    Raises:
        Problem: ticket_not_found, wrong_code, too_many_attempts
    """
    await permit(context, caller, "renew_access_code", number)
    if not caller.citizen:
        await _prove(context, number, body, network)
    generation = await access_codes.renew(
        context.store, number, caller.actor, datetime.now(UTC), PURPOSE
    )
    if generation is None:
        raise Problem("ticket_not_found")
    return RenewedCode(number=number, access_code=context.vault.access_code(number, generation))


async def _prove(context: AppContext, number: str, body: RenewIn, network: str) -> None:
    """Check the one-time code; that the phone is not the ticket's is not told apart."""
    if body.phone is None or body.code is None:
        raise Problem("wrong_code")
    phone_hash = await prove(context, network, body.phone, body.code)
    if not await access_codes.is_phone_of(context.store, number, phone_hash):
        raise Problem("wrong_code")
