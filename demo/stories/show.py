"""Showing a story: start the system with short days, play it, and compute the figures."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import httpx

from cli.installation import installation
from demo.people import Badges, People, Refusal
from demo.show import Programme, beside
from demo.stories.ending import StoryResult, ending_of
from demo.stories.telling import Say, StoryBroken, Telling
from domain.pack.pack import Pack
from runtime.settings import Settings
from store.db.engine import Store
from workers.stack import Stack

STORIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")

_TIMEOUT = httpx.Timeout(15.0)

Play = Callable[[Telling], Awaitable[None]]


def story_of(city: str) -> Play:
    """Return the story of a city that has one."""
    if city not in STORIES:
        raise KeyError(city)
    play: Play = import_module(f"demo.stories.{city}").play
    return play


async def perform(story: Telling, play: Play) -> None:
    """Play a story, and print its events meanwhile.

    Raises:
        StoryBroken: it did not go as scripted.
    """
    following = asyncio.create_task(story.follow())
    broken: list[str] = []
    try:
        await play(story)
    except* (StoryBroken, Refusal) as group:
        broken = [str(error) for error in _leaves(group)]
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await story.catch_up()
    if broken:
        raise StoryBroken("; ".join(broken))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def show_story(pack: Pack, folder: Path, say: Say) -> tuple[Telling, StoryResult]:
    """Play the story of the pack's city on a separate system; return it and its result.

    Raises:
        StackError: the system cannot start, or cannot be kept alive.
        StoryBroken: it did not go as scripted.
    """
    settings = Programme(pack, folder / "cities", folder / "home", 0, 1, 0).settings()
    stack = Stack(settings, say=lambda _: None)
    async with stack.running():
        return await beside(stack, _tell(pack, settings, stack.url, say))


async def _tell(pack: Pack, settings: Settings, url: str, say: Say) -> tuple[Telling, StoryResult]:
    store = Store.open(settings.store)
    try:
        badges = await Badges.issue(store, pack)
        async with httpx.AsyncClient(
            base_url=f"{url}/api/v1", timeout=_TIMEOUT, trust_env=False
        ) as http:
            story = Telling(People(http, badges), store, pack, say)
            await perform(story, story_of(pack.city.id))
            async with installation(settings) as here:
                return story, await ending_of(story, here.engine)
    finally:
        await store.close()
