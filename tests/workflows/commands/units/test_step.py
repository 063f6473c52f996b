"""Tests of staged limits."""

from domain.commands.units.step import Step
from tests.support.desk import complaint, file, officer
from tests.support.engine import Engine


async def test_staged_limits_are_ticked_off_one_by_one(engine: Engine) -> None:
    place = {"area": "110112001", "address": "新华大街 1 号"}
    ticket, _ = await file(engine.client, complaint(category="0109", place=place))
    at = await ticket.until_stage("handle")
    street = officer(at.unit or "")
    steps = [c for c in (await ticket.state(engine)).clocks if c.name == "step"]
    assert [c.label for c in steps] == ["stop", "order", "demolish"]
    assert [c.limit for c in steps] == ["4wh", "3wd", "10d"]
    assert await ticket.refused(street, Step(step="sing")) == "unknown_step"
    await ticket.act(street, Step(step="stop", note="已停工"))
    assert await ticket.refused(street, Step(step="stop")) == "unknown_step"
    steps = [c for c in (await ticket.state(engine)).clocks if c.name == "step"]
    assert [c.label for c in steps if c.running] == ["order", "demolish"]
