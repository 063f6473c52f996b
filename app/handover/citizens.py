"""Notes of citizens at the first city of a matter that another city has: they go there."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.handover.views import cipher_of
from app.sending.used_keys import reserved
from domain.handover.envelopes import CitizenNote
from domain.handover.handover import Handover, HandoverSide, HandoverState, HandoverWords
from domain.handover.steps import HandoverStep
from domain.model import Incoming, Instant, Recorded
from domain.refusals import Refused
from domain.ticket.complaint import TEXT_LIMIT, cleaned
from domain.ticket.stages import Stage
from store.handover import handovers, letters

MOST_WAITING = 20
"""The most notes of a citizen that may wait: the other city may be down for days."""


class NoteIn(Incoming):
    """A note of the citizen: facts, an urge, or the rating of the other city's answer."""

    what: Literal["facts", "urge", "rating"]
    text: Annotated[str, StringConstraints(max_length=TEXT_LIMIT), AfterValidator(cleaned)] = ""
    resolved: bool | None = None
    contacted: bool | None = None
    grade: int | None = Field(None, ge=1, le=5)

    @model_validator(mode="after")
    def _whole(self) -> "NoteIn":
        if self.what == "facts" and not self.text:
            raise ValueError("text: nothing is added")
        if self.what == "urge" and len(self.text) > 500:
            raise ValueError("text: an urge has at most 500 characters")
        if self.what == "rating":
            if self.resolved is None or self.grade is None:
                raise ValueError("a rating needs resolved and grade")
            if len(self.text) > 1000:
                raise ValueError("text: a rating has at most 1,000 characters")
        return self


class NoteOut(Recorded):
    """It is kept, and goes to the other city as soon as that can be reached."""

    what: str
    at: Instant


async def tell_other_city(
    context: AppContext, caller: Caller, number: str, body: NoteIn, key: str | None = None
) -> NoteOut:
    """Pass on what the citizen says, once; it waits here while the other city is down.

    Raises:
        Problem, Refused: not_handed_over, ticket_ended, not_now, already_rated, facts_too_often
    """
    await permit(context, caller, "tell_other_city", number)
    told = await handovers.of_ticket(context.store, cipher_of(context), number)
    there = [
        one.handover
        for one in told
        if one.handover.side is HandoverSide.OUT and one.handover.state is HandoverState.TAKEN
    ]
    if not there:
        raise Problem("not_handed_over")
    now = context.now()
    mark = context.mark(f"note/{caller.id}/{number}/{key or context.nonce()}")
    said = CitizenNote(**body.model_dump(), at=now, id=mark)
    waiting = await letters.waiting_count(context.store, there[0].key, "note")
    if waiting >= MOST_WAITING:
        raise Refused("facts_too_often", "Enough waits for the other city already.")

    def noted(of: Handover, words: HandoverWords, _: object) -> HandoverStep:
        _check_now(of, body)
        after = of
        if body.what == "rating" and of.status is not None:
            given = of.status.model_copy(update={"can_rate": False, "rated": True})
            after = of.model_copy(update={"status": given})
        return HandoverStep(after, words, [said])

    async with reserved(context, caller, f"handover/{number}", key, body.model_dump_json()):
        await handovers.change(
            context.store,
            cipher_of(context),
            there[0].key,
            noted,
            once=lambda connection: handovers.is_unsaid(connection, mark),
        )
    return NoteOut(what=body.what, at=now)


def _check_now(of: Handover, body: NoteIn) -> None:
    status = of.status
    ended = status is not None and status.stage is Stage.ENDED
    if body.what == "rating":
        if status is not None and status.rated:
            raise Refused("already_rated", "This ticket is rated already.")
        if status is None or not status.can_rate:
            raise Refused("not_now", "No rating is due.")
    elif ended:
        raise Refused("ticket_ended", "This ticket has ended.")
