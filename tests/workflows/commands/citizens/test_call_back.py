"""Tests of calling the citizen back."""

from domain.commands.citizens.call_back import CallBack
from domain.ticket.rating import Rating
from store.tickets import tickets
from tests.support.desk import CITIZEN, DESK, Filed, file
from tests.support.engine import Engine
from tests.support.prepared import answered


async def test_a_call_back_that_reached_nobody_brings_no_rating(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    rating = Rating.model_validate({"resolved": True, "grade": 5})
    code = await ticket.refused(DESK, CallBack(reached=False, rating=rating))
    assert code == "rating_without_contact"


async def test_the_desk_writes_down_what_the_citizen_says_on_the_phone(engine: Engine) -> None:
    ticket = await answered(engine)
    rating = Rating.model_validate({"contacted": True, "resolved": True, "grade": 4})
    await ticket.act(DESK, CallBack(reached=True, rating=rating))
    assert (await ticket.handle.result()).outcome == "closed"
    assert (await ticket.kinds(engine))[-3:] == ["called_back", "rated", "closed"]


async def test_nobody_reached_often_enough_closes_it_unrated(engine: Engine) -> None:
    ticket = await answered(engine)
    for _ in range(engine.packs.get("tongzhou").caps.call_backs):
        await ticket.act(DESK, CallBack(reached=False))
    end = await ticket.handle.result()
    assert end.outcome == "unrated"
    assert await _actor_of_last(engine, ticket) == "system"


async def _actor_of_last(engine: Engine, ticket: Filed) -> str:
    return str((await tickets.events(engine.store, ticket.number))[-1].actor)


async def test_a_citizen_does_not_call_back(engine: Engine) -> None:
    ticket = await answered(engine)
    assert await ticket.refused(CITIZEN, CallBack(reached=False)) == "forbidden"
