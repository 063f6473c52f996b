"""Tests of the states of tickets: each number is of the rows that the same state lists."""

from datetime import timedelta

import pytest

from domain.deadlines.clocks import Basis, Clock
from domain.deadlines.lateness import is_late
from domain.deadlines.registry import ClockName
from store.db.engine import Store
from store.tickets import inbox, tickets
from store.tickets.inbox import Which
from store.tickets.states import State
from store.tickets.tickets import Filters
from tests.store.population import Busy, population
from tests.store.stories import START, complaint, project

MOMENT = timedelta(microseconds=1)


async def _listed(store: Store, **filters: object) -> set[str]:
    now = filters.pop("now", START + timedelta(days=400))
    page = await tickets.page(store, Filters(**filters), limit=200, now=now)  # type: ignore[arg-type]
    return {row.number for row in page.rows}


async def test_open_and_ended_are_all_tickets_each_once(store: Store) -> None:
    await project(store, *population("demo"))
    every = await _listed(store)
    open_, ended = await _listed(store, state=State.OPEN), await _listed(store, state=State.ENDED)
    assert open_ | ended == every
    assert not open_ & ended
    assert open_ == await _listed(store, open=True)
    assert await _listed(store, state=State.WATCHED) < ended
    assert await _listed(store, state=State.OVERDUE) <= open_
    assert await _listed(store, overdue=True) == await _listed(store, state=State.OVERDUE)
    assert await _listed(store, overdue=False) == every - await _listed(store, overdue=True)


async def test_what_is_done_at_the_due_time_itself_is_in_time(store: Store) -> None:
    """The ticket, the unit's share and the queue are late from the same moment on."""
    one = Busy(complaint(city="demo"))
    await project(store, one.begun(hours=8))
    due = one.ticket.running(ClockName.PROMISE).due_at
    sign = one.ticket.running(ClockName.SIGN, 1).due_at
    queued = Busy(complaint(city="demo"))
    await project(store, [queued.accepted()])
    limit = queued.ticket.running(ClockName.TRIAGE).due_at
    for late, moment in ((False, timedelta()), (True, MOMENT)):
        now = due + moment
        assert (one.number in await _listed(store, state=State.OVERDUE, now=now)) is late
        counted = await inbox.counts(store, "U1", "demo", None, sign + moment)
        assert counted[Which.LATE] == int(late)
        past = await _listed(store, queue_late=True, now=limit + moment)
        assert (queued.number in past) is late
        clock = Clock(name=ClockName.SIGN, rule_id="t", limit="1h", basis=Basis.CALENDAR,
                      started_at=START, due_at=due)  # fmt: skip
        assert clock.in_time(now) is not late
        assert is_late(due, now) is late


@pytest.mark.parametrize("which", [Which.ALL, Which.LATE, Which.SIGN, Which.DONE])
async def test_parts_of_an_inbox_are_counted_among_what_is_searched_for(
    store: Store, which: Which
) -> None:
    lamps, roads = Busy(complaint(title="Lamps")), Busy(complaint(title="Roads"))
    await project(store, lamps.begun(), roads.begun())
    now = START + timedelta(days=1)
    for text, factor in (("lamp", 1), ("", 2), ("nothing", 0)):
        counted = await inbox.counts(store, "U1", None, None, now, text)
        assert counted[which] == (0 if which is Which.DONE else factor)
