"""Tests of the citizen's rating and its consequences."""

from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.messages import RatingMessage
from domain.ticket.rating import Rating
from store.tickets import tickets
from tests.support.desk import CITIZEN, DESK, DISPATCHER, SUPERVISOR, Filed, file
from tests.support.engine import Engine
from tests.support.prepared import answered
from workflows.ticket import TicketWorkflow


async def test_satisfied_closes_it(engine: Engine) -> None:
    ticket = await answered(engine)
    await ticket.rate(3)
    assert (await ticket.handle.result()).outcome == "closed"


async def test_dissatisfied_sends_it_back_to_the_unit(engine: Engine) -> None:
    ticket = await answered(engine)
    await ticket.rate(2)
    at = await ticket.until(lambda at: at.assignment == 2)
    assert (at.stage, at.unit) == ("handle", "water")
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(4)
    assert (await ticket.handle.result()).outcome == "closed"


async def test_satisfied_but_unsolved_sends_it_back_too(engine: Engine) -> None:
    ticket = await answered(engine)
    await ticket.rate(5, resolved=False)
    await ticket.until(lambda at: at.assignment == 2)
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.reworks == 1


async def _exhausted(engine: Engine) -> Filed:
    ticket = await answered(engine)
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
    assert (await ticket.kinds(engine))[-1] == "rating_refused"
    assert (await ticket.now()).stage == "handle"


async def test_of_two_ratings_the_first_counts(engine: Engine) -> None:
    ticket = await answered(engine)
    await ticket.rate(1)
    await ticket.rate(5)
    await ticket.until(lambda at: at.assignment == 2)
    kinds = await ticket.kinds(engine)
    assert kinds.count("rated") == 1
    state = await tickets.state(engine.store, ticket.number)
    assert state is not None
    assert state.outcome is None


async def test_only_citizen_and_desk_rate(engine: Engine) -> None:
    ticket = await answered(engine)
    await ticket.rate(5, actor=DISPATCHER)
    assert (await ticket.now()).stage == "rate"


async def test_a_rating_sent_again_with_its_key_is_the_same_rating(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    rating = Rating.model_validate({"resolved": True, "grade": 5})
    for _ in range(2):  # too early, so that each signal is recorded as refused
        await ticket.handle.signal(
            TicketWorkflow.rated, RatingMessage(actor=CITIZEN, rating=rating, key="mine")
        )
    await ticket.until(lambda at: at.version == 4)
    await ticket.act(CITIZEN, Urge())
    assert (await ticket.kinds(engine))[3:] == ["rating_refused", "urged"]
