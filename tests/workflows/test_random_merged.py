"""Tests of random decisions on a ticket while others are merged into it, and leave it.

Whoever waits for it stands still exactly while it does, no promise is lost or shortened, what was
decided of a ticket stays its own, and the unit that answers has answered for all who wait.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError

from audit.runs import fetch
from audit.verdicts import judge
from domain.actors import Actor
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.unmerge import Unmerge
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.review import Review
from domain.messages import Command
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from tests.domain.invariants import check_order, check_steps
from tests.domain.promises_checked import check_told_again
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, platform
from tests.support.histories import silent_tasks
from tests.support.seeds import dice, of
from tests.support.way_out import Give

CHILDREN = 3
STEPS = 50
UNITS = ("water", "transport")
CATEGORIES = ("0301", "0202", "0302")
"""The categories of the children, from the parent's own to an emergency of another unit."""


@pytest.fixture
async def busy(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city in which a unit may ask, hold and extend without end."""
    packs = city_with(
        tmp_path / "cities",
        features={"ask_citizen": True, "merge": True},
        caps={"holds": 99, "extensions": 99, "questions": 99, "facts_per_day": 999},
        limits={"citizen": "2s", "review": "2s"},
        ladder=dict.fromkeys(("citizen", "review"), None),
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


def _act(chance: Random, unit: str) -> Give:
    """Return something that people do to the ticket that is worked on."""
    until = datetime.now(UTC) + timedelta(seconds=chance.choice([3, 900]))
    lead = officer(unit)
    acts: list[tuple[Actor, Command]] = [
        (lead, Ask(question="具体在哪？")),
        (lead, Hold(ground="works", until=until, reason="汛期后施工")),
        (lead, Extend(by="1d", reason="等配件")),
        (lead, Review(note="已完工", resume=True)),
        (DISPATCHER, Decide(approve=True, reason="同意")),
        (DISPATCHER, Decide(approve=True, reason="同意")),
        (DISPATCHER, Decide(approve=False, reason="不同意")),
        (DISPATCHER, Reassign(unit=chance.choice(UNITS), reason="改派")),
    ]
    return Give(*chance.choice(acts))


def _act_of_child(chance: Random, parent: Filed) -> Give:
    """Return something that people do to a ticket that is, or may be, merged."""
    acts: list[tuple[Actor, Command]] = [
        (DISPATCHER, Merge(into=parent.number, reason="同一处")),
        (DISPATCHER, Merge(into=parent.number, reason="同一处")),
        (DISPATCHER, Unmerge(reason="另一处")),
        (CITIZEN, AddFacts(text="在桥东")),
        (CITIZEN, AddFacts(text="在桥东")),
        (CITIZEN, Urge(text="快")),
    ]
    return Give(*chance.choice(acts))


async def _try(ticket: Filed, give: Give) -> None:
    with suppress(WorkflowUpdateFailedError):  # not now: others decided before
        await ticket.act(give.actor, give.command)


async def _settled(engine: Engine, parent: Filed, children: list[Filed]) -> bool:
    """Return whether every merged ticket stands still if and only if the other one does."""
    state = await parent.state(engine)
    states = [await child.state(engine) for child in children]
    waiting = [one for one in states if one.stage is Stage.MERGED]
    pause = state.lead_pause
    same = [
        (one.parent_pause and (one.parent_pause.why, one.parent_pause.until is not None))
        == (pause and (pause.why, True))
        for one in waiting
    ]
    return all(same) and sorted(state.waiting) == sorted(one.complaint.number for one in waiting)


def _decided(state: Ticket) -> tuple[str | None, str | None, str | None]:
    return state.category, state.tier, state.area


async def _answered_for_all(engine: Engine, parent: Filed, children: list[Filed]) -> None:
    """Let the unit that leads answer, which is then every waiting ticket's unit."""
    unit, waiting = (await parent.now()).unit, (await parent.state(engine)).waiting
    await parent.complete()
    await parent.until_stage("rate")
    for child in children:
        if child.number in waiting:
            await child.until_projected(engine, "rate")
            assert (await child.state(engine)).unit == unit


async def _agrees(engine: Engine, ticket: Filed) -> list[str]:
    state, events = await ticket.state(engine), await ticket.events(engine)
    check_steps(events)
    check_order(state, events)
    check_told_again(events, state)
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert verdict.agrees, verdict
    for run in await fetch(engine.client, ticket.number):
        assert silent_tasks(run.events) == [], ticket.number
    return [event.kind for event in events]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(of(4)))
async def test_whoever_waits_for_another_ticket_stands_still_as_it_does(
    busy: Engine, seed: int
) -> None:
    chance = dice("merged", seed)
    parent, _ = await file(busy.client)
    filed = [
        await file(busy.client, complaint(text=f"第{n}家。", category=CATEGORIES[n]))
        for n in range(CHILDREN)
    ]
    children = [child for child, _ in filed]
    for child in children:
        await child.until_stage("handle")
    decided = [_decided(await child.state(busy)) for child in children]
    for step in range(1, STEPS + 1):
        if step % 10 == 0:
            several = [one for one in (parent, *children) if chance.random() < 0.5]
            await asyncio.gather(*(one.carry_on() for one in several))
        unit = (await parent.now()).unit or "water"
        acting = chance.sample(children, chance.randint(0, CHILDREN))
        await asyncio.gather(
            _try(parent, _act(chance, unit)),
            *(_try(child, _act_of_child(chance, parent)) for child in acting),
        )
    async with asyncio.timeout(60):
        while not await _settled(busy, parent, children):
            await asyncio.sleep(0.05)
    assert [_decided(await child.state(busy)) for child in children] == decided
    await _answered_for_all(busy, parent, children)
    assert [_decided(await child.state(busy)) for child in children] == decided
    for one in (parent, *children):
        await one.act(CITIZEN, Withdraw())
    for one in (parent, *children):
        await one.handle.result()
    kinds = [kind for one in (parent, *children) for kind in await _agrees(busy, one)]
    assert "merged" in kinds
