"""Tests that pauses, holds and extensions of a ticket reach those merged into it, and back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.supervising.decide import Decide
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.review import Review
from domain.deadlines.clocks import Clock
from domain.events import Event
from store.db.engine import Store
from tests.domain.promises_checked import check_told_again
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DISPATCHER, Filed, complaint, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
YES = Decide(approve=True, reason="同意")
GO_ON = Review(note="已完工", resume=True)


@pytest.fixture
async def brisk(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that promises an answer within four seconds."""
    packs = city_with(
        tmp_path / "cities",
        features={"ask_citizen": True, "merge": True},
        caps={"holds": 2, "hold": "10d", "extensions": 2, "extension": "3d", "questions": 2},
        limits={"citizen": "30s", "review": "20s", "sign": None, "contact": None, "meet": None},
        ladder=dict.fromkeys(
            ("handle", "review", "promise", "citizen", "sign", "contact", "meet"), None
        ),
        tiers={
            "complex": {"handle": "4s"},
            **{name: {"sign": None, "contact": None} for name in ("emergency", "utility")},
        },
        joint={"handle": "1h", "sign": None, "contact": None, "meet": None},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def two(engine: Engine) -> tuple[Filed, Filed]:
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="和邻居反映的是同一处。"))
    await child.until_stage("handle")
    return parent, child


async def merge(engine: Engine, parent: Filed, child: Filed) -> None:
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await parent.until_kind(engine, "complainant_joined")


async def merged(engine: Engine) -> tuple[Filed, Filed]:
    parent, child = await two(engine)
    await merge(engine, parent, child)
    return parent, child


async def hold(parent: Filed, *, days: int = 9) -> datetime:
    until = datetime.now(UTC) + timedelta(days=days)
    await parent.act(WATER, Hold(ground="works", until=until, reason="汛期后施工"))
    await parent.act(DISPATCHER, YES)
    return until


async def promise(ticket: Filed, engine: Engine) -> Clock:
    clock = (await ticket.state(engine)).promise
    assert clock is not None
    return clock


async def told(ticket: Filed, engine: Engine, kind: str) -> tuple[Event, dict[str, Any]]:
    """Wait for an event of this kind, and return the last one with its values."""
    await ticket.until_kind(engine, kind)
    event = [one for one in await ticket.events(engine) if one.kind == kind][-1]
    return event, event.fact.model_dump()


async def in_order(ticket: Filed, engine: Engine) -> None:
    check_told_again(await ticket.events(engine), await ticket.state(engine))


async def test_a_hold_pauses_the_promise_to_every_merged_citizen(engine: Engine) -> None:
    parent, child = await merged(engine)
    before = await promise(child, engine)
    until = await hold(parent)
    held, values = await told(child, engine, "held_with_parent")
    assert (values["parent"], values["reason"], values["until"]) == (parent.number, "同意", until)
    paused_at = (await promise(child, engine)).paused_at
    assert paused_at == values["asked_at"], "a hold begins with its request"
    await parent.act(WATER, GO_ON)
    resumed, values = await told(child, engine, "resumed_with_parent")
    assert values["why"] == "reviewed"
    after = await promise(child, engine)
    assert after.paused_at is None
    assert after.due_at == before.due_at + (resumed.at - paused_at)
    [asked] = [e for e in await parent.events(engine) if e.kind == "held"]
    assert held.at == asked.at, "one decision at one time"
    await in_order(child, engine)


async def test_an_extension_moves_the_promise_to_every_merged_citizen(engine: Engine) -> None:
    parent, child = await merged(engine)
    third, _ = await file(engine.client, complaint(text="第三家也是。"))
    await third.until_stage("handle")
    await third.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await parent.until_kind(engine, "complainant_joined", times=2)
    before = {one.number: await promise(one, engine) for one in (child, third)}
    await parent.act(WATER, Extend(by="2d", reason="等配件"))
    await parent.act(DISPATCHER, YES)
    for one in (child, third):
        _, values = await told(one, engine, "extended_with_parent")
        assert (values["by"], values["reason"]) == ("2d", "同意")
        moved = (await promise(one, engine)).due_at - before[one.number].due_at
        assert moved == timedelta(days=2)
        await in_order(one, engine)


