"""A city with shortened days, behind HTTP, in which its story can be played."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from temporalio.client import Client

from demo.pack import shortened_pack
from demo.people import Badges, People
from demo.stories.ending import StoryResult, ending_of
from demo.stories.show import perform, story_of
from demo.stories.telling import Telling
from packs.registry import PackRegistry, default_root
from runtime.names import BACKLOG_WORKFLOW, TICKETS
from store.db.engine import Store
from tests.api.running_api import serve_api
from tests.support.engine import platform

DAY = 0.5
"""Seconds that a day lasts."""

_SLOWER = 3
"""The factor by which days last longer when a story is played again."""


class Played(Protocol):
    """A context manager: `async with played("tongzhou") as story` plays the city's story."""

    def __call__(self, city: str, day: float = DAY) -> AbstractAsyncContextManager[Telling]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play a story that failed again, with longer days.

    People act in real time, so on a busy machine they are late by days of the story, and get the
    cards of those who are.
    """
    for item in items:
        if "played" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture
def played(
    client: Client, sqlite_store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> Played:
    slower = _SLOWER ** (getattr(request.node, "execution_count", 1) - 1)

    @asynccontextmanager
    async def play(city: str, day: float = DAY) -> AsyncIterator[Telling]:
        cities = tmp_path / "cities"
        pack = await asyncio.to_thread(shortened_pack, default_root() / city, cities, day * slower)
        registry = PackRegistry(cities)
        async with (
            platform(client, sqlite_store, registry),
            serve_api(tmp_path / "home", sqlite_store, client, registry) as api,
        ):
            # This job starts the tickets that a ticket opens beside itself (举一反三).
            await client.start_workflow(BACKLOG_WORKFLOW, id="chore/spool", task_queue=TICKETS)
            api.http.base_url = "http://jiesu.test/api/v1"
            badges = await Badges.issue(sqlite_store, pack)
            story = Telling(People(api.http, badges), sqlite_store, pack, print)
            await perform(story, story_of(city))
            yield story

    return play


class Counted(Protocol):
    """The figures, points and audit of a story, without faults: `await counted(story)`."""

    async def __call__(self, story: Telling) -> StoryResult: ...


@pytest.fixture
def counted(client: Client) -> Counted:
    async def count(story: Telling) -> StoryResult:
        ending = await ending_of(story, client)
        assert (ending.figures.broken, ending.scores.broken) == ([], [])
        assert [one.number for one in ending.disagreeing] == []
        assert ending.whole
        return ending

    return count
