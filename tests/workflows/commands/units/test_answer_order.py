"""Tests of the answer to a supervisor's order."""

from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from tests.support.desk import SUPERVISOR, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_the_unit_that_has_it_answers_the_order_and_its_clock_stops(
    above_threshold: Engine,
) -> None:
    ticket, _ = await file(above_threshold.client)
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    assert await ticket.refused(officer("health"), AnswerOrder(order=1, answer="我")) == (
        "not_your_unit"
    )
    await ticket.act(WATER, AnswerOrder(order=1, answer="已落实"))
    state = await ticket.state(above_threshold)
    assert state.orders[0].answer == "已落实"
    assert not any(c.name == "order" and c.running for c in state.clocks)
    assert await ticket.refused(WATER, AnswerOrder(order=1, answer="再报")) == "order_answered"
    assert await ticket.refused(WATER, AnswerOrder(order=2, answer="?")) == "unknown_order"