async def test_a_merged_citizen_is_not_asked_and_ends_no_question_by_what_is_added(
    engine: Engine,
) -> None:
    parent, child = await merged(engine)
    await parent.act(WATER, Ask(question="您家是几层？"))
    _, values = await told(child, engine, "asked_with_parent")
    assert values["text"] == "", "what is asked of another citizen is not told"
    assert values["until"] is not None
    await child.act(CITIZEN, AddFacts(text="我也是，快点"))
    _, values = await told(parent, engine, "complainant_added")
    assert (values["number"], values["text"]) == (child.number, "我也是，快点")
    [added] = [e.fact for e in await child.events(engine) if e.kind == "facts_added"]
    assert not added.model_dump()["answers"], "it counts as any other addition"
    assert (await parent.state(engine)).assignments[0].pause is not None
    assert "resumed" not in await parent.kinds(engine)
    await parent.act(CITIZEN, AddFacts(text="三层"))
    _, values = await told(parent, engine, "resumed")
    assert values["why"] == "citizen_answered"
    assert (await parent.state(engine)).assignments[0].pause is None
    await told(child, engine, "resumed_with_parent")
    assert (await promise(child, engine)).paused_at is None


async def test_what_a_merged_citizen_adds_reaches_the_unit_unasked(engine: Engine) -> None:
    parent, child = await merged(engine)
    await child.act(CITIZEN, AddFacts(text="漏电了，有危险！"))
    _, values = await told(parent, engine, "complainant_added")
    assert values["text"] == "漏电了，有危险！"
    await child.act(DISPATCHER, Unmerge(reason="另一处"))
    await parent.until_kind(engine, "complainant_left")
    await child.act(CITIZEN, AddFacts(text="只关我家的事"))
    assert (await parent.kinds(engine)).count("complainant_added") == 1


async def test_the_answer_of_the_first_citizen_lets_all_go_on(engine: Engine) -> None:
    parent, child = await merged(engine)
    await parent.act(WATER, Ask(question="具体在哪？"))
    await told(child, engine, "asked_with_parent")
    await parent.act(CITIZEN, AddFacts(text="在桥东"))
    _, values = await told(child, engine, "resumed_with_parent")
    assert values["why"] == "citizen_answered"


async def test_who_is_merged_while_the_other_stands_still_stands_still(engine: Engine) -> None:
    parent, child = await two(engine)
    until = await hold(parent)
    await merge(engine, parent, child)
    held, values = await told(child, engine, "held_with_parent")
    assert (values["until"], values["reason"], values["asked_at"]) == (until, "同意", None)
    [joined] = [e for e in await child.events(engine) if e.kind == "merged"]
    assert held.at == joined.at
    assert (await promise(child, engine)).paused_at == held.at
    await in_order(child, engine)


async def test_who_is_unmerged_goes_on_with_the_own_clocks(engine: Engine) -> None:
    parent, child = await merged(engine)
    before = await promise(child, engine)
    await hold(parent)
    await told(child, engine, "held_with_parent")
    await child.act(DISPATCHER, Unmerge(reason="其实是另一条河"))
    kinds = await child.kinds(engine)
    assert kinds.index("unmerged") == kinds.index("resumed_with_parent") + 1
    after = await promise(child, engine)
    assert after.paused_at is None
    assert after.due_at > before.due_at
    await child.until_stage("handle")
    await parent.until_kind(engine, "complainant_left")
    await parent.act(WATER, GO_ON)
    await parent.until_kind(engine, "resumed")
    assert (await child.kinds(engine)).count("resumed_with_parent") == 1
    await in_order(child, engine)


