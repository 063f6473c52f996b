"""Tests of a job's items that are put off: one that fails waits, and stops no other."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.postponed import Postponed
from store.db.errors import StoreUnavailable

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def _fails() -> int:
    raise ValueError("a citizen's words")


async def _works() -> int:
    return 3


async def test_what_fails_waits_longer_each_time_and_others_go_on(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    put_off, now, waited = Postponed("test"), NOW, []
    for _ in range(12):
        assert await put_off.one("bad", _fails, now) == 0
        assert await put_off.one("good", _works, now) == 3
        before = now
        while not put_off.due(["bad"], now):
            assert put_off.due(["good"], now) == ["good"]
            now += timedelta(seconds=1)
        waited.append(now - before)
    assert waited == sorted(waited)
    assert (waited[0], waited[-1]) == (timedelta(seconds=5), timedelta(minutes=5))
    assert await put_off.one("bad", _works, now) == 3
    assert put_off.due(["bad"], now) == ["bad"]
    assert "citizen" not in caplog.text + capsys.readouterr().out


async def test_a_store_that_is_away_is_no_items_fault() -> None:
    async def away() -> int:
        raise StoreUnavailable("away")

    put_off = Postponed("test")
    with pytest.raises(StoreUnavailable):
        await put_off.one("one", away, NOW)
    assert put_off.due(["one"], NOW) == ["one"]
