"""Tickets that are ready for a command, and what tests send to get them there."""

from datetime import UTC, datetime, timedelta

from domain.commands.intake.merge import Merge
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.commands.units.sign import Sign
from tests.support.desk import DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine

WATER = officer("water")
WHISTLE = Whistle(
    ground="joint_enforcement",
    reason="需要联合执法",
    units=[
        Call(unit="environment", task="查排口"),
        Call(unit="transport", task="清路面", limit="1h"),
    ],
)
NOT_OURS = Return(ground="not_ours", reason="不属于我单位职责")
GROUND = "works"
WHY = "反映的是同一处河段"


async def return_asked(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    ground = engine.packs.get("tongzhou").reason_codes("return")[0]
    await ticket.act(WATER, Return(ground=ground, reason="该河段归属排水公司"))
    return ticket


async def returned(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.act(DISPATCHER, Decide(approve=True, reason="确有争议"))
    return ticket


async def answered(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    return ticket


async def closed(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.until_stage("aftercare")
    return ticket


async def whistled(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, Sign())
    await ticket.act(WATER, WHISTLE)
    return ticket


def hold_for(after: timedelta) -> Hold:
    return Hold(ground=GROUND, until=datetime.now(UTC) + after, reason="汛期后施工")


async def held(engine: Engine, after: timedelta = timedelta(days=9)) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, hold_for(after))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="情况属实"))
    return ticket


async def two_filed(engine: Engine) -> tuple[Filed, Filed]:
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="河边臭得开不了窗，和邻居一样的情况。"))
    return parent, child


async def merged(engine: Engine) -> tuple[Filed, Filed]:
    parent, child = await two_filed(engine)
    await child.act(DISPATCHER, Merge(into=parent.number, reason=WHY))
    await parent.until_kind(engine, "complainant_joined")
    return parent, child