async def test_who_never_had_a_unit_goes_on_without_the_other(engine: Engine) -> None:
    parent, _ = await file(engine.client)
    await hold(parent)
    child, _ = await file(
        engine.client, complaint(text="管管吧，还是那事", title="", category=None)
    )
    await child.until_kind(engine, "triage_unsure")
    await merge(engine, parent, child)
    await told(child, engine, "held_with_parent")
    await parent.act(CITIZEN, Withdraw())
    _, values = await told(child, engine, "resumed_with_parent")
    assert values["why"] == "unmerged"
    await child.until_kind(engine, "unmerged_unclassified")
    assert (await child.state(engine)).category is None, "the other's was only lent"
    await child.act(DISPATCHER, Triage(category="0301"))
    await child.until_stage("handle")
    await in_order(child, engine)


async def test_the_pause_ends_with_the_unit_that_had_it(engine: Engine) -> None:
    parent, child = await merged(engine)
    await hold(parent)
    await told(child, engine, "held_with_parent")
    await parent.act(DISPATCHER, Reassign(unit="transport", reason="改派"))
    _, values = await told(child, engine, "resumed_with_parent")
    assert values["why"] == "pause_ended"
    assert (await promise(child, engine)).paused_at is None


async def test_nothing_is_late_while_the_other_stands_still(brisk: Engine) -> None:
    parent, child = await merged(brisk)
    due_at = (await promise(child, brisk)).due_at
    await parent.act(WATER, Ask(question="具体在哪？"))
    await told(child, brisk, "asked_with_parent")
    other, _ = await file(brisk.client)  # promised later than the merged one
    await other.until_clock_due(brisk, "promise", within=60)
    assert datetime.now(UTC) > due_at
    assert "rung_climbed" not in await child.kinds(brisk)
    await parent.act(CITIZEN, AddFacts(text="桥东"))
    await told(child, brisk, "resumed_with_parent")
    assert (await promise(child, brisk)).due_at > due_at
    await child.until_clock_due(brisk, "promise", within=60)
    await in_order(child, brisk)


async def test_a_promise_broken_before_more_time_was_asked_for_stays_broken(
    brisk: Engine,
) -> None:
    parent, child = await merged(brisk)
    await child.until_clock_due(brisk, "promise", within=60)
    await parent.act(WATER, Extend(by="1h", reason="等配件"))
    await parent.act(DISPATCHER, YES)
    await told(child, brisk, "extended_with_parent")
    state = await child.state(brisk)
    assert state.broke_a_promise
    assert state.void_rungs == []


async def test_who_asks_for_a_hold_in_time_breaks_no_promise(brisk: Engine) -> None:
    parent, child = await merged(brisk)
    until = datetime.now(UTC) + timedelta(days=9)
    await parent.act(WATER, Hold(ground="works", until=until, reason="汛期后施工"))
    await child.until_clock_due(brisk, "promise", within=60)
    assert (await child.state(brisk)).broke_a_promise
    await parent.act(DISPATCHER, YES)
    await told(child, brisk, "held_with_parent")
    assert not (await child.state(brisk)).broke_a_promise
    await in_order(child, brisk)


async def test_both_go_on_in_new_runs_and_forget_nothing(engine: Engine) -> None:
    parent, child = await merged(engine)
    until = await hold(parent)
    await told(child, engine, "held_with_parent")
    await parent.carry_on()
    await child.carry_on()
    late, _ = await file(engine.client, complaint(text="第三家也是。"))
    await late.until_stage("handle")
    await late.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    _, values = await told(late, engine, "held_with_parent")
    assert (values["reason"], values["until"]) == ("同意", until)
    await parent.act(WATER, GO_ON)
    for one in (child, late):
        await told(one, engine, "resumed_with_parent")
        assert (await promise(one, engine)).paused_at is None
        await in_order(one, engine)


async def test_an_answer_given_while_it_stands_still_reaches_everybody(engine: Engine) -> None:
    parent, child = await merged(engine)
    await hold(parent)
    await told(child, engine, "held_with_parent")
    await parent.complete_share(engine, "water")
    await parent.until_stage("rate")
    await child.until_stage("rate")
    await child.until_projected(engine, "rate")
    state = await child.state(engine)
    assert state.parent_pause is None
    assert not state.promised
    await in_order(child, engine)
