"""The citizen's rating of an answer."""

from datetime import UTC, datetime
from typing import Literal, NamedTuple

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.sending.call_errors import NotRunning
from app.sending.commands import not_running_error
from app.sending.used_keys import reserved
from domain.commands.lookups import rules_of
from domain.facts.closing import Rated
from domain.facts.transitions import transition
from domain.messages import RatingMessage
from domain.model import Recorded
from domain.policy.pressed import in_favour
from domain.refusals import Refused
from domain.ticket.rating import Apart, Rating
from domain.ticket.stages import Outcome, Stage
from domain.ticket.ticket import Ticket
from store.identity import sign_in_places
from store.messaging.marks import Marks
from store.tickets import intake, rating_checks, tickets
from store.tickets.rating_checks import GivenRating
from store.tickets.tickets import TicketRow

_FOLLOWED = 20
"""The most tickets, each following another, that are looked at for the first."""


class RatingReceipt(Recorded):
    """The receipt of a rating. `recorded`: it counts. `sent`: the ticket will show it later."""

    number: str
    status: Literal["recorded", "sent"]
    stage: Stage
    outcome: Outcome | None = None


class Origin(NamedTuple):
    """From where a rating comes: a fingerprint of the network, and whether staff is signed in."""

    place: str = ""
    signed_in: bool = False


async def check_due(context: AppContext, number: str) -> TicketRow:
    """Return the ticket, if a rating is due.

    Raises:
        Problem, Refused: it is not, and why.
    """
    row = await tickets.get(context.store, number)
    if row is None:
        waiting = await intake.get(context.store, number)
        raise Problem("not_started_yet" if waiting else "ticket_not_found")
    if row.rated and row.stage in (Stage.RATE, Stage.ENDED):
        raise Refused("already_rated", "This ticket is rated already.")
    transition(row.stage, Rated)
    return row


async def rate(
    context: AppContext,
    caller: Caller,
    number: str,
    rating: Rating,
    key: str | None,
    origin: Origin,
) -> RatingReceipt:
    """Rate an answer, once; wait shortly until the record shows it.

    One that may be of who did the work is set apart: it is recorded, and counts as no rating.

    Raises:
        Problem, Refused: no rating is due, or another was first.
    """
    await permit(context, caller, "rate_ticket", number)
    async with reserved(context, caller, number, key, rating.model_dump_json()):
        before = await check_due(context, number)
        apart = await _apart(context, before, rating, origin)
        await _note(context, caller, before, origin)
        verdict = RatingMessage(actor=caller.actor, rating=rating, key=key or "", apart=apart)
        try:
            await context.engine.rate(number, verdict)
        except NotRunning as missing:
            raise await not_running_error(context, number, missing) from None

    async def recorded() -> tuple[TicketRow, int] | None:
        """Return the row and the grade; a bad rating may have sent the ticket back already."""
        row = await tickets.get(context.store, number)
        if row is None or row.version <= before.version:
            return None
        if row.grade is not None:
            return row, row.grade
        events = await tickets.events(context.store, number)
        facts = (event.fact for event in events if event.version > before.version)
        given = next((fact.rating for fact in facts if isinstance(fact, Rated)), None)
        return (row, given.grade) if given is not None else None

    found = await context.record.until(recorded)
    if found is None:
        return RatingReceipt(number=number, status="sent", stage=before.stage)
    row, grade = found
    pack = context.packs.get(row.city)
    await rating_checks.judge_one(context.store, pack, number, before.version)
    if grade != rating.grade:  # another rating was sent at the same time, and was first
        raise Refused("already_rated", "This ticket is rated already.")
    return RatingReceipt(number=number, status="recorded", stage=row.stage, outcome=row.outcome)


async def _note(context: AppContext, caller: Caller, row: TicketRow, origin: Origin) -> None:
    """Note from where a citizen's rating comes: the city's rules judge it once it is recorded."""
    if not caller.citizen:
        return
    person_id = row.person
    person = await intake.person_of(context.store, context.vault, person_id) if person_id else None
    contact = Marks(context.vault.ring).recipient(person) if person else None
    await rating_checks.note(
        context.store,
        GivenRating(
            number=row.number,
            after=row.version,
            city=row.city,
            at=context.now(),
            network=origin.place or None,
            contact=contact,
        ),
    )


async def _apart(
    context: AppContext, row: TicketRow, rating: Rating, origin: Origin
) -> Apart | None:
    """Return why a rating is set apart; None for one that is the citizen's as far as is known.

    By network and filer only one that is in the unit's favour: many citizens share a network with
    somebody of a unit, units also file for citizens, and no unit rates itself badly.
    """
    if origin.signed_in:
        return Apart.SESSION
    ticket = await tickets.state(context.store, row.number)
    if ticket is None:
        return None
    if not in_favour(rating, rules_of(ticket).satisfied_from):
        return None
    units = {*ticket.dropped.units, *(share.unit for share in ticket.assignments)}
    if await _unit_that_filed(context, ticket) in units:
        return Apart.FILER
    if not origin.place:
        return None
    now = datetime.now(UTC)
    ours = await sign_in_places.is_of_units(context.store, origin.place, row.city, units, now)
    return Apart.ADDRESS if ours else None


async def _unit_that_filed(context: AppContext, ticket: Ticket) -> str | None:
    """Return the unit that filed the complaint, and so chose the contact that leads to its code.

    The contact of a ticket that follows another is that of the first one.
    """
    complaint = ticket.complaint
    for _ in range(_FOLLOWED):
        follows = complaint.follows
        earlier = await tickets.state(context.store, follows) if follows else None
        if earlier is None:
            break
        complaint = earlier.complaint
    return complaint.filed_by.unit if complaint.filed_by else None
