"""Tests of lists: filters, one order, and pages without gaps or repeats."""

from datetime import timedelta

import pytest

from domain.policy.work_queues import Queue
from domain.ticket.complaint import Kind
from domain.ticket.stages import OPEN, Outcome, Stage
from store.db.engine import Store
from store.db.errors import BadCursor
from store.tickets import tickets
from store.tickets.projector import Projector
from store.tickets.tickets import Filters
from tests.store.stories import START, Story, complaint


@pytest.fixture
async def stories(store: Store) -> list[Story]:
    """Write six tickets: three ended, one handled (and late soon), one dispatched, one new."""
    stories = [
        Story(complaint(title=title, city=city, filed_at=START + timedelta(hours=n)))
        for n, (title, city) in enumerate(
            [
                ("Lamp at the gate", "demo"),
                ("Noise 100% of the night", "demo"),
                ("路灯不亮", "demo"),
                ("A_hole in the road", "other"),
                ("A hole in the road", "other"),
                ("Another lamp", "demo"),
            ]
        )
    ]
    closed, answered, unrated, handling, dispatched, fresh = stories
    lives = [
        closed.whole(),
        [answered.accepted(), answered.answered()],
        [*unrated.until_replied(), unrated.unrated()],
        [handling.accepted(), handling.classified("road"), handling.assigned("U7", hours=24)],
        [dispatched.accepted(), dispatched.classified("road")],
        [fresh.accepted()],
    ]
    projector = Projector(store)
    for life in lives:
        for projection in life:
            await projector.project(projection)
    await projector.close()
    return stories


async def listed(store: Store, filters: Filters) -> set[str]:
    page = await tickets.page(store, filters, now=START + timedelta(hours=5))
    assert page.next_cursor is None
    return {row.number for row in page.rows}


async def test_pages_follow_each_other_last_changed_first(
    store: Store, stories: list[Story]
) -> None:
    whole = await tickets.page(store, Filters())
    assert [row.updated_at for row in whole.rows] == sorted(
        (story.at for story in stories), reverse=True
    )
    for limit in (1, 2, 3, 6, 7):
        collected, cursor = [], None
        while True:
            page = await tickets.page(store, Filters(), cursor, limit)
            collected += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
            assert len(page.rows) == limit
        assert collected == whole.rows


async def test_tickets_changed_at_the_same_moment_are_all_listed(store: Store) -> None:
    projector = Projector(store)
    numbers = []
    for _ in range(7):
        story = Story()
        numbers.append(story.number)
        await projector.project(story.accepted())
    await projector.close()
    first = await tickets.page(store, Filters(), None, 4)
    second = await tickets.page(store, Filters(), first.next_cursor, 4)
    assert [row.number for row in first.rows + second.rows] == sorted(numbers, reverse=True)


async def test_every_filter_narrows_the_list(store: Store, stories: list[Story]) -> None:
    closed, answered, unrated, handling, dispatched, fresh = (story.number for story in stories)
    hour = timedelta(hours=1)
    for filters, expected in [
        (Filters(city="other"), {handling, dispatched}),
        (Filters(stage=Stage.ENDED), {closed, answered, unrated}),
        (Filters(outcome=Outcome.UNRATED), {unrated}),
        (Filters(unit="U7"), {handling}),
        (Filters(category="road"), {handling, dispatched}),
        (Filters(kind=Kind.PRAISE), set()),
        (Filters(open=True), {handling, dispatched, fresh}),
        (Filters(open=False), {closed, answered, unrated}),
        (Filters(call_back_due=True), set()),
        (Filters(queue=Queue.TRIAGE), {fresh}),
        (Filters(queue=Queue.SUPERVISE), set()),
        (Filters(due_before=START + 30 * hour), {handling, fresh}),
        (Filters(due_before=START + 10 * hour), {fresh}),
        (Filters(filed_since=START + 4 * hour), {dispatched, fresh}),
        (Filters(filed_until=START + hour), {closed}),
        (Filters(city="demo", stage=Stage.TRIAGE, open=True), {fresh}),
    ]:
        assert await listed(store, filters) == expected, filters


async def test_late_is_what_runs_past_its_due_time(store: Store, stories: list[Story]) -> None:
    handling, fresh = stories[3].number, stories[5].number
    for hours, late in [(5, set()), (7, {fresh}), (40, {fresh, handling})]:
        now = START + timedelta(hours=hours)
        page = await tickets.page(store, Filters(overdue=True), now=now)
        assert {row.number for row in page.rows} == late
        rest = await tickets.page(store, Filters(overdue=False), now=now)
        assert {row.number for row in rest.rows} == {story.number for story in stories} - late


async def test_text_is_looked_for_as_it_is(store: Store, stories: list[Story]) -> None:
    lamp, noise, dark, underscore, _, another = (story.number for story in stories)
    for text, expected in [
        ("lamp", {lamp, another}),
        ("LAMP", {lamp, another}),
        ("ｌａｍｐ", {lamp, another}),
        ("la\u200bmp", {lamp, another}),
        ("路灯", {dark}),
        ("路 灯", {dark}),
        ("\u2060路\u200b灯\ufe0f", {dark}),
        ("１００％", {noise}),
        ("100%", {noise}),
        ("A_hole", {underscore}),
        ("%", {noise}),
        ("\\", set()),
        ("'; DROP TABLE ticket", set()),
        (lamp, {lamp}),
        (f"{dark[:6]} {dark[6:]}", {dark}),
    ]:
        assert await listed(store, Filters(text=text)) == expected, text
    assert dark in await listed(store, Filters(text=dark[:9]))


@pytest.mark.parametrize(
    "cursor", ["", "x", "!", "WzFd", "WyJhIiwiYiJd", "WyIyMDI0LTAxLTAxIiwiYiJd", "é", "A" * 5000]
)
async def test_a_cursor_nobody_gave_out_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor) as refused:
        await tickets.page(store, Filters(), cursor)
    assert refused.value.code == "bad_cursor"


async def test_all_numbers_can_be_walked(
    store: Store, stories: list[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = sorted(story.number for story in stories)
    ended = sorted(story.number for story in stories[:3])
    for chunk in (1, 2, 3, 6, 1000):
        monkeypatch.setattr(tickets, "_CHUNK", chunk)
        assert [number async for number in tickets.numbers(store)] == every
        assert [number async for number in tickets.numbers(store, ended=True)] == ended
    open_ones = [number async for number in tickets.numbers(store, city="demo", ended=False)]
    assert open_ones == [stories[5].number]


async def test_stages_are_counted_zeros_included(store: Store, stories: list[Story]) -> None:
    counted = await tickets.counts(store)
    assert set(counted) == set(Stage)
    assert {stage: n for stage, n in counted.items() if n} == {
        Stage.ENDED: 3,
        Stage.HANDLE: 1,
        Stage.DISPATCH: 1,
        Stage.TRIAGE: 1,
    }
    assert (await tickets.counts(store, city="other"))[Stage.ENDED] == 0
    assert (await tickets.counts(store, unit="U7"))[Stage.HANDLE] == 1
    assert set(await tickets.counts(store, open_only=True)) == OPEN
