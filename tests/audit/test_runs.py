"""Tests that replay, comparison, display and erasure cover all runs of a ticket."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowHistory

from audit.errors import NotDeterministic
from audit.replay import replay, replay_history
from audit.report import examine, state_then
from audit.runs import all_run_ids, fetch, is_retained, run_ids
from audit.shredding import delete_runs, prove, tried
from audit.verdicts import ComparisonResult, judge
from domain.commands.citizens.add_facts import AddFacts
from runtime.names import ticket_workflow_id
from store.db import tables
from store.db.engine import Store
from store.secrets.ticket_keys import TicketKeys
from tests.support.desk import CITIZEN, Filed, complaint, file, removed
from tests.support.engine import RING, Engine, furnish
from workflows.ticket import TicketWorkflow

GOLDEN = Path(__file__).parents[1] / "golden" / "histories" / "carried_on.20261129.json"


async def _lived(engine: Engine) -> Filed:
    """Create a ticket with three runs: events 1 to 4, 5 to 8, and two more."""
    ticket, _ = await file(engine.client)
    await ticket.act(CITIZEN, AddFacts(text="桥东"))
    await ticket.carry_on()
    await ticket.act(CITIZEN, AddFacts(text="桥西"))
    await ticket.act(CITIZEN, AddFacts(text="桥南"))
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.carry_on()
    await ticket.rate(5)
    await ticket.handle.result()
    return ticket


async def test_the_whole_story_is_told_over_its_runs(engine: Engine) -> None:
    ticket = await _lived(engine)
    client, store = engine.client, engine.store
    lengths = [len(run.events) for run in await fetch(client, ticket.number)]
    replayed = await replay_history(client, store, ticket.number, keep=range(1, 11))
    assert list(replayed.events) == await ticket.events(engine)
    assert replayed.ticket == await ticket.state(engine)
    assert (replayed.runs, replayed.lost, replayed.since, list(replayed.breaks)) == (3, 0, 1, [])
    assert replayed.history_events == sum(lengths)
    ends = [lengths[0], lengths[0] + lengths[1]]
    assert [sum(position > end for end in ends) for position in replayed.positions] == [
        *[0, 0, 0, 0],
        *[1, 1, 1, 1],
        *[2, 2],
    ]
    verdict = await judge(client, store, ticket.number)
    assert (verdict.finding, verdict.runs, verdict.version) == (ComparisonResult.AGREES, 3, 10)
    assert sorted(replayed.states) == list(range(1, 11))
    for version in range(1, 11):
        then = await state_then(client, store, ticket.number, version)
        assert then is not None
        assert then.state == replayed.states[version]
        assert (then.event, then.position) == replayed.event(version)
        assert "version" in {one.path for one in then.changes}
    assert await state_then(client, store, ticket.number, 11) is None


async def test_a_record_that_was_changed_is_found_in_whichever_run_it_happened(
    engine: Engine,
) -> None:
    ticket = await _lived(engine)
    event = tables.event.c
    mine = event.number == ticket.number
    await engine.store.change(
        update(tables.event).where(mine, event.version.in_([2, 6])).values(actor="somebody-else")
    )
    await engine.store.change(delete(tables.event).where(mine, event.version.in_([5, 10])))
    verdict = await judge(engine.client, engine.store, ticket.number)
    report = await examine(engine.client, engine.store, ticket.number)
    assert verdict.differences == report.differences
    assert [one.path for one in verdict.differences] == [
        "events.1.actor.id",
        "events.4",
        "events.5.actor.id",
        "events.9",
    ]
    assert (verdict.finding, report.finding) == (ComparisonResult.DIFFERS, ComparisonResult.DIFFERS)


async def test_events_that_nobody_did_are_found_at_either_end_of_the_record(
    engine: Engine,
) -> None:
    ticket = await _lived(engine)
    event = tables.event.c
    for version, invented in ((8, 0), (9, 11)):
        await engine.store.change(
            update(tables.event)
            .where(event.number == ticket.number, event.version == version)
            .values(version=invented)
        )
    verdict = await judge(engine.client, engine.store, ticket.number)
    pairs = [(one.path, one.history == "(missing)") for one in verdict.differences]
    assert sorted(pairs) == [
        ("events.-1", True),
        ("events.10", True),
        ("events.7", False),
        ("events.8", False),
    ]


async def test_of_a_run_that_the_engine_no_longer_keeps_nothing_is_said(engine: Engine) -> None:
    ticket = await _lived(engine)
    client, store, number = engine.client, engine.store, ticket.number
    whole = await replay_history(client, store, number)
    await removed(client, number, (await run_ids(client, number))[0])
    replayed = await replay_history(client, store, number)
    assert (replayed.runs, replayed.lost, replayed.since) == (3, 1, 5)
    assert (replayed.ticket, replayed.breaks) == (whole.ticket, [])
    assert list(replayed.events) == list(whole.events[4:])
    assert all(have <= at for have, at in zip(replayed.positions, whole.positions[4:], strict=True))
    verdict = await judge(client, store, number)
    assert (verdict.finding, verdict.runs, verdict.lost) == (ComparisonResult.AGREES, 3, 1)
    first = await state_then(client, store, number, 5)
    assert first is not None
    assert {one.path for one in first.changes} >= {"version"}
    assert first.position == replayed.positions[0]
    assert await state_then(client, store, number, 4) is None
    event = tables.event.c
    await store.change(
        update(tables.event)
        .where(event.number == number, event.version.in_([4, 5]))
        .values(actor="somebody-else")
    )
    verdict = await judge(client, store, number)
    assert [one.path for one in verdict.differences] == ["events.4.actor.id"]
    assert (await examine(client, store, number)).differences == verdict.differences


async def test_all_runs_of_an_erased_ticket_are_unreadable_and_can_be_deleted(
    engine: Engine,
) -> None:
    ticket = await _lived(engine)
    client, number = engine.client, ticket.number
    keys = TicketKeys(engine.store, RING)
    before = await prove(client, keys, number)
    each = [(await tried(run, keys, number)).sealed for run in await fetch(client, number)]
    assert (before.runs, before.sealed) == (3, sum(each))
    assert before.readable == before.sealed
    assert min(each) > 1
    # The engine deletes a run that has just ended with some delay.
    *older, _ = await run_ids(client, number)
    await delete_runs(client, number)
    async with asyncio.timeout(60):
        while any([await is_retained(client, number, run_id) for run_id in older]):
            await asyncio.sleep(0.05)
    assert (await prove(client, keys, number)).runs <= 1


async def test_runs_that_nothing_leads_to_any_more_are_proved_unreadable_as_well(
    engine: Engine,
) -> None:
    """After a reset the engine keeps the abandoned run beside the current one."""
    ticket, _ = await file(engine.client)
    client, number = engine.client, ticket.number
    await ticket.carry_on()
    await ticket.act(CITIZEN, AddFacts(text="桥西"))
    left = (await ticket.handle.describe()).run_id
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(
                workflow_id=ticket_workflow_id(number), run_id=left
            ),
            reason="test",
            workflow_task_finish_event_id=4,
            request_id="test",
        )
    )
    numbers = await run_ids(client, number)
    assert left not in numbers
    assert len(numbers) == 2
    replayed = await replay_history(client, engine.store, number)
    assert (replayed.runs, replayed.breaks) == (2, [])
    async with asyncio.timeout(60):
        while left not in await all_run_ids(client, number):
            await asyncio.sleep(0.05)
    assert (await prove(client, TicketKeys(engine.store, RING), number)).runs == 3


# --- forged histories -----------------------------------------------------------------------------


def _golden() -> list[WorkflowHistory]:
    payload = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return [WorkflowHistory.from_json(payload["workflow_id"], run) for run in payload["histories"]]


def _forge(run: WorkflowHistory, **fields: Any) -> None:
    """Replace values in the input of a run; `ticket__title` is `ticket.title`."""
    payload = run.events[0].workflow_execution_started_event_attributes.input.payloads[0]
    body = json.loads(payload.data)
    for path, value in fields.items():
        *parents, name = path.split("__")
        part = body
        for parent in parents:
            part = part[parent]
        part[name] = value
    payload.data = json.dumps(body).encode()


@pytest.mark.parametrize(
    ("forged", "path"),
    [
        ({"ticket__complaint__title": "什么也没有发生"}, "ticket.complaint.title"),
        ({"ticket__urges_before": 3}, "ticket.urges_before"),
        ({"ticket__version": 9}, "ticket.version"),
        ({"rating_keys": ["one"]}, "rating_keys.0"),
        ({"update_ids": []}, "update_ids.0"),
        ({"runs": 7}, "runs"),
        ({"history_length": 10_000}, "history_length"),
        ({"history_length": 3}, "history_length"),
    ],
)
async def test_a_run_that_begins_otherwise_than_the_one_before_ended_is_found(
    forged: dict[str, Any], path: str
) -> None:
    runs = _golden()
    assert (await replay(runs)).breaks == []
    _forge(runs[1], **forged)
    breaks = (await replay(runs)).breaks
    assert path in {one.path for one in breaks if one.run == 2}


async def test_a_run_that_was_taken_out_of_the_middle_is_found() -> None:
    first, _, last = _golden()
    replayed = await replay([first, last])
    assert {"ticket.version", "runs"} <= {one.path for one in replayed.breaks}


async def test_without_the_first_run_the_rest_is_told() -> None:
    runs = _golden()
    whole, rest = await replay(runs), await replay(runs[1:], keep=[5, 6])
    assert (rest.runs, rest.lost, rest.since) == (3, 1, 5)
    assert rest.ticket == whole.ticket
    assert list(rest.events) == list(whole.events[4:])
    assert sorted(rest.states) == [5, 6]


async def test_a_run_in_which_nothing_has_happened_yet_is_as_it_began() -> None:
    first, second, _ = _golden()
    whole = await replay(first)
    just_begun = WorkflowHistory(second.workflow_id, second.events[:1])
    replayed = await replay([first, just_begun])
    assert (replayed.ticket, list(replayed.events)) == (whole.ticket, list(whole.events))
    assert (replayed.runs, replayed.history_events, replayed.breaks) == (
        2,
        len(first.events) + 1,
        [],
    )


async def test_of_a_ticket_that_no_worker_has_seen_yet_there_is_no_history(
    client: Client, sqlite_store: Store
) -> None:
    furnish(client, sqlite_store)
    new_complaint = complaint()
    name = ticket_workflow_id(new_complaint.number)
    await client.start_workflow(TicketWorkflow.run, new_complaint, id=name, task_queue="nobody's")
    verdict = await judge(client, sqlite_store, new_complaint.number)
    assert verdict.finding is ComparisonResult.NO_HISTORY


async def test_the_run_that_the_code_does_not_follow_is_named() -> None:
    payload = json.loads(GOLDEN.read_text(encoding="utf-8"))
    text = json.dumps(payload["histories"][1]).replace("handle_assignment", "another_activity")
    runs = _golden()
    runs[1] = WorkflowHistory.from_json(payload["workflow_id"], text)
    with pytest.raises(NotDeterministic, match="run 2"):
        await replay(runs)


async def test_what_a_run_begins_with_must_be_readable() -> None:
    runs = _golden()
    payload = runs[2].events[0].workflow_execution_started_event_attributes.input.payloads[0]
    payload.data = b'{"ticket": 1}'
    with pytest.raises(NotDeterministic, match="cannot be read"):
        await replay(runs)
