"""Ratings that are set apart because they look pressed: why, and that they count after all."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.tickets.acted_on import acted_on, started
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import required
from domain.ticket.rating import Apart
from store.tickets import rating_checks
from store.tickets.rating_checks import RatingCheck


class CountRatingIn(Incoming):
    """Why a rating that is set apart counts after all."""

    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=1000), AfterValidator(required)
    ]


class RatingCheckOut(Recorded):
    """A rating that is or was set apart. `version`: of its event. `apart`: it counts in no figure.

    `reason`: `session`, `address` or `filer`: as it was given; `call`: minutes after the unit had
    been in contact; `turned`: bad before, good soon after a contact; `contact`, `network`: many of
    the unit from one phone, or one network, in a short time. `lifted_why`: the supervisor's words.
    """

    version: int
    reason: Apart
    apart: bool
    since: Instant
    lifted_at: Instant | None = None
    lifted_why: str = Field("", description="Staff and the citizen may read it.")


class RatingChecksOut(Recorded):
    items: list[RatingCheckOut]


async def checks_of(context: AppContext, caller: Caller, number: str) -> list[RatingCheckOut]:
    """Return the ratings of a ticket that are or were set apart; its citizen and unit may know.

    Raises:
        Problem: ticket_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_rating_checks", number)
    if await started(context, caller, number) is None:
        return []
    return [_out(check) for check in await rating_checks.of_ticket(context.store, number)]


async def count_rating(
    context: AppContext, caller: Caller, number: str, version: int, body: CountRatingIn
) -> RatingCheckOut:
    """Let a rating that is set apart count after all, for a stated reason.

    Figures of a period that has ended before keep what was known at its end.

    Raises:
        Problem, Refused: as `acted_on`; not_set_apart, lifted_already
    """
    await acted_on(context, caller, "count_rating", number)
    lifted = await rating_checks.lift(context.store, number, version, caller.id, body.reason)
    return _out(lifted)


def _out(check: RatingCheck) -> RatingCheckOut:
    return RatingCheckOut(
        version=check.version,
        reason=check.reason,
        apart=check.apart() is not None,
        since=check.apart_at,
        lifted_at=check.lifted_at,
        lifted_why=check.lifted_why,
    )
