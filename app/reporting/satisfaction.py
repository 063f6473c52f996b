"""Citizens who are asked again how satisfied they are (抽样复核), and what they said."""

import secrets
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import pack_asked
from app.context import AppContext
from app.errors import Problem
from app.sending.contact_budget import check_contact
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import days_of
from domain.patrol.checks import LONGEST_PERIOD
from domain.patrol.draw import SEED_BYTES, UnknownAlgorithm, in_order
from domain.refusals import Refused
from domain.ticket.complaint import Code, cleaned
from domain.ticket.rating import Grade
from store.reporting import satisfaction_draws
from store.reporting.satisfaction_draws import SatisfactionDraw, SecondAnswer, WantedSample

_MOST = 100


class SampleIn(Incoming):
    """A sample of the rated tickets that ended on these days, which are over."""

    since: date
    until: date
    size: int = Field(ge=1, le=1000)
    city: Code | None = None
    after: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="The number of the city's last draw that you have seen, 0 if there is none: "
        "the same asked for twice is then drawn once.",
    )


class AskedAgainIn(Incoming):
    """An attempt to ask a citizen again: not reached, or what they said."""

    reached: bool
    resolved: bool | None = Field(None, description="Is the matter solved? Only if reached.")
    grade: Grade | None = Field(None, description="1 very dissatisfied … 5; only if reached.")
    note: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = Field(
        "", description="For colleagues. Beyond the day's budget of contacts: why once more."
    )


class SecondAnswerOut(Recorded):
    """A drawn ticket, and what became of it. `tries` 0: nobody has called yet."""

    number: str
    tries: int = 0
    at: Instant | None = None
    grade: int | None = None
    resolved: bool | None = None
    note: str = ""


class SampleOut(Recorded):
    """A draw with what it was made from: whoever has this can repeat it."""

    id: str = Field(examples=["jinan-s1"])
    city: str
    n: int
    at: Instant
    since: date
    until: date
    algorithm: str
    seed: str
    size: int
    population: list[str] = Field(description="All rated tickets, as the seed orders them.")
    items: list[SecondAnswerOut]


class SampleLine(Recorded):
    """A draw in a list. `of`: the tickets drawn from."""

    id: str
    n: int
    at: Instant
    since: date
    until: date
    size: int
    of: int
    answered: int


class SamplesOut(Recorded):
    items: list[SampleLine]


class ResampleOut(Recorded):
    """A draw that was repeated: whether its seed gives the recorded order."""

    id: str
    same: bool
    drawn: list[str]


async def draw_sample(context: AppContext, caller: Caller, body: SampleIn) -> SampleOut:
    """Draw rated tickets whose citizens are to be asked again, and record how.

    Raises:
        Problem, Refused: not_your_city, invalid_request, sample_too_early, draw_period,
            sample_too_large
        UnknownCity
    """
    await permit(context, caller, "draw_sample")
    pack = _pack(context, caller, body.city)
    today = context.now().astimezone(pack.calendar.tz).date()
    if body.until >= today:
        raise Refused("sample_too_early", "Tickets of today may still end or be rated.")
    if body.until < body.since or body.until - body.since > LONGEST_PERIOD:
        raise Refused("draw_period", "The days have to be at most a quarter, in their order.")
    try:
        period = days_of(pack, body.since, date.fromordinal(body.until.toordinal() + 1))
    except ValueError as error:
        raise Refused("draw_period", "There are no records of these days.") from error
    wanted = WantedSample(
        pack.city.id, body.since, body.until, period, body.size, caller.id, body.after
    )
    made = await satisfaction_draws.draw(
        context.store, wanted, lambda: secrets.token_hex(SEED_BYTES)
    )
    return await _out(context, made)


