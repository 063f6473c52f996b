"""Tests of commands to a stalled worker: none is lost, none is executed after its refusal."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.actors import Role
from runtime.engine_limits import TAKEN_WITHIN, TASK_TIMEOUT, UNTAKEN_AFTER, UPDATES_IN_FLIGHT
from runtime.names import ticket_workflow_id
from store.db.engine import Store
from store.db.tables import assignment
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.staff_pages import at_desk, says
from tests.support.stalling import StandingWorker, given_a_task, standing_worker

Begun = Callable[[], Awaitable[None]]

MOMENT = 1.0
"""Seconds in which all sent requests have reached the engine."""

TOO_LONG = TAKEN_WITHIN.total_seconds() + 3.0
"""Seconds after which a command is too late, also where a busy machine sends it late."""

UNITS = ("market", "110112003", "housing", "transport", "environment", "110112001", "110112002")


@dataclass
class Standing:
    api: Api
    worker: StandingWorker
    client: Client

    def begun(self, ticket: Filed) -> Begun:
        """Return a wait until a task of this ticket has been given to the worker."""
        handle = self.client.get_workflow_handle(ticket_workflow_id(ticket.number))

        return partial(given_a_task, handle)


@pytest.fixture
async def standing(
    engine_address: str, client: Client, sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> AsyncIterator[Standing]:
    async with (
        standing_worker(engine_address, sqlite_url) as worker,
        serve_api(tmp_path, sqlite_store, client) as api,
    ):
        yield Standing(api, worker, client)


async def meanwhile(
    worker: StandingWorker, seconds: float, *items: Any, begun: Begun | None = None
) -> list[httpx.Response]:
    """Send the requests while the worker is stalled, and return the answers once it continues.

    With `begun`, the others are sent once the engine has given the first one to the worker.
    """
    with worker.standing_still():
        tasks = []
        for one in items:
            tasks.append(asyncio.create_task(one))
            await asyncio.sleep(0.02)  # in this order
            if begun and len(tasks) == 1:
                await begun()
        await asyncio.sleep(seconds)
    return list(await asyncio.gather(*tasks))


async def reassign(ticket: Filed, unit: str) -> httpx.Response:
    body = {"unit": unit, "reason": "职责所在。"}
    return await ticket.by(Role.DISPATCHER, "reassign", body)


async def test_of_seven_reassignments_at_once_the_last_one_counts(standing: Standing) -> None:
    ticket = await standing.api.file()
    answers = await meanwhile(standing.worker, MOMENT, *(reassign(ticket, unit) for unit in UNITS))
    done = [unit for unit, answer in zip(UNITS, answers, strict=True) if answer.status_code == 200]
    assert done
    for answer in answers:
        assert answer.status_code == 200 or problem(answer) == (409, "overtaken")
    shown = await ticket.seen_by_staff()
    assert shown["assignments"][-1]["unit"] == done[-1]
    assert (await ticket.kinds()).count("reassigned") == len(done)


async def test_a_citizen_is_not_turned_away_because_others_are_before_them(
    standing: Standing,
) -> None:
    ticket = await standing.api.file()
    crowd = [reassign(ticket, UNITS[n % len(UNITS)]) for n in range(UPDATES_IN_FLIGHT)]
    citizen = [
        ticket.act("facts", ticket.citizen, {"text": "今天更臭了。"}),
        ticket.act("urge", ticket.citizen),
        ticket.act("withdraw", ticket.citizen, {"reason": "已经好了"}),
    ]
    began = time.monotonic()
    answers = await meanwhile(standing.worker, MOMENT, *crowd, *citizen)
    # No request waits for the ended ticket: the engine says that it is closed.
    assert time.monotonic() - began < UNTAKEN_AFTER.total_seconds()
    *_, facts, urged, withdrawn = answers
    assert [a.text for a in answers if a.status_code >= 500] == []
    # The withdrawal may come before the other two; it is carried out in any case.
    assert withdrawn.status_code == 200
    for answer, kind in ((facts, "facts_added"), (urged, "urged")):
        assert (answer.status_code == 200) == (kind in await ticket.kinds())
    assert (await ticket.seen())["outcome"] == "withdrawn"


async def test_what_was_answered_as_failed_is_never_carried_out(standing: Standing) -> None:
    ticket = await standing.api.file()
    key = {"Idempotency-Key": "sign-1"}
    officer = await standing.api.officer()
    # The first command has been given to the worker when it stalls, so that one is in time.
    urged, answer = await meanwhile(
        standing.worker,
        TOO_LONG,
        ticket.act("urge", ticket.citizen),
        ticket.act("sign", officer, **key),
        begun=standing.begun(ticket),
    )
    assert urged.status_code == 200
    assert problem(answer) == (503, "too_late")
    assert answer.headers["retry-after"]
    # Later commands find it not carried out, and so does the same key.
    assert (await ticket.act("urge", ticket.citizen)).status_code == 200
    assert "signed" not in await ticket.kinds()
    assert (await ticket.act("sign", officer, **key)).status_code == 200
    assert (await ticket.kinds()).count("signed") == 1


async def test_a_result_that_was_taken_becomes_an_event(standing: Standing) -> None:
    """The result comes while the worker is stalled, and the share is ended at the same time."""
    ticket = await standing.api.file()
    handed_in, moved = await meanwhile(
        standing.worker,
        MOMENT,
        ticket.complete(prefer="respond-async"),
        reassign(ticket, "market"),
    )
    assert handed_in.status_code == 202
    async with asyncio.timeout(60):
        while not {"handled", "result_overtaken"} & set(await ticket.kinds()):
            await asyncio.sleep(0.05)
    if "handled" in await ticket.kinds():
        assert moved.status_code == 409


async def test_what_a_task_recorded_that_may_yet_be_lost_refuses_no_result(
    standing: Standing,
) -> None:
    """A workflow task recorded that the ticket was reassigned, and does not complete."""
    ticket = await standing.api.file()
    lost = update(assignment).where(assignment.c.number == ticket.number, assignment.c.n == 1)
    with standing.worker.standing_still():
        handing_in = asyncio.create_task(ticket.complete())
        await asyncio.sleep(MOMENT)
        now = datetime.now(UTC)
        await standing.api.store.change(lost.values(ending="reassigned", ended_at=now))
        answer = await handing_in
    assert answer.status_code == 202, answer.text
    await ticket.until_stage("rate")
    assert "handled" in await ticket.kinds()


@pytest.mark.timeout(300)
async def test_the_record_does_not_keep_what_a_lost_task_did(standing: Standing) -> None:
    """The engine gives the task to the worker again, when the command is too late."""
    ticket = await standing.api.file()
    (answer,) = await meanwhile(
        standing.worker, TASK_TIMEOUT.total_seconds() + MOMENT, ticket.by_unit("sign")
    )
    assert problem(answer) == (503, "too_late")
    async with asyncio.timeout(60):
        while "signed" in await ticket.kinds():
            await asyncio.sleep(0.05)
    assert (await ticket.seen_by_staff())["assignments"][0]["signed_at"] is None


@pytest.mark.timeout(300)
async def test_nobody_waits_for_ever_for_a_worker_that_does_not_come_back(
    standing: Standing,
) -> None:
    """A command that nobody accepted is reported as failed once it cannot be accepted any more."""
    ticket = await standing.api.file()
    began = asyncio.get_running_loop().time()
    with standing.worker.standing_still():
        answer = await ticket.by_unit("sign")
        took = asyncio.get_running_loop().time() - began
    assert problem(answer) == (503, "too_late")
    assert took < UNTAKEN_AFTER.total_seconds() + 7
    assert (await ticket.act("urge", ticket.citizen)).status_code == 200
    assert "signed" not in await ticket.kinds()


async def test_pages_say_that_it_was_not_carried_out_and_keep_what_was_typed(
    standing: Standing,
) -> None:
    api = standing.api
    ticket = await api.file()
    citizen = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    facts = citizen | {"key": "k1", "text": "今天更臭了。"}
    desk = await at_desk(api, Role.OFFICER, "water")
    note = {"key": "k2", "reached": "yes", "note": "刚打通电话"}

    def forms() -> list[Any]:
        return [api.http.post("/follow/facts", data=facts), desk.do(ticket, "contact", note)]

    seconds = TOO_LONG
    _, *pages = await meanwhile(
        standing.worker,
        seconds,
        ticket.act("urge", ticket.citizen),
        *forms(),
        begun=standing.begun(ticket),
    )
    for shown, typed in zip(pages, ("今天更臭了。", "刚打通电话"), strict=True):
        assert shown.status_code == 503
        assert "本次提交没有生效，请稍后重新提交" in says(shown)
        assert f"{typed}</textarea>" in shown.text
    assert not {"facts_added", "contacted"} & set(await ticket.kinds())
    added, contacted = await asyncio.gather(*forms())
    assert (added.status_code, contacted.status_code) == (200, 303)
    kinds = await ticket.kinds()
    assert (kinds.count("facts_added"), kinds.count("contacted")) == (1, 1)
