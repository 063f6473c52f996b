"""Tests of the result cache: slow results are cached for a while, each computed once."""

import asyncio

import pytest

from app.reporting import result_cache
from app.reporting.result_cache import ResultCache


class Library:
    """A slow source of results, whose duration and clock the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 2) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self._kept = ResultCache(most)
        monkeypatch.setattr(result_cache, "monotonic", lambda: self.now)

    async def ask(self, what: str, seconds: float = 1) -> str:
        async def find() -> str:
            self.asked.append(what)
            self.now += seconds
            await asyncio.sleep(0)  # other requests may come meanwhile
            if what == "broken":
                raise RuntimeError("away")
            return what.upper()

        return await self._kept.get(what, find)


async def test_who_asks_the_same_meanwhile_waits_for_the_same_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library(monkeypatch)
    questions = [library.ask("a") for _ in range(5)]
    assert await asyncio.gather(*questions, library.ask("b")) == ["A"] * 5 + ["B"]
    assert library.asked == ["a", "b"]


async def test_an_answer_is_kept_by_what_it_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(monkeypatch)
    await library.ask("a", seconds=2)
    library.now += 2 * ResultCache.TIMES - 1
    assert await library.ask("a") == "A"
    assert library.asked == ["a"]
    library.now += 1
    await library.ask("a", seconds=0)
    await library.ask("a", seconds=0)  # found at once: cached for no time
    assert library.asked == ["a", "a", "a"]


async def test_what_nobody_asked_for_the_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library(monkeypatch)
    for what in ("a", "b", "a", "c", "a", "b"):
        await library.ask(what)
    assert library.asked == ["a", "b", "c", "b"]


async def test_what_failed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(monkeypatch)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await library.ask("broken")
    assert library.asked == ["broken", "broken"]
    assert await library.ask("a") == "A"
