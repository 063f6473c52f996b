"""Tests of councils in the store: one ballot for an invitation, in time, on both databases."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from domain.council.council import Council, CouncilOption, FollowUp, FollowUpTask, Phase
from domain.council.votes import CouncilOutcome, VoteKind
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from store.db import council_tables
from store.db.clock import Clock
from store.db.engine import Store
from store.tickets import councils, erasure
from store.tickets.council_tasks import late_tasks
from tests.store.stories import Story, complaint, project

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SAID, OPENS, CLOSES = (START + timedelta(days=days) for days in (3, 4, 6))
TODAY = date(2026, 3, 9)


def at(moment: datetime) -> Clock:
    """Return a clock that stands still."""
    return lambda _connection: moment


def draft(number: str, **changes: Any) -> Council:
    values: dict[str, Any] = {
        "id": secrets.token_hex(8),
        "number": number,
        "city": "demo",
        "n": 0,
        "subject": "停车位怎么安排",
        "options": [CouncilOption(title=title) for title in ("划线", "分时", "不变")],
        "vote": VoteKind.NAMELESS,
        "quorum": 50,
        "majority": 50,
        "statements": 2,
        "statements_until": SAID,
        "vote_opens_at": OPENS,
        "vote_closes_at": CLOSES,
        "prepared_at": START,
    }
    return Council(**values | changes)


async def a_ticket(store: Store, *, ended: bool = False, **changes: Any) -> str:
    story = Story(complaint(**changes))
    await project(store, story.whole() if ended else story.until_replied())
    return story.number


async def opened(store: Store, marks: list[str], **changes: Any) -> Council:
    number = await a_ticket(store)
    made = await councils.prepare(store, draft(number, **changes), at(START))
    await councils.invite(store, made.id, marks, False, at(START))
    return await councils.open_(store, made.id, at(START))


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def ballots(store: Store) -> dict[str, int]:
    """Return how many rows and votes the store has."""
    tally, ballot = council_tables.tally, council_tables.ballot
    invitation = council_tables.invitation

    def work(connection: Connection) -> dict[str, int]:
        def one(query: Any) -> int:
            return int(connection.execute(query).scalar() or 0)

        return {
            "counted": one(select(func.sum(tally.c.votes))),
            "rows": one(select(func.count()).select_from(ballot)),
            "used": one(
                select(func.count()).select_from(invitation).where(invitation.c.voted.is_(True))
            ),
        }

    return await store.read(work)


async def test_a_council_from_its_preparation_to_its_end(store: Store) -> None:
    council = await opened(store, ["a", "b", "c", "d"])
    assert (council.n, council.invited, council.prepared_at) == (1, 4, START)
    await councils.speak(store, "a", "s1", "三号楼居民", "晚上没有位置。", at(SAID - SECOND))
    for mark, option in (("a", 1), ("b", 1), ("c", 2)):
        await councils.vote(store, mark, f"ballot {mark}", option, "", at(OPENS))
    before = await councils.get(store, council.number, 1, at(CLOSES - SECOND))
    assert before is not None
    assert (before.outcome, before.votes) == (None, [])
    after = await councils.get(store, council.number, 1, at(CLOSES))
    assert after is not None
    assert (after.outcome, after.chosen, after.votes) == (CouncilOutcome.DECIDED, 1, [2, 1, 0])
    tasks = [
        FollowUpTask(text="划停车位", unit="street", due=TODAY),
        FollowUpTask(text="装护栏", unit="street", due=TODAY + timedelta(days=9)),
    ]
    what = FollowUp(minutes="同意方案一。", tasks=tasks)
    await councils.follow_up(store, council.id, what, TODAY, at(CLOSES))
    assert await late_tasks(store, "demo", TODAY, 10) == []
    [late] = await late_tasks(store, "demo", TODAY + timedelta(days=1), 10)
    assert (late.number, late.n, late.unit, late.due) == (council.number, 1, "street", TODAY)
    assert await late_tasks(store, "elsewhere", TODAY + timedelta(days=1), 10) == []
    assert await refusal(councils.close(store, council.id)) == "council_tasks_left"
    assert await refusal(councils.finish_task(store, council.id, 3)) == "unknown_task"
    for n in (1, 2):
        await councils.finish_task(store, council.id, n)
    assert await late_tasks(store, "demo", TODAY + timedelta(days=1), 10) == []
    closed = await councils.close(store, council.id)
    assert closed.phase(CLOSES) is Phase.CLOSED
    assert (await councils.close(store, council.id)).closed_at == closed.closed_at
    course = await councils.course(store, closed)
    assert [one.text for one in course.statements] == ["晚上没有位置。"]
    assert (course.voted, course.ballots) == (3, [])


async def test_a_moment_before_the_end_is_in_time_and_the_end_is_late(store: Store) -> None:
    await opened(store, ["a", "b"])
    for when, code in ((OPENS - SECOND, "vote_not_open"), (CLOSES, "vote_over")):
        assert await refusal(councils.vote(store, "a", "x", 1, "", at(when))) == code
    assert await refusal(councils.vote(store, "a", "x", 1, "", at(CLOSES - SECOND))) == ""
    late = councils.speak(store, "b", "s", "", "晚了一秒。", at(SAID))
    assert await refusal(late) == "statements_over"
    assert (await ballots(store))["counted"] == 1


async def test_who_is_not_invited_and_what_is_no_option_count_for_nothing(store: Store) -> None:
    await opened(store, ["a"])
    assert await refusal(councils.vote(store, "z", "x", 1, "", at(OPENS))) == "invitation_unknown"
    stranger = councils.speak(store, "z", "s", "", "我也说。", at(START))
    assert await refusal(stranger) == "invitation_unknown"
    for option in (0, 4):
        vote = councils.vote(store, "a", "x", option, "", at(OPENS))
        assert await refusal(vote) == "unknown_option"
    assert await ballots(store) == {"counted": 0, "rows": 0, "used": 0}
    assert await councils.invitation_of(store, "z") is None


@pytest.mark.parametrize("kind", list(VoteKind))
async def test_of_many_votes_at_once_each_invitation_has_one(store: Store, kind: VoteKind) -> None:
    marks = [f"m{n}" for n in range(6)]
    council = await opened(store, marks, vote=kind)
    tries = [
        refusal(councils.vote(store, mark, secrets.token_hex(8), 1 + n % 3, "居民", at(OPENS)))
        for n in range(5)
        for mark in marks
    ]
    codes = await asyncio.gather(*tries)
    assert sorted(codes) == [""] * 6 + ["already_voted"] * 24
    rows = 6 if kind is VoteKind.OPEN else 0
    assert await ballots(store) == {"counted": 6, "rows": rows, "used": 6}
    after = await councils.get(store, council.number, 1, at(CLOSES))
    assert after is not None
    assert sum(after.votes) == 6
    assert len((await councils.course(store, after)).ballots) == rows


async def test_many_who_look_at_once_count_the_same(store: Store) -> None:
    council = await opened(store, ["a", "b"])
    await councils.vote(store, "a", "x", 2, "", at(OPENS))
    seen = await asyncio.gather(
        *(councils.get(store, council.number, 1, at(CLOSES)) for _ in range(8))
    )
    assert {(one.outcome, one.chosen) for one in seen if one} == {(CouncilOutcome.DECIDED, 2)}
    assert await refusal(councils.vote(store, "b", "y", 1, "", at(CLOSES - SECOND))) == "vote_over"


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [({}, "no_quorum"), ({"a": 1}, "no_quorum"), ({"a": 1, "b": 2}, "tie")],
)
async def test_without_quorum_and_with_a_tie_nothing_is_chosen(
    store: Store, votes: dict[str, int], outcome: str
) -> None:
    council = await opened(store, ["a", "b", "c"])
    for mark, option in votes.items():
        await councils.vote(store, mark, mark, option, "", at(OPENS))
    after = await councils.get(store, council.number, 1, at(CLOSES))
    assert after is not None
    assert (after.outcome, after.chosen) == (outcome, None)
    assert after.phase(CLOSES) is Phase.UNDECIDED


async def test_nothing_of_a_secret_vote_says_whose_it_is(store: Store) -> None:
    marks = ["a", "b", "c"]
    await opened(store, marks)
    for mark, option in zip(marks, (3, 1, 3), strict=True):
        await councils.vote(store, mark, f"ballot {mark}", option, "不公开", at(OPENS))

    def work(connection: Connection) -> list[list[tuple[Any, ...]]]:
        tables = (council_tables.tally, council_tables.ballot, council_tables.invitation)
        return [[tuple(row) for row in connection.execute(select(one))] for one in tables]

    tally, ballot, invitations = await store.read(work)
    assert ballot == []
    assert [votes for _, _, votes in sorted(tally)] == [1, 0, 2]
    # Every invitation looks the same: no time, no order, no option.
    assert {(said, voted) for _, _, said, voted in invitations} == {(0, True)}


@pytest.mark.postgres
async def test_the_last_vote_writes_all_options_anew(store: Store) -> None:
    if store.dialect != "postgresql":
        pytest.skip("PostgreSQL shows which transaction wrote a row")
    await opened(store, ["a", "b"])
    for mark, option in (("a", 1), ("b", 2)):
        await councils.vote(store, mark, mark, option, "", at(OPENS))
    rows = await store.rows(select(func.count()).select_from(council_tables.tally))
    written = await store.read(
        lambda connection: connection.exec_driver_sql(
            "SELECT count(DISTINCT xmin::text) FROM council_tally"
        ).scalar()
    )
    assert (rows[0][0], written) == (3, 1)


async def test_an_open_vote_shows_names_after_its_end(store: Store) -> None:
    council = await opened(store, ["a", "b"], vote=VoteKind.OPEN)
    assert await refusal(councils.vote(store, "a", "1", 1, "", at(OPENS))) == "label_missing"
    await councils.vote(store, "a", "1", 1, "三号楼居民", at(OPENS))
    during = await councils.get(store, council.number, 1, at(OPENS))
    assert during is not None
    assert (await councils.course(store, during)).ballots == []
    after = await councils.get(store, council.number, 1, at(CLOSES))
    assert after is not None
    [shown] = (await councils.course(store, after)).ballots
    assert (shown.label, shown.option) == ("三号楼居民", 1)


async def test_the_same_statement_again_is_one(store: Store) -> None:
    council = await opened(store, ["a"])
    for _ in range(3):
        await councils.speak(store, "a", "s1", "", "一样的话。", at(START))
    await councils.speak(store, "a", "s2", "", "另一句。", at(START))
    third = councils.speak(store, "a", "s3", "", "第三句。", at(START))
    assert await refusal(third) == "statement_cap"
    assert len((await councils.course(store, council)).statements) == 2


async def test_invitations_that_were_lost_are_replaced_and_used_ones_stay(store: Store) -> None:
    council = await opened(store, ["a", "b"])
    await councils.speak(store, "a", "s1", "", "我先说。", at(START))
    again = await councils.invite(store, council.id, ["c", "d", "e"], True, at(START))
    assert again.invited == 4
    same = await councils.invite(store, council.id, ["c", "d", "e"], True, at(START))
    assert same.invited == 4
    more = await councils.invite(store, council.id, ["f"], False, at(START))
    assert more.invited == 5
    assert await refusal(councils.vote(store, "b", "x", 1, "", at(OPENS))) == "invitation_unknown"
    assert await refusal(councils.vote(store, "a", "x", 1, "", at(OPENS))) == ""
    late = councils.invite(store, council.id, ["g"], False, at(OPENS))
    assert await refusal(late) == "council_not_now"


async def test_only_a_ticket_that_is_handled_gets_one_and_never_a_report(store: Store) -> None:
    ended, report = await a_ticket(store, ended=True), await a_ticket(store, kind=Kind.REPORT)
    for number, code in (
        (ended, "ticket_ended"),
        (report, "council_of_report"),
        ("2603021234560", "not_started_yet"),
    ):
        assert await refusal(councils.prepare(store, draft(number), at(START))) == code
    number = await a_ticket(store)
    assert await refusal(councils.prepare(store, draft(number), at(SAID))) == "in_the_past"


async def test_one_that_is_sent_twice_is_one_and_the_next_has_the_next_number(
    store: Store,
) -> None:
    number = await a_ticket(store)
    made = draft(number)
    many = await asyncio.gather(*(councils.prepare(store, made, at(START)) for _ in range(4)))
    assert {one.n for one in many} == {1}
    others = [councils.prepare(store, draft(number), at(START)) for _ in range(4)]
    assert sorted(one.n for one in await asyncio.gather(*others)) == [2, 3, 4, 5]


async def test_when_a_ticket_becomes_a_report_its_council_ends_where_it_is(store: Store) -> None:
    story = Story(complaint())
    await project(store, [story.accepted()])
    made = await councils.prepare(store, draft(story.number), at(START))
    await councils.invite(store, made.id, ["a"], False, at(START))
    await councils.open_(store, made.id, at(START))
    await project(store, [story.reclassified("report")])
    acts: list[Callable[[], Any]] = [
        lambda: councils.vote(store, "a", "x", 1, "", at(OPENS)),
        lambda: councils.speak(store, "a", "s", "", "我说。", at(START)),
        lambda: councils.invite(store, made.id, ["b"], False, at(START)),
        lambda: councils.close(store, made.id, at(START)),
    ]
    for act in acts:
        assert await refusal(act()) == "council_of_report"


async def test_erasing_a_ticket_leaves_nothing_of_its_council(store: Store) -> None:
    story = Story(complaint())
    await project(store, story.until_replied())
    made = await councils.prepare(store, draft(story.number, vote=VoteKind.OPEN), at(START))
    await councils.invite(store, made.id, ["a"], False, at(START))
    await councils.open_(store, made.id, at(START))
    await councils.speak(store, "a", "s", "王芳", "我说。", at(START))
    await councils.vote(store, "a", "x", 1, "王芳", at(OPENS))
    await councils.get(store, story.number, 1, at(CLOSES))
    task = FollowUpTask(text="划线", unit="street", due=TODAY)
    await councils.follow_up(
        store, made.id, FollowUp(minutes="纪要", tasks=[task]), TODAY, at(CLOSES)
    )
    await project(store, [story.rated(), story.closed()])
    await erasure.erase(store, story.number, CLOSES)
    for table in council_tables.metadata.tables.values():
        if table.name.startswith("council"):
            assert await store.rows(select(table)) == [], table.name
