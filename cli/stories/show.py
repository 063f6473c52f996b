"""Showing a story: bring the system up with short days, let it be played, and count at the end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import httpx

from cli.demonstration.people import Badges, People
from cli.demonstration.show import Programme
from cli.stories.telling import Say, Telling
from domain.pack import Pack
from store.engine import Store
from workers.stack import Stack

STORIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")

_TIMEOUT = httpx.Timeout(15.0)

Play = Callable[[Telling], Awaitable[None]]


def story_of(city: str) -> Play:
    """The story of a city that has one."""
    if city not in STORIES:
        raise KeyError(city)
    play: Play = import_module(f"cli.stories.{city}").play
    return play


async def perform(story: Telling, play: Play) -> None:
    """Play it, and tell what happens while it does."""
    following = asyncio.create_task(story.follow())
    try:
        await play(story)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await story.catch_up()


async def show_story(
    pack: Pack, folder: Path, say: Say, after: Callable[[Telling], Awaitable[None]]
) -> None:
    """The story of the pack's city on a system of its own; `after` is told when it is over.

    Raises:
        StackError: the system cannot start, or cannot be kept alive.
        StoryBroken: it did not go as it is told.
    """
    programme = Programme(pack, folder / "cities", folder / "home", 0, 1, 0)
    settings = programme.settings()
    stack = Stack(settings, say=lambda _: None)
    async with stack.running():
        store = Store.open(settings.store)
        try:
            badges = await Badges.issue(store, pack)
            async with httpx.AsyncClient(
                base_url=f"{stack.url}/api/v1", timeout=_TIMEOUT, trust_env=False
            ) as http:
                story = Telling(People(http, badges), store, pack, say)
                await perform(story, story_of(pack.city.id))
                await after(story)
        finally:
            await store.close()
