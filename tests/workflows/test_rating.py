"""Tests of the citizen's rating and its consequences."""

from domain.commands.citizens.call_back import CallBack
from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.messages import RatingMessage
from domain.ticket.rating import Rating
from store.tickets import tickets
from tests.support.desk import (
    CITIZEN,
    DESK,
    DISPATCHER,
    SUPERVISOR,
    Filed,
    file,
)
from tests.support.engine import Engine
from workflows.ticket import TicketWorkflow


async def _handled(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    return ticket


async def _kinds(engine: Engine, ticket: Filed) -> list[str]:
    return [event.kind for event in await tickets.events(engine.store, ticket.number)]


async def test_satisfied_closes_it(engine: Engine) -> None:
    ticket = await _handled(engine)
    await ticket.rate(3)
    assert (await ticket.handle.result()).outcome == "closed"


async def test_dissatisfied_sends_it_back_to_the_unit(engine: Engine) -> None:
    ticket = await _handled(engine)
    await ticket.rate(2)
    at = await ticket.until(lambda at: at.assignment == 2)
    assert (at.stage, at.unit) == ("handle", "water")
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(4)
    assert (await ticket.handle.result()).outcome == "closed"


async def test_satisfied_but_unsolved_sends_it_back_too(engine: Engine) -> None:
    ticket = await _handled(engine)
    await ticket.rate(5, resolved=False)
    await ticket.until(lambda at: at.assignment == 2)
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.reworks == 1


async def _exhausted(engine: Engine) -> Filed:
    ticket = await _handled(engine)
    reworks = engine.packs.get("tongzhou").caps.reworks
    for round_ in range(reworks):
        await ticket.rate(1)
        await ticket.until(lambda at, n=round_ + 2: at.assignment == n)  # type: ignore[misc]
        await ticket.complete()
        await ticket.until_stage("rate")
    await ticket.rate(1)
    await ticket.until_stage("supervise")
    return ticket


async def test_after_the_last_rework_a_supervisor_has_the_last_word(engine: Engine) -> None:
    ticket = await _exhausted(engine)
    final = Conclude(outcome="final_reply", text="经复核，已依法处理完毕。")
    assert await ticket.refused(DESK, final) == "forbidden"
    await ticket.act(SUPERVISOR, final)
    end = await ticket.handle.result()
    assert end.outcome == "final_reply"
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.reply == "经复核，已依法处理完毕。"


async def test_a_supervisor_may_order_another_unit_to_handle_it(engine: Engine) -> None:
    ticket = await _exhausted(engine)
    await ticket.act(SUPERVISOR, Reassign(unit="environment", reason="提级办理"))
    assert (await ticket.until_stage("handle")).unit == "environment"
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    assert (await ticket.handle.result()).outcome == "closed"


async def test_a_rating_before_it_is_due_is_kept_but_does_not_count(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.rate(5)
    await ticket.until(lambda at: at.version == 4)
    assert (await _kinds(engine, ticket))[-1] == "rating_refused"
    assert (await ticket.now()).stage == "handle"


async def test_of_two_ratings_the_first_counts(engine: Engine) -> None:
    ticket = await _handled(engine)
    await ticket.rate(1)
    await ticket.rate(5)
    await ticket.until(lambda at: at.assignment == 2)
    kinds = await _kinds(engine, ticket)
    assert kinds.count("rated") == 1
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.outcome is None


async def test_only_citizen_and_desk_rate(engine: Engine) -> None:
    ticket = await _handled(engine)
    await ticket.rate(5, actor=DISPATCHER)
    assert (await ticket.now()).stage == "rate"


async def test_the_desk_writes_down_what_the_citizen_says_on_the_phone(engine: Engine) -> None:
    ticket = await _handled(engine)
    rating = Rating.model_validate({"contacted": True, "resolved": True, "grade": 4})
    await ticket.act(DESK, CallBack(reached=True, rating=rating))
    assert (await ticket.handle.result()).outcome == "closed"
    assert (await _kinds(engine, ticket))[-3:] == ["called_back", "rated", "closed"]


async def test_nobody_reached_often_enough_closes_it_unrated(engine: Engine) -> None:
    ticket = await _handled(engine)
    for _ in range(engine.packs.get("tongzhou").caps.call_backs):
        await ticket.act(DESK, CallBack(reached=False))
    end = await ticket.handle.result()
    assert end.outcome == "unrated"
    assert await _actor_of_last(engine, ticket) == "system"


async def _actor_of_last(engine: Engine, ticket: Filed) -> str:
    return str((await tickets.events(engine.store, ticket.number))[-1].actor)


async def test_a_citizen_is_no_operator(engine: Engine) -> None:
    ticket = await _handled(engine)
    assert await ticket.refused(CITIZEN, CallBack(reached=False)) == "forbidden"


async def test_a_rating_sent_again_with_its_key_is_the_same_rating(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    rating = Rating.model_validate({"resolved": True, "grade": 5})
    for _ in range(2):  # too early, so that each signal is recorded as refused
        await ticket.handle.signal(
            TicketWorkflow.rated, RatingMessage(actor=CITIZEN, rating=rating, key="mine")
        )
    await ticket.until(lambda at: at.version == 4)
    await ticket.act(CITIZEN, Urge())
    assert (await _kinds(engine, ticket))[3:] == ["rating_refused", "urged"]
