"""Tests of the minutes of meetings."""

import pytest

from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.ticket.minutes import Meeting, Minutes, Option
from tests.support.desk import file, officer
from tests.support.engine import Engine
from tests.support.prepared import whistled

WATER = officer("water")


@pytest.mark.must_work("tongzhou", "whistle-meeting")
async def test_minutes_stop_the_clocks_of_those_who_came(joint: Engine) -> None:
    ticket = await whistled(joint)
    minutes = Minutes(what=Meeting.ON_SITE, text="现场会", units=["environment"])
    await ticket.act(WATER, KeepMinutes(minutes=minutes))
    state = await ticket.state(joint)
    meet = {c.assignment: c.running for c in state.clocks if c.name == "meet"}
    assert meet == {2: False, 3: True}
    stranger = officer("health")
    assert await ticket.refused(stranger, KeepMinutes(minutes=minutes)) == "not_your_unit"


async def test_a_deliberation_is_written_down(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    plans = [
        Option(title="单侧停车", pros=["通行快"], cons=["车位少"], votes=12),
        Option(title="错时停车", pros=["车位多"], cons=["要管理"], votes=31),
    ]
    minutes = Minutes(
        what=Meeting.DELIBERATION,
        text="居民议事会：三个方案逐一说明利弊。",
        residents=43,
        options=plans,
        decision="错时停车，试行一个月",
        agreed=True,
    )
    await ticket.act(WATER, KeepMinutes(minutes=minutes))
    assert (await ticket.state(above_threshold)).minutes == [minutes]
