"""Tests of a supervisor's orders (督办)."""

from domain.commands.supervising.supervise import Supervise
from tests.support.desk import DISPATCHER, SUPERVISOR, file
from tests.support.engine import Engine


async def test_only_a_supervisor_orders_and_the_order_has_a_clock(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    assert await ticket.refused(DISPATCHER, Supervise(text="限期")) == "forbidden"
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    clock = next(c for c in (await ticket.state(above_threshold)).clocks if c.name == "order")
    assert (clock.label, clock.running) == ("1", True)
