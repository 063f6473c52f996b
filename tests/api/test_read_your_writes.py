"""Tests of waiting for a write: short, patient with slow ones, and with few look-ups."""

import asyncio
import time

from app.sending.read_your_writes import Watch, until


class Later:
    """A value that appears after a while; counts how often it is looked for."""

    def __init__(self, seconds: float) -> None:
        self.at, self.looks = time.monotonic() + seconds, 0

    async def look(self) -> str | None:
        self.looks += 1
        return "there" if time.monotonic() >= self.at else None


async def test_what_is_there_is_found_at_once() -> None:
    later = Later(0)
    assert await until(later.look, 1) == "there"
    assert later.looks == 1


async def test_what_does_not_come_is_not_waited_for_longer_than_told() -> None:
    never = Later(60)
    began = time.monotonic()
    assert await until(never.look, 0.1) is None
    assert 0.1 <= time.monotonic() - began < 30


async def test_a_watch_learns_how_long_things_take() -> None:
    watch, looks = Watch(1), []
    for _ in range(12):
        slow = Later(0.08)
        assert await watch.until(slow.look) == "there"
        looks.append(slow.looks)
    assert max(looks) > looks[-1]
    assert looks[-1] <= 3


async def test_a_watch_gives_up_in_time() -> None:
    async with asyncio.timeout(30):
        assert await Watch(0.1).until(Later(60).look) is None