async def list_samples(context: AppContext, caller: Caller, city: str | None = None) -> SamplesOut:
    """Return the draws of a city, the newest first.

    Raises:
        Problem: not_your_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "list_samples")
    pack = _pack(context, caller, city)
    found = await satisfaction_draws.of_city(context.store, pack.city.id, _MOST)
    answered = await satisfaction_draws.answered(context.store, [one.id for one in found])
    return SamplesOut(
        items=[
            SampleLine(
                id=one.id,
                n=one.n,
                at=one.at,
                since=one.since,
                until=one.until,
                size=one.size,
                of=len(one.population),
                answered=answered.get(one.id, 0),
            )
            for one in found
        ]
    )


async def get_sample(context: AppContext, caller: Caller, draw_id: str) -> SampleOut:
    """Return a draw, with what became of its tickets.

    Raises:
        Problem: draw_not_found
    """
    await permit(context, caller, "get_sample")
    return await _out(context, await _draw(context, caller, draw_id))


async def redraw_sample(context: AppContext, caller: Caller, draw_id: str) -> ResampleOut:
    """Repeat a draw from its seed, and say whether it is what is recorded.

    Raises:
        Problem: draw_not_found, unknown_algorithm
    """
    await permit(context, caller, "redraw_sample")
    made = await _draw(context, caller, draw_id)
    try:
        again = in_order(made.algorithm, made.seed, made.population)
    except UnknownAlgorithm as error:
        raise Problem("unknown_algorithm", f"Algorithm: {made.algorithm}.") from error
    return ResampleOut(id=made.id, same=again == made.population, drawn=again[: made.size])


async def record_second_answer(
    context: AppContext, caller: Caller, draw_id: str, number: str, body: AskedAgainIn
) -> SampleOut:
    """Record an attempt to ask a citizen again. It counts in the day's budget of contacts.

    Raises:
        Problem, Refused: draw_not_found, invalid_request, not_sampled, answered_already,
            contact_budget_spent
    """
    await permit(context, caller, "record_second_answer", number)
    made = await _draw(context, caller, draw_id)
    said = (body.grade, body.resolved)
    if (None in said) if body.reached else any(one is not None for one in said):
        raise Refused(
            "second_answer_incomplete", "Who was reached says both; else nothing is said."
        )
    if not body.note and number in made.drawn:
        await check_contact(context, number)
    satisfied_from = context.packs.get(made.city).rating.satisfied_from
    answer = SecondAnswer(
        draw=made.id,
        number=number,
        city=made.city,
        at=context.now(),
        account=caller.id,
        tries=0,
        grade=body.grade.value if body.grade is not None else None,
        resolved=body.resolved,
        satisfied=None if body.grade is None else body.grade >= satisfied_from,
        note=body.note,
    )
    await satisfaction_draws.record(context.store, made, answer)
    return await _out(context, made)


def _pack(context: AppContext, caller: Caller, city: str | None) -> Pack:
    return pack_asked(context, caller, city, lambda pack: True)


async def _draw(context: AppContext, caller: Caller, draw_id: str) -> SatisfactionDraw:
    made = await satisfaction_draws.get(context.store, draw_id)
    if made is None or not caller.serves(made.city):
        raise Problem("draw_not_found")
    return made


async def _out(context: AppContext, made: SatisfactionDraw) -> SampleOut:
    answers = await satisfaction_draws.answers(context.store, made.id)
    return SampleOut(
        id=made.id,
        city=made.city,
        n=made.n,
        at=made.at,
        since=made.since,
        until=made.until,
        algorithm=made.algorithm,
        seed=made.seed,
        size=made.size,
        population=made.population,
        items=[_item(number, answers.get(number)) for number in made.drawn],
    )


def _item(number: str, answer: SecondAnswer | None) -> SecondAnswerOut:
    if answer is None:
        return SecondAnswerOut(number=number)
    return SecondAnswerOut(
        number=number,
        tries=answer.tries,
        at=answer.at,
        grade=answer.grade,
        resolved=answer.resolved,
        note=answer.note,
    )
