"""Tests of erased tickets: the history is unreadable, and the data of statistics remains."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.history.v1 import (
    SignalExternalWorkflowExecutionInitiatedEventAttributes as SignalSent,
)
from temporalio.client import WorkflowHistory

from audit.errors import HistoryErased
from audit.replay import replay_history
from audit.runs import fetch
from audit.shredding import payloads, prove, running, tried
from audit.verdicts import judge
from domain.actors import Role
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.erasure import GONE
from runtime.codec import ticket_of_key
from runtime.names import ticket_workflow_id
from store.db import tables
from store.db.engine import Store
from store.secrets.ticket_keys import TicketKeys
from store.tickets import erasure, intake, tickets
from tests.api.running_api import REPLY, Api, Filed, problem, serve_api
from tests.support.desk import file
from tests.support.engine import RING, Engine, furnish

CONTACT = {"name": "王小明", "phone": "13812345678"}
FILED = {"title": "王小明家门口", "text": "我是王小明，住三单元，电话13812345678。"}
PLACE = {"area": "110112003", "address": "北苑三单元", "lat": 39.9, "lon": 116.65}
WORDS = ("王小明", "13812345678", "三单元", "清淤", "谢谢")


@pytest.fixture
async def api(engine: Engine, tmp_path: Path) -> Any:
    async with serve_api(tmp_path, engine.store, engine.client, engine.packs) as opened:
        yield opened


async def _whole_life(api: Api, engine: Engine) -> Filed:
    ticket = await api.file(**FILED, place=PLACE, contact=CONTACT, public=True)
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    good = {"contacted": True, "resolved": True, "grade": 5, "words": "谢谢"}
    assert (await ticket.rate(good)).status_code == 200
    await engine.client.get_workflow_handle(ticket_workflow_id(ticket.number)).result()
    return ticket


async def _everything(store: Store) -> str:
    rows = [  # as tuples: a row cuts long texts short when it is printed
        str([tuple(row) for row in await store.rows(select(table))])
        for table in (tables.ticket, tables.event, tables.intake, tables.assignment, tables.person)
    ]
    return "".join(rows)


async def _two_merged(api: Api, engine: Engine) -> tuple[Filed, Filed]:
    """Return a merged pair, the handled ticket and the merged one; both have ended."""
    parent, child = await api.file(**FILED), await api.file(**FILED)
    into = {"into": parent.number, "reason": "同一处"}
    assert (await child.by(Role.DISPATCHER, "merge", into)).status_code == 200
    assert (await parent.complete()).status_code == 200
    for ticket in (child, parent):
        await ticket.until_stage("rate")
        assert (await ticket.rate()).status_code == 200
        await engine.client.get_workflow_handle(ticket_workflow_id(ticket.number)).result()
        assert await _heard(engine, ticket) == {ticket.number}
    return parent, child


@pytest.mark.parametrize("which", ["parent", "child"])
async def test_of_merged_tickets_each_is_erased_alone(api: Api, engine: Engine, which: str) -> None:
    """A message between tickets belongs to the receiver, whose key encrypts it."""
    parent, child = await _two_merged(api, engine)
    erased, filed = (parent, child) if which == "parent" else (child, parent)
    await erasure.erase(engine.store, erased.number, datetime(2026, 11, 2, tzinfo=UTC))
    keys = furnish(engine.client, engine.store)  # with nothing cached
    proof = await prove(engine.client, keys, erased.number)
    assert (proof.holds, proof.theirs) == (True, 1)
    assert (await judge(engine.client, engine.store, filed.number)).agrees
    assert (await filed.seen())["reply"] == REPLY["reply"]


async def _heard(engine: Engine, ticket: Filed) -> set[str | None]:
    """Return the tickets whose keys encrypt its history, except for messages to others."""
    [history] = await fetch(engine.client, ticket.number)
    event_type = EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
    heard = [event for event in history.events if event.event_type != event_type]
    encrypted = payloads(WorkflowHistory(ticket.number, heard))
    return {ticket_of_key(payload) for payload in encrypted if payload.data}


async def test_after_erasing_nobody_can_read_what_was_said(api: Api, engine: Engine) -> None:
    ticket = await _whole_life(api, engine)
    number, store = ticket.number, engine.store
    before = await tickets.get(store, number)
    keys = TicketKeys(store, RING)
    unproved = await prove(engine.client, keys, number)
    assert unproved.readable == unproved.sealed > 9
    assert not unproved.holds
    [history] = await fetch(engine.client, number)
    own = {ticket_of_key(payload) for payload in payloads(history) if payload.data}
    assert own == {number}
    value = await _everything(store)
    assert [word for word in WORDS if word not in value] == []

    await erasure.erase(store, number, datetime(2026, 11, 2, tzinfo=UTC))
    keys.forget(number)
    proof = await prove(engine.client, keys, number)
    assert proof.holds
    assert (proof.readable, proof.clear) == (0, 0)
    assert proof.sealed == unproved.sealed
    value = await _everything(store)
    assert not any(word in value for word in WORDS)
    after = await tickets.get(store, number)
    assert before is not None
    assert after is not None
    for kept in ("category", "area", "kind", "outcome", "grade", "filed_at", "ended_at", "unit"):
        assert getattr(after, kept) == getattr(before, kept)
    assert [event.kind for event in await tickets.events(store, number)][-1] == "closed"
    entry = await intake.get(store, number)
    assert entry is not None
    assert isinstance(entry.complaint, Complaint)
    assert (await ticket.seen())["text"] == GONE


async def test_what_was_told_in_the_clear_can_be_read_whomever_it_was_told(store: Store) -> None:
    """The history is from before payloads were encrypted."""
    said = Payloads(payloads=[Payload(data="河道已治理".encode())])
    history_event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
        signal_external_workflow_execution_initiated_event_attributes=SignalSent(input=said),
    )
    history = WorkflowHistory("ticket/2411200000017", [history_event])
    proof = await tried(history, TicketKeys(store, RING), "2411200000017")
    assert (proof.holds, proof.clear, proof.theirs) == (False, 1, 0)


async def test_the_audit_says_that_a_ticket_was_erased(api: Api, engine: Engine) -> None:
    ticket = await _whole_life(api, engine)
    assert (await judge(engine.client, engine.store, ticket.number)).agrees
    await erasure.erase(engine.store, ticket.number, datetime(2026, 11, 2, tzinfo=UTC))
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert (verdict.agrees, verdict.erased, verdict.fine) == (False, True, True)
    assert "erased on 2026-11-02" in (verdict.problem or "")
    with pytest.raises(HistoryErased):
        await replay_history(engine.client, engine.store, ticket.number)
    auditor = await api.token(Role.AUDITOR)
    urged = await ticket.act("urge", auditor, {"text": "?"})
    assert problem(urged)[0] in (403, 409, 410)


async def test_what_is_still_being_handled_cannot_be_erased(api: Api, engine: Engine) -> None:
    ticket = await api.file()
    assert await running(engine.client, ticket.number)
    with pytest.raises(Refused) as refused:
        await erasure.erase(engine.store, ticket.number, datetime.now(UTC))
    assert refused.value.code == "not_ended"
    with pytest.raises(Refused) as refused:
        await erasure.erase(engine.store, "2411200000017", datetime.now(UTC))
    assert refused.value.code == "ticket_not_found"
    assert not await running(engine.client, "2411200000017")
    assert (await prove(engine.client, TicketKeys(engine.store, RING), "2411200000017")).gone


async def test_a_citizen_with_another_ticket_stays_known_for_that_one(
    api: Api, engine: Engine
) -> None:
    ticket = await _whole_life(api, engine)
    again = await ticket.act("recur", ticket.citizen, {"text": "又来了"})
    assert again.status_code == 201, again.text
    follower = Filed(api, again.json())
    await follower.until_stage("handle")
    await erasure.erase(engine.store, ticket.number, datetime.now(UTC))
    shown = await follower.by(Role.DESK, "person", {"purpose": "回访"})
    assert shown.json()["name"] == "王小明"


async def test_tickets_that_say_things_to_each_other_use_the_others_key(
    api: Api, engine: Engine
) -> None:
    first, second = await api.file(), await api.file()
    merged = await second.by(Role.DISPATCHER, "merge", {"into": first.number, "reason": "同一问题"})
    assert merged.status_code == 200, merged.text
    await first.complete()
    await second.until_stage("rate")
    assert (await judge(engine.client, engine.store, first.number)).agrees
    assert (await judge(engine.client, engine.store, second.number)).agrees


async def test_a_history_from_before_there_was_encryption_is_said_to_be_readable(
    engine: Engine,
) -> None:
    ticket, _ = await file(engine.client)  # it was not registered, so it has no key of its own
    proof = await prove(engine.client, TicketKeys(engine.store, RING), ticket.number)
    assert not proof.holds
