"""Tests that a wrong clock is reported: on the engine's page, by the doctor, in the metrics."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from app.installation.clock_checks import clock_of, length, record_of
from domain.actors import Role
from runtime.engine_clock import EngineClock
from store.db.engine import Store
from store.db.tables import ticket
from tests.api.running_api import Api
from tests.store.stories import Story, project


def clock(off: timedelta) -> EngineClock:
    """Return the clock of a machine that is `off`, after it has heard the engine's time."""
    engine_clock = EngineClock(lambda: datetime.now(UTC) + off)
    engine_clock.heard(datetime.now(UTC), time.monotonic() - 0.01, time.monotonic())
    return engine_clock


@pytest.mark.parametrize(
    ("off", "state", "says"),
    [
        (timedelta(), "ok", "nothing says that it differs"),
        (timedelta(seconds=-10), "note", "is behind: the engine's is 10 s ahead"),
        (timedelta(minutes=3), "wrong", "is ahead: the engine's is 3 min behind"),
        (timedelta(days=730), "wrong", "730 days behind"),
    ],
)
def test_the_clocks_are_compared(off: timedelta, state: str, says: str) -> None:
    finding = clock_of(clock(off))
    assert (finding.state, says in finding.says) == (state, True), finding.says


def test_an_engine_that_told_nothing_proves_nothing() -> None:
    assert clock_of(EngineClock()).state == "note"
    vague = EngineClock()
    now, minutes = datetime.now(UTC), timedelta(minutes=3)
    vague.between(now - minutes, now + minutes, time.monotonic(), time.monotonic())
    assert clock_of(vague).state == "note"
    assert "only to within 6 min" in clock_of(vague).says


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "3 s"), (200, "3 min"), (9000, "2 h"), (63_072_000, "730 days")]
)
def test_a_length_is_said_in_its_largest_unit(seconds: int, words: str) -> None:
    assert length(timedelta(seconds=seconds)).text() == words


async def test_a_record_from_the_future_is_noticed(store: Store) -> None:
    assert (await record_of(store)).state == "ok"
    story = Story()
    await project(store, [story.accepted()])
    assert (await record_of(store)).state == "ok"
    ahead = datetime.now(UTC) + timedelta(days=730, hours=1)
    await store.change(ticket.update().values(updated_at=ahead))
    finding = await record_of(store)
    assert (finding.state, "730 days in the future" in finding.says) == ("wrong", True)


async def test_administrators_and_their_monitoring_are_told(api: Api) -> None:
    api.context.engine.clock._wall = lambda: datetime.now(UTC) - timedelta(minutes=2)
    await api.file()
    admin = await api.token(Role.ADMIN)
    payload = (await api.http.get("/api/v1/installation", headers=admin)).json()
    values = {one["what"]: one for one in payload["findings"]}
    assert (values["clock"]["state"], values["record"]["state"]) == ("wrong", "ok")
    measured = (await api.http.get("/metrics")).text
    (line,) = [one for one in measured.splitlines() if one.startswith("jiesu_engine_clock_ahead")]
    assert 115 < float(line.split()[1]) < 125
