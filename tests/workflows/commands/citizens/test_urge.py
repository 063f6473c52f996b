"""Tests of a citizen's urging."""

from domain.commands.citizens.urge import Urge
from domain.commands.units.answer_order import AnswerOrder
from domain.ticket.because import ReasonCode, because
from tests.support.desk import CITIZEN, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_a_citizen_urges_no_oftener_than_the_cap_of_a_day(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    cap = engine.packs.get("tongzhou").caps.urges_per_day
    for _ in range(cap):
        await ticket.act(CITIZEN, Urge())
    assert await ticket.refused(CITIZEN, Urge()) == "urged_too_often"


async def test_urging_raises_the_severity_and_an_order_follows_once(
    above_threshold: Engine,
) -> None:
    ticket, _ = await file(above_threshold.client)
    await ticket.act(CITIZEN, Urge(text="请尽快"))
    assert (await ticket.now()).severity == 0
    await ticket.act(CITIZEN, Urge(text="还没人来"))
    await ticket.until_kind(above_threshold, "supervision_ordered")
    await ticket.act(CITIZEN, Urge(text="三天了"))
    assert await ticket.refused(CITIZEN, Urge()) == "urged_too_often"
    kinds = await ticket.kinds(above_threshold)
    assert kinds.count("supervision_ordered") == 1
    (order,) = (await ticket.state(above_threshold)).orders
    assert order.text == "severity 1"
    assert order.because == [because(ReasonCode.SEVERITY, severity=1)]
    await ticket.act(WATER, AnswerOrder(order=1, answer="今天到场"))
    assert await ticket.refused(WATER, AnswerOrder(order=1, answer="再报")) == "order_answered"
    assert await ticket.refused(WATER, AnswerOrder(order=2, answer="?")) == "unknown_order"
