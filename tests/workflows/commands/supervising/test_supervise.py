"""Tests of a supervisor's orders (督办)."""

from domain.commands.intake.reassign import Reassign
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from domain.commands.units.return_ticket import Return
from tests.support.desk import DISPATCHER, SUPERVISOR, file, officer
from tests.support.engine import Engine


async def test_only_a_supervisor_orders_and_the_order_has_a_clock(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    assert await ticket.refused(DISPATCHER, Supervise(text="限期")) == "forbidden"
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    clock = next(c for c in (await ticket.state(above_threshold)).clocks if c.name == "order")
    assert (clock.label, clock.running) == ("1", True)


async def test_an_order_that_no_unit_has_yet_waits_for_the_unit(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.by_unit(Return(ground="not_ours", reason="分类有误"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    await ticket.until_stage("dispatch")
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    assert "order" not in [clock.name for clock in (await ticket.state(engine)).clocks]
    await ticket.act(DISPATCHER, Reassign(unit="transport", reason="改派"))
    await ticket.until_stage("handle")
    await ticket.until_projected(engine, "handle")
    state = await ticket.state(engine)
    [clock] = [c for c in state.clocks if c.name == "order"]
    assert (clock.label, clock.running, clock.started_at) == (
        "1",
        True,
        state.assignments[-1].opened_at,
    )
    await ticket.act(officer("transport"), AnswerOrder(order=1, answer="已办"))
    assert not any(c.running for c in (await ticket.state(engine)).clocks if c.name == "order")
