"""Things past their day, beside the clocks of tickets: rows of lists, tasks, and promises.

Of each kind there is also what is not late: of today, done or settled, and of a report.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from domain.pack.pack import Pack
from domain.ticket.complaint import Kind
from store.db.council_tables import council, task
from store.db.engine import Store
from store.db.promise_tables import promise
from store.db.supervision_tables import row
from store.db.tables import Row
from tests.store.population import Busy
from tests.store.stories import complaint, project

LATE_ROWS, LATE_TASKS, LATE_PROMISES = 3, 3, 2
DAYS = timedelta(days=1)


async def fill_overdue(store: Store, pack: Pack, now: datetime) -> None:
    """Write two tickets of a city, one a report, with rows, tasks and promises of both."""
    today = now.astimezone(pack.calendar.tz).date()
    city, unit = pack.city.id, pack.units[0].code
    filed = now - timedelta(days=40)
    ordinary = Busy(complaint(city=city, filed_at=filed))
    report = Busy(complaint(city=city, filed_at=filed, kind=Kind.REPORT))
    await project(store, *(one.begun(unit, hours=9000) for one in (ordinary, report)))
    number, accusing = ordinary.number, report.number
    of = {"city": city, "unit": unit}
    for one in _rows(today, now, number, accusing):
        await store.change(insert(row), of | one)
    for n, of_ticket in enumerate((number, accusing), 1):
        await store.change(insert(council), _council(f"{city}-{n}", of_ticket, city, now))
    for one in _tasks(city, today, now):
        await store.change(insert(task), of | one)
    for n, each in enumerate(_promises(today, now)):
        more = {"id": f"{city}-{n}", "number": number, "n": n + 1, "text": f"承诺{n}"}
        await store.change(insert(promise), of | more | {"made_at": now, "made_by": unit} | each)


def _rows(today: date, now: datetime, number: str, accusing: str) -> Iterator[Row]:
    """Yield rows: late to be rectified, twice, late to be revisited; and those that are not."""
    revisit = {"state": "revisit", "due": today - 9 * DAYS}
    values: list[tuple[str, dict[str, Any]]] = [
        (number, {"due": today - DAYS}),
        (number, {"due": today - 40 * DAYS}),
        (number, revisit | {"revisit_due": today - 2 * DAYS}),
        (number, {"due": today}),
        (number, revisit | {"revisit_due": today}),
        (number, {"due": today - DAYS, "state": "settled", "settled_at": now}),
        (accusing, {"due": today - DAYS}),
    ]
    for n, (of, more) in enumerate(values):
        yield {
            "id": f"{of}{n}", "number": of, "leader": f"L{n}", "rule": "", "text": f"整改{n}",
            "state": "open", "revisits": "[]", "held": 0, "back": 0, "result": "", "put_at": now,
        } | more  # fmt: skip


def _council(council_id: str, number: str, city: str, now: datetime) -> Row:
    times = dict.fromkeys(("statements_until", "vote_opens_at", "vote_closes_at"), now)
    return times | {
        "id": council_id, "number": number, "city": city, "n": 1, "subject": "停车",
        "options": "[]", "vote": "secret", "quorum": 50, "majority": 50, "statements": 3,
        "prepared_at": now, "minutes": "记录",
    }  # fmt: skip


def _tasks(city: str, today: date, now: datetime) -> Iterator[Row]:
    ordinary, accusing = f"{city}-1", f"{city}-2"
    for n in range(LATE_TASKS):
        yield {"council": ordinary, "n": n + 1, "text": "落实", "due": today - (n + 1) * DAYS}
    yield {"council": ordinary, "n": 8, "text": "落实", "due": today}
    yield {"council": ordinary, "n": 9, "text": "落实", "due": today - DAYS, "done_at": now}
    yield {"council": accusing, "n": 1, "text": "落实", "due": today - DAYS}


def _promises(today: date, now: datetime) -> Iterator[Row]:
    """Yield one that is still asked about, one of which nothing was said in time, and others."""
    yield {"due": today - DAYS, "asked_until": today + DAYS}
    yield {"due": today - 9 * DAYS, "asked_until": today - 7 * DAYS}
    yield {"due": today, "asked_until": today + 2 * DAYS}
    kept = {"end": "kept", "ended_at": now, "ended_by": "x", "said": "已办"}
    yield {"due": today - DAYS, "asked_until": today + DAYS} | kept
