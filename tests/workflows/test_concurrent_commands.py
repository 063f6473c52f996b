"""Tests of concurrent commands: another may be recorded while one waits for its activities."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from domain.actors import Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.messages import Act, Command
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from tests.domain.invariants import check_caps, check_order
from tests.support.cities import city_with
from tests.support.desk import (
    CITIZEN,
    DISPATCHER,
    REACHABLE,
    SUPERVISOR,
    Filed,
    complaint,
    file,
    officer,
)
from tests.support.engine import Engine, platform
from workflows.ticket import TicketWorkflow

WATER = officer("water")
HELP = Whistle(
    ground="emergency",
    reason="请来",
    units=[Call(unit="health", task="消杀"), Call(unit="market", task="查商户")],
)
ASK = Ask(question="哪一段河道？")


@pytest.fixture
async def town(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    packs = city_with(
        tmp_path / "cities",
        caps={"co_handlers": 3, "extensions": 2, "holds": 1, "hold": "90d"},
        features={"intervene": True, "merge": True, "ask_citizen": True},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def _at_once(ticket: Filed, *pairs: tuple[Actor, Command]) -> list[object]:
    """Return the result of each command: a snapshot, or the refusal."""
    acts = (ticket.act(actor, command) for actor, command in pairs)
    results = await asyncio.gather(*acts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, WorkflowUpdateFailedError):
            raise result
    return list(results)


async def _in_order(engine: Engine, ticket: Filed) -> Ticket:
    state = await ticket.state(engine)
    check_order(state, await ticket.events(engine))
    check_caps(state)
    return state


async def test_two_orders_have_a_clock_each(town: Engine) -> None:
    ticket, _ = await file(town.client)
    await _at_once(ticket, *[(SUPERVISOR, Supervise(text=text)) for text in ("一", "二", "三")])
    state = await _in_order(town, ticket)
    running = [clock.label for clock in state.clocks if clock.name == "order" and clock.running]
    assert running == ["1", "2", "3"]


@pytest.mark.parametrize(
    "other",
    [
        (WATER, HELP),
        (DISPATCHER, Reassign(unit="environment", reason="改派")),
        (SUPERVISOR, Intervene(unit="environment", reason="接管")),
    ],
)
async def test_who_leads_at_last_has_clocks_of_its_own(
    town: Engine, other: tuple[Actor, Command]
) -> None:
    ticket, _ = await file(town.client, complaint(**REACHABLE))
    await _at_once(ticket, other, (DISPATCHER, Reassign(unit="transport", reason="改派")))
    state = await _in_order(town, ticket)
    assert state.lead is not None
    own = {clock.name for clock in state.clocks if clock.running}
    assert {"sign", "contact", "handle"} <= own


async def test_two_tickets_merged_into_each_other_do_not_wait_for_each_other(town: Engine) -> None:
    one, _ = await file(town.client)
    two, _ = await file(town.client, complaint(text="和邻居反映的是同一件事。"))
    await asyncio.gather(
        _at_once(one, (DISPATCHER, Merge(into=two.number, reason="同一件事"))),
        _at_once(two, (DISPATCHER, Merge(into=one.number, reason="同一件事"))),
    )
    async with asyncio.timeout(60):
        while True:  # a message between the tickets may still be on its way
            states = [await one.state(town), await two.state(town)]
            if sum(state.stage is Stage.MERGED for state in states) < 2:
                break
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    stages = [(await ticket.state(town)).stage for ticket in (one, two)]
    assert stages.count(Stage.MERGED) < 2


async def test_an_extension_and_an_answer_leave_the_clock_going(town: Engine) -> None:
    ticket, _ = await file(town.client)
    await ticket.act(WATER, Extend(by="3d", reason="需要采购"))
    await ticket.act(WATER, ASK)
    await _at_once(
        ticket,
        (DISPATCHER, Decide(approve=True, reason="同意")),
        (CITIZEN, AddFacts(text="桥东第二个排口")),
    )
    state = await _in_order(town, ticket)
    [handle] = [clock for clock in state.clocks if clock.name == "handle" and clock.running]
    assert handle.paused_at is None
    assert state.assignments[0].pause is None


async def test_two_who_decide_do_not_decide_each_others_requests(town: Engine) -> None:
    ticket, _ = await file(town.client)
    await ticket.act(WATER, HELP)
    until = datetime.now(UTC) + timedelta(days=9)
    await ticket.act(WATER, Hold(ground="works", until=until, reason="汛期后施工"))
    await ticket.act(officer("health"), Extend(by="1d", reason="人手不足"))
    yes = Decide(approve=True, reason="同意")
    await _at_once(ticket, (DISPATCHER, yes), (SUPERVISOR, yes))
    state = await _in_order(town, ticket)
    water, health, _ = state.assignments
    assert (water.holds, health.extensions) in ((1, 0), (0, 1), (1, 1))


async def test_an_answer_that_came_before_the_question_was_recorded_is_an_answer(
    town: Engine,
) -> None:
    ticket, _ = await file(town.client)
    await ticket.act(WATER, ASK)
    early = datetime.now(UTC) - timedelta(seconds=5)
    act = Act(actor=CITIZEN, command=AddFacts(text="桥东第二个排口"), at=early)
    async with asyncio.timeout(60):
        await ticket.handle.execute_update(TicketWorkflow.act, act)
    state = await _in_order(town, ticket)
    assert state.assignments[0].pause is None
