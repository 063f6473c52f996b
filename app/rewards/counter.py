"""The counter of a partner unit: a prize is handed out for a code, once."""

from datetime import UTC, datetime, timedelta

from app.access import guards
from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.rewards.codes import mark_of
from app.rewards.purses import RedemptionOut, TypedCode, redemption_out
from domain.model import Incoming
from domain.refusals import Refused
from store.identity.reservations import Window
from store.rewards import redemptions

WRONG_CODES, WINDOW = 20, timedelta(minutes=10)
"""Wrong codes of one officer."""

_WRONG = "unknown_prize_code"


class FetchIn(Incoming):
    code: TypedCode


async def hand_out(context: AppContext, caller: Caller, body: FetchIn) -> RedemptionOut:
    """Confirm the code of a prize of the officer's unit; the prize is theirs to hand out then.

    Raises:
        Problem: too_many_attempts
        Refused: unknown_prize_code, prize_of_another_unit, prize_fetched, prize_cancelled,
            prize_expired
    """
    await permit(context, caller, "hand_out_prize")
    actor = caller.actor.model_copy(update={"unit": caller.unit, "id": caller.id})
    rules = (Window(f"prizes/{caller.id}", WRONG_CODES, WINDOW),)
    async with guards.attempt(context, f"prizes/{caller.id}", rules, "too_many_attempts") as tried:
        mark, now = mark_of(context, body.code), datetime.now(UTC)
        try:
            fetched = await redemptions.confirm(context.store, mark, actor, caller.city, now)
        except Refused as refused:
            if refused.code != _WRONG:  # a code that there is was not guessed
                await tried.undecided()
            raise
        await tried.undecided()
    return redemption_out(fetched)
