"""Tests of supervision lists in the store, on both databases."""

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from domain.actors import SYSTEM, Actor, Role
from domain.deadlines.limits import Limit
from domain.refusals import Refused
from domain.supervision.rows import ListRow, RowState, StepKind, rectified
from domain.ticket.complaint import Kind
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.tickets import erasure, supervision_lists
from tests.store.stories import Story, complaint, project

CALENDAR = load_pack(default_root() / "jinan").calendar
NOW = datetime(2026, 3, 6, 2, tzinfo=UTC)
TODAY = date(2026, 3, 6)
LEADER = Actor(role=Role.SUPERVISOR, id="s-1")


async def a_ticket(store: Store, *, ended: bool = False, **changes: Any) -> str:
    story = Story(complaint(**changes))
    await project(store, story.whole() if ended else story.until_replied())
    return story.number


def a_row(number: str, **changes: Any) -> ListRow:
    values: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "city": "demo",
        "number": number,
        "leader": "west",
        "unit": "street",
        "text": "拆除地锁",
        "due": TODAY,
        "revisits": [Limit.parse("7d")],
        "put_at": NOW,
    }
    return ListRow(**values | changes)


async def put(store: Store, row: ListRow, due: date = TODAY, by: Actor = LEADER) -> ListRow:
    return await supervision_lists.put(store, row, by, lambda _at: due, lambda _: NOW)


async def listed(store: Store, today: date = TODAY, **which: Any) -> list[ListRow]:
    values = {"leaders": None, "unit": None, "settled": False} | which
    return await supervision_lists.of_city(store, "demo", today=today, **values)


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


def _done(row: ListRow, at: datetime) -> ListRow:
    return rectified(row, CALENDAR, "已拆除", at)


async def test_a_ticket_is_on_a_list_once_at_a_time(store: Store) -> None:
    number = await a_ticket(store)
    first = await put(store, a_row(number))
    assert (await put(store, first)).id == first.id, "the same again is one"
    assert await refusal(put(store, a_row(number))) == "already_on_list"
    await put(store, a_row(number, leader="east"))
    assert {row.leader for row in await listed(store)} == {"west", "east"}
    settle = partial(ListRow.model_copy, update={"state": RowState.SETTLED, "settled_at": NOW})
    await supervision_lists.change(
        store, first.id, StepKind.HOLDS, LEADER, "好", lambda row, _at: settle(row)
    )
    assert await refusal(put(store, a_row(number))) == "", "settled, and then it is there again"
    assert len(await listed(store, settled=True)) == 3


async def test_of_two_who_put_it_at_once_one_does(store: Store) -> None:
    number = await a_ticket(store)
    tries = [refusal(put(store, a_row(number))) for _ in range(4)]
    assert sorted(await asyncio.gather(*tries)) == ["", *["already_on_list"] * 3]


async def test_of_two_who_say_it_is_done_at_once_one_is_late(store: Store) -> None:
    row = await put(store, a_row(await a_ticket(store)))

    async def done() -> str:
        change = supervision_lists.change(
            store, row.id, StepKind.RECTIFIED, LEADER, "已拆除", _done
        )
        return await refusal(change)

    assert sorted(await asyncio.gather(done(), done())) == ["", "row_not_now"]
    steps = (await supervision_lists.steps_of(store, [row]))[row.id]
    assert [step.kind for step in steps] == [StepKind.PUT, StepKind.RECTIFIED]
    assert steps[0].due == TODAY


async def test_what_is_late_stands_first_then_what_is_next(store: Store) -> None:
    days = (TODAY + timedelta(days=9), TODAY - timedelta(days=3), TODAY - timedelta(days=5))
    for day in days:
        await put(store, a_row(await a_ticket(store)), day)
    visited = await put(store, a_row(await a_ticket(store)), TODAY - timedelta(days=30))
    await supervision_lists.change(
        store, visited.id, StepKind.RECTIFIED, LEADER, "已拆除", _done, lambda _: NOW
    )
    shown = await listed(store)
    assert [row.next_day for row in shown] == [
        TODAY - timedelta(days=5),
        TODAY - timedelta(days=3),
        TODAY + timedelta(days=7),
        TODAY + timedelta(days=9),
    ]
    assert [row.late(TODAY) for row in shown] == [True, True, False, False]
    assert [row.id for row in await listed(store, TODAY + timedelta(days=8))][:3].count(
        visited.id
    ) == 1, "a revisit that nobody makes is late, too"


async def test_a_unit_has_its_posts_lists_and_its_own_rows(store: Store) -> None:
    for leader, unit in (("west", "street"), ("east", "water"), ("east", "street")):
        await put(store, a_row(await a_ticket(store), leader=leader, unit=unit))
    seen = await listed(store, leaders=["west"], unit="water")
    assert {(row.leader, row.unit) for row in seen} == {("west", "street"), ("east", "water")}
    assert {row.unit for row in await listed(store, leaders=[], unit="street")} == {"street"}


async def test_a_report_of_wrongdoing_is_on_no_list(store: Store) -> None:
    number = await a_ticket(store, kind=Kind.REPORT)
    assert await refusal(put(store, a_row(number))) == "supervision_of_report"
    story = Story(complaint())
    await project(store, [story.accepted()])
    row = await put(store, a_row(story.number))
    await project(store, [story.reclassified("report")])
    assert await listed(store) == []
    assert await supervision_lists.get(store, row.id) is None
    change = supervision_lists.change(store, row.id, StepKind.RECTIFIED, LEADER, "好", _done)
    assert await refusal(change) == "supervision_of_report"


async def test_an_erased_ticket_leaves_every_list(store: Store) -> None:
    number = await a_ticket(store, ended=True)
    row = await put(store, a_row(number), by=SYSTEM)
    await erasure.erase(store, number, NOW)
    assert await supervision_lists.get(store, row.id) is None
    assert (await supervision_lists.steps_of(store, [row]))[row.id] == []


async def test_what_is_not_there_is_said_so(store: Store) -> None:
    assert await refusal(put(store, a_row("2603020000009"))) == "not_started_yet"
    change = supervision_lists.change(store, "none", StepKind.RECTIFIED, LEADER, "好", _done)
    assert await refusal(change) == "row_not_found"
