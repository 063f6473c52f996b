"""A citizen's tickets, found by a phone that they have confirmed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from itsdangerous import BadSignature
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.access import guards
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from domain.canonical import digits_plainly
from domain.model import Incoming, Instant, Recorded
from domain.ticket.stages import Outcome, Stage
from store.identity import phone_codes
from store.identity.reservations import Pauses, Window
from store.secrets.phones import normal_phone
from store.tickets import intake

Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]


PASS_SECONDS = 15 * 60

TRIES = 5
"""Wrong one-time codes for one phone from one network within ten minutes."""
TRIES_ANYWHERE, PACE = 30, timedelta(minutes=1)
"""Wrong codes for one phone from all networks within an hour, after which one is judged in so long:
then fewer than one in two thousand such hours finds a code."""
KNOWN = timedelta(days=30)
"""The time for which a network is remembered in which the phone was confirmed."""


class VerifyIn(Incoming):
    phone: Phone


class ConfirmIn(Incoming):
    phone: Phone
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$"), BeforeValidator(digits_plainly)]


class Sent(Recorded):
    """The answer for every phone, so that it does not reveal whether the phone is known."""

    expires_in: int = Field(examples=[600], description="Seconds the code is good for.")


class Pass(Recorded):
    citizen_pass: str
    expires_in: int = Field(examples=[900], description="Seconds.")


class OwnTicket(Recorded):
    """A ticket of the phone's owner; `access_code` opens it."""

    number: str
    access_code: str
    city: str
    title: str
    stage: Stage
    outcome: Outcome | None
    filed_at: Instant
    updated_at: Instant


class OwnTickets(Recorded):
    items: list[OwnTicket]


async def send_code(context: AppContext, network: str, body: VerifyIn) -> Sent:
    """Send a code if complaints were filed with this phone; the answer is always the same.

    Messages are limited by phone and network first: one network cannot use up all that a phone
    may be sent.
    """
    await permit(context, None, "verify_phone")
    phone_hash = context.vault.phone_hash(body.phone)
    phone, here = context.mark(f"phone/{phone_hash}"), context.mark(network)
    await context.limits.count("phone_from_one", f"{phone}/{here}")
    await context.limits.count("phone", phone)
    now = datetime.now(UTC)
    await phone_codes.issue(
        context.store, context.cipher, body.phone, phone_hash, context.mark, now
    )
    return Sent(expires_in=int(phone_codes.VALID.total_seconds()))


async def confirmed(context: AppContext, network: str, body: ConfirmIn) -> Pass:
    """Check a code, and return a pass for the tickets of its phone.

    Raises:
        Problem: wrong_code, too_many_attempts
    """
    await permit(context, None, "confirm_phone")
    phone_hash = await prove(context, network, body.phone, body.code)
    made = str(context.signer("citizen").dumps(phone_hash))
    return Pass(citizen_pass=made, expires_in=PASS_SECONDS)


async def prove(context: AppContext, network: str, number: str, code: str) -> str:
    """Check a code: valid once, for ten minutes, among the last three that were sent to the phone.

    Wrong codes are counted by phone and network: what a stranger tries elsewhere does not use up
    the tries of the phone's holder. Returns the keyed hash of the phone.

    Raises:
        Problem: wrong_code, too_many_attempts
    """
    phone_hash = context.vault.phone_hash(number)
    phone, here = context.mark(f"phone/{phone_hash}"), context.mark(network)
    pair, known = f"phone/{phone}/{here}", f"known/{context.mark(f'phone/{phone_hash}/{network}')}"
    anywhere = Pauses(f"phone/{phone}", TRIES_ANYWHERE, PACE, PACE, timedelta(hours=1))
    rules = (
        Window(pair, TRIES, phone_codes.VALID),
        guards.window(f"phones/{here}", context.settings.limit_codes),
        await guards.unless_known(context, anywhere, known),
    )
    async with guards.attempt(context, f"phone/{here}", rules, "too_many_attempts") as tried:
        now = datetime.now(UTC)
        if not await phone_codes.confirm(context.store, phone_hash, code, context.mark, now):
            raise Problem("wrong_code")
        await tried.succeeded(pair, known, KNOWN)
    return phone_hash


async def own_tickets(context: AppContext, citizen_pass: str) -> OwnTickets:
    """Return the latest hundred tickets of the phone that the pass is for, newest first.

    Raises:
        Problem: unauthenticated
    """
    await permit(context, None, "list_own_tickets")
    try:
        phone_hash = context.signer("citizen").loads(citizen_pass, max_age=PASS_SECONDS)
    except BadSignature:
        raise Problem("unauthenticated", "The pass is missing or over.") from None
    rows = await phone_codes.tickets_of(context.store, str(phone_hash))
    generations = await intake.code_generations(context.store, [row.number for row in rows])
    items = [
        OwnTicket(
            number=row.number,
            access_code=context.vault.access_code(row.number, generations[row.number]),
            city=row.city,
            title=row.title,
            stage=row.stage,
            outcome=row.outcome,
            filed_at=row.filed_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
    return OwnTickets(items=items)
