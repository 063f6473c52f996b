"""A city with short days, behind HTTP, in which its story can be played."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client

from cli.demonstration.pack import shortened_pack
from cli.demonstration.people import Badges, People
from cli.stories.show import perform, story_of
from cli.stories.telling import Telling
from store.engine import Store
from store.packs import PackShelf, default_root
from tests.api.house import open_house
from tests.support.engine import platform

DAY = 0.5
"""Seconds that a day lasts."""

Played = Callable[[str], AbstractAsyncContextManager[Telling]]


@pytest.fixture
def played(client: Client, sqlite_store: Store, tmp_path: Path) -> Played:
    """`async with played("tongzhou") as story`: after the story of the city."""

    @asynccontextmanager
    async def play(city: str) -> AsyncIterator[Telling]:
        cities = tmp_path / "cities"
        pack = await asyncio.to_thread(shortened_pack, default_root() / city, cities, DAY)
        shelf = PackShelf(cities)
        async with (
            platform(client, sqlite_store, shelf),
            open_house(tmp_path / "home", sqlite_store, client, shelf) as house,
        ):
            house.http.base_url = "http://jiesu.test/api/v1"
            badges = await Badges.issue(sqlite_store, pack)
            story = Telling(People(house.http, badges), sqlite_store, pack, print)
            await perform(story, story_of(city))
            yield story

    return play
